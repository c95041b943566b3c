/* SPDX-License-Identifier: Apache-2.0 */
/* sysctls - kernel parameters that a container can have to itself */
#pragma once

#include "base/json.h"

struct isolation;

/* "KEY=VALUE" each, added to the OCI object; UCT_SYSCTL_REFUSED if a key is the machine's. */
int sysctls_add(const char *const *list, const struct isolation *own, json_t *ret_object,
                struct err *e);
