/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/limit-options.h"

#include "base/num.h"

#include <string.h>
#include <strings.h>

static const char *const cgroup_modes[] = { "enabled", "disabled", NULL };

const struct option limit_options[] = {
	{ "memory", 'm', OPTION_STRING, COMPLETE_NONE, "BYTES",
	  "Most memory it may use, such as 512m or 1.5g; what needs more is killed" },
	{ "memory-swap", 0, OPTION_STRING, COMPLETE_NONE, "BYTES",
	  "Most memory and swap together; -1 for all the swap there is", "twice the memory" },
	{ "memory-reservation", 0, OPTION_STRING, COMPLETE_NONE, "BYTES",
	  "Memory that is left to it while the machine is short of some" },
	{ "cpus", 0, OPTION_STRING, COMPLETE_NONE, "NUMBER",
	  "How many processors it may use at once, such as 1.5" },
	{ "cpu-quota", 0, OPTION_STRING, COMPLETE_NONE, "MICROSECONDS",
	  "Processor time in each period; -1 for no limit" },
	{ "cpu-period", 0, OPTION_STRING, COMPLETE_NONE, "MICROSECONDS",
	  "How long a period is, for --cpu-quota", "100000" },
	{ "cpu-shares", 'c', OPTION_STRING, COMPLETE_NONE, "WEIGHT",
	  "Share of the processors against others when all are busy, 2 to 262144" },
	{ "cpuset-cpus", 0, OPTION_STRING, COMPLETE_NONE, "LIST",
	  "Processors it may run on, such as 0-2,5" },
	{ "cpuset-mems", 0, OPTION_STRING, COMPLETE_NONE, "LIST", "Memory nodes it may use" },
	{ "pids-limit", 0, OPTION_STRING, COMPLETE_NONE, "NUMBER",
	  "Most processes and threads in it; -1 for no limit" },
	{ NULL },
};

const struct option place_options[] = {
	{ "cgroup-parent", 0, OPTION_STRING, COMPLETE_NONE, "SLICE",
	  "Where its cgroup is made: a slice of your systemd, or a path in a delegated cgroup",
	  "usr-ct.slice" },
	{ "cgroups", 0, OPTION_ENUM, COMPLETE_VALUES, "WHETHER",
	  "Whether it gets a cgroup of its own where that is possible", "enabled", NULL,
	  cgroup_modes },
	{ NULL },
};

/* "12", "12.345" and what follows: the value times @scale, fractions of 1 dropped. */
static int decimal(const char *s, uint64_t scale, const char **end, uint64_t *ret)
{
	char whole[24];
	size_t n = strspn(s, "0123456789");
	uint64_t v, part = 0, unit = 1;

	if (!n || n >= sizeof(whole))
		return -EINVAL;
	memcpy(whole, s, n);
	whole[n] = '\0';
	s += n;
	if (*s == '.') {
		s++;
		if (!strspn(s, "0123456789"))
			return -EINVAL;
		for (; *s >= '0' && *s <= '9'; s++)
			if (unit < 1000000) { /* further digits are less than a byte matters */
				part = part * 10 + (uint64_t)(*s - '0');
				unit *= 10;
			}
	}
	if (parse_u64(whole, &v) < 0 || v > (uint64_t)INT64_MAX / scale)
		return -EINVAL;
	v *= scale;
	part = scale >= unit ? scale / unit * part + scale % unit * part / unit
	                     : scale * part / unit;
	*ret = v + part;
	*end = s;
	return *ret > INT64_MAX ? -EINVAL : 0;
}

int limit_bytes(const char *s, bool minus_one, int64_t *ret)
{
	static const char units[] = "bkmgtp";
	const char *unit, *end;
	size_t n = strspn(s, "0123456789.");
	unsigned shift = 0;
	uint64_t v;

	if (minus_one && !strcmp(s, "-1")) {
		*ret = -1;
		return 0;
	}
	if (s[n]) {
		unit = strchr(units, s[n] | 0x20);
		if (!unit || !*unit)
			return -EINVAL;
		shift = (unsigned)(unit - units) * 10;
		if (s[n + 1] && (!shift || (strcasecmp(s + n + 1, "b") != 0 &&
		                            strcasecmp(s + n + 1, "ib") != 0)))
			return -EINVAL;
	}
	if (decimal(s, 1ULL << shift, &end, &v) < 0 || end != s + n)
		return -EINVAL;
	*ret = (int64_t)v;
	return 0;
}

int limit_nano(const char *s, int64_t *ret)
{
	const char *end;
	uint64_t v;

	if (decimal(s, 1000000000, &end, &v) < 0 || *end)
		return -EINVAL;
	*ret = (int64_t)v;
	return 0;
}

static int number(const char *s, int64_t *ret)
{
	uint64_t v;

	if (!strcmp(s, "-1")) {
		*ret = -1;
		return 0;
	}
	if (parse_u64(s, &v) < 0 || v > INT64_MAX)
		return -EINVAL;
	*ret = (int64_t)v;
	return 0;
}

static int bytes(const char *s, int64_t *ret)
{
	return limit_bytes(s, false, ret);
}

static int bytes_or_all(const char *s, int64_t *ret)
{
	return limit_bytes(s, true, ret);
}

int limits_read(const struct args *a, bool is_update, struct usrct_limits *ret, struct err *e)
{
	struct usrct_limits l = { .size = sizeof(l) };
	const struct {
		const char *name;
		int (*parse)(const char *s, int64_t *ret);
		int64_t *ret;
		const char *hint;
	} values[] = {
		{ "memory", bytes, &l.memory_bytes, "write it as 512m or 1.5g" },
		{ "memory-swap", bytes_or_all, &l.memory_swap_bytes, "write it as 1g, or -1" },
		{ "memory-reservation", bytes, &l.memory_reservation_bytes, "write it as 512m" },
		{ "cpus", limit_nano, &l.cpu_nano, "write it as 1.5" },
		{ "cpu-quota", number, &l.cpu_quota_us, "microseconds, or -1" },
		{ "cpu-period", number, &l.cpu_period_us, "microseconds" },
		{ "cpu-shares", number, &l.cpu_shares, "a number from 2 to 262144" },
		{ "pids-limit", number, &l.pids_max, "a number, or -1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const char *s = args_string(a, values[i].name);

		if (!s)
			continue;
		if (values[i].parse(s, values[i].ret) < 0) {
			int r = err_set(e, UCT_BAD_VALUE, -EINVAL, "--%s: cannot understand '%s'",
			                values[i].name, s);

			return err_hint(e, r, "%s", values[i].hint);
		}
		/* A weight or a period cannot be unlimited; for them 0 says nothing at all. */
		if (!*values[i].ret && is_update && values[i].ret != &l.cpu_shares &&
		    values[i].ret != &l.cpu_period_us)
			*values[i].ret = -1;
	}
	l.cpuset_cpus = args_string(a, "cpuset-cpus");
	l.cpuset_mems = args_string(a, "cpuset-mems");
	*ret = l;
	return 0;
}

int limits_fill(struct create_request *q, const struct args *a, struct err *e)
{
	const char *mode = args_string(a, "cgroups");
	int r = limits_read(a, false, &q->limits, e);

	if (r < 0)
		return r;
	q->limits.cgroup_parent = args_nonempty(a, "cgroup-parent");
	q->limits.no_cgroup = mode && !strcmp(mode, "disabled");
	q->create.limits = &q->limits;
	return 0;
}
