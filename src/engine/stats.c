/* SPDX-License-Identifier: Apache-2.0 */
/* stats - what a container uses, from its cgroup where it can be, from /proc where it cannot */
#include "engine/processes.h"

#include "base/clock.h"
#include "base/fd.h"
#include "cgroup/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <usrct/stats.h>

static bool has_own_network(pid_t init)
{
	char path[64], its[64] = "", own[64] = "";

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)init);
	if (readlink(path, its, sizeof(its) - 1) < 0 ||
	    readlink("/proc/self/ns/net", own, sizeof(own) - 1) < 0)
		return false;
	return strcmp(its, own) != 0;
}

static void read_network(pid_t init, struct usrct_stats *s)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64], text[16384];
	ssize_t n;

	if (!has_own_network(init))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)init);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : fd_read_full(fd, text, sizeof(text) - 1);
	text[MAX(n, (ssize_t)0)] = '\0';
	/* The container sends what its interface sends; Docker calls it the same. */
	proc_net_parse(text, &s->net_rx_bytes, &s->net_tx_bytes);
}

/* Sums of those who live; who has ended is not counted any more. */
static int read_processes(const struct target *t, struct proc_usage *ret, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;
	int r = engine_processes(t, &pids, &n, e);

	*ret = (struct proc_usage){ 0 };
	for (size_t i = 0; i < n; i++) {
		struct proc_usage one;

		if (proc_usage_read(pids[i], &one) < 0)
			continue;
		ret->cpu_ticks += one.cpu_ticks;
		ret->threads += one.threads;
		ret->memory_bytes += one.memory_bytes;
		ret->read_bytes += one.read_bytes;
		ret->write_bytes += one.write_bytes;
	}
	return r;
}

static uint64_t machine_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int pressure(const struct cgroup_usage *c, unsigned flag, unsigned value)
{
	return c->has & flag ? (int)value : -1;
}

static int read_usage(const struct target *t, struct usrct_stats *s, struct err *e)
{
	const unsigned all = USAGE_CPU | USAGE_MEMORY | USAGE_IO | USAGE_PIDS;
	struct cgroup_usage c = { .memory_limit_bytes = UINT64_MAX };
	struct proc_usage p = { 0 };
	int r = 0;

	if (t->state.cgroup[0])
		cgroup_usage(t->state.cgroup, &c);
	if ((c.has & all) != all) {
		r = read_processes(t, &p, e);
		/* The other two are little worse from /proc. */
		s->is_estimated = !(c.has & USAGE_CPU) || !(c.has & USAGE_MEMORY);
	}
	s->cpu_ns = c.has & USAGE_CPU
	                    ? c.cpu_usec * 1000
	                    : p.cpu_ticks * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
	s->memory_bytes = c.has & USAGE_MEMORY ? c.memory_bytes : p.memory_bytes;
	s->memory_limit_bytes = MIN(c.memory_limit_bytes, machine_memory());
	s->read_bytes = c.has & USAGE_IO ? c.read_bytes : p.read_bytes;
	s->write_bytes = c.has & USAGE_IO ? c.write_bytes : p.write_bytes;
	s->pids = c.has & USAGE_PIDS ? c.pids : p.threads;
	s->pressure_cpu = pressure(&c, USAGE_PRESSURE_CPU, c.pressure_cpu);
	s->pressure_memory = pressure(&c, USAGE_PRESSURE_MEMORY, c.pressure_memory);
	s->pressure_io = pressure(&c, USAGE_PRESSURE_IO, c.pressure_io);
	return r;
}

static int sample(const struct target *t, struct usrct_stats *ret, struct err *e)
{
	uint64_t now_ns = clock_realtime_ns();
	struct usrct_stats s = { .time_ns = clock_monotonic_ns(),
		                 .up_ns = now_ns - MIN(t->state.started_ns, now_ns),
		                 .is_paused = engine_is_paused(&t->state) };
	int r;

	if (!state_is_running(&t->state))
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               t->row.name);
	(void)snprintf(s.id, sizeof(s.id), "%s", t->row.id);
	(void)snprintf(s.name, sizeof(s.name), "%s", t->row.name);
	r = read_usage(t, &s, e);
	if (r < 0)
		return r;
	read_network(t->state.init.pid, &s);
	*ret = s;
	return 0;
}

int usrct_container_stats(struct usrct *u, const char *ref, struct usrct_stats *ret,
                          struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct err e = { 0 };
	int r = target_open(u, ref, STORE_READ, &t, &e);

	if (r == 0)
		r = sample(&t, ret, &e);
	return ENGINE_RETURN(r, out, &e);
}
