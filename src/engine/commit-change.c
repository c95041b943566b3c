/* SPDX-License-Identifier: Apache-2.0 */
/* commit-change - instructions of a Containerfile on an image's configuration
 *
 * Source: Docker's Dockerfile reference and OCI image specification 1.1, config.md. CMD and its
 * like take a JSON array, or a line for a shell.
 */
#include "engine/commit.h"

#include "base/num.h"
#include "base/sbuf.h"
#include "base/strv.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 128 << 10 };

struct change {
	json_t *config;
	const char *rest; /* behind the instruction */
	bool *has_cmd;
};

static int bad(struct err *e, const char *what, const char *why)
{
	return err_set(e, UCT_BAD_CHANGE, -EINVAL, "--change '%s': %s", what, why);
}

static int put(json_t *o, const char *key, json_t *value, struct err *e)
{
	if (!value)
		return err_set(e, UCT_BAD_CHANGE, -EILSEQ, "--change: text must be UTF-8");
	return json_object_set_new(o, key, value) < 0 ? err_oom(e) : 0;
}

static json_t *object_at(json_t *config, const char *key)
{
	json_t *o = json_object_get(config, key);

	if (!json_is_object(o)) {
		(void)json_object_set_new(config, key, json_object());
		o = json_object_get(config, key);
	}
	return o;
}

static json_t *array_at(json_t *config, const char *key)
{
	json_t *a = json_object_get(config, key);

	if (!json_is_array(a)) {
		(void)json_object_set_new(config, key, json_array());
		a = json_object_get(config, key);
	}
	return a;
}

/* One character of a quoted or bare word; how many bytes it took. */
static size_t take_char(struct sbuf *b, const char *p, char *quote)
{
	if (*p == '\\' && *quote != '\'' && p[1]) {
		/* In double quotes a backslash counts only before what it can protect. */
		if (*quote == '"' && !strchr("\"\\$", p[1]))
			sbuf_addc(b, '\\');
		sbuf_addc(b, p[1]);
		return 2;
	}
	if (*quote ? *p == *quote : *p == '"' || *p == '\'')
		*quote = *quote ? '\0' : *p;
	else
		sbuf_addc(b, *p);
	return 1;
}

/* 1 a word; 0 no more; -EINVAL a quote is not closed. */
static int next_word(const char **at, char **ret)
{
	struct sbuf b = SBUF_INIT(WORD_MAX);
	const char *p = *at + strspn(*at, " \t");
	char quote = '\0';

	if (!*p)
		return 0;
	while (*p && (quote || !strchr(" \t", *p)))
		p += take_char(&b, p, &quote);
	*at = p;
	if (quote) {
		sbuf_done(&b);
		return -EINVAL;
	}
	return sbuf_take(&b, ret) < 0 ? -ENOMEM : 1;
}

static int words(const char *text, struct strv *ret, struct err *e)
{
	char *word;
	int r;

	while ((r = next_word(&text, &word)) > 0)
		if (strv_take(ret, word) < 0)
			return err_oom(e);
	return r == -ENOMEM ? err_oom(e) : r < 0 ? bad(e, text, "a quote is not closed") : 0;
}

/* A JSON array of strings: 1; another text: 0. */
static int as_array(const char *text, json_t **ret)
{
	json_t *a, *v;
	size_t i;

	if (*text != '[')
		return 0;
	a = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_array(a)) {
		json_decref(a);
		return 0;
	}
	json_array_foreach(a, i, v)
	{
		if (!json_is_string(v)) {
			json_decref(a);
			return 0;
		}
	}
	*ret = a;
	return 1;
}

/* The command of CMD and its like. */
static json_t *as_command(const json_t *config, const char *text)
{
	const json_t *shell = json_object_get(config, "Shell");
	json_t *a = NULL;

	if (as_array(text, &a) > 0)
		return a;
	a = json_is_array(shell) ? json_copy((json_t *)(uintptr_t)shell)
	                         : json_pack("[s, s]", "/bin/sh", "-c");
	if (a && json_array_append_new(a, json_string(text)) < 0) {
		json_decref(a);
		a = NULL;
	}
	return a;
}

static int do_cmd(const struct change *c, struct err *e)
{
	*c->has_cmd = true;
	return put(c->config, "Cmd", as_command(c->config, c->rest), e);
}

static int do_entrypoint(const struct change *c, struct err *e)
{
	if (!*c->has_cmd)
		(void)json_object_del(c->config, "Cmd");
	return put(c->config, "Entrypoint", as_command(c->config, c->rest), e);
}

static int do_shell(const struct change *c, struct err *e)
{
	json_t *a = NULL;

	if (as_array(c->rest, &a) <= 0)
		return bad(e, c->rest, "SHELL takes a JSON array");
	return put(c->config, "Shell", a, e);
}

static int set_env(json_t *env, const char *assignment, struct err *e)
{
	size_t n = (size_t)(strchr(assignment, '=') - assignment) + 1, i;
	json_t *v, *text = json_string(assignment);

	if (!text)
		return bad(e, assignment, "text must be UTF-8");
	json_array_foreach(env, i, v)
	{
		if (json_is_string(v) && !strncmp(json_string_value(v), assignment, n))
			return json_array_set_new(env, i, text) < 0 ? err_oom(e) : 0;
	}
	return json_array_append_new(env, text) < 0 ? err_oom(e) : 0;
}

static int set_label(json_t *labels, const char *assignment, struct err *e)
{
	const char *eq = strchr(assignment, '=');
	_cleanup_free_ char *key = strndup(assignment, (size_t)(eq - assignment));

	return key ? put(labels, key, json_string(eq + 1), e) : err_oom(e);
}

/* "A=1 B='x y'", or the old form "A the rest". */
static int pairs(const struct change *c, json_t *into,
                 int (*set)(json_t *into, const char *assignment, struct err *e), struct err *e)
{
	_cleanup_strv_ struct strv list = { 0 };
	size_t first = strcspn(c->rest, " \t=");
	int r;

	if (c->rest[first] == ' ' || c->rest[first] == '\t') {
		const char *value = c->rest + first + strspn(c->rest + first, " \t");
		_cleanup_free_ char *one = strf("%.*s=%s", (int)first, c->rest, value);

		return one ? set(into, one, e) : err_oom(e);
	}
	r = words(c->rest, &list, e);
	if (r == 0 && !list.n)
		r = bad(e, c->rest, "it takes NAME=VALUE");
	for (size_t i = 0; i < list.n && r == 0; i++) {
		const char *eq = strchr(list.v[i], '=');

		r = eq && eq != list.v[i] ? set(into, list.v[i], e)
		                          : bad(e, list.v[i], "it takes NAME=VALUE");
	}
	return r;
}

static int do_env(const struct change *c, struct err *e)
{
	return pairs(c, array_at(c->config, "Env"), set_env, e);
}

static int do_label(const struct change *c, struct err *e)
{
	return pairs(c, object_at(c->config, "Labels"), set_label, e);
}

static int expose(json_t *ports, const char *word, struct err *e)
{
	size_t n = strcspn(word, "/");
	const char *protocol = word[n] ? word + n + 1 : "tcp";
	_cleanup_free_ char *range = strndup(word, n), *key = NULL;
	char *dash = range ? strchr(range, '-') : NULL;
	uint32_t from = 0, to = 0;

	if (!range)
		return err_oom(e);
	if (dash)
		*dash++ = '\0';
	if (parse_u32(range, &from) < 0 || (dash && parse_u32(dash, &to) < 0) || from < 1)
		return bad(e, word, "EXPOSE takes PORT[-PORT][/PROTOCOL]");
	to = dash ? to : from;
	if (to > 65535 || to < from ||
	    (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0 &&
	     strcmp(protocol, "sctp") != 0))
		return bad(e, word, "EXPOSE takes PORT[-PORT][/PROTOCOL]");
	for (; from <= to; from++) {
		int r;

		cleanup_free(&key);
		key = strf("%u/%s", from, protocol);
		r = key ? put(ports, key, json_object(), e) : err_oom(e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int do_expose(const struct change *c, struct err *e)
{
	_cleanup_strv_ struct strv list = { 0 };
	int r = words(c->rest, &list, e);

	for (size_t i = 0; i < list.n && r == 0; i++)
		r = expose(object_at(c->config, "ExposedPorts"), list.v[i], e);
	return r;
}

static int do_volume(const struct change *c, struct err *e)
{
	_cleanup_json_ json_t *array = NULL;
	_cleanup_strv_ struct strv list = { 0 };
	json_t *v;
	size_t i;
	int r = 0;

	if (as_array(c->rest, &array) > 0) {
		json_array_foreach(array, i, v)
		{
			if (strv_add(&list, json_string_value(v)) < 0)
				return err_oom(e);
		}
	} else {
		r = words(c->rest, &list, e);
	}
	for (i = 0; i < list.n && r == 0; i++)
		r = list.v[i][0] == '/'
		            ? put(object_at(c->config, "Volumes"), list.v[i], json_object(), e)
		            : bad(e, list.v[i], "a volume is an absolute path");
	return r;
}

static int do_user(const struct change *c, struct err *e)
{
	return put(c->config, "User", json_string(c->rest), e);
}

static int do_stopsignal(const struct change *c, struct err *e)
{
	return put(c->config, "StopSignal", json_string(c->rest), e);
}

static int do_workdir(const struct change *c, struct err *e)
{
	const char *old = json_string_value(json_object_get(c->config, "WorkingDir"));
	_cleanup_free_ char *joined = NULL;

	if (c->rest[0] == '/')
		return put(c->config, "WorkingDir", json_string(c->rest), e);
	joined = strf("%s/%s", old && strcmp(old, "/") != 0 ? old : "", c->rest);
	return joined ? put(c->config, "WorkingDir", json_string(joined), e) : err_oom(e);
}

static int do_onbuild(const struct change *c, struct err *e)
{
	json_t *text = json_string(c->rest);

	if (!text)
		return bad(e, c->rest, "text must be UTF-8");
	return json_array_append_new(array_at(c->config, "OnBuild"), text) < 0 ? err_oom(e) : 0;
}

/* "1.5": digits with at most one dot; -EINVAL otherwise. */
static int read_amount(const char **text, double *ret)
{
	double value = 0, scale = 1;
	bool is_fraction = false;
	size_t digits = strspn(*text, "0123456789.");

	if (!digits || **text == '.')
		return -EINVAL;
	for (; digits > 0; digits--, (*text)++) {
		if (**text == '.' && is_fraction)
			return -EINVAL;
		if (**text == '.') {
			is_fraction = true;
			continue;
		}
		scale = is_fraction ? scale / 10 : 1;
		value = is_fraction ? value + scale * (**text - '0') : value * 10 + (**text - '0');
	}
	*ret = value;
	return 0;
}

/* The longest unit at @text, so that "ms" is not "m"; nanoseconds, 0 if there is none. */
static double read_unit(const char **text)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 },  { "us", 1e3 }, { "ms", 1e6 },
		      { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 } };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(units[i].name, *text, n) == 0) {
			*text += n;
			return units[i].ns;
		}
	}
	return 0;
}

int commit_parse_duration(const char *text, int64_t *ret_ns)
{
	double total = 0;

	if (!*text)
		return -EINVAL;
	while (*text) {
		double value, unit;

		if (read_amount(&text, &value) < 0)
			return -EINVAL;
		unit = read_unit(&text);
		if (unit <= 0)
			return -EINVAL;
		total += value * unit;
	}
	if (total > 9e18)
		return -EINVAL;
	*ret_ns = (int64_t)total;
	return 0;
}

static int health_flag(json_t *check, const char *flag, size_t n, struct err *e)
{
	static const struct {
		const char *name, *key;
	} times[] = { { "--interval=", "Interval" },
		      { "--timeout=", "Timeout" },
		      { "--start-period=", "StartPeriod" },
		      { "--start-interval=", "StartInterval" } };
	_cleanup_free_ char *text = strndup(flag, n);
	uint32_t retries;
	int64_t ns;

	if (!text)
		return err_oom(e);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (!strncmp(text, times[i].name, strlen(times[i].name))) {
			if (commit_parse_duration(text + strlen(times[i].name), &ns) < 0)
				return bad(e, text, "it takes a time such as 30s");
			return put(check, times[i].key, json_integer(ns), e);
		}
	if (strncmp(text, "--retries=", 10) != 0 || parse_u32(text + 10, &retries) < 0)
		return bad(e, text, "HEALTHCHECK does not know this flag");
	return put(check, "Retries", json_integer(retries), e);
}

static int do_healthcheck(const struct change *c, struct err *e)
{
	json_t *check = json_object(), *test;
	const char *p = c->rest;
	int r = check ? 0 : err_oom(e);

	while (r == 0 && !strncmp(p, "--", 2)) {
		size_t n = strcspn(p, " \t");

		r = health_flag(check, p, n, e);
		p += n;
		p += strspn(p, " \t");
	}
	if (r == 0 && !strcasecmp(p, "NONE")) {
		r = put(check, "Test", json_pack("[s]", "NONE"), e);
	} else if (r == 0 && !strncasecmp(p, "CMD", 3) && isspace((unsigned char)p[3])) {
		p += 3 + strspn(p + 3, " \t");
		if (as_array(p, &test) > 0)
			(void)json_array_insert_new(test, 0, json_string("CMD"));
		else
			test = json_pack("[s, s]", "CMD-SHELL", p);
		r = put(check, "Test", test, e);
	} else if (r == 0) {
		r = bad(e, c->rest, "HEALTHCHECK takes NONE or CMD");
	}
	if (r < 0) {
		json_decref(check);
		return r;
	}
	return put(c->config, "Healthcheck", check, e);
}

int commit_change(json_t *config, const char *instruction, bool *has_cmd, struct err *e)
{
	static const struct {
		const char *name;
		int (*apply)(const struct change *c, struct err *e);
	} all[] = { { "CMD", do_cmd },         { "ENTRYPOINT", do_entrypoint },
		    { "ENV", do_env },         { "EXPOSE", do_expose },
		    { "LABEL", do_label },     { "USER", do_user },
		    { "VOLUME", do_volume },   { "WORKDIR", do_workdir },
		    { "ONBUILD", do_onbuild }, { "STOPSIGNAL", do_stopsignal },
		    { "SHELL", do_shell },     { "HEALTHCHECK", do_healthcheck } };
	const char *word = instruction + strspn(instruction, " \t");
	size_t n = strcspn(word, " \t="), end;
	_cleanup_free_ char *rest = NULL;
	struct change c = { .config = config, .has_cmd = has_cmd };

	/* podman also takes "CMD=/bin/sh". */
	rest = strdup(word + n + (word[n] == '=') + strspn(word + n + (word[n] == '='), " \t"));
	if (!rest)
		return err_oom(e);
	for (end = strlen(rest); end > 0 && strchr(" \t\r\n", rest[end - 1]); end--)
		rest[end - 1] = '\0';
	c.rest = rest;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strlen(all[i].name) == n && !strncasecmp(all[i].name, word, n))
			return *rest ? all[i].apply(&c, e)
			             : bad(e, instruction, "the instruction has no argument");
	return bad(e, instruction, "not an instruction that commit knows");
}
