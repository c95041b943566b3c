/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/processes.h"

#include "base/array.h"
#include "base/fd.h"
#include "base/num.h"
#include "cgroup/control.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 8192 };

/* One process of the machine, while it is being found out whose it is. */
struct candidate {
	pid_t pid, parent;
	bool is_member;
};
struct candidates {
	struct candidate *v;
	size_t n, cap;
};

static int read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -errno : fd_read_full(fd, buf, size - 1);
	buf[MAX(n, (ssize_t)0)] = '\0';
	return n < 0 ? (int)n : 0;
}

/* Field @k after the command's name, counted from 0. */
static uint64_t field(const char *s, unsigned k)
{
	char digits[24];
	size_t n;
	uint64_t v = 0;

	for (; k > 0 && *s; k--) {
		s += strcspn(s, " ");
		s += *s == ' ';
	}
	n = strspn(s, "0123456789");
	if (n >= sizeof(digits))
		return 0;
	memcpy(digits, s, n);
	digits[n] = '\0';
	return parse_u64(digits, &v) == 0 ? v : 0;
}

int proc_stat_parse(const char *text, struct proc_usage *ret)
{
	/* "17 (a) b) S 1 ...": the name may have anything in it, so the last ) ends it. */
	const char *s = strrchr(text, ')');

	if (!s || s[1] != ' ')
		return -EINVAL;
	s += 2;
	ret->parent = (pid_t)field(s, 1);
	ret->cpu_ticks = field(s, 11) + field(s, 12);
	ret->threads = field(s, 17);
	ret->memory_bytes = field(s, 21) * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}

static uint64_t number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? field(at + strlen(key), 0) : 0;
}

int proc_usage_read(pid_t pid, struct proc_usage *ret)
{
	char text[TEXT_SIZE];

	*ret = (struct proc_usage){ 0 };
	if (read_proc(pid, "stat", text, sizeof(text)) < 0 || proc_stat_parse(text, ret) < 0)
		return -ESRCH;
	if (read_proc(pid, "io", text, sizeof(text)) == 0) {
		ret->read_bytes = number_after(text, "\nread_bytes: ");
		ret->write_bytes = number_after(text, "\nwrite_bytes: ");
	}
	return 0;
}

void proc_net_parse(const char *text, uint64_t *ret_rx, uint64_t *ret_tx)
{
	*ret_rx = *ret_tx = 0;
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t n = strcspn(text, "\n"), blank = strspn(text, " ");
		const char *colon = memchr(text, ':', n);
		char line[512];

		if (!colon || !strncmp(text + blank, "lo:", 3))
			continue;
		n = MIN((size_t)(text + n - colon - 1), sizeof(line) - 1);
		memcpy(line, colon + 1, n);
		line[n] = '\0';
		/* Sixteen columns, aligned by several spaces: received bytes first, sent ninth. */
		for (size_t from = 0, to = 0, k = 0; line[from] && k < 9; k++) {
			from += strspn(line + from, " ");
			to = from + strcspn(line + from, " ");
			if (k == 0)
				*ret_rx += field(line + from, 0);
			else if (k == 8)
				*ret_tx += field(line + from, 0);
			from = to;
		}
	}
}

static bool in_namespace(pid_t pid, const char *wanted)
{
	char path[64], link[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	n = readlink(path, link, sizeof(link) - 1);
	link[MAX(n, (ssize_t)0)] = '\0';
	return n > 0 && !strcmp(link, wanted);
}

static int list_all(struct candidates *c)
{
	DIR *d = opendir("/proc");
	struct proc_usage usage;
	int r = 0;

	if (!d)
		return -errno;
	for (struct dirent *de; r == 0 && (de = readdir(d));) {
		uint32_t pid;

		if (parse_u32(de->d_name, &pid) < 0 || proc_usage_read((pid_t)pid, &usage) < 0)
			continue;
		r = array_grow(&c->v, c->n, &c->cap, sizeof(*c->v));
		if (r == 0)
			c->v[c->n++] = (struct candidate){ (pid_t)pid, usage.parent, false };
	}
	(void)closedir(d);
	return r;
}

static bool is_member(const struct candidates *c, pid_t pid)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].pid == pid)
			return c->v[i].is_member;
	return false;
}

/* Its first process, those of the same PID namespace (exec brought them from outside), and all that
 * descend from these: a namespace nested in it has another name. */
static void mark_members(struct candidates *c, pid_t init)
{
	char path[64], init_ns[64] = "", own_ns[64] = "";
	bool has_changed = true;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)init);
	IGNORE(readlink(path, init_ns, sizeof(init_ns) - 1));
	IGNORE(readlink("/proc/self/ns/pid", own_ns, sizeof(own_ns) - 1));
	for (size_t i = 0; i < c->n; i++)
		c->v[i].is_member =
			c->v[i].pid == init || (init_ns[0] && strcmp(init_ns, own_ns) != 0 &&
		                                in_namespace(c->v[i].pid, init_ns));
	while (has_changed) {
		has_changed = false;
		for (size_t i = 0; i < c->n; i++)
			if (!c->v[i].is_member && is_member(c, c->v[i].parent))
				c->v[i].is_member = has_changed = true;
	}
}

static int by_descent(pid_t init, pid_t **ret, size_t *ret_n)
{
	struct candidates c = { 0 };
	int r = list_all(&c);
	size_t n = 0;

	*ret = r < 0 ? NULL : calloc(c.n + 1, sizeof(**ret));
	if (*ret) {
		mark_members(&c, init);
		for (size_t i = 0; i < c.n; i++)
			if (c.v[i].is_member)
				(*ret)[n++] = c.v[i].pid;
		*ret_n = n;
	}
	free(c.v);
	return *ret ? 0 : MIN(r, -ENOMEM);
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

int engine_processes(const struct target *t, pid_t **ret, size_t *ret_n, struct err *e)
{
	int r;

	*ret = NULL;
	*ret_n = 0;
	if (!state_is_running(&t->state))
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               t->row.name);
	if (t->state.cgroup[0]) {
		r = cgroup_processes(t->state.cgroup, ret, ret_n, e);
	} else {
		r = by_descent(t->state.init.pid, ret, ret_n);
		if (r < 0)
			r = err_errno(e, r, "cannot list the processes of container '%s'",
			              t->row.name);
	}
	if (r == 0 && *ret_n)
		qsort(*ret, *ret_n, sizeof(**ret), compare);
	return r;
}

int usrct_container_processes(struct usrct *u, const char *ref, int **ret, size_t *ret_n,
                              struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct err e = { 0 };
	int r = target_open(u, ref, STORE_READ, &t, &e);

	if (r == 0)
		r = engine_processes(&t, ret, ret_n, &e);
	return ENGINE_RETURN(r, out, &e);
}
