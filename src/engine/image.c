/* SPDX-License-Identifier: Apache-2.0 */
/* image - find and remove images */
#include "engine/engine.h"

#include "base/sbuf.h"
#include "image/reference.h"
#include "store/images.h"

#include <stdlib.h>
#include <string.h>

int engine_find_image(struct usrct *u, const char *text, struct image_row *ret, struct err *e)
{
	struct reference ref;
	char full[600] = "";
	int r = reference_parse(text, &ref, e);

	if (r == 0)
		r = reference_full_name(&ref, full, sizeof(full), e);
	if (r == 0 && full[0]) {
		r = image_find(u->store, full, ret, e);
		if (r != 0)
			return r;
	} else if (e && e->uct != UCT_BAD_REFERENCE) {
		return r;
	}
	/* Not a name that we have: perhaps an id. A bad reference that is none either stays bad. */
	struct err none = { 0 };
	int found = image_find(u->store, text, ret, &none);

	if (found == 1 || found == -ENOTUNIQ) {
		if (found < 0 && e)
			*e = none;
		return found;
	}
	return MIN(r, 0);
}

struct removal {
	void (*removed)(const char *line, void *arg);
	void *arg;
};

static void report(const struct removal *rm, const char *what, const char *of)
{
	_cleanup_free_ char *line = strf("%s: %s", what, of);

	if (rm->removed && line)
		rm->removed(line, rm->arg);
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

static bool is_one_of_several_names(const struct image_row *row, const char *full)
{
	bool is_name = false;
	size_t n = 0;

	for (; row->names && row->names[n]; n++)
		is_name = is_name || !strcmp(row->names[n], full);
	return is_name && n > 1;
}

/* A name that is not the last one goes alone. */
static int remove_name(struct usrct *u, const struct image_row *row, const char *text,
                       const struct removal *rm, struct err *e)
{
	struct reference ref;
	char full[600] = "";
	int r = 0;

	if (reference_parse(text, &ref, NULL) == 0)
		(void)reference_full_name(&ref, full, sizeof(full), NULL);
	if (!full[0] || !is_one_of_several_names(row, full))
		return 0;
	r = image_untag(u->store, full, e);
	if (r >= 0) {
		report(rm, "untagged", full);
		engine_image_event(u, "untag", row->id, full);
	}
	return r < 0 ? r : 1;
}

static int remove_image(struct usrct *u, const char *text, bool force, const struct removal *rm,
                        struct err *e)
{
	struct image_row row = { 0 };
	int r = engine_sweep(u, e);

	if (r == 0)
		r = engine_find_image(u, text, &row, e);
	if (r == 0)
		r = err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "no image '%s'", text);
	if (r == 1)
		r = remove_name(u, &row, text, rm, e);
	else
		r = MIN(r, -1);
	if (r == 0) {
		if (force)
			r = remove_users(u, row.id, e);
		if (r == 0)
			r = image_delete(u->store, row.id, engine_remove_tree, u, e);
		for (char *const *name = row.names; r == 0 && name && *name; name++) {
			report(rm, "untagged", *name);
			engine_image_event(u, "untag", row.id, *name);
		}
		if (r == 0) {
			report(rm, "deleted", row.id);
			engine_image_event(u, "delete", row.id, row.id);
		}
	}
	image_row_done(&row);
	return MIN(r, 0);
}

int engine_remove_image(struct usrct *u, const char *text, bool force, struct err *e)
{
	const struct removal nobody = { NULL, NULL };

	return remove_image(u, text, force, &nobody, e);
}

int usrct_image_remove(struct usrct *u, const char *reference, bool force,
                       void (*removed)(const char *line, void *arg), void *arg,
                       struct usrct_err *out)
{
	struct removal rm = { removed, arg };
	struct err e = { 0 };
	int r = remove_image(u, reference, force, &rm, &e);

	return ENGINE_RETURN(r, out, &e);
}
