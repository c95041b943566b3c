/* SPDX-License-Identifier: Apache-2.0 */
/* id-map - lists of extents that say which id inside a user namespace is which outside
 *
 * Arithmetic only: no kernel, no files. Whoever writes maps is security/idmap.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_extent {
	uint32_t inside, outside, count;
};
/* The kernel takes 340 of them (Linux 4.15), but only as many as fit into a page of text. */
enum { ID_EXTENTS_MAX = 120 };
struct id_map {
	struct id_extent extents[ID_EXTENTS_MAX];
	size_t n;
};
struct id_maps {
	struct id_map uids, gids;
};

/* -EINVAL: no ids, or beyond the last one; -EEXIST: an id of it is there already, on one side or
 * the other; -E2BIG: too many extents. */
int id_map_add(struct id_map *m, uint32_t inside, uint32_t outside, uint32_t count);
/* In the order of the inside ids, with neighbours that go on from each other joined. */
void id_map_sort(struct id_map *m);
/* One id, from inside to outside and back; false: not in the map. */
bool id_map_out(const struct id_map *m, uint32_t inside, uint32_t *ret);
bool id_map_in(const struct id_map *m, uint32_t outside, uint32_t *ret);
/* How many ids it has, and the first number beyond all that are inside. */
uint64_t id_map_count(const struct id_map *m);
uint64_t id_map_end(const struct id_map *m);
/* Gives each inside id below @n_inside that has none an outside id of [@first, @first + @count),
 * the lowest that is free; ends without an error when those are used up. Sorts. */
int id_map_fill(struct id_map *m, uint32_t n_inside, uint32_t first, uint32_t count);
/* @m's outside ids are @parent's inside ids: cuts @m's extents where @parent's end, so that each
 * lies within one of them, as user_namespaces(7) demands. With @composes the outside ids of the
 * result are those of @parent. -ERANGE: @parent lacks some. */
int id_map_nest(const struct id_map *m, const struct id_map *parent, bool composes,
                struct id_map *ret);
bool id_map_equals(const struct id_map *a, const struct id_map *b);
