/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id-map.h"

#include "base/macro.h"

#include <errno.h>
#include <stdlib.h>

/* (uint32_t)-1 is no id for the kernel. */
static const uint64_t ids_end = UINT32_MAX;

static bool overlaps(uint64_t a, uint64_t n, uint64_t b, uint64_t m)
{
	return a < b + m && b < a + n;
}

int id_map_add(struct id_map *m, uint32_t inside, uint32_t outside, uint32_t count)
{
	if (!count || (uint64_t)inside + count > ids_end || (uint64_t)outside + count > ids_end)
		return -EINVAL;
	for (size_t i = 0; i < m->n; i++) {
		const struct id_extent *x = &m->extents[i];

		if (overlaps(inside, count, x->inside, x->count) ||
		    overlaps(outside, count, x->outside, x->count))
			return -EEXIST;
	}
	if (m->n == ID_EXTENTS_MAX)
		return -E2BIG;
	m->extents[m->n++] = (struct id_extent){ inside, outside, count };
	return 0;
}

static int by_inside(const void *a, const void *b)
{
	uint32_t x = ((const struct id_extent *)a)->inside,
		 y = ((const struct id_extent *)b)->inside;

	return x < y ? -1 : x > y;
}

static int by_outside(const void *a, const void *b)
{
	uint32_t x = ((const struct id_extent *)a)->outside,
		 y = ((const struct id_extent *)b)->outside;

	return x < y ? -1 : x > y;
}

void id_map_sort(struct id_map *m)
{
	size_t n = 0;

	if (m->n < 2)
		return;
	qsort(m->extents, m->n, sizeof(*m->extents), by_inside);
	for (size_t i = 1; i < m->n; i++) {
		struct id_extent *last = &m->extents[n];
		const struct id_extent *x = &m->extents[i];

		if ((uint64_t)last->inside + last->count == x->inside &&
		    (uint64_t)last->outside + last->count == x->outside)
			last->count += x->count;
		else
			m->extents[++n] = *x;
	}
	m->n = n + 1;
}

bool id_map_out(const struct id_map *m, uint32_t inside, uint32_t *ret)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct id_extent *x = &m->extents[i];

		if (inside >= x->inside && inside - x->inside < x->count) {
			*ret = x->outside + (inside - x->inside);
			return true;
		}
	}
	return false;
}

bool id_map_in(const struct id_map *m, uint32_t outside, uint32_t *ret)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct id_extent *x = &m->extents[i];

		if (outside >= x->outside && outside - x->outside < x->count) {
			*ret = x->inside + (outside - x->outside);
			return true;
		}
	}
	return false;
}

uint64_t id_map_count(const struct id_map *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->extents[i].count;
	return n;
}

uint64_t id_map_end(const struct id_map *m)
{
	uint64_t end = 0;

	for (size_t i = 0; i < m->n; i++)
		end = MAX(end, (uint64_t)m->extents[i].inside + m->extents[i].count);
	return end;
}

/* What is left of @pool's numbers, cut out around those that are used. */
struct gap {
	uint64_t at, end;
};

/* The first gap that begins at or behind @at; false: there is none before @end. @used is sorted by
 * the side that is looked at. */
static bool next_gap(const struct id_map *used, bool inside, uint64_t at, uint64_t end,
                     struct gap *ret)
{
	uint64_t stop = end;

	for (size_t i = 0; i < used->n; i++) {
		uint64_t first = inside ? used->extents[i].inside : used->extents[i].outside;
		uint64_t behind = first + used->extents[i].count;

		if (at >= first && at < behind)
			at = behind;
		else if (first > at) {
			stop = MIN(stop, first);
			break;
		}
	}
	*ret = (struct gap){ at, stop };
	return at < stop;
}

int id_map_fill(struct id_map *m, uint32_t n_inside, uint32_t first, uint32_t count)
{
	struct id_map in = *m, out = *m;
	struct gap to = { 0 }, from = { first, first };
	uint64_t end = MIN((uint64_t)first + count, ids_end);

	qsort(in.extents, in.n, sizeof(*in.extents), by_inside);
	qsort(out.extents, out.n, sizeof(*out.extents), by_outside);
	while ((to.at < to.end || next_gap(&in, true, to.end, n_inside, &to)) &&
	       (from.at < from.end || next_gap(&out, false, from.end, end, &from))) {
		uint64_t n = MIN(to.end - to.at, from.end - from.at);

		if (m->n == ID_EXTENTS_MAX)
			return -E2BIG;
		m->extents[m->n++] =
			(struct id_extent){ (uint32_t)to.at, (uint32_t)from.at, (uint32_t)n };
		to.at += n;
		from.at += n;
	}
	id_map_sort(m);
	return 0;
}

/* The piece of @x from @done on that lies in one extent of @parent. */
static bool piece(const struct id_extent *x, uint32_t done, const struct id_map *parent,
                  bool composes, struct id_extent *ret)
{
	uint32_t at = x->outside + done;

	for (size_t i = 0; i < parent->n; i++) {
		const struct id_extent *p = &parent->extents[i];

		if (at < p->inside || at - p->inside >= p->count)
			continue;
		*ret = (struct id_extent){
			x->inside + done,
			composes ? p->outside + (at - p->inside) : at,
			MIN(x->count - done, p->count - (at - p->inside)),
		};
		return true;
	}
	return false;
}

int id_map_nest(const struct id_map *m, const struct id_map *parent, bool composes,
                struct id_map *ret)
{
	struct id_map out = { .n = 0 };

	for (size_t i = 0; i < m->n; i++)
		for (uint32_t done = 0; done < m->extents[i].count;) {
			if (out.n == ID_EXTENTS_MAX)
				return -E2BIG;
			if (!piece(&m->extents[i], done, parent, composes, &out.extents[out.n]))
				return -ERANGE;
			done += out.extents[out.n++].count;
		}
	*ret = out;
	return 0;
}

bool id_map_equals(const struct id_map *a, const struct id_map *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->extents[i].inside != b->extents[i].inside ||
		    a->extents[i].outside != b->extents[i].outside ||
		    a->extents[i].count != b->extents[i].count)
			return false;
	return true;
}
