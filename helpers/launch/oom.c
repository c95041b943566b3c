/* SPDX-License-Identifier: Apache-2.0 */
/* oom - notice when the kernel kills a process of the container for want of memory
 *
 * memory.events of the container's cgroup counts such kills, and wakes whoever polls it for
 * EPOLLPRI. The kernel chooses one process, as Docker has it (memory.oom.group stays 0): a server
 * whose worker was killed may well go on, and if process 1 is the one, the rest ends with it.
 */
#include "launch/monitor.h"

#include "cgroup/control.h"
#include "container/events.h"

#include <sys/epoll.h>

void oom_watch(struct monitor *m)
{
	m->oom_kills = 0;
	m->oom_fd = cgroup_open_oom(m->l->cgroup);
	if (m->oom_fd >= 0)
		(void)monitor_watch(m, m->oom_fd, EPOLLPRI, EVENT_OOM, 0);
}

void oom_check(struct monitor *m)
{
	uint64_t kills = m->oom_fd < 0 ? 0 : cgroup_oom_kills(m->oom_fd);

	if (kills <= m->oom_kills)
		return;
	m->oom_kills = kills;
	(void)event_container(LAUNCH_STORE, LAUNCH_CONTAINER, m->l->id, "oom", NULL);
	if (m->l->state.is_oom_killed)
		return;
	m->l->state.is_oom_killed = true;
	if (!m->has_ended) /* or the end is about to write it */
		(void)state_write(LAUNCH_CONTAINER, &m->l->state, NULL);
}

void oom_forget(struct monitor *m)
{
	cleanup_close(&m->oom_fd); /* leaves the epoll set by itself */
	m->oom_fd = -EBADF;
}
