/* SPDX-License-Identifier: Apache-2.0 */
/* start-all - start the containers that fit, as after a reboot */
#include "engine/candidate.h"

/* 1 it is to be started, 0 it runs, is not wanted or is gone. */
static int is_wanted(struct candidate *c, const struct filters *filters, struct err *e)
{
	int r = filters_fit(filters, STAGE_ROW, c, e);

	if (r > 0)
		r = candidate_read_state(c, e);
	if (r > 0 && state_is_active(&c->state))
		return 0;
	if (r > 0)
		r = filters_fit(filters, STAGE_STATE, c, e);
	if (r > 0)
		r = candidate_read_documents(c, e);
	return r > 0 ? filters_fit(filters, STAGE_DOCUMENT, c, e) : r;
}

/* 1 it was started, 0 not. */
static int start_row(struct usrct *u, const struct container_row *row,
                     const struct filters *filters, struct err *e)
{
	_cleanup_candidate_ struct candidate c = { .u = u, .row = row, .dirfd = -EBADF };
	int r = is_wanted(&c, filters, e);

	if (r <= 0)
		return r;
	r = engine_start_quietly(u, row->id, e);
	if (r == -ENOENT || r == -EALREADY) /* somebody else was faster */
		return 0;
	return r < 0 ? r : 1;
}

static int start_all(struct usrct *u, const struct filters *filters, usrct_started_fn each,
                     void *arg, struct err *e)
{
	struct container_row *rows = NULL;
	size_t n = 0;
	int r = container_list(u->store, &rows, &n, e);

	/* The oldest first: later ones may need it. */
	for (size_t i = n; r == 0 && i-- > 0;) {
		struct usrct_err out = { 0 };
		struct err mine = { 0 };
		int k = start_row(u, &rows[i], filters, &mine);

		if (k < 0)
			(void)engine_fail(&out, &mine);
		if (k != 0)
			each(rows[i].id, k < 0 ? &out : NULL, arg);
	}
	for (size_t i = 0; i < n; i++)
		container_row_done(&rows[i]);
	free(rows);
	return r;
}

int usrct_container_start_all(struct usrct *u, const char *const *filters, usrct_started_fn each,
                              void *arg, struct usrct_err *out)
{
	_cleanup_filters_ struct filters prepared = { 0 };
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0)
		r = filters_prepare(filters, container_filter_keys, u, &prepared, &e);
	if (r == 0)
		r = start_all(u, &prepared, each, arg, &e);
	return ENGINE_RETURN(r, out, &e);
}
