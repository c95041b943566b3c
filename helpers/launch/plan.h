/* SPDX-License-Identifier: Apache-2.0 */
/* plan - what the launcher must know besides the OCI document: launch.json in the container's
 * directory, written by the engine when the container is made */
#pragma once

#include "base/json.h"
#include "container/spec.h"
#include "network/uplink.h"

#include <stdbool.h>

struct plan {
	json_t *doc;
	char **layers; /* relative to the data directory, lowest first; NULL-terminated */
	char **data;   /* data-only lower layers: what metadata trees need; likewise */
	enum network_kind network;
	bool auto_remove, interactive, init;
	int stop_signal;
};

int plan_parse(const char *text, size_t n, struct plan *ret, struct err *e);
void plan_done(struct plan *p);
