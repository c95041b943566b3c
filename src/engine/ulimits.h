/* SPDX-License-Identifier: Apache-2.0 */
/* ulimits - resource limits of a container's processes (setrlimit(2)) as Docker writes them */
#pragma once

#include "base/json.h"

#include <sys/resource.h>

struct ulimit {
	const char *name; /* static: "nofile" */
	int resource;
	struct rlimit limit;
};

/* "nofile=1024[:4096]"; UCT_ULIMIT if it is above what the caller may set. */
int ulimit_parse(const char *text, struct ulimit *ret, struct err *e);
/* All of them as OCI process.rlimits. */
int ulimits_add(const char *const *list, json_t *ret_array, struct err *e);
