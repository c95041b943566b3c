/* SPDX-License-Identifier: Apache-2.0 */
/* ask - FETCH_LOGIN, FETCH_SEARCH, FETCH_TAGS, FETCH_CATALOG: questions that registries answer with
 * a document */
#include "fetch.h"

#include "base/sbuf.h"
#include "image/descriptor.h"
#include "image/http.h"
#include "image/source-ops.h"

#include <stdio.h>
#include <string.h>

enum {
	PAGES_MAX = 1000,
	PAGE_ROWS = 100,
	ROWS_MAX = 200000, /* some have tens of thousands; the engine keeps them all */
	SEARCH_ROWS = 25,
	SEARCH_ROWS_MAX = 100,
};

static int send_done(const struct fetch *f, struct err *e)
{
	const struct fetch_row done = { .type = FETCH_DONE };

	return fetch_send(f, &done, sizeof(done), e);
}

static int bad_answer(const struct fetch *f, struct err *e)
{
	return err_set(e, UCT_REGISTRY_ANSWER, -EBADMSG,
	               "registry '%s' does not answer with a list", f->ref.host);
}

/* The answer to GET /v2/ is not looked at: what counts is that it is no refusal. */
int fetch_login(struct fetch *f, struct err *e)
{
	_cleanup_document_ struct document doc = { 0 };
	int r = registry_get(f->source, "/v2/", &doc, NULL, e);

	return r < 0 ? r : send_done(f, e);
}

/* Printable, on one line, in UTF-8, as much of it as there is room for. */
static void copy_text(const json_t *j, const char *key, char *buf, size_t size)
{
	const char *text = json_string_value(json_object_get(j, key));
	size_t n = 0;

	for (; text && text[n] && n + 1 < size; n++)
		buf[n] = (unsigned char)text[n] < ' ' || text[n] == 0x7f ? ' ' : text[n];
	/* U+0080 to U+009F, which terminals obey as well. */
	for (size_t i = 0; i + 1 < n; i++)
		if ((unsigned char)buf[i] == 0xc2 && (unsigned char)buf[i + 1] < 0xa0)
			buf[i] = buf[i + 1] = ' ';
	while (text && text[n] && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--; /* no half character */
	buf[n] = '\0';
}

static int send_hit(const struct fetch *f, const json_t *one, struct err *e)
{
	struct fetch_row row = { .type = FETCH_ROW };
	json_int_t stars = json_integer_value(json_object_get(one, "star_count"));

	copy_text(one, "name", row.name, sizeof(row.name));
	copy_text(one, "description", row.description, sizeof(row.description));
	row.stars = stars > 0 ? (uint64_t)stars : 0;
	if (json_is_true(json_object_get(one, "is_official")))
		row.flags |= FETCH_ROW_OFFICIAL;
	if (json_is_true(json_object_get(one, "is_automated")))
		row.flags |= FETCH_ROW_AUTOMATED;
	return fetch_send(f, &row, sizeof(row), e);
}

/* One page of at most @n hits; 1: there are more. */
static int search_page(struct fetch *f, unsigned page, unsigned n, unsigned *left, struct err *e)
{
	_cleanup_document_ struct document doc = { 0 };
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *term = http_escape(f->start.reference), *path = NULL;
	const json_t *results, *one;
	size_t i;
	int r;

	path = term ? strf("/v1/search?q=%s&n=%u&page=%u", term, n, page) : NULL;
	r = path ? registry_get(f->source, path, &doc, NULL, e) : err_oom(e);
	if (r < 0)
		return r;
	if (json_parse(doc.text, doc.n, "answer", &j, NULL) < 0 ||
	    !json_is_array(results = json_object_get(j, "results")))
		return bad_answer(f, e);
	json_array_foreach(results, i, one)
	{
		if (*left == 0)
			return 0;
		r = send_hit(f, one, e);
		if (r < 0)
			return r;
		(*left)--;
	}
	return i > 0 && json_integer_value(json_object_get(j, "num_pages")) > (json_int_t)page;
}

/* The protocol of Docker Hub's first registry, which its search still speaks. */
int fetch_search(struct fetch *f, struct err *e)
{
	unsigned left = f->start.limit ? f->start.limit : SEARCH_ROWS;
	unsigned n = MIN(left, (unsigned)SEARCH_ROWS_MAX), page = 1;
	int r = 1;

	while (r == 1 && left > 0 && page <= PAGES_MAX)
		r = search_page(f, page++, n, &left, e);
	return r < 0 ? r : send_done(f, e);
}

/* Tags and repositories are of printable ASCII; what is not may be meant for a terminal. */
static bool is_name(const char *s)
{
	const char *p = s;

	while (*p > ' ' && *p < 0x7f)
		p++;
	return *s && !*p;
}

static int too_many(const struct fetch *f, struct err *e)
{
	(void)err_set(e, UCT_REGISTRY_ANSWER, -E2BIG, "registry '%s' lists more than %d names",
	              f->ref.host, ROWS_MAX);
	return err_hint(e, -E2BIG, "ask for fewer of them: usr-ct search REGISTRY/REPO LIMIT");
}

/* One page; @left: how many rows are still wanted. */
static int send_page(const struct fetch *f, const struct document *doc, const char *key,
                     unsigned *left, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	const json_t *list, *name;
	size_t i;
	int r = 0;

	if (json_parse(doc->text, doc->n, "answer", &j, NULL) < 0)
		return bad_answer(f, e);
	list = json_object_get(j, key);
	if (!json_is_array(list) && !json_is_null(list))
		return bad_answer(f, e);
	json_array_foreach(list, i, name)
	{
		struct fetch_row row = { .type = FETCH_ROW };

		if (!json_is_string(name) || (f->start.limit && *left == 0))
			break;
		if (!is_name(json_string_value(name)))
			continue;
		if (*left == 0)
			return too_many(f, e);
		(void)snprintf(row.name, sizeof(row.name), "%s", json_string_value(name));
		r = fetch_send(f, &row, sizeof(row), e);
		if (r < 0)
			return r;
		(*left)--;
	}
	return 0;
}

int fetch_list(struct fetch *f, struct err *e)
{
	bool is_tags = f->start.flags & FETCH_TAGS;
	_cleanup_free_ char *path = is_tags ? strf("/v2/%s/tags/list?n=%d", f->ref.name, PAGE_ROWS)
	                                    : strf("/v2/_catalog?n=%d", PAGE_ROWS);
	unsigned left = f->start.limit ? f->start.limit : ROWS_MAX;
	int r = 0;

	for (int page = 0; r >= 0 && path && page < PAGES_MAX; page++) {
		_cleanup_document_ struct document doc = { 0 };
		char *next = NULL;

		r = registry_get(f->source, path, &doc, &next, e);
		free(path);
		path = next;
		if (r >= 0)
			r = send_page(f, &doc, is_tags ? "tags" : "repositories", &left, e);
		if (f->start.limit && left == 0)
			break;
	}
	return r < 0 ? r : send_done(f, e);
}
