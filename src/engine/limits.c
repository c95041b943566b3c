/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/limits.h"

#include "base/fd.h"
#include "base/num.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MEMORY_MIN = 6 << 20,
	QUOTA_MIN_US = 1000,
	PERIOD_MIN_US = 1000,
	PERIOD_MAX_US = 1000000,
	PERIOD_DEFAULT_US = 100000,
	LIST_NUMBER_MAX = 8192,
};

static int bad(struct err *e, const char *what)
{
	return err_set(e, UCT_BAD_LIMIT, -EINVAL, "%s", what);
}

static int child(json_t *parent, const char *key, json_t **ret, struct err *e)
{
	*ret = json_object_get(parent, key);
	if (!*ret) {
		*ret = json_object();
		if (json_object_set_new(parent, key, *ret) < 0)
			return err_oom(e);
	}
	return 0;
}

static void drop_empty(json_t *parent, const char *key)
{
	if (!json_object_size(json_object_get(parent, key)))
		(void)json_object_del(parent, key);
}

static int set(json_t *o, const char *key, int64_t v, struct err *e)
{
	if (!v)
		return 0;
	return json_object_set_new(o, key, json_integer(v)) < 0 ? err_oom(e) : 0;
}

static int64_t get(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static int check_memory(const json_t *m, struct err *e)
{
	int64_t limit = get(m, "limit"), swap = get(m, "swap"), low = get(m, "reservation");

	if (limit < -1 || swap < -1 || low < -1)
		return bad(e, "memory: only -1 is a negative value");
	if (limit > 0 && limit < MEMORY_MIN)
		return bad(e, "memory: less than 6 MiB is not enough to start anything");
	if (low > 0 && low < MEMORY_MIN)
		return bad(e, "memory reservation: less than 6 MiB");
	if (limit > 0 && low > limit)
		return bad(e, "memory reservation is larger than the memory limit");
	if (swap > 0 && limit <= 0)
		return bad(e, "memory-swap counts memory and swap together, so it needs a memory "
		              "limit too");
	if (swap > 0 && swap < limit)
		return bad(e, "memory-swap counts memory and swap together, so it cannot be less "
		              "than the memory limit");
	return limit > INT64_MAX / 4 ? bad(e, "memory: out of range") : 0;
}

static int merge_memory(const struct usrct_limits *l, json_t *resources, struct err *e)
{
	int64_t old, swap = l->memory_swap_bytes;
	json_t *m;
	int r = child(resources, "memory", &m, e);

	if (r < 0)
		return r;
	old = get(m, "limit");
	/* As much swap as memory unless something else was said, as Docker has it. What followed
	 * the old limit by default follows the new one. */
	if (!swap && l->memory_bytes > 0 && l->memory_bytes <= INT64_MAX / 4 &&
	    (!get(m, "swap") || get(m, "swap") == 2 * old || old <= 0))
		swap = 2 * l->memory_bytes;
	if (!swap && l->memory_bytes < 0 && get(m, "swap") > 0)
		swap = -1;
	r = set(m, "limit", l->memory_bytes, e);
	if (r == 0)
		r = set(m, "swap", swap, e);
	if (r == 0)
		r = set(m, "reservation", l->memory_reservation_bytes, e);
	if (r == 0)
		r = check_memory(m, e);
	drop_empty(resources, "memory");
	return r;
}

static int check_nano(int64_t nano, struct err *e)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (nano < 10000000 || (n > 0 && nano > n * 1000000000L))
		return err_set(e, UCT_BAD_LIMIT, -ERANGE,
		               "cpus: from 0.01 to %ld.00, as this machine has %ld", n, n);
	return 0;
}

static int merge_quota(const struct usrct_limits *l, json_t *c, struct err *e)
{
	int64_t quota = l->cpu_quota_us, period = l->cpu_period_us;
	int r = 0;

	if (l->cpu_nano && (quota || period))
		return bad(e, "--cpus cannot be given together with --cpu-quota or --cpu-period");
	if (quota < -1 || (quota > 0 && quota < QUOTA_MIN_US))
		return bad(e, "cpu quota: at least 1000 microseconds, or -1 for no limit");
	if (period && (period < PERIOD_MIN_US || period > PERIOD_MAX_US))
		return bad(e, "cpu period: from 1000 to 1000000 microseconds");
	if (l->cpu_nano < 0) {
		quota = -1;
	} else if (l->cpu_nano) {
		period = PERIOD_DEFAULT_US;
		quota = l->cpu_nano / (1000000000 / PERIOD_DEFAULT_US);
		r = check_nano(l->cpu_nano, e);
	}
	if (r == 0)
		r = set(c, "quota", quota, e);
	return r < 0 ? r : set(c, "period", period, e);
}

bool limits_is_list(const char *s, unsigned n)
{
	unsigned number = 0, first = 0;
	bool has_digit = false, is_range = false;

	for (;; s++) {
		if (*s >= '0' && *s <= '9') {
			number = number * 10 + (unsigned)(*s - '0');
			has_digit = true;
			if (number >= n)
				return false;
			continue;
		}
		if (!has_digit || (is_range && number < first))
			return false;
		if (*s == '-' && !is_range) {
			is_range = true;
			first = number;
		} else if (*s == ',' || !*s) {
			is_range = false;
		} else {
			return false;
		}
		if (!*s)
			return true;
		number = 0;
		has_digit = false;
	}
}

/* The highest number in a kernel's list, plus one. */
static unsigned highest(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[4096], *last;
	ssize_t n = fd < 0 ? 0 : fd_read_full(fd, text, sizeof(text) - 1);
	uint32_t v;

	text[MAX(n, (ssize_t)0)] = '\0';
	text[strcspn(text, "\n")] = '\0';
	last = text + strlen(text);
	while (last > text && last[-1] >= '0' && last[-1] <= '9')
		last--;
	return parse_u32(last, &v) == 0 && v < LIST_NUMBER_MAX ? v + 1 : LIST_NUMBER_MAX;
}

static int merge_list(json_t *c, const char *key, const char *value, const char *online,
                      struct err *e)
{
	if (!value || !*value)
		return 0;
	if (!limits_is_list(value, highest(online)))
		return err_set(e, UCT_BAD_LIMIT, -EINVAL,
		               "cpuset-%s '%.100s': not a list such as 0-3,7, or not all of them "
		               "are there",
		               key, value);
	return json_object_set_new(c, key, json_string(value)) < 0 ? err_oom(e) : 0;
}

static int merge_cpu(const struct usrct_limits *l, json_t *resources, struct err *e)
{
	json_t *c;
	int r = child(resources, "cpu", &c, e);

	if (r == 0)
		r = merge_quota(l, c, e);
	if (r == 0 && l->cpu_shares && (l->cpu_shares < 2 || l->cpu_shares > 262144))
		r = bad(e, "cpu shares: from 2 to 262144");
	if (r == 0)
		r = set(c, "shares", l->cpu_shares, e);
	if (r == 0)
		r = merge_list(c, "cpus", l->cpuset_cpus, "/sys/devices/system/cpu/online", e);
	if (r == 0)
		r = merge_list(c, "mems", l->cpuset_mems, "/sys/devices/system/node/online", e);
	drop_empty(resources, "cpu");
	return r;
}

int limits_merge(const struct usrct_limits *l, json_t *resources, struct err *e)
{
	json_t *p;
	int r;

	if (!l)
		return 0;
	r = merge_memory(l, resources, e);
	if (r == 0)
		r = merge_cpu(l, resources, e);
	if (r < 0 || !l->pids_max)
		return r;
	r = child(resources, "pids", &p, e);
	return r < 0 ? r : set(p, "limit", l->pids_max < 0 ? -1 : l->pids_max, e);
}

int limits_check_place(const struct usrct_limits *l, struct err *e)
{
	const char *p = l ? l->cgroup_parent : NULL;

	if (l && l->no_cgroup &&
	    (p || l->memory_bytes || l->memory_swap_bytes || l->memory_reservation_bytes ||
	     l->cpu_nano || l->cpu_quota_us || l->cpu_period_us || l->cpu_shares || l->pids_max ||
	     l->cpuset_cpus || l->cpuset_mems))
		return bad(e, "limits need a cgroup, and --cgroups=disabled asks for none");
	if (!p)
		return 0;
	if (!*p || strlen(p) >= 128 || strstr(p, "//"))
		return bad(e, "cgroup parent: empty or too long");
	for (const char *s = p; *s; s += strcspn(s, "/")) {
		s += *s == '/';
		/* ".", ".." and the names of the kernel's own files */
		if (*s == '.' || !strncmp(s, "cgroup.", 7))
			return bad(e, "cgroup parent: a name of letters, digits, - and _, or a "
			              "path of such");
	}
	if (p[strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@:")])
		return bad(e, "cgroup parent: only letters, digits and - _ . / @ :");
	return 0;
}

static void show(json_t *config, const char *key, const json_t *spec, const char *path)
{
	const json_t *v = json_at(spec, path);

	(void)json_object_set_new(config, key, json_integer(json_integer_value(v)));
}

static void show_text(json_t *config, const char *key, const json_t *doc, const char *path)
{
	const char *s = json_string_value(json_at(doc, path));

	(void)json_object_set_new(config, key, json_string(s ? s : ""));
}

void limits_inspect(const json_t *spec, const json_t *plan, json_t *out)
{
	json_t *config = json_object_get(out, "HostConfig");
	json_int_t quota = json_integer_value(json_at(spec, "linux.resources.cpu.quota"));
	json_int_t period = json_integer_value(json_at(spec, "linux.resources.cpu.period"));
	json_int_t pids = json_integer_value(json_at(spec, "linux.resources.pids.limit"));

	show(config, "Memory", spec, "linux.resources.memory.limit");
	show(config, "MemorySwap", spec, "linux.resources.memory.swap");
	show(config, "MemoryReservation", spec, "linux.resources.memory.reservation");
	show(config, "CpuShares", spec, "linux.resources.cpu.shares");
	show(config, "CpuQuota", spec, "linux.resources.cpu.quota");
	show(config, "CpuPeriod", spec, "linux.resources.cpu.period");
	/* --cpus is kept as the quota that it means. */
	(void)json_object_set_new(
		config, "NanoCpus",
		json_integer(quota > 0 && period > 0 ? quota * 1000000000 / period : 0));
	(void)json_object_set_new(config, "PidsLimit", pids ? json_integer(pids) : json_null());
	show_text(config, "CpusetCpus", spec, "linux.resources.cpu.cpus");
	show_text(config, "CpusetMems", spec, "linux.resources.cpu.mems");
	show_text(config, "CgroupParent", plan, "cgroupParent");
	(void)json_object_set_new(
		config, "Cgroups",
		json_string(json_is_true(json_at(plan, "noCgroup")) ? "disabled" : "default"));
}
