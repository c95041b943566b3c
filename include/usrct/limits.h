/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/limits.h - what a container may use, pausing it, and changing it while it runs. Since: 0.1
 */
#ifndef USRCT_LIMITS_H
#define USRCT_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <usrct/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;
struct usrct_policy; /* usrct/policy.h */

/**
 * struct usrct_limits - limits of a container; 0 or NULL: none, or in an update: as it was
 * @size:        sizeof(struct usrct_limits)
 * @memory_bytes: most memory, at least 6 MiB; -1: no limit
 * @memory_swap_bytes: most memory and swap together; -1: all the swap there is. Without it, swap is
 *               as much as memory
 * @memory_reservation_bytes: memory that is left to it while the machine is short of some; -1: none
 * @cpu_nano:    processors, in billionths: 1500000000 is one and a half; -1: all. Not together with
 *               @cpu_quota_us or @cpu_period_us
 * @cpu_quota_us: microseconds of processor time in each period, at least 1000; -1: no limit
 * @cpu_period_us: 1000 to 1000000; 100000 is the default
 * @cpu_shares:  weight against others, 2 to 262144; 1024 is Docker's default
 * @pids_max:    most processes and threads; -1: no limit
 * @cpuset_cpus, @cpuset_mems: processors and memory nodes, "0-3,7"
 * @cgroup_parent: where its cgroup is made: a slice of the user's systemd ("x.slice"), or a path
 *               below the delegated cgroup; not for updates
 * @no_cgroup:   it gets no cgroup of its own; not together with limits
 *
 * A limit that is asked for and cannot be had makes the start fail, before anything runs.
 */
struct usrct_limits {
	size_t size;
	int64_t memory_bytes, memory_swap_bytes, memory_reservation_bytes;
	int64_t cpu_nano, cpu_quota_us, cpu_period_us, cpu_shares;
	int64_t pids_max;
	const char *cpuset_cpus, *cpuset_mems;
	const char *cgroup_parent;
	bool no_cgroup;
};

/**
 * usrct_container_update() - change limits, restart policy and health checks of a container
 * @limits:  may be NULL
 * @policy:  may be NULL, as may be its members: as it was. A log cannot be changed (-EINVAL); with
 * a
 *           @health_cmd checks begin anew, and its other members change those there are
 *
 * Of a running container too, and then at once. All of it or nothing: when one value is refused,
 * those that were written before it are put back.
 *
 * Return: 0, or negative errno: -EOPNOTSUPP (no cgroup, no controller), -EINVAL. Since: 0.1
 */
USRCT_API int usrct_container_update(struct usrct *u, const char *ref,
                                     const struct usrct_limits *limits,
                                     const struct usrct_policy *policy, struct usrct_err *e);

/**
 * usrct_container_pause() - freeze all processes of a running container
 *
 * Blocks until the kernel has done so. Return: 0, or negative errno: -ESRCH (not running),
 * -EALREADY (paused), -EOPNOTSUPP (no cgroup of its own), -ETIMEDOUT. Since: 0.1
 */
USRCT_API int usrct_container_pause(struct usrct *u, const char *ref, struct usrct_err *e);
USRCT_API int usrct_container_unpause(struct usrct *u, const char *ref, struct usrct_err *e);

#ifdef __cplusplus
}
#endif
#endif
