/* SPDX-License-Identifier: Apache-2.0 */
/* image-remove - rmi: names, and with the last one the image
 *
 * A name goes alone as long as there are others. With the last one of a repository go the digests
 * that its registry gave, with the last of all the image and those layers that no other one has.
 *
 * prune: what fits the filters, in the same step in which it goes: whoever names or uses an image
 * that was on the list keeps it.
 */
#include "engine/image-list.h"

#include "base/sbuf.h"
#include "image/reference.h"
#include "store/images.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMOVE_TRIES = 100 };

struct removal {
	struct usrct *u;
	struct image_row row;
	void (*removed)(const char *line, void *arg);
	void *arg;
};

static void report(const struct removal *rm, const char *what, const char *of)
{
	_cleanup_free_ char *line = strf("%s: %s", what, of);

	if (rm->removed && line)
		rm->removed(line, rm->arg);
}

static void report_name(const struct removal *rm, const char *full)
{
	char familiar[600];

	reference_familiar(full, familiar, sizeof(familiar));
	report(rm, "untagged", familiar);
	if (!strchr(full, '@'))
		engine_image_event(rm->u, "untag", rm->row.id, full);
}

/* With force, the stopped containers made from it go first; a running one never does. */
static int remove_users(struct usrct *u, const char *image_id, struct err *e)
{
	struct container_row *rows = NULL;
	size_t n = 0;
	int r = container_list(u->store, &rows, &n, e);

	for (size_t i = 0; i < n; i++) {
		if (r == 0 && !strcmp(rows[i].image_id, image_id)) {
			_cleanup_target_ struct target t = TARGET_NONE;

			r = target_open(u, rows[i].id, STORE_WRITE, &t, e);
			if (r == 0)
				r = engine_remove(u, &t, false, e);
			else if (r == -ENOENT)
				r = 0;
		}
		container_row_done(&rows[i]);
	}
	free(rows);
	return r;
}

/* "host/name" of "host/name:tag" or "host/name@digest". */
static size_t repository_length(const char *full)
{
	const char *end = strchr(full, '@');

	if (!end)
		end = strrchr(full, ':');
	return end ? (size_t)(end - full) : strlen(full);
}

static bool is_same_repository(const char *a, const char *b)
{
	size_t n = repository_length(a);

	return n == repository_length(b) && !strncmp(a, b, n);
}

static size_t count(char *const *list, const char *repository)
{
	size_t n = 0;

	for (; list && *list; list++)
		n += !repository || is_same_repository(*list, repository);
	return n;
}

static bool is_in(char *const *list, const char *full)
{
	for (; list && *list; list++)
		if (!strcmp(*list, full))
			return true;
	return false;
}

static int untag(const struct removal *rm, const char *full, struct err *e)
{
	int r = image_untag(rm->u->store, full, e);

	if (r > 0)
		report_name(rm, full);
	return MIN(r, 0);
}

/* There are others, as far as we know: -ESTALE if not. */
static int untag_spare(const struct removal *rm, const char *full, struct err *e)
{
	int r = image_untag_spare(rm->u->store, full, e);

	if (r > 0)
		report_name(rm, full);
	return r == 0 ? err_set(e, UCT_IMAGE_IN_USE, -ESTALE, "'%s' is changed by others", full)
	              : MIN(r, 0);
}

/* 1 a name went and the image stays, 0 the image has to go. */
static int remove_name(const struct removal *rm, const char *text, struct err *e)
{
	const struct image_row *row = &rm->row;
	char full[600];
	int r;

	(void)engine_image_key(text, full, sizeof(full));
	if (!full[0])
		return 0;
	if (is_in(row->digests, full)) {
		if (count(row->names, NULL) + count(row->digests, NULL) < 2)
			return 0;
		r = untag_spare(rm, full, e);
		return r < 0 ? r : 1;
	}
	if (!is_in(row->names, full) || count(row->names, NULL) < 2)
		return 0;
	r = untag_spare(rm, full, e);
	for (char *const *d = row->digests; r == 0 && d && *d; d++)
		if (count(row->names, full) == 1 && is_same_repository(*d, full))
			r = untag(rm, *d, e);
	return r < 0 ? r : 1;
}

/* By its id, an image that several repositories share goes only if that is wanted. */
static int check_names(const struct removal *rm, const char *text, bool force, struct err *e)
{
	const struct image_row *row = &rm->row;
	char full[600];

	(void)engine_image_key(text, full, sizeof(full));
	if (force || is_in(row->names, full) || is_in(row->digests, full) || !row->names ||
	    !row->names[0] || count(row->names, row->names[0]) == count(row->names, NULL))
		return 0;
	return err_set(e, UCT_IMAGE_SEVERAL_NAMES, -EBUSY,
	               "image '%.19s' has names in several repositories, the first is '%s'",
	               row->id, row->names[0]);
}

/* Those that no other image has are gone, unless somebody pulls. */
static void report_layers(const struct removal *rm)
{
	int dirfd = store_dirfd(rm->u->store);
	char path[16 + CHAIN_SIZE], id[DIGEST_SIZE];

	for (size_t i = rm->row.n_chains; i > 0; i--) {
		(void)snprintf(path, sizeof(path), "layers/%s", rm->row.chains[i - 1]);
		if (faccessat(dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		(void)snprintf(id, sizeof(id), "sha256:%.64s", rm->row.chains[i - 1]);
		report(rm, "deleted", id);
	}
}

static void report_all(const struct removal *rm)
{
	const struct image_row *row = &rm->row;

	for (char *const *name = row->names; name && *name; name++)
		report_name(rm, *name);
	for (char *const *name = row->digests; name && *name; name++)
		report_name(rm, *name);
	report(rm, "deleted", row->id);
	engine_image_event(rm->u, "delete", row->id, row->id);
	report_layers(rm);
}

static int remove_all(const struct removal *rm, bool force, struct err *e)
{
	const struct image_row *row = &rm->row;
	int r = force ? remove_users(rm->u, row->id, e) : 0;

	if (r == 0)
		r = image_delete(rm->u->store, row->id, row->names, engine_remove_tree, rm->u, e);
	if (r == 0)
		report_all(rm);
	return r;
}

static int try_removal(struct removal *rm, const char *text, bool force, struct err *e)
{
	int r = engine_need_image(rm->u, text, &rm->row, e);

	if (r == 0)
		r = remove_name(rm, text, e);
	if (r == 0)
		r = check_names(rm, text, force, e);
	if (r == 0)
		r = remove_all(rm, force, e);
	image_row_done(&rm->row);
	return MIN(r, 0);
}

/* Who gives or takes names at the same time is looked at again: of two that remove the last two
 * names one removes the image, and a name that came meanwhile keeps it. */
static int remove_image(struct removal *rm, const char *text, bool force, struct err *e)
{
	int r = engine_sweep(rm->u, e), tries = 0;

	if (r < 0)
		return r;
	do
		r = try_removal(rm, text, force, e);
	while (r == -ESTALE && ++tries < REMOVE_TRIES);
	return r;
}

int engine_remove_image(struct usrct *u, const char *text, bool force, struct err *e)
{
	struct removal rm = { .u = u };

	return remove_image(&rm, text, force, e);
}

int usrct_image_remove(struct usrct *u, const char *reference, bool force,
                       void (*removed)(const char *line, void *arg), void *arg,
                       struct usrct_err *out)
{
	struct removal rm = { .u = u, .removed = removed, .arg = arg };
	struct err e = { 0 };
	int r = remove_image(&rm, reference, force, &e);

	return ENGINE_RETURN(r, out, &e);
}

/* --- prune */

struct pruning {
	struct removal rm;
	struct filters filters;
};

static int decide(struct image_row *row, void *arg, struct err *e)
{
	const struct pruning *p = arg;

	return image_filters_fit(p->rm.u, &p->filters, row, e);
}

static int prune_one(struct pruning *p, const char *id, struct err *e)
{
	const struct image_pruning how = { decide, p, engine_remove_tree, p->rm.u };
	int r = image_prune(p->rm.u->store, id, &p->rm.row, &how, e);

	if (r == IMAGE_GONE)
		report_all(&p->rm);
	for (char *const *name = p->rm.row.names; r == IMAGE_UNTAGGED && *name; name++)
		report_name(&p->rm, *name);
	image_row_done(&p->rm.row);
	return r == -EBUSY ? 0 : MIN(r, 0); /* somebody uses it meanwhile */
}

static int prune(struct pruning *p, const struct usrct_image_list_options *opts, struct err *e)
{
	struct image_row *rows = NULL;
	struct err failed = { 0 };
	size_t n = 0;
	int r = engine_sweep(p->rm.u, e), first = 0;

	if (r >= 0)
		r = image_filters_prepare(p->rm.u, opts, &p->filters, e);
	if (r >= 0)
		r = image_list(p->rm.u->store, &rows, &n, e);
	for (size_t i = 0; i < n; i++) {
		/* First without keeping others waiting. */
		r = image_filters_fit(p->rm.u, &p->filters, &rows[i], &failed);
		if (r > 0)
			r = prune_one(p, rows[i].id, &failed);
		if (r < 0 && first == 0) {
			first = r;
			if (e)
				*e = failed;
		}
		image_row_done(&rows[i]);
	}
	free(rows);
	return first ? first : MIN(r, 0);
}

int usrct_image_prune(struct usrct *u, const struct usrct_image_list_options *opts,
                      void (*removed)(const char *line, void *arg), void *arg,
                      struct usrct_err *out)
{
	struct pruning p = { .rm = { .u = u, .removed = removed, .arg = arg } };
	struct err e = { 0 };
	int r = prune(&p, opts, &e);

	filters_done(&p.filters);
	return ENGINE_RETURN(r, out, &e);
}
