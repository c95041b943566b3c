/* SPDX-License-Identifier: Apache-2.0 */
#include "container/state.h"

#include "base/file.h"
#include "base/num.h"
#include "base/sbuf.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = { "created", "running", "exited", "restarting", "lost" };

static const char *const health_names[] = { "none", "starting", "healthy", "unhealthy" };

const char *health_name(enum health_status h)
{
	return health_names[h];
}

const char *state_name(enum state_status s)
{
	return names[s];
}

bool state_is_running(const struct state *s)
{
	return s->status == STATE_RUNNING || s->status == STATE_LOST;
}

bool state_is_active(const struct state *s)
{
	return state_is_running(s) || s->status == STATE_RESTARTING;
}

int state_write(int container_dirfd, const struct state *s, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(2048);

	sbuf_addf(&b, "status=%s\n", names[s->status]);
	sbuf_addf(&b, "pid=%d\npid_unique=%llu\n", (int)s->init.pid,
	          (unsigned long long)s->init.unique);
	sbuf_addf(&b, "monitor=%d\nmonitor_unique=%llu\n", (int)s->monitor.pid,
	          (unsigned long long)s->monitor.unique);
	if (s->uplink.pid > 0)
		sbuf_addf(&b, "uplink=%d\nuplink_unique=%llu\n", (int)s->uplink.pid,
		          (unsigned long long)s->uplink.unique);
	sbuf_addf(&b, "started_ns=%llu\nfinished_ns=%llu\n", (unsigned long long)s->started_ns,
	          (unsigned long long)s->finished_ns);
	if (s->exit_code >= 0)
		sbuf_addf(&b, "exit_code=%d\n", s->exit_code);
	if (s->restart_count)
		sbuf_addf(&b, "restart_count=%u\n", (unsigned)s->restart_count);
	if (s->is_stopped_by_user)
		sbuf_adds(&b, "stopped_by_user=1\n");
	if (s->is_oom_killed)
		sbuf_adds(&b, "oom_killed=1\n");
	if (s->health != HEALTH_NONE)
		sbuf_addf(&b, "health=%s\n", health_names[s->health]);
	if (s->cgroup[0])
		sbuf_addf(&b, "cgroup=%s\n", s->cgroup);
	if (s->error[0])
		sbuf_addf(&b, "error=%.*s\n", (int)strcspn(s->error, "\n"), s->error);
	if (b.err)
		return err_errno(e, b.err, "cannot write the container's state");
	/* Not synced: after a power cut nothing runs, whatever the file says. */
	return file_write_at(container_dirfd, STATE_FILE, b.s, b.len, 0600, false, e);
}

static int parse_status(const char *v, enum state_status *ret)
{
	for (size_t i = 0; i < STATE_LOST; i++) /* which nobody writes */
		if (!strcmp(v, names[i])) {
			*ret = (enum state_status)i;
			return 0;
		}
	return -EINVAL;
}

static int parse_health(const char *v, enum health_status *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(health_names); i++)
		if (!strcmp(v, health_names[i])) {
			*ret = (enum health_status)i;
			return 0;
		}
	return -EINVAL;
}

static int set_pid(const char *v, pid_t *ret)
{
	uint32_t n;
	int r = parse_u32(v, &n);

	if (r == 0 && n > INT32_MAX)
		r = -ERANGE;
	if (r == 0)
		*ret = (pid_t)n;
	return r;
}

static int set_exit_code(const char *v, int *ret)
{
	uint64_t n;
	int r = parse_u64(v, &n);

	if (r == 0)
		*ret = (int)MIN(n, (uint64_t)255);
	return r;
}

static int set_bool(const char *v, bool *ret)
{
	*ret = !strcmp(v, "1");
	return *ret || !strcmp(v, "0") ? 0 : -EINVAL;
}

static int set_number(const char *key, const char *v, struct state *s)
{
	if (!strcmp(key, "pid"))
		return set_pid(v, &s->init.pid);
	if (!strcmp(key, "monitor"))
		return set_pid(v, &s->monitor.pid);
	if (!strcmp(key, "pid_unique"))
		return parse_u64(v, &s->init.unique);
	if (!strcmp(key, "monitor_unique"))
		return parse_u64(v, &s->monitor.unique);
	if (!strcmp(key, "uplink"))
		return set_pid(v, &s->uplink.pid);
	if (!strcmp(key, "uplink_unique"))
		return parse_u64(v, &s->uplink.unique);
	if (!strcmp(key, "started_ns"))
		return parse_u64(v, &s->started_ns);
	if (!strcmp(key, "finished_ns"))
		return parse_u64(v, &s->finished_ns);
	if (!strcmp(key, "exit_code"))
		return set_exit_code(v, &s->exit_code);
	if (!strcmp(key, "restart_count"))
		return parse_u32(v, &s->restart_count);
	if (!strcmp(key, "stopped_by_user"))
		return set_bool(v, &s->is_stopped_by_user);
	if (!strcmp(key, "oom_killed"))
		return set_bool(v, &s->is_oom_killed);
	return 0; /* a key of a later version: not ours to judge */
}

static int set_key(const char *key, const char *v, struct state *s)
{
	if (!strcmp(key, "status"))
		return parse_status(v, &s->status);
	if (!strcmp(key, "health"))
		return parse_health(v, &s->health);
	if (!strcmp(key, "cgroup"))
		(void)snprintf(s->cgroup, sizeof(s->cgroup), "%s", v);
	else if (!strcmp(key, "error"))
		(void)snprintf(s->error, sizeof(s->error), "%s", v);
	else
		return set_number(key, v, s);
	return 0;
}

int state_parse(const char *text, struct state *ret, struct err *e)
{
	char line[512];

	*ret = (struct state){ .exit_code = -1 };
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *eq;

		if (n >= sizeof(line))
			return err_set(e, UCT_STORE_DAMAGED, -EBADMSG, "state file: line too long");
		memcpy(line, text, n);
		line[n] = '\0';
		eq = strchr(line, '=');
		if (!eq)
			return err_set(e, UCT_STORE_DAMAGED, -EBADMSG, "state file: '%s'", line);
		*eq = '\0';
		if (set_key(line, eq + 1, ret) < 0)
			return err_set(e, UCT_STORE_DAMAGED, -EBADMSG, "state file: bad %s", line);
		text += n + (text[n] == '\n');
	}
	return 0;
}

int state_read(int container_dirfd, struct state *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read_at(container_dirfd, STATE_FILE, 4096, &text, NULL, e);

	if (r == -ENOENT) {
		*ret = (struct state){ .status = STATE_CREATED, .exit_code = -1 };
		return 0;
	}
	if (r < 0)
		return r;
	r = state_parse(text, ret, e);
	if (r == 0 && ret->status == STATE_RESTARTING && !proc_is_alive(&ret->monitor))
		ret->status = STATE_EXITED; /* who would start it again is gone */
	if (r < 0 || ret->status != STATE_RUNNING)
		return r;
	if (proc_is_alive(&ret->init)) {
		if (!proc_is_alive(&ret->monitor))
			ret->status = STATE_LOST;
		return 0;
	}
	/* It has ended. A living monitor is about to say how; a dead one never will. */
	ret->status = STATE_EXITED;
	ret->exit_code = -1;
	return 0;
}
