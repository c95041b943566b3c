/* SPDX-License-Identifier: Apache-2.0 */
/* restart - run a container again in the monitor that saw it end
 *
 * The monitor is still in the user namespace of the holder, with the container's directory and the
 * store in its hands, so it does what the launcher did before, without an engine. Between two runs
 * the state is "restarting"; a monitor that is killed then leaves an ended container, and nobody
 * starts it again. Pauses are Docker's: 0.1 s, doubled up to a minute, and short again once a run
 * has lasted ten seconds. They are measured by CLOCK_MONOTONIC.
 */
#include "launch/monitor.h"

#include "base/clock.h"
#include "base/file.h"

#define MS UINT64_C(1000000)

static const uint64_t first_pause_ns = 100 * MS, longest_pause_ns = 60000 * MS,
		      good_run_ns = 10000 * MS;

static bool is_wanted(const struct monitor *m)
{
	const struct restart_plan *p = &m->l->plan.restart;
	const struct state *s = &m->l->state;

	if (m->starts_again)
		return true;
	if (m->is_stopping || m->l->plan.auto_remove)
		return false;
	if (m->health.wants_restart)
		return true;
	if (p->when == RESTART_ON_FAILURE)
		return s->exit_code != 0 && (!p->max_retries || s->restart_count < p->max_retries);
	return p->when != RESTART_NO;
}

/* True: its time has come; false: the user ended it, or the policy was changed. */
static bool pause_is_over(struct monitor *m)
{
	uint64_t now = clock_monotonic_ns(), deadline;

	if (m->starts_again)
		return true; /* the user does not wait */
	if (now - m->began_ns >= good_run_ns)
		m->backoff_ns = 0;
	m->backoff_ns = m->backoff_ns ? MIN(2 * m->backoff_ns, longest_pause_ns) : first_pause_ns;
	deadline = now + m->backoff_ns;
	while (is_wanted(m) && !m->starts_again && now < deadline) {
		monitor_wait(m, deadline);
		now = clock_monotonic_ns();
	}
	return is_wanted(m);
}

/* What a --rm container wrote is not synced, and overlayfs takes no second look at such a directory
 * (its incompat/volatile). This is the same machine in the same uptime, so nothing is lost. */
static void forget_volatile(const struct launch *l)
{
	if (l->plan.auto_remove)
		(void)tree_remove_at(LAUNCH_CONTAINER, "work/work", NULL);
}

bool restart_after_end(struct monitor *m)
{
	struct launch *l = m->l;
	struct err e = { 0 };

	if (!is_wanted(m))
		return false;
	l->state.status = STATE_RESTARTING;
	(void)state_write(LAUNCH_CONTAINER, &l->state, NULL); /* a full disk: no reason to stop */
	monitor_tell_exit(m);
	clients_release(m);
	launch_end_run(l);
	if (pause_is_over(m)) {
		l->state.restart_count += m->starts_again ? 0 : 1;
		m->starts_again = false;
		forget_volatile(l);
		if (launch_again(l, &e) == 0)
			return true;
		l->state.finished_ns = clock_realtime_ns();
	}
	l->state.status = STATE_EXITED;
	return false;
}
