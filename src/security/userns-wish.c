/* SPDX-License-Identifier: Apache-2.0 */
#include "security/userns-wish.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 128 };

static int bad(struct err *e, const char *text, const char *why)
{
	return err_hint(e, err_set(e, UCT_BAD_VALUE, -EINVAL, "--userns '%.100s': %s", text, why),
	                "host-root, keep-id[:uid=N,gid=N,size=N], auto[:size=N], nomap, "
	                "container:NAME, private or host");
}

/* "INSIDE:OUTSIDE[:COUNT]", each a number. */
static int parse_triple(const char *s, uint32_t *inside, uint32_t *outside, uint32_t *count,
                        bool *ret_host)
{
	char word[3][16];
	uint32_t *const ret[3] = { inside, outside, count };
	size_t n = 0;

	*count = 1;
	*ret_host = false;
	for (;; n++) {
		size_t len = strcspn(s, ":");

		if (n == 1 && len && *s == '@') {
			*ret_host = true;
			s++;
			len--;
		}
		if (n == 3 || !len || len >= sizeof(word[0]))
			return -EINVAL;
		memcpy(word[n], s, len);
		word[n][len] = '\0';
		if (parse_u32(word[n], ret[n]) < 0)
			return -EINVAL;
		s += len;
		if (!*s)
			break;
		s++;
	}
	return n == 0 || *inside == UINT32_MAX || *outside == UINT32_MAX || !*count ? -EINVAL : 0;
}

/* A parameter of keep-id or auto: "NAME=VALUE" of @word. */
static const char *value_of(const char *word, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(word, name, n) && word[n] == '=' ? word + n + 1 : NULL;
}

static int parse_id(const char *value, uint32_t *ret, bool *ret_has)
{
	if (parse_u32(value, ret) < 0 || *ret == UINT32_MAX)
		return -EINVAL;
	*ret_has = true;
	return 0;
}

static int parse_forced(const char *value, struct id_map *m)
{
	uint32_t inside, outside, count;
	bool is_host;

	if (parse_triple(value, &inside, &outside, &count, &is_host) < 0 || is_host)
		return -EINVAL;
	return id_map_add(m, inside, outside, count);
}

static int parse_parameter(const char *word, struct userns_wish *w)
{
	const char *v;

	if ((v = value_of(word, "size")))
		return parse_id(v, &w->size, &w->has_size) < 0 || !w->size ? -EINVAL : 0;
	if (w->mode == USERNS_KEEP_ID && (v = value_of(word, "uid")))
		return parse_id(v, &w->uid, &w->has_uid);
	if (w->mode == USERNS_KEEP_ID && (v = value_of(word, "gid")))
		return parse_id(v, &w->gid, &w->has_gid);
	if (w->mode == USERNS_AUTO && (v = value_of(word, "uidmapping")))
		return parse_forced(v, &w->forced.uids);
	if (w->mode == USERNS_AUTO && (v = value_of(word, "gidmapping")))
		return parse_forced(v, &w->forced.gids);
	return -EINVAL;
}

static int parse_parameters(const char *text, const char *s, struct userns_wish *w, struct err *e)
{
	while (*s) {
		size_t n = strcspn(s, ",");
		char word[WORD_MAX];

		if (n >= sizeof(word))
			return bad(e, text, "a parameter is too long");
		memcpy(word, s, n);
		word[n] = '\0';
		if (parse_parameter(word, w) < 0)
			return bad(e, text, "a parameter is not understood");
		s += n;
		if (*s == ',' && !*++s)
			return bad(e, text, "it ends with a comma");
	}
	return 0;
}

int userns_wish_parse(const char *text, struct userns_wish *ret, struct err *e)
{
	static const struct {
		const char *word;
		enum userns_mode mode;
		bool has_parameters;
	} modes[] = {
		{ "private", USERNS_DEFAULT, false },
		{ "host", USERNS_HOST_ROOT, false },
		{ "host-root", USERNS_HOST_ROOT, false },
		{ "keep-id", USERNS_KEEP_ID, true },
		{ "auto", USERNS_AUTO, true },
		{ "nomap", USERNS_NOMAP, false },
	};
	size_t n = text ? strcspn(text, ":") : 0;

	*ret = (struct userns_wish){ .mode = USERNS_DEFAULT };
	if (!text || !*text)
		return 0;
	if (!strncmp(text, "container:", 10)) {
		ret->mode = USERNS_CONTAINER;
		ret->container = text + 10;
		return *ret->container ? 0 : bad(e, text, "no container is named");
	}
	if (!strncmp(text, "ns:", 3))
		return err_hint(e,
		                err_set(e, UCT_VALUE_REFUSED, -EOPNOTSUPP,
		                        "--userns '%.100s': a namespace cannot be joined by path, "
		                        "since its map would not be known",
		                        text),
		                "use container:NAME for that of another container");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strlen(modes[i].word) != n || memcmp(modes[i].word, text, n) != 0)
			continue;
		ret->mode = modes[i].mode;
		if (!text[n])
			return 0;
		if (!modes[i].has_parameters)
			return bad(e, text, "this mode has no parameters");
		return parse_parameters(text, text + n + 1, ret, e);
	}
	return bad(e, text, "there is no such mode");
}

int id_wish_parse(const char *text, struct id_wish *ret)
{
	struct id_wish w = { .count = 1 };
	bool only_uids = false, only_gids = false;

	for (; *text == '+' || *text == 'u' || *text == 'g'; text++) {
		bool *flag = *text == '+' ? &w.extends : *text == 'u' ? &only_uids : &only_gids;

		if (*flag)
			return -EINVAL;
		*flag = true;
	}
	w.for_uids = only_uids || !only_gids;
	w.for_gids = only_gids || !only_uids;
	if (parse_triple(text, &w.inside, &w.outside, &w.count, &w.is_host) < 0)
		return -EINVAL;
	*ret = w;
	return 0;
}

/* --- both maps */

struct building {
	const struct id_map *held;
	struct id_map map;
	const char *flag;
	bool extends, gids, any;
};

static int wrong(const struct building *b, const char *line, const char *why, struct err *e)
{
	return err_set(e, UCT_BAD_MAP, -EINVAL, "%s '%.100s': %s", b->flag, line, why);
}

static int not_yours(const struct building *b, const char *line, struct err *e)
{
	return err_set(e, UCT_MAP_NOT_YOURS, -EPERM,
	               "%s '%.100s': you have %llu %s, and not all of these", b->flag, line,
	               (unsigned long long)id_map_count(b->held), b->gids ? "gids" : "uids");
}

static int add_wish(struct building *b, const char *line, struct err *e)
{
	struct id_wish w;
	uint32_t last = 0;
	int r = id_wish_parse(line, &w);

	if (r < 0)
		return wrong(b, line, "not of the form INSIDE:OUTSIDE[:COUNT]", e);
	if (b->gids ? !w.for_gids : !w.for_uids)
		return 0;
	b->any = true;
	b->extends |= w.extends;
	if ((uint64_t)w.outside + w.count > UINT32_MAX)
		return wrong(b, line, "there are no such ids", e);
	/* Ids of the machine that follow each other do so here only within one range. */
	if (w.is_host) {
		uint32_t first = w.outside;

		if (!id_map_in(b->held, first, &w.outside) ||
		    !id_map_in(b->held, first + w.count - 1, &last) ||
		    last - w.outside != w.count - 1)
			return not_yours(b, line, e);
	} else if ((uint64_t)w.outside + w.count > id_map_end(b->held)) {
		return not_yours(b, line, e);
	}
	r = id_map_add(&b->map, w.inside, w.outside, w.count);
	if (r == -E2BIG)
		return wrong(b, line, "the map is too long", e);
	return r < 0 ? wrong(b, line, "an id is mapped twice, or out of range", e) : 0;
}

static int add_list(struct building *b, const char *const *list, struct err *e)
{
	int r = 0;

	for (; list && *list && r == 0; list++) {
		const char *s = *list;

		do {
			size_t n = strcspn(s, ",");
			char line[WORD_MAX];

			if (!n || n >= sizeof(line))
				return wrong(b, *list, "not of the form INSIDE:OUTSIDE[:COUNT]", e);
			memcpy(line, s, n);
			line[n] = '\0';
			r = add_wish(b, line, e);
			s += n;
		} while (r == 0 && *s++ == ',');
	}
	return r;
}

static int build(struct building *b, const char *const *own, const char *const *other,
                 struct id_map *ret, struct err *e)
{
	uint32_t total = (uint32_t)id_map_end(b->held);
	int r = add_list(b, own && *own ? own : other, e);

	if (r == 0 && (b->extends || !b->any))
		r = id_map_fill(&b->map, total, 0, total) < 0
		            ? wrong(b, "+", "the map is too long", e)
		            : 0;
	if (r < 0)
		return r;
	id_map_sort(&b->map);
	*ret = b->map;
	return 0;
}

int id_wishes_build(const char *const *uidmaps, const char *const *gidmaps,
                    const struct id_maps *held, struct id_maps *ret, struct err *e)
{
	struct building uids = { .held = &held->uids, .flag = "--uidmap" };
	struct building gids = { .held = &held->gids, .flag = "--gidmap", .gids = true };
	int r = build(&uids, uidmaps, gidmaps, &ret->uids, e);

	return r < 0 ? r : build(&gids, gidmaps, uidmaps, &ret->gids, e);
}
