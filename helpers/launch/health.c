/* SPDX-License-Identifier: Apache-2.0 */
/* health - run the container's health check from time to time and say how it is
 *
 * The monitor does it itself: its epoll loop has the timer (CLOCK_MONOTONIC, which no change of the
 * time of day moves), enter.h starts the check inside, in a cgroup of its own below the
 * container's, and three descriptors tell of it: the socket that ends when the program runs, its
 * output, and its pidfd. Nothing waits for a check. One that takes too long is killed with all that
 * it has started; if the kernel takes its time to let it go, the next check waits, nobody else.
 *
 * When a check counts, and what follows, is Docker's: in the start period failures change nothing,
 * later so many in a row make the container unhealthy, one success makes it healthy. The last five
 * results lie in the container's directory, "health"; the state file has the word.
 */
#include "launch/monitor.h"
#include "launch/secrets.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json-text.h"
#include "base/sbuf.h"
#include "cgroup/cgroup.h"
#include "cgroup/control.h"
#include "container/health.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

enum health_event { CHECK_STARTED, CHECK_OUTPUT, CHECK_ENDED };

#define CHECK_CGROUP "health"

static const struct health_plan *plan_of(const struct monitor *m)
{
	return &m->l->plan.health;
}

static bool is_starting(const struct monitor *m, uint64_t now)
{
	return m->l->state.health == HEALTH_STARTING &&
	       now - m->began_ns < plan_of(m)->start_period_ns;
}

static void schedule(struct monitor *m)
{
	const struct health_plan *p = plan_of(m);
	uint64_t now = clock_monotonic_ns();

	m->health.next_ns = 0;
	if (!p->test.n) /* taken away while a check ran */
		return;
	m->health.next_ns = now + (is_starting(m, now) ? p->start_interval_ns : p->interval_ns);
}

void health_begin(struct monitor *m)
{
	struct health *h = &m->health;

	h->check = (struct entered)ENTERED_NONE;
	h->output_fd = -EBADF;
	h->next_ns = h->timeout_ns = h->kill_ns = 0;
	h->failing_streak = 0;
	h->is_dying = h->wants_restart = false;
	if (plan_of(m)->test.n)
		schedule(m);
}

uint64_t health_deadline(const struct monitor *m)
{
	const struct health *h = &m->health;
	uint64_t times[] = { h->next_ns, h->timeout_ns, h->kill_ns }, first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (times[i] && (!first || times[i] < first))
			first = times[i];
	return first;
}

static void close_output(struct monitor *m)
{
	struct health *h = &m->health;

	if (h->output_fd >= 0)
		(void)epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, h->output_fd, NULL);
	cleanup_close(&h->output_fd);
	h->output_fd = -EBADF;
}

/* The first 4096 bytes are kept; the rest is read, so that the check does not wait. */
static void read_output(struct monitor *m)
{
	struct health *h = &m->health;
	char buf[1024];
	ssize_t n;

	while (h->output_fd >= 0) {
		size_t room = HEALTH_OUTPUT_MAX - h->now.output_n;

		n = RETRY_EINTR(read(h->output_fd, buf, sizeof(buf)));
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_output(m);
			return;
		}
		h->is_cut = h->is_cut || (size_t)n > room;
		if (!h->now.output)
			h->now.output = malloc(HEALTH_OUTPUT_MAX);
		if (!h->now.output || room == 0)
			continue;
		memcpy(h->now.output + h->now.output_n, buf, MIN((size_t)n, room));
		h->now.output_n += MIN((size_t)n, room);
	}
}

static void add_result(struct sbuf *b, const struct health_result *x)
{
	char began[RFC3339_SIZE], ended[RFC3339_SIZE];

	clock_rfc3339(x->began_ns, began);
	clock_rfc3339(x->ended_ns, ended);
	sbuf_addf(b, "{\"Start\":\"%s\",\"End\":\"%s\",\"ExitCode\":%d,\"Output\":", began, ended,
	          x->exit_code);
	json_text_add(b, x->output ? x->output : "", x->output_n);
	sbuf_addc(b, '}');
}

static void write_results(const struct monitor *m)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(HEALTH_FILE_MAX);
	const struct health *h = &m->health;

	sbuf_addf(&b, "{\"Status\":\"%s\",\"FailingStreak\":%u,\"Log\":[",
	          health_name(m->l->state.health), (unsigned)h->failing_streak);
	for (size_t i = 0; i < h->n_results; i++) {
		if (i)
			sbuf_addc(&b, ',');
		add_result(&b, &h->results[i]);
	}
	sbuf_adds(&b, "]}\n");
	if (!b.err) /* a full disk: the last results are older */
		(void)file_write_at(LAUNCH_CONTAINER, HEALTH_FILE, b.s, b.len, 0600, false, NULL);
}

static void keep_result(struct health *h)
{
	char *output = NULL;

	if (h->n_results == HEALTH_RESULTS) {
		free(h->results[0].output);
		memmove(h->results, h->results + 1, (HEALTH_RESULTS - 1) * sizeof(h->results[0]));
		h->n_results--;
	}
	if (h->now.output) /* most are a few bytes */
		output = realloc(h->now.output, MAX(h->now.output_n, (size_t)1));
	if (output)
		h->now.output = output;
	h->results[h->n_results++] = h->now;
	h->now = (struct health_result){ 0 };
}

static void set_status(struct monitor *m, enum health_status status)
{
	char action[40];

	if (m->l->state.health == status)
		return;
	m->l->state.health = status;
	(void)state_write(LAUNCH_CONTAINER, &m->l->state, NULL); /* a full disk: as it was */
	(void)snprintf(action, sizeof(action), "health_status: %s", health_name(status));
	launch_event(m->l, action, NULL);
}

/* What the user wants done about a container that has become unhealthy. */
static void act(struct monitor *m)
{
	struct health *h = &m->health;
	enum health_action action = plan_of(m)->action;

	if (action == HEALTH_DO_NOTHING || m->is_stopping || h->kill_ns)
		return;
	if (action == HEALTH_KILL) {
		(void)pidfd_signal(m->l->init_pidfd, SIGKILL);
		return;
	}
	if (action == HEALTH_STOP)
		m->is_stopping = true;
	h->wants_restart = action == HEALTH_RESTART;
	h->kill_ns = clock_monotonic_ns() +
	             (uint64_t)m->l->plan.stop_timeout_s * UINT64_C(1000000000) + 1;
	(void)pidfd_signal(m->l->init_pidfd, m->l->plan.stop_signal);
}

static void finish(struct monitor *m, int exit_code)
{
	struct health *h = &m->health;
	bool counts = !is_starting(m, clock_monotonic_ns()); /* before the status changes */
	bool was_unhealthy = m->l->state.health == HEALTH_UNHEALTHY;

	h->now.exit_code = exit_code;
	h->now.ended_ns = clock_realtime_ns();
	h->timeout_ns = 0;
	if (h->is_cut && h->now.output_n == HEALTH_OUTPUT_MAX)
		memcpy(h->now.output + HEALTH_OUTPUT_MAX - 3, "...", 3);
	keep_result(h);
	if (exit_code == 0) {
		h->failing_streak = 0;
		set_status(m, HEALTH_HEALTHY);
	} else if (counts && ++h->failing_streak >= plan_of(m)->retries) {
		set_status(m, HEALTH_UNHEALTHY);
	}
	write_results(m);
	schedule(m);
	clients_answer_check(m, exit_code != 0);
	if (!was_unhealthy && m->l->state.health == HEALTH_UNHEALTHY)
		act(m);
}

static void say(struct health *h, const char *text)
{
	size_t n = MIN(strlen(text), (size_t)HEALTH_OUTPUT_MAX);

	if (!h->now.output)
		h->now.output = malloc(HEALTH_OUTPUT_MAX);
	if (!h->now.output)
		return;
	/* In front of what the check has said itself. */
	h->now.output_n = MIN(h->now.output_n, HEALTH_OUTPUT_MAX - n);
	memmove(h->now.output + n, h->now.output, h->now.output_n);
	memcpy(h->now.output, text, n);
	h->now.output_n += n;
}

static int cgroup_path(const struct monitor *m, char *buf, size_t size)
{
	if (!m->l->cgroup[0])
		return -ENOENT;
	return snprintf(buf, size, "%s/" CHECK_CGROUP, m->l->cgroup) < (int)size ? 0
	                                                                         : -ENAMETOOLONG;
}

/* It and all that it has started: by its cgroup (cgroup.kill, Linux 5.14), or else by its session.
 */
static void kill_check(struct monitor *m)
{
	struct health *h = &m->health;
	char path[512], file[544];
	int fd;

	if (h->check.pidfd < 0)
		return;
	/* Not reaped yet, so the number is still its own. */
	if (h->check.pid > 1)
		(void)kill(-h->check.pid, SIGKILL);
	(void)pidfd_signal(h->check.pidfd, SIGKILL);
	if (cgroup_path(m, path, sizeof(path)) < 0)
		return;
	h->has_killed = true;
	(void)snprintf(file, sizeof(file), "%s/cgroup.kill", path);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)fd_write_all(fd, "1", 1);
	cleanup_close(&fd);
}

static void forget_check(struct monitor *m)
{
	struct health *h = &m->health;

	if (h->check.pidfd >= 0)
		(void)epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, h->check.pidfd, NULL);
	entered_done(&h->check);
	h->is_dying = false;
	close_output(m);
}

/* In the container's cgroup, one below it; where there is none, where we are. */
static int open_cgroup(struct monitor *m)
{
	char path[512];
	int fd;

	if (!m->l->cgroup[0])
		return -EBADF;
	/* Since Linux 6.14, and in older stable releases, what is cloned into a cgroup dies if
	 * cgroup.kill was ever used there: cgroup_css_set_fork() takes the count of kills from the
	 * cgroup that the parent is in. So the next check gets a new one. */
	if (m->health.has_killed && cgroup_path(m, path, sizeof(path)) == 0) {
		cgroup_remove(path);
		if (access(path, F_OK) == 0) /* somebody in it is still dying */
			return open(m->l->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		m->health.has_killed = false;
	}
	fd = cgroup_make(m->l->cgroup, CHECK_CGROUP, path, sizeof(path), NULL);
	/* A container that passes controllers on to its own cgroups has no place beside them. */
	return fd >= 0 ? fd : open(m->l->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int enter_with(struct monitor *m, struct spec *spec, const struct secrets *secrets,
                      const int stdio[3], struct err *e)
{
	char *shell[] = { (char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
		          plan_of(m)->test.v[1], NULL };
	_cleanup_close_ int cgroup_fd = open_cgroup(m);
	struct enter what = { .init_pidfd = m->l->init_pidfd,
		              .cgroup_fd = cgroup_fd,
		              .spec = spec,
		              .stdio = { stdio[0], stdio[1], stdio[2] },
		              .secrets = secrets };
	char **own = spec->args;
	int r;

	spec->terminal = false;
	spec->args = !strcmp(plan_of(m)->test.v[0], "CMD-SHELL") ? shell : plan_of(m)->test.v + 1;
	r = enter_start(&what, &m->health.check, e);
	spec->args = own;
	return r;
}

static int enter(struct monitor *m, struct spec *spec, const int stdio[3], struct err *e)
{
	_cleanup_json_ json_t *plan = NULL;
	struct secrets secrets = { 0 };
	int r = secrets_read_env(LAUNCH_CONTAINER, &plan, &secrets, e);

	if (r == 0)
		r = enter_with(m, spec, &secrets, stdio, e);
	secrets_done(&secrets);
	return r;
}

static int start_check(struct monitor *m, struct err *e)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), theirs = -EBADF;
	_cleanup_free_ char *text = NULL;
	struct health *h = &m->health;
	struct spec spec = { 0 };
	int fds[2], r;
	size_t n = 0;

	if (null_fd < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	h->output_fd = fds[0];
	theirs = fds[1];
	r = file_read_at(LAUNCH_CONTAINER, SPEC_FILE, SPEC_MAX_BYTES, &text, &n, e);
	if (r == 0)
		r = spec_parse(text, n, &spec, e);
	if (r == 0) {
		const int stdio[3] = { null_fd, theirs, theirs };

		r = enter(m, &spec, stdio, e);
		spec_done(&spec);
	}
	if (r < 0)
		return r;
	(void)fd_set_nonblock(h->output_fd);
	(void)monitor_watch(m, h->output_fd, EPOLLIN, EVENT_HEALTH, CHECK_OUTPUT);
	(void)monitor_watch(m, h->check.sync_fd, EPOLLIN, EVENT_HEALTH, CHECK_STARTED);
	return monitor_watch(m, h->check.pidfd, EPOLLIN, EVENT_HEALTH, CHECK_ENDED);
}

static void begin_check(struct monitor *m)
{
	struct health *h = &m->health;
	struct err e = { 0 };

	h->next_ns = 0;
	if (h->check.pidfd >= 0) /* the last one is still dying */
		return;
	if (cgroup_is_frozen(m->l->cgroup) == 1) {
		schedule(m); /* a paused container is neither well nor ill */
		return;
	}
	h->is_cut = false;
	free(h->now.output); /* of one that was killed */
	h->now = (struct health_result){ .began_ns = clock_realtime_ns() };
	h->timeout_ns = clock_monotonic_ns() + plan_of(m)->timeout_ns;
	if (start_check(m, &e) == 0)
		return;
	forget_check(m);
	say(h, e.msg);
	finish(m, -1);
}

static void time_is_up(struct monitor *m)
{
	struct health *h = &m->health;
	char text[80];

	kill_check(m);
	read_output(m);
	h->is_dying = true;
	(void)snprintf(text, sizeof(text), "Health check exceeded timeout (%.3gs): ",
	               (double)plan_of(m)->timeout_ns / 1e9);
	say(h, text);
	finish(m, -1);
}

void health_tick(struct monitor *m)
{
	struct health *h = &m->health;
	uint64_t now;

	if (!h->next_ns && !h->timeout_ns && !h->kill_ns)
		return;
	now = clock_monotonic_ns();
	if (h->kill_ns && now >= h->kill_ns && !m->has_ended) {
		h->kill_ns = 0;
		(void)pidfd_signal(m->l->init_pidfd, SIGKILL);
	}
	if (h->timeout_ns && now >= h->timeout_ns)
		time_is_up(m);
	if (h->next_ns && now >= h->next_ns && !m->has_ended)
		begin_check(m);
}

/* The program runs, or could not be executed; then enter_result() has reaped it. */
static bool take_start(struct monitor *m)
{
	struct health *h = &m->health;
	bool was_dying = h->is_dying;
	struct err e = { 0 };
	int r;

	(void)epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, h->check.sync_fd, NULL);
	r = enter_result(&h->check, &e);
	if (r == 0)
		return true;
	forget_check(m); /* its pidfd was closed, which leaves the epoll set */
	if (was_dying) {
		schedule(m);
		return false;
	}
	say(h, e.msg);
	finish(m, e.uct == UCT_COMMAND_NOT_FOUND        ? 127
	          : e.uct == UCT_COMMAND_NOT_EXECUTABLE ? 126
	                                                : -1);
	return false;
}

static void take_end(struct monitor *m)
{
	struct health *h = &m->health;
	bool was_dying = h->is_dying;
	int status = 0;

	if (h->check.sync_fd >= 0 && !take_start(m))
		return;
	if (pidfd_wait(h->check.pidfd, &status) < 0)
		status = 255 << 8;
	read_output(m);
	forget_check(m);
	if (was_dying)
		schedule(m);
	else
		finish(m, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

void health_event(struct monitor *m, unsigned which)
{
	struct health *h = &m->health;

	if (h->check.pidfd < 0)
		return; /* of one that this round of events has ended */
	switch ((enum health_event)which) {
	case CHECK_STARTED:
		if (h->check.sync_fd >= 0)
			(void)take_start(m);
		break;
	case CHECK_OUTPUT:
		read_output(m);
		break;
	case CHECK_ENDED:
		take_end(m);
		break;
	}
}

int health_check_now(struct monitor *m)
{
	if (!plan_of(m)->test.n || m->has_ended || m->l->init_pidfd < 0)
		return -ENODATA;
	if (cgroup_is_frozen(m->l->cgroup) == 1)
		return -EBUSY;
	if (m->health.check.pidfd < 0)
		m->health.next_ns = clock_monotonic_ns();
	return 0;
}

/* A command that is replaced begins anew, so that results of the old one say nothing; and whoever
 * waits for a check that is gone waits no longer. */
void health_replace(struct monitor *m, struct health_plan *plan)
{
	struct health_plan *now = &m->l->plan.health;
	struct health *h = &m->health;
	bool is_other = plan->test.n != now->test.n;

	for (size_t i = 0; i < plan->test.n && !is_other; i++)
		is_other = strcmp(plan->test.v[i], now->test.v[i]) != 0;
	strv_done(&now->test);
	*now = *plan;
	*plan = (struct health_plan){ 0 };
	if (m->has_ended) /* a next run reads all of it */
		return;
	if (is_other) {
		if (h->check.pidfd >= 0) {
			kill_check(m);
			h->is_dying = true;
		}
		h->timeout_ns = 0;
		h->failing_streak = 0;
		m->l->state.health = now->test.n ? HEALTH_STARTING : HEALTH_NONE;
		(void)state_write(LAUNCH_CONTAINER, &m->l->state, NULL); /* full disk: as it was */
		if (!now->test.n)
			clients_answer_check(m, -ENODATA);
	}
	if (h->check.pidfd < 0)
		schedule(m);
}

/* The container has ended, and with its PID namespace every check in it. */
void health_end(struct monitor *m)
{
	struct health *h = &m->health;
	int status;

	h->next_ns = h->timeout_ns = h->kill_ns = 0;
	if (h->check.pidfd >= 0) {
		kill_check(m);
		(void)pidfd_wait(h->check.pidfd, &status);
	}
	forget_check(m);
	free(h->now.output);
	h->now = (struct health_result){ 0 };
	clients_answer_check(m, -ESRCH);
}
