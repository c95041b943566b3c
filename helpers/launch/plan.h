/* SPDX-License-Identifier: Apache-2.0 */
/* plan - what the launcher must know besides the OCI document: launch.json in the container's
 * directory, written by the engine when the container is made */
#pragma once

#include "base/json.h"
#include "base/strv.h"
#include "container/backend.h"
#include "container/log.h"
#include "container/spec.h"
#include "network/uplink.h"

#include <stdbool.h>

enum restart_when { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED };

struct restart_plan {
	enum restart_when when;
	uint32_t max_retries; /* of ON_FAILURE; 0: no limit */
};

enum log_driver { LOG_TO_FILE, LOG_TO_JOURNAL, LOG_TO_NOTHING };

struct log_plan {
	enum log_driver driver;
	uint64_t max_bytes; /* 0: no limit */
	uint32_t max_files;
	bool compress;
	char *tag, *socket; /* of the journal (container/log-tag.h); NULL: the usual; borrowed from
	                       the document */
};

enum health_action { HEALTH_DO_NOTHING, HEALTH_KILL, HEALTH_RESTART, HEALTH_STOP };

struct health_plan {
	struct strv test; /* "CMD", argument ... or "CMD-SHELL", text; empty: no checks */
	uint64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
	uint32_t retries;
	enum health_action action;
};

struct plan {
	json_t *doc;
	char **layers; /* relative to the data directory, lowest first; NULL-terminated */
	char **data;   /* data-only lower layers: what metadata trees need; likewise */
	enum mount_backend backend;
	const char *memory; /* container/backend.h */
	enum network_kind network;
	bool auto_remove, interactive, init, no_cgroup, has_volumes;
	const char *cgroup_parent; /* NULL: the usual one; without leading slash */
	int stop_signal;
	struct restart_plan restart;
	struct log_plan log;
	struct health_plan health; /* owned, unlike most of this */
	int stop_timeout_s;
	uint32_t timeout_s; /* a run is killed after that; 0: never */
};

int plan_parse(const char *text, size_t n, struct plan *ret, struct err *e);
/* Only "restart", for a policy that changes while the container runs. */
int plan_parse_restart(const json_t *doc, struct restart_plan *ret, struct err *e);
/* Only "health", likewise; @ret begins empty, and has strings of its own even after a failure. */
int plan_parse_health(const json_t *doc, struct health_plan *ret, struct err *e);
void plan_done(struct plan *p);
