/* SPDX-License-Identifier: Apache-2.0 */
/* list - containers at a glance: one indexed read, and a small file for each */
#include "engine/candidate.h"

#include "base/array.h"
#include "base/json.h"
#include "base/num.h"
#include "base/strv.h"
#include "engine/usage.h"
#include "image/reference.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ids that have a monitor, or had one that was killed. */
struct live {
	char (*ids)[CONTAINER_ID_SIZE];
	size_t n, cap;
};

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
	return MIN(r, 0);
}

/* The few that run are looked up one by one, however many do not. */
static int read_live_rows(struct usrct *u, struct container_row **ret, size_t *ret_n, struct err *e)
{
	struct live l = { 0 };
	int r = read_live(u, &l, e);

	if (r == 0)
		r = container_list_of(u->store, (const char(*)[CONTAINER_ID_SIZE])l.ids, l.n, ret,
		                      ret_n, e);
	free(l.ids);
	return r;
}

static char *familiar(const char *image)
{
	char buf[600];

	reference_familiar(image, buf, sizeof(buf));
	return strdup(buf);
}

static const char *const *take_list(struct strv *s)
{
	const char *const *v = (const char *const *)(uintptr_t)s->v;

	*s = (struct strv){ 0 };
	return v ? v : calloc(1, sizeof(*v));
}

static void free_list(const char *const *list)
{
	for (const char *const *s = list; s && *s; s++)
		free((void *)(uintptr_t)*s);
	free((void *)(uintptr_t)list);
}

static void free_container(struct usrct_container *ct)
{
	free((void *)(uintptr_t)ct->id);
	free((void *)(uintptr_t)ct->name);
	free((void *)(uintptr_t)ct->image);
	free((void *)(uintptr_t)ct->image_id);
	free((void *)(uintptr_t)ct->command);
	free((void *)(uintptr_t)ct->network);
	free((void *)(uintptr_t)ct->userns);
	free((void *)(uintptr_t)ct->cidfile);
	free_list(ct->labels);
	free_list(ct->mounts);
}

void usrct_container_list_free(struct usrct_container *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free_container(&list[i]);
	free(list);
}

static int take_documents(const struct candidate *c, struct usrct_container *ret, struct err *e)
{
	_cleanup_json_ json_t *labels = candidate_labels(c), *mounts = candidate_mounts(c);
	_cleanup_strv_ struct strv label_list = { 0 }, mount_list = { 0 };
	const char *key, *text;
	int r = 0;
	json_t *v;
	size_t i;

	json_object_foreach(labels, key, v) if (r == 0 && json_is_string(v)) r =
		strv_addf(&label_list, "%s=%s", key, json_string_value(v));
	json_array_foreach(mounts, i, v)
	{
		text = json_string_value(json_object_get(v, "Name"));
		if (!text)
			text = json_string_value(json_object_get(v, "Source"));
		if (r == 0 && text && *text)
			r = strv_add(&mount_list, text);
	}
	if (!labels || !mounts || r < 0)
		return err_oom(e);
	ret->labels = take_list(&label_list);
	ret->mounts = take_list(&mount_list);
	ret->network = strdup(candidate_network(c));
	text = json_string_value(json_at(c->plan, "hostConfig.UsernsMode"));
	ret->userns = strdup(text ? text : "");
	text = json_string_value(json_at(c->plan, "hostConfig.ContainerIDFile"));
	ret->cidfile = strdup(text ? text : "");
	return ret->labels && ret->mounts && ret->network && ret->userns && ret->cidfile
	               ? 0
	               : err_oom(e);
}

/* "ipc:[4026531839]" is where the link leads; 0 where we may not look. */
static uint64_t namespace_number(int ns_dirfd, const char *kind)
{
	char text[64], *number;
	ssize_t n = readlinkat(ns_dirfd, kind, text, sizeof(text) - 1);
	uint64_t ret = 0;

	if (n <= 0 || text[n - 1] != ']')
		return 0;
	text[n - 1] = '\0';
	number = strchr(text, '[');
	return number && parse_u64(number + 1, &ret) == 0 ? ret : 0;
}

static void read_namespaces(const struct state *s, struct usrct_namespaces *ret)
{
	_cleanup_close_ int dirfd = -EBADF;
	char path[64];

	if (!state_is_running(s))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns", (int)s->init.pid);
	dirfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* The number may be another process' since; a directory that is open stays the old one's.
	 */
	if (dirfd < 0 || !proc_is_alive(&s->init))
		return;
	ret->cgroup = namespace_number(dirfd, "cgroup");
	ret->ipc = namespace_number(dirfd, "ipc");
	ret->mnt = namespace_number(dirfd, "mnt");
	ret->net = namespace_number(dirfd, "net");
	ret->pid = namespace_number(dirfd, "pid");
	ret->user = namespace_number(dirfd, "user");
	ret->uts = namespace_number(dirfd, "uts");
}

static int take(const struct candidate *c, const struct usrct_list_options *o,
                struct usrct_container *ret, struct err *e)
{
	const struct state *s = &c->state;
	const struct container_row *row = c->row;
	int r = 0;

	*ret = (struct usrct_container){
		.id = strdup(row->id),
		.name = strdup(row->name),
		.image = familiar(row->image),
		.image_id = strdup(row->image_id),
		.command = strdup(row->command),
		.health = candidate_health(c),
		.state = candidate_public_state(c),
		.created_ns = row->created_ns,
		.started_ns = s->started_ns,
		.finished_ns = s->finished_ns,
		.exit_code = state_is_running(s) ? -1 : s->exit_code,
		.pid = state_is_running(s) ? s->init.pid : 0,
		.restart_count = s->restart_count,
		.is_oom_killed = s->is_oom_killed,
		.auto_remove = row->auto_remove,
	};
	if (!ret->id || !ret->name || !ret->image || !ret->image_id || !ret->command)
		return err_oom(e);
	if (o->details & USRCT_LIST_DOCUMENT)
		r = take_documents(c, ret, e);
	if (o->details & USRCT_LIST_NAMESPACES)
		read_namespaces(s, &ret->namespaces);
	if (r == 0 && (o->details & USRCT_LIST_SIZE))
		r = usage_of_container(c->u, c->dirfd, row, &ret->size_rw_bytes,
		                       &ret->size_root_bytes, e);
	return r;
}

struct listing {
	struct usrct *u;
	const struct usrct_list_options *opts;
	struct filters filters;
	bool all;
	struct usrct_container *out;
	size_t n;
};

/* 1 wanted, 0 not or gone. Reads as little as the filters allow. */
static int look_at(struct listing *l, struct candidate *c, struct err *e)
{
	bool needs_documents = l->opts->details & USRCT_LIST_DOCUMENT;
	int r = filters_fit(&l->filters, STAGE_ROW, c, e);

	for (size_t i = 0; i < l->filters.n; i++)
		needs_documents = needs_documents || l->filters.v[i].key->stage == STAGE_DOCUMENT;
	if (r > 0)
		r = candidate_read_state(c, e);
	if (r > 0 && !l->all && !state_is_active(&c->state))
		return 0;
	if (r > 0)
		r = filters_fit(&l->filters, STAGE_STATE, c, e);
	if (r > 0 && needs_documents)
		r = candidate_read_documents(c, e);
	return r > 0 ? filters_fit(&l->filters, STAGE_DOCUMENT, c, e) : r;
}

static int consider(struct listing *l, const struct container_row *row, struct err *e)
{
	_cleanup_candidate_ struct candidate c = { .u = l->u, .row = row, .dirfd = -EBADF };
	int r;

	if (l->opts->last && l->n >= l->opts->last)
		return 0;
	r = look_at(l, &c, e);
	if (r > 0) {
		r = take(&c, l->opts, &l->out[l->n], e);
		l->n++;
	}
	return r;
}

static int list_rows(struct listing *l, struct err *e)
{
	struct container_row *rows = NULL;
	size_t n = 0;
	int r = l->all ? container_list(l->u->store, &rows, &n, e)
	               : read_live_rows(l->u, &rows, &n, e);

	if (r == 0) {
		l->out = calloc(n + 1, sizeof(*l->out));
		r = l->out ? 0 : err_oom(e);
	}
	for (size_t i = 0; i < n; i++) {
		if (r >= 0)
			r = consider(l, &rows[i], e);
		container_row_done(&rows[i]);
	}
	free(rows);
	return r;
}

static int list(struct usrct *u, const struct usrct_list_options *opts,
                struct usrct_container **ret, size_t *ret_n, struct err *e)
{
	static const struct usrct_list_options none = { .size = sizeof(none) };
	struct listing l = { .u = u, .opts = opts ? opts : &none };
	int r = engine_store(u, STORE_READ, e);

	if (r == 0)
		r = filters_prepare(l.opts->filters, container_filter_keys, u, &l.filters, e);
	/* Who asks for the dead means the dead, as Docker has it with status and last. */
	l.all = l.opts->all || l.opts->last || filters_have(&l.filters, "status") ||
	        filters_have(&l.filters, "exited");
	if (r == 0)
		r = list_rows(&l, e);
	filters_done(&l.filters);
	if (r < 0) {
		usrct_container_list_free(l.out, l.n);
		return r;
	}
	*ret = l.out;
	*ret_n = l.n;
	return 0;
}

int usrct_container_list(struct usrct *u, const struct usrct_list_options *opts,
                         struct usrct_container **ret, size_t *ret_n, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = list(u, opts, ret, ret_n, &e);

	return ENGINE_RETURN(r, out, &e);
}
