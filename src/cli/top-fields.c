/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top-fields.h"

#include "base/fd.h"
#include "base/num.h"
#include "base/sbuf.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

enum { TEXT_SIZE = 8192 };

struct top_field {
	const char *name, *heading;
	void (*print)(const struct top_field *f, int pid, const char *stat, const char *status,
	              struct sbuf *b);
	unsigned index;  /* field of /proc/PID/stat behind the name, counted from 0 */
	const char *key; /* of /proc/PID/status */
};

static bool read_proc(int pid, const char *name, char *buf)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : fd_read_full(fd, buf, TEXT_SIZE - 1);
	buf[MAX(n, (ssize_t)0)] = '\0';
	for (ssize_t i = 0; i + 1 < n; i++) /* cmdline */
		if (!buf[i])
			buf[i] = ' ';
	return n >= 0;
}

/* The word at @index, split at blanks. */
static const char *word(const char *s, unsigned index, size_t *ret_n)
{
	s += strspn(s, " \t");
	for (; index > 0 && *s && *s != '\n'; index--) {
		s += strcspn(s, " \t\n");
		s += strspn(s, " \t");
	}
	*ret_n = strcspn(s, " \t\n");
	return s;
}

static uint64_t number(const char *s, unsigned index)
{
	char digits[24];
	size_t n;
	uint64_t v = 0;

	s = word(s, index, &n);
	if (n >= sizeof(digits))
		return 0;
	memcpy(digits, s, n);
	digits[n] = '\0';
	return parse_u64(digits, &v) == 0 ? v : 0;
}

static const char *status_line(const char *status, const char *key)
{
	size_t n = strlen(key);

	for (const char *s = status; *s; s += strcspn(s, "\n"), s += *s == '\n')
		if (!strncmp(s, key, n) && s[n] == ':')
			return s + n + 1;
	return "";
}

static void print_stat(const struct top_field *f, int pid, const char *stat, const char *status,
                       struct sbuf *b)
{
	size_t n;
	const char *s = word(stat, f->index, &n);

	(void)pid;
	(void)status;
	sbuf_add(b, s, n);
}

static void print_status(const struct top_field *f, int pid, const char *stat, const char *status,
                         struct sbuf *b)
{
	size_t n;
	const char *s = word(status_line(status, f->key), f->index, &n);

	(void)pid;
	(void)stat;
	sbuf_add(b, n ? s : "-", n ? n : 1);
}

static void print_hpid(const struct top_field *f, int pid, const char *stat, const char *status,
                       struct sbuf *b)
{
	(void)f;
	(void)stat;
	(void)status;
	sbuf_addf(b, "%d", pid);
}

/* The number it has in its own, innermost namespace. */
static void print_pid(const struct top_field *f, int pid, const char *stat, const char *status,
                      struct sbuf *b)
{
	const char *s = status_line(status, "NSpid");
	unsigned n = 0;
	size_t len;

	(void)f;
	(void)stat;
	while (word(s, n, &len), len)
		n++;
	sbuf_addf(b, "%llu", n ? (unsigned long long)number(s, n - 1) : (unsigned long long)pid);
}

static void print_ppid(const struct top_field *f, int pid, const char *stat, const char *status,
                       struct sbuf *b)
{
	char text[TEXT_SIZE], here[64], there[64], path[64];
	int parent = (int)number(stat, 1);
	ssize_t n, m;

	(void)status;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	n = readlink(path, here, sizeof(here));
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", parent);
	m = readlink(path, there, sizeof(there));
	/* A parent outside, as the first process has, is 0 inside. */
	if (n < 0 || n != m || memcmp(here, there, (size_t)n) != 0 ||
	    !read_proc(parent, "status", text))
		sbuf_addc(b, '0');
	else
		print_pid(f, parent, "", text, b);
}

/* An id of ours as the process sees it; -1 where it has none. */
static void print_id(const struct top_field *f, int pid, const char *stat, const char *status,
                     struct sbuf *b)
{
	char text[TEXT_SIZE];
	uint64_t id = number(status_line(status, f->key), f->index);
	bool is_user = f->key[0] == 'U';

	(void)stat;
	if (read_proc(pid, is_user ? "uid_map" : "gid_map", text))
		for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
			uint64_t outside = number(s, 1);

			if (id < outside || id - outside >= number(s, 2))
				continue;
			id = number(s, 0) + (id - outside);
			if (!id)
				sbuf_adds(b, "root");
			else
				sbuf_addf(b, "%llu", (unsigned long long)id);
			return;
		}
	sbuf_adds(b, "nobody");
}

static void print_args(const struct top_field *f, int pid, const char *stat, const char *status,
                       struct sbuf *b)
{
	char text[TEXT_SIZE];

	(void)f;
	(void)stat;
	if (!read_proc(pid, "cmdline", text) || !*text) {
		size_t n;
		const char *s = word(status_line(status, "Name"), 0, &n);

		sbuf_addf(b, "[%.*s]", (int)n, s);
		return;
	}
	/* Words of a program in the container must not steer the terminal. */
	for (const char *s = text; *s; s++)
		sbuf_addc(b, iscntrl((unsigned char)*s) ? '?' : *s);
}

static uint64_t up_ticks(const char *stat)
{
	char text[TEXT_SIZE];
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), began = number(stat, 19), now = 0;
	_cleanup_close_ int fd = open("/proc/uptime", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : fd_read_full(fd, text, sizeof(text) - 1);

	text[MAX(n, (ssize_t)0)] = '\0';
	text[strcspn(text, ".")] = '\0';
	if (parse_u64(text, &now) < 0)
		return 0;
	now *= hz;
	return now > began ? now - began : 0;
}

static void print_seconds(struct sbuf *b, uint64_t s)
{
	if (s >= 86400)
		sbuf_addf(b, "%llu-", (unsigned long long)(s / 86400));
	sbuf_addf(b, "%02u:%02u:%02u", (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60),
	          (unsigned)(s % 60));
}

static void print_time(const struct top_field *f, int pid, const char *stat, const char *status,
                       struct sbuf *b)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	(void)pid;
	(void)status;
	/* etime: since it began; time: of a processor */
	print_seconds(b, (f->index ? number(stat, 11) + number(stat, 12) : up_ticks(stat)) / hz);
}

static void print_pcpu(const struct top_field *f, int pid, const char *stat, const char *status,
                       struct sbuf *b)
{
	uint64_t up = up_ticks(stat), used = number(stat, 11) + number(stat, 12);

	(void)f;
	(void)pid;
	(void)status;
	sbuf_addf(b, "%.3f", up ? (double)used * 100 / (double)up : 0.0);
}

static void print_tty(const struct top_field *f, int pid, const char *stat, const char *status,
                      struct sbuf *b)
{
	dev_t tty = (dev_t)number(stat, 4);

	(void)f;
	(void)pid;
	(void)status;
	if (!tty)
		sbuf_addc(b, '?');
	else if (major(tty) >= 136 && major(tty) <= 143)
		sbuf_addf(b, "pts/%u", minor(tty) + (major(tty) - 136) * 256);
	else
		sbuf_addf(b, "%u:%u", major(tty), minor(tty));
}

static void print_seccomp(const struct top_field *f, int pid, const char *stat, const char *status,
                          struct sbuf *b)
{
	static const char *const modes[] = { "disabled", "strict", "filter" };
	uint64_t mode = number(status_line(status, "Seccomp"), 0);

	(void)f;
	(void)pid;
	(void)stat;
	sbuf_adds(b, mode < ARRAY_SIZE(modes) ? modes[mode] : "?");
}

/* Supplementary groups, as the process sees them or as they are here. */
static void print_groups(const struct top_field *f, int pid, const char *stat, const char *status,
                         struct sbuf *b)
{
	const char *s = status_line(status, "Groups");
	unsigned n = 0;
	size_t len;

	for (; word(s, n, &len), len; n++) {
		struct top_field one = { .key = "Groups", .index = n };

		if (n)
			sbuf_addc(b, ',');
		(f->index ? print_status : print_id)(&one, pid, stat, status, b);
	}
	if (n == 0)
		sbuf_addc(b, '-');
}

/* Of SELinux, AppArmor or their like. */
static void print_label(const struct top_field *f, int pid, const char *stat, const char *status,
                        struct sbuf *b)
{
	char text[TEXT_SIZE];

	(void)f;
	(void)stat;
	(void)status;
	if (!read_proc(pid, "attr/current", text))
		*text = '\0';
	text[strcspn(text, "\n")] = '\0';
	for (const char *s = *text ? text : "?"; *s; s++)
		sbuf_addc(b, iscntrl((unsigned char)*s) ? '?' : *s);
}

/* When it began: the time of day, or for what is older than a day the date. */
static void print_stime(const struct top_field *f, int pid, const char *stat, const char *status,
                        struct sbuf *b)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), age = up_ticks(stat) / hz;
	time_t began = time(NULL) - (time_t)MIN(age, (uint64_t)INT32_MAX);
	char text[32] = "?";
	struct tm tm;

	(void)f;
	(void)pid;
	(void)status;
	if (localtime_r(&began, &tm))
		(void)strftime(text, sizeof(text), age < 86400 ? "%H:%M" : "%b%d", &tm);
	sbuf_adds(b, text);
}

static const struct top_field fields[] = {
	{ "args", "COMMAND", print_args, 0, NULL },
	{ "capamb", "AMBIENT CAPS", print_status, 0, "CapAmb" },
	{ "capbnd", "BOUNDING CAPS", print_status, 0, "CapBnd" },
	{ "capeff", "EFFECTIVE CAPS", print_status, 0, "CapEff" },
	{ "capinh", "INHERITED CAPS", print_status, 0, "CapInh" },
	{ "capprm", "PERMITTED CAPS", print_status, 0, "CapPrm" },
	{ "comm", "COMMAND", print_status, 0, "Name" },
	{ "etime", "ELAPSED", print_time, 0, NULL },
	{ "group", "GROUP", print_id, 1, "Gid" },
	{ "groups", "GROUPS", print_groups, 0, NULL },
	{ "hgroup", "HGROUP", print_status, 1, "Gid" },
	{ "hgroups", "HGROUPS", print_groups, 1, NULL },
	{ "hpid", "HPID", print_hpid, 0, NULL },
	{ "huser", "HUSER", print_status, 1, "Uid" },
	{ "label", "LABEL", print_label, 0, NULL },
	{ "nice", "NI", print_stat, 16, NULL },
	{ "pcpu", "%CPU", print_pcpu, 0, NULL },
	{ "pgid", "PGID", print_stat, 2, NULL },
	{ "pid", "PID", print_pid, 0, NULL },
	{ "ppid", "PPID", print_ppid, 0, NULL },
	{ "rgroup", "RGROUP", print_id, 0, "Gid" },
	{ "rss", "RSS", print_status, 0, "VmRSS" },
	{ "ruser", "RUSER", print_id, 0, "Uid" },
	{ "seccomp", "SECCOMP", print_seccomp, 0, NULL },
	{ "state", "STATE", print_stat, 0, NULL },
	{ "stime", "STIME", print_stime, 0, NULL },
	{ "time", "TIME", print_time, 1, NULL },
	{ "tty", "TTY", print_tty, 0, NULL },
	{ "user", "USER", print_id, 1, "Uid" },
	{ "vsz", "VSZ", print_status, 0, "VmSize" },
};

/* The letters of ps -o that podman knows as well. */
static const struct {
	char letter;
	const char *name;
} letters[] = { { 'C', "pcpu" }, { 'G', "group" }, { 'P', "ppid" },   { 'U', "user" },
	        { 'a', "args" }, { 'c', "comm" },  { 'g', "rgroup" }, { 'n', "nice" },
	        { 'p', "pid" },  { 'r', "pgid" },  { 't', "etime" },  { 'u', "ruser" },
	        { 'x', "time" }, { 'y', "tty" },   { 'z', "vsz" } };

const struct top_field *top_field(const char *name, size_t n)
{
	for (size_t i = 0; n == 2 && name[0] == '%' && i < ARRAY_SIZE(letters); i++)
		if (letters[i].letter == name[1])
			return top_field(letters[i].name, strlen(letters[i].name));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].name) == n && !strncmp(fields[i].name, name, n))
			return &fields[i];
	return NULL;
}

const char *top_field_heading(const struct top_field *f)
{
	return f->heading;
}

size_t top_field_names(struct sbuf *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		sbuf_addf(b, "%s%s", i ? ", " : "", fields[i].name);
	return ARRAY_SIZE(fields);
}

bool top_field_print_texts(const struct top_field *f, int pid, const char *stat, const char *status,
                           struct sbuf *b)
{
	const char *behind = strrchr(stat, ')'); /* the name before it may have anything in it */

	if (!behind)
		return false;
	f->print(f, pid, behind + 1, status, b);
	return true;
}

bool top_field_print(const struct top_field *f, int pid, struct sbuf *b)
{
	char stat[TEXT_SIZE], status[TEXT_SIZE];

	return read_proc(pid, "stat", stat) && read_proc(pid, "status", status) &&
	       top_field_print_texts(f, pid, stat, status, b);
}
