/* SPDX-License-Identifier: Apache-2.0 */
/* Lines: the mode, then id maps; the last ones, behind an empty line, are for gids. */
#include "base/strv.h"
#include "security/userns-wish.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct id_map *m, const struct id_map *held)
{
	struct id_map nested, composed;

	for (size_t i = 0; i < m->n; i++) {
		const struct id_extent *x = &m->extents[i];
		uint32_t id;

		assert(x->count > 0 && (uint64_t)x->inside + x->count <= UINT32_MAX);
		assert((uint64_t)x->outside + x->count <= id_map_end(held));
		assert(id_map_out(m, x->inside, &id) && id == x->outside);
		assert(id_map_in(m, x->outside, &id) && id == x->inside);
		assert(i == 0 || m->extents[i - 1].inside + m->extents[i - 1].count <= x->inside);
	}
	if (id_map_nest(m, held, false, &nested) == 0) {
		assert(id_map_count(&nested) == id_map_count(m));
		assert(id_map_nest(m, held, true, &composed) == 0 && composed.n == nested.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct id_maps held = {
		.uids = { { { 0, 1000, 1 }, { 1, 100000, 65536 } }, 2 },
		.gids = { { { 0, 100, 1 }, { 1, 100000, 10 }, { 11, 500000, 70000 } }, 3 },
	};
	_cleanup_free_ char *text = strndup((const char *)data, n);
	struct strv lists[2] = { { 0 } };
	struct userns_wish w;
	struct id_maps maps;
	struct err e = { 0 };
	size_t list = 0;
	char *line = text;

	for (size_t i = 0; line; i++) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = '\0';
		if (i == 0 && userns_wish_parse(line, &w, &e) < 0)
			assert(e.uct == UCT_BAD_VALUE || e.uct == UCT_VALUE_REFUSED);
		if (i > 0 && !*line)
			list = 1;
		else if (i > 0 && strv_add(&lists[list], line) < 0)
			break;
		line = end;
	}
	if (id_wishes_build((const char *const *)lists[0].v, (const char *const *)lists[1].v, &held,
	                    &maps, &e) == 0) {
		check(&maps.uids, &held.uids);
		check(&maps.gids, &held.gids);
	} else {
		assert(e.uct == UCT_BAD_MAP || e.uct == UCT_MAP_NOT_YOURS);
	}
	strv_done(&lists[0]);
	strv_done(&lists[1]);
	return 0;
}
