/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ulimits.h"

#include "base/num.h"

#include <ctype.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	int resource;
} known[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};

static int bad(const char *text, const char *why, struct err *e)
{
	return err_hint(e, err_set(e, UCT_BAD_VALUE, -EINVAL, "--ulimit '%s': %s", text, why),
	                "write it as nofile=1024 or nofile=1024:4096; -1 is unlimited");
}

static int parse_value(const char *s, rlim_t *ret)
{
	uint64_t v;

	if (!strcmp(s, "-1") || !strcmp(s, "unlimited")) {
		*ret = RLIM_INFINITY;
		return 0;
	}
	if (parse_u64(s, &v) < 0 || v > INT64_MAX)
		return -EINVAL;
	*ret = v;
	return 0;
}

static int parse_values(const char *text, const char *values, struct rlimit *ret, struct err *e)
{
	_cleanup_free_ char *copy = strdup(values);
	char *hard;

	if (!copy)
		return err_oom(e);
	hard = strchr(copy, ':');
	if (hard)
		*hard++ = '\0';
	if (parse_value(copy, &ret->rlim_cur) < 0 ||
	    parse_value(hard ? hard : copy, &ret->rlim_max) < 0)
		return bad(text, "it takes numbers", e);
	return ret->rlim_cur > ret->rlim_max ? bad(text, "the soft limit is above the hard one", e)
	                                     : 0;
}

/* Only root raises a hard limit; better said now than when it is started. */
static int check_own(const char *text, int resource, const struct rlimit *want, struct err *e)
{
	struct rlimit own;

	if (getrlimit((__rlimit_resource_t)resource, &own) < 0 || want->rlim_max <= own.rlim_max)
		return 0;
	return err_set(e, UCT_ULIMIT, -EPERM, "--ulimit '%s': your own hard limit is %llu", text,
	               (unsigned long long)own.rlim_max);
}

int ulimit_parse(const char *text, struct ulimit *ret, struct err *e)
{
	const char *eq = strchr(text, '=');
	struct ulimit u = { 0 };

	if (!eq)
		return bad(text, "it has no '=VALUE'", e);
	for (size_t i = 0; i < ARRAY_SIZE(known) && !u.name; i++)
		if (strlen(known[i].name) == (size_t)(eq - text) &&
		    !strncmp(known[i].name, text, (size_t)(eq - text))) {
			u.name = known[i].name;
			u.resource = known[i].resource;
		}
	if (!u.name)
		return bad(text, "there is no such limit; see setrlimit(2)", e);
	if (!strcmp(eq + 1, "host")) { /* podman: as the caller's */
		if (getrlimit((__rlimit_resource_t)u.resource, &u.limit) < 0)
			return err_sys(e, "cannot read your own limit");
	} else if (parse_values(text, eq + 1, &u.limit, e) < 0) {
		return -EINVAL;
	}
	*ret = u;
	return check_own(text, u.resource, &u.limit, e);
}

int ulimits_add(const char *const *list, json_t *ret_array, struct err *e)
{
	for (; list && *list; list++) {
		char type[32] = "RLIMIT_";
		struct ulimit u;
		size_t n = strlen(type);
		json_t *j;
		size_t i;
		int r = ulimit_parse(*list, &u, e);

		if (r < 0)
			return r;
		for (const char *p = u.name; *p; p++)
			type[n++] = (char)toupper((unsigned char)*p);
		json_array_foreach(ret_array, i, j) /* the last one counts */
			if (!strcmp(json_string_value(json_object_get(j, "type")), type))(void)
				json_array_remove(ret_array, i--);
		j = json_pack("{s:s, s:I, s:I}", "type", type, "soft", (json_int_t)u.limit.rlim_cur,
		              "hard", (json_int_t)u.limit.rlim_max);
		if (!j || json_array_append_new(ret_array, j) < 0)
			return err_oom(e);
	}
	return 0;
}
