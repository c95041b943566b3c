/* SPDX-License-Identifier: Apache-2.0 */
/* policy - restart, health and log: from the user's words to launch.json, and to inspect */
#pragma once

#include "engine/document.h"
#include "engine/engine.h"

#define POLICY_LOG_DRIVER "json-file" /* where nobody asks for another */

/* Adds "restart", "log" and "health" to launch.json. */
int policy_add(const struct document *d, json_t *plan, struct err *e);
/* What inspect shows of them: RestartCount, Config.Healthcheck, HostConfig.RestartPolicy ... */
void policy_inspect(const struct target *t, const json_t *plan, json_t *out);
/* Changes what @p names, of a container that may be running. @ret_before: for policy_put(), if what
 * comes after it fails. */
int policy_update(struct usrct *u, const struct target *t, const struct usrct_policy *p,
                  json_t **ret_before, struct err *e);
/* Writes all of launch.json, and lets the monitor read it. */
int policy_put(struct usrct *u, const struct target *t, const json_t *plan, struct err *e);
/* "always" and so on, of its launch.json. */
const char *policy_restart_name(const json_t *plan);
