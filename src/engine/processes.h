/* SPDX-License-Identifier: Apache-2.0 */
/* processes - which processes a container has, and what /proc knows of them */
#pragma once

#include "engine/engine.h"

/* All of a running container, ascending; the caller frees *ret. By its cgroup if it has one of its
 * own, else by PID namespace and descent. */
int engine_processes(const struct target *t, pid_t **ret, size_t *ret_n, struct err *e);

/* What /proc/PID says of one process. */
struct proc_usage {
	pid_t parent;
	uint64_t cpu_ticks, threads, memory_bytes;
	uint64_t read_bytes, write_bytes;
};
/* 0, or -ESRCH. */
int proc_usage_read(pid_t pid, struct proc_usage *ret);

/* Parsers, for tests: /proc/PID/stat, whose second field is the process's own choice, and
 * /proc/PID/net/dev, without the loopback. 0 or -EINVAL. */
int proc_stat_parse(const char *text, struct proc_usage *ret);
void proc_net_parse(const char *text, uint64_t *ret_rx, uint64_t *ret_tx);
