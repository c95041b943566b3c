/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/stats.h - what running containers use, and which processes they have. Since: 0.1 */
#ifndef USRCT_STATS_H
#define USRCT_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <usrct/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;

/**
 * struct usrct_stats - counters of one container at one moment
 * @id, @name:      of the container
 * @time_ns:        of this sample, CLOCK_MONOTONIC
 * @up_ns:          how long it has been running
 * @cpu_ns:         processor time used since its start; rates come from two samples
 * @memory_bytes:   memory in use, without cache that could be dropped at once
 * @memory_limit_bytes: its limit, or the machine's memory where it has none
 * @net_rx_bytes, @net_tx_bytes: of its own network; 0 if it has none of its own
 * @read_bytes, @write_bytes: to and from block devices
 * @pids:           processes and threads
 * @pressure_cpu, @pressure_memory, @pressure_io: part of the last ten seconds in which some process
 *                  of it waited, in hundredths of a percent; -1 unknown
 * @is_estimated:   it has no cgroup, or one without the controllers: memory, input and output are
 *                  sums over the processes that live now, as /proc has them
 * @is_paused:      its processes are frozen
 */
struct usrct_stats {
	char id[65], name[256];
	uint64_t time_ns, up_ns;
	uint64_t cpu_ns;
	uint64_t memory_bytes, memory_limit_bytes;
	uint64_t net_rx_bytes, net_tx_bytes;
	uint64_t read_bytes, write_bytes;
	uint64_t pids;
	int pressure_cpu, pressure_memory, pressure_io;
	bool is_estimated, is_paused;
};

/**
 * usrct_container_stats() - take one sample
 * @ret: written only on success
 *
 * Never waits. Return: 0, or negative errno: -ESRCH (not running). Since: 0.1
 */
USRCT_API int usrct_container_stats(struct usrct *u, const char *ref, struct usrct_stats *ret,
                                    struct usrct_err *e);

/**
 * usrct_container_processes() - the processes of a container, as the caller's /proc numbers them
 * @ret: receives an array that the caller frees; ascending
 *
 * Return: 0, or negative errno: -ESRCH (not running). Since: 0.1
 */
USRCT_API int usrct_container_processes(struct usrct *u, const char *ref, int **ret, size_t *ret_n,
                                        struct usrct_err *e);

#ifdef __cplusplus
}
#endif
#endif
