/* SPDX-License-Identifier: Apache-2.0 */
/* host-config - the options of a container as they were asked for, under Docker's names, for
 * inspect; nothing else reads them */
#pragma once

#include "engine/document.h"

/* Additions to the objects Config and HostConfig. Never contains a secret's value. */
int host_config_make(const struct document *d, json_t **ret_config, json_t **ret_host_config,
                     struct err *e);
/* Puts them into what inspect prints. @plan: launch.json. */
void host_config_inspect(const json_t *plan, json_t *out);
