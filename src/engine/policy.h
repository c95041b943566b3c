/* SPDX-License-Identifier: Apache-2.0 */
/* policy - restart, health and log: from the user's words to launch.json, and to inspect */
#pragma once

#include "engine/document.h"
#include "engine/engine.h"

/* Adds "restart", "log" and "health" to launch.json. */
int policy_add(const struct document *d, json_t *plan, struct err *e);
/* What inspect shows of them: RestartCount, Config.Healthcheck, HostConfig.RestartPolicy ... */
void policy_inspect(const struct target *t, const json_t *plan, json_t *out);
/* Another restart policy for a container that may be running; @text as in usrct_policy.restart. */
int policy_set_restart(struct usrct *u, const struct target *t, const char *text, struct err *e);
/* "always" and so on, of its launch.json. */
const char *policy_restart_name(const json_t *plan);
