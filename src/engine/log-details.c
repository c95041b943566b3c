/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/log-details.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "container/log-tag.h"
#include "container/spec.h"

#include <regex.h>
#include <string.h>

enum { DETAILS_MAX = 64 * 1024 };

int log_details_check(const char *key, const char *value, struct err *e)
{
	regex_t x;
	int r;

	if (strcmp(key, "labels-regex") != 0 && strcmp(key, "env-regex") != 0)
		return 0;
	if (regcomp(&x, value, REG_EXTENDED | REG_NOSUB) != 0) {
		r = err_set(e, UCT_LOG_OPTION, -EINVAL,
		            "log option %s=%s is not a regular expression", key, value);
		return err_hint(e, r, "write an extended regular expression, as for grep -E");
	}
	regfree(&x);
	return 0;
}

static bool is_in_list(const char *list, const char *word, size_t n)
{
	for (; list && *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == n && !strncmp(list, word, n))
			return true;
	return false;
}

static bool fits(const char *pattern, const char *word)
{
	regex_t x;
	bool does;

	if (!pattern || regcomp(&x, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	does = regexec(&x, word, 0, NULL, 0) == 0;
	regfree(&x);
	return does;
}

static const char *option(const json_t *plan, const char *key)
{
	return json_string_value(json_object_get(json_at(plan, "log.options"), key));
}

static void add_labels(const json_t *plan, const json_t *spec, json_t *out)
{
	const char *list = option(plan, "labels"), *pattern = option(plan, "labels-regex"), *key;
	const json_t *v;

	json_object_foreach((json_t *)(uintptr_t)json_object_get(spec, "annotations"), key, v)
	{
		if (strncmp(key, "io.usr-ct.", 10) != 0 &&
		    (is_in_list(list, key, strlen(key)) || fits(pattern, key)))
			(void)json_object_set(out, key, (json_t *)(uintptr_t)v);
	}
}

static void add_env(const json_t *plan, const json_t *spec, json_t *out)
{
	const char *list = option(plan, "env"), *pattern = option(plan, "env-regex");
	const json_t *v;
	size_t i;

	json_array_foreach(json_at(spec, "process.env"), i, v)
	{
		const char *text = json_string_value(v), *eq = text ? strchr(text, '=') : NULL;
		_cleanup_free_ char *name = eq ? strndup(text, (size_t)(eq - text)) : NULL;

		if (name && (is_in_list(list, name, strlen(name)) || fits(pattern, name)))
			(void)json_object_set_new(out, name, json_string(eq + 1));
	}
}

static int add_tag(const struct target *t, const json_t *plan, json_t *out, struct err *e)
{
	const char *text = json_string_value(json_at(plan, "log.tag"));
	const struct log_tag facts = { .name = t->row.name };
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(DETAILS_MAX);

	if (!text)
		return 0;
	if (log_tag_expand(text, &facts, &b) < 0)
		return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "the tag of the log");
	return json_object_set_new(out, "tag", json_string(b.s ? b.s : "")) < 0 ? err_oom(e) : 0;
}

/* As a query of a URL. */
static void add_encoded(struct sbuf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-_.~", c))
			sbuf_addc(b, (char)c);
		else if (c == ' ')
			sbuf_addc(b, '+');
		else
			sbuf_addf(b, "%%%02X", c);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int print(const json_t *all, char **ret, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(DETAILS_MAX);
	_cleanup_free_ const char **keys = calloc(json_object_size(all) + 1, sizeof(*keys));
	const char *key;
	const json_t *v;
	size_t n = 0;

	if (!keys)
		return err_oom(e);
	json_object_foreach((json_t *)(uintptr_t)all, key, v) keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 0; i < n; i++) {
		const char *value = json_string_value(json_object_get(all, keys[i]));

		if (i)
			sbuf_addc(&b, ',');
		add_encoded(&b, keys[i]);
		sbuf_addc(&b, '=');
		add_encoded(&b, value ? value : "");
	}
	sbuf_addc(&b, ' ');
	return sbuf_take(&b, ret) < 0 ? err_errno(e, -E2BIG, "the details are too long") : 0;
}

int log_details(const struct target *t, const json_t *plan, char **ret, struct err *e)
{
	_cleanup_json_ json_t *spec = NULL, *all = json_object();
	int r = all ? json_read_at(t->dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e) : err_oom(e);

	if (r < 0)
		return r;
	add_labels(plan, spec, all);
	add_env(plan, spec, all);
	r = add_tag(t, plan, all, e);
	return r < 0 ? r : print(all, ret, e);
}
