/* SPDX-License-Identifier: Apache-2.0 */
/* usage - what a cgroup has used so far, from its files; each part only where its controller is */
#pragma once

#include "base/macro.h"

enum {
	USAGE_CPU = 1,
	USAGE_MEMORY = 2,
	USAGE_IO = 4,
	USAGE_PIDS = 8,
	USAGE_PRESSURE_CPU = 16,
	USAGE_PRESSURE_MEMORY = 32,
	USAGE_PRESSURE_IO = 64,
};

struct cgroup_usage {
	unsigned has; /* USAGE_... */
	uint64_t cpu_usec;
	uint64_t memory_bytes;       /* without file pages that can be dropped at once */
	uint64_t memory_limit_bytes; /* UINT64_MAX: none */
	uint64_t read_bytes, write_bytes;
	uint64_t pids;
	/* "some", the average of ten seconds, in hundredths of a percent */
	unsigned pressure_cpu, pressure_memory, pressure_io;
};

void cgroup_usage(const char *path, struct cgroup_usage *ret);

/* The parsers, for tests and fuzzing: the text of one file. */
uint64_t usage_keyed(const char *text, const char *key); /* "KEY NUMBER" lines; 0 if absent */
void usage_io(const char *text, uint64_t *ret_read, uint64_t *ret_write);
int usage_pressure(const char *text, unsigned *ret); /* "some avg10=1.23 ..."; 0 or -EINVAL */
