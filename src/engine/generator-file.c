/* SPDX-License-Identifier: Apache-2.0 */
/* generator-file - reading a generator file: every key known, every value of its type, or an error
 * with its place */
#include "engine/generator.h"

#include "base/json-where.h"
#include "engine/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 3 };

struct reader {
	const char *file, *text;
	size_t n;
	size_t way[DEPTH_MAX + 1]; /* to what is looked at */
	size_t depth;
};

static int bad(const struct reader *r, bool is_key, struct err *e, const char *fmt, ...)
	PRINTF(4, 5);

static int bad(const struct reader *r, bool is_key, struct err *e, const char *fmt, ...)
{
	struct json_place at = { 1, 1 };
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	(void)json_where(r->text, r->n, r->way, r->depth, is_key, &at);
	return err_set(e, UCT_BAD_GENERATOR, -EINVAL, "%s:%u:%u: %s", r->file, at.line, at.column,
	               what);
}

/* One key of an object. */
struct field {
	const char *key;
	bool required;
	int (*read)(struct reader *r, const char *key, const json_t *v, void *to, struct err *e);
	void *to;
};

static const struct field *find(const struct field *fields, const char *key)
{
	while (fields->key && strcmp(fields->key, key) != 0)
		fields++;
	return fields->key ? fields : NULL;
}

static int read_object(struct reader *r, const char *what, const json_t *o,
                       const struct field *fields, struct err *e)
{
	size_t i = 0;
	int rc = 0;

	if (!json_is_object(o))
		return bad(r, false, e, "%s must be an object", what);
	r->depth++;
	for (void *it = json_object_iter((json_t *)(uintptr_t)o); it && rc == 0;
	     it = json_object_iter_next((json_t *)(uintptr_t)o, it)) {
		const char *key = json_object_iter_key(it);
		const struct field *f = find(fields, key);

		r->way[r->depth - 1] = i++;
		rc = f ? f->read(r, key, json_object_iter_value(it), f->to, e)
		       : bad(r, true, e, "the key '%.64s' is not known", key);
	}
	r->depth--;
	for (; fields->key && rc == 0; fields++)
		if (fields->required && !json_object_get(o, fields->key))
			rc = bad(r, false, e, "%s has no '%s'", what, fields->key);
	return rc;
}

static int read_text(struct reader *r, const char *key, const json_t *v, void *to, struct err *e)
{
	if (!json_is_string(v) || !*json_string_value(v))
		return bad(r, false, e, "'%s' must be a text that is not empty", key);
	*(const char **)to = json_string_value(v);
	return 0;
}

static int read_name(struct reader *r, const char *key, const json_t *v, void *to, struct err *e)
{
	int rc = read_text(r, key, v, to, e);

	if (rc == 0 && name_check(json_string_value(v), NULL) < 0)
		rc = bad(r, false, e, "'%.64s' is not a valid container name",
		         json_string_value(v));
	return rc;
}

static int read_inside(struct reader *r, const char *key, const json_t *v, void *to, struct err *e)
{
	int rc = read_text(r, key, v, to, e);

	if (rc == 0 && json_string_value(v)[0] != '/')
		rc = bad(r, false, e, "'%s' must be an absolute path in the container", key);
	return rc;
}

static int read_limit(struct reader *r, const char *key, const json_t *v, void *to, struct err *e)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return bad(r, false, e, "'%s' must be a whole number, at least 0", key);
	*(int64_t *)to = json_integer_value(v);
	return 0;
}

static int read_cmd(struct reader *r, const char *key, const json_t *v, void *to, struct err *e)
{
	const char ***ret = to;
	const json_t *word;
	size_t i;

	if (!json_is_array(v) || !json_array_size(v))
		return bad(r, false, e, "'%s' must be an array of texts that is not empty", key);
	*ret = calloc(json_array_size(v) + 1, sizeof(**ret));
	if (!*ret)
		return err_oom(e);
	r->depth++;
	json_array_foreach(v, i, word)
	{
		r->way[r->depth - 1] = i;
		if (!json_is_string(word))
			return bad(r, false, e, "'%s' must be an array of texts", key);
		(*ret)[i] = json_string_value(word);
	}
	r->depth--;
	return 0;
}

static int read_copies(struct reader *r, const char *key, const json_t *v, void *to, struct err *e)
{
	struct generator *g = to;
	const json_t *item;
	size_t i;
	int rc = 0;

	if (!json_is_array(v) || json_array_size(v) > GENERATOR_COPIES_MAX)
		return bad(r, false, e, "'%s' must be an array of at most %d objects", key,
		           GENERATOR_COPIES_MAX);
	g->copies = calloc(json_array_size(v) + 1, sizeof(*g->copies));
	if (!g->copies)
		return err_oom(e);
	r->depth++;
	json_array_foreach(v, i, item)
	{
		struct generator_copy *c = &g->copies[i];
		const struct field fields[] = { { "src", true, read_text, &c->src },
			                        { "dst", true, read_inside, &c->dst },
			                        { NULL } };

		r->way[r->depth - 1] = i;
		rc = read_object(r, "a copy", item, fields, e);
		if (rc < 0)
			return rc;
	}
	r->depth--;
	g->n_copies = i;
	return 0;
}

static int read_limits(struct reader *r, const char *key, const json_t *v, void *to, struct err *e)
{
	struct usrct_limits *l = to;
	const struct field fields[] = { { "cpuQuota", false, read_limit, &l->cpu_quota_us },
		                        { "cpuPeriod", false, read_limit, &l->cpu_period_us },
		                        { "memory", false, read_limit, &l->memory_bytes },
		                        { "pids", false, read_limit, &l->pids_max },
		                        { NULL } };

	return read_object(r, key, v, fields, e);
}

int generator_parse(const char *file, const char *text, size_t n, struct generator *ret,
                    struct err *e)
{
	struct reader r = { .file = file, .text = text, .n = n };
	struct generator g = { .limits = { .size = sizeof(g.limits) }, .workdir = "/" };
	const struct field fields[] = { { "name", true, read_name, &g.name },
		                        { "baseImage", true, read_text, &g.image },
		                        { "cmd", true, read_cmd, &g.cmd },
		                        { "workdir", false, read_inside, &g.workdir },
		                        { "copy", false, read_copies, &g },
		                        { "limits", false, read_limits, &g.limits },
		                        { NULL } };
	json_error_t je;
	int rc;

	/* Depth and size are bounded by jansson and by whoever read the file. */
	g.doc = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
	if (!g.doc)
		return err_set(e, UCT_BAD_GENERATOR, -EINVAL, "%s:%d:%d: %s", file, MAX(je.line, 1),
		               MAX(je.column, 1), je.text);
	rc = read_object(&r, "the file", g.doc, fields, e);
	if (rc < 0) {
		generator_done(&g);
		return rc;
	}
	*ret = g;
	return 0;
}

void generator_done(struct generator *g)
{
	cleanup_free(&g->cmd);
	cleanup_free(&g->copies);
	json_decref(g->doc);
	*g = (struct generator){ 0 };
}
