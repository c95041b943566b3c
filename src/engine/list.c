/* SPDX-License-Identifier: Apache-2.0 */
/* list - containers at a glance: one indexed read, and a small file for each */
#include "engine/engine.h"

#include "base/array.h"
#include "image/reference.h"

#include <stdlib.h>
#include <string.h>

/* Ids that have a monitor, or had one that was killed: sorted, so that they can be looked up. */
struct live {
	char (*ids)[CONTAINER_ID_SIZE];
	size_t n, cap;
};

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, CONTAINER_ID_SIZE);
}

static int read_live(struct usrct *u, struct live *l, struct err *e)
{
	struct dirent *de;
	DIR *d = NULL;
	int r = engine_open_live(u, &d, e);

	if (r <= 0)
		return r;
	while (r > 0 && (de = readdir(d))) {
		if (strlen(de->d_name) != CONTAINER_ID_SIZE - 1)
			continue;
		if (array_grow(&l->ids, l->n, &l->cap, sizeof(*l->ids)) < 0)
			r = err_oom(e);
		else
			memcpy(l->ids[l->n++], de->d_name, CONTAINER_ID_SIZE);
	}
	(void)closedir(d);
	if (l->n)
		qsort(l->ids, l->n, sizeof(*l->ids), compare_ids);
	return MIN(r, 0);
}

static bool is_live(const struct live *l, const char *id)
{
	return l->n && bsearch(id, l->ids, l->n, sizeof(*l->ids), compare_ids);
}

static enum usrct_state public_state(enum state_status s)
{
	static const enum usrct_state map[] = { USRCT_CREATED, USRCT_RUNNING, USRCT_EXITED,
		                                USRCT_RESTARTING, USRCT_LOST };

	return map[s];
}

static char *familiar(const char *image)
{
	char buf[600];

	reference_familiar(image, buf, sizeof(buf));
	return strdup(buf);
}

/* Moves the row's strings over. 1 taken, 0 the container is gone or not wanted. */
static int take(struct usrct *u, struct container_row *row, bool all, struct usrct_container *ret,
                struct err *e)
{
	_cleanup_close_ int dirfd = container_open_dir(u->store, row->id, e);
	struct state s;
	int r;

	if (dirfd < 0)
		return dirfd == -ENOENT ? 0 : dirfd;
	r = state_read(dirfd, &s, e);
	if (r < 0)
		return r;
	if (!all && !state_is_active(&s))
		return 0;
	*ret = (struct usrct_container){
		.id = strdup(row->id),
		.name = TAKE_PTR(row->name),
		.image = familiar(row->image),
		.image_id = strdup(row->image_id),
		.command = TAKE_PTR(row->command),
		.state = public_state(s.status),
		.created_ns = row->created_ns,
		.started_ns = s.started_ns,
		.finished_ns = s.finished_ns,
		.exit_code = state_is_running(&s) ? -1 : s.exit_code,
		.pid = state_is_running(&s) ? s.init.pid : 0,
	};
	if (ret->state == USRCT_RUNNING && engine_is_paused(&s))
		ret->state = USRCT_PAUSED;
	ret->is_oom_killed = s.is_oom_killed;
	return ret->id && ret->image && ret->image_id ? 1 : err_oom(e);
}

void usrct_container_list_free(struct usrct_container *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((void *)(uintptr_t)list[i].id);
		free((void *)(uintptr_t)list[i].name);
		free((void *)(uintptr_t)list[i].image);
		free((void *)(uintptr_t)list[i].image_id);
		free((void *)(uintptr_t)list[i].command);
	}
	free(list);
}

static int list(struct usrct *u, bool all, struct usrct_container **ret, size_t *ret_n,
                struct err *e)
{
	struct container_row *rows = NULL;
	struct usrct_container *out = NULL;
	struct live live = { 0 };
	size_t n = 0, k = 0;
	int r = engine_store(u, STORE_READ, e);

	if (r == 0)
		r = container_list(u->store, &rows, &n, e);
	if (r == 0 && !all && n)
		r = read_live(u, &live, e);
	if (r == 0) {
		out = calloc(n + 1, sizeof(*out));
		r = out ? 0 : err_oom(e);
	}
	for (size_t i = 0; i < n; i++) {
		if (out && r >= 0 && (all || is_live(&live, rows[i].id))) {
			r = take(u, &rows[i], all, &out[k], e);
			k += out[k].id ? 1 : 0;
		}
		container_row_done(&rows[i]);
	}
	free(rows);
	free(live.ids);
	if (r < 0) {
		usrct_container_list_free(out, k);
		return r;
	}
	*ret = out;
	*ret_n = k;
	return 0;
}

int usrct_container_list(struct usrct *u, bool all, struct usrct_container **ret, size_t *ret_n,
                         struct usrct_err *out)
{
	struct err e = { 0 };
	int r = list(u, all, ret, ret_n, &e);

	return ENGINE_RETURN(r, out, &e);
}
