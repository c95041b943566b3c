/* SPDX-License-Identifier: Apache-2.0 */
/* volume-create - what the words of volume create mean, and making volumes */
#include "engine/volumes.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/sbuf.h"
#include "container/events.h"
#include "engine/mount-parse.h"

#include <stdio.h>
#include <string.h>
#include <usrct/volume.h>

json_t *volume_json(const char *text)
{
	json_t *j = NULL;

	if (json_parse(text, strlen(text), "a volume's row", &j, NULL) < 0 || !json_is_object(j)) {
		json_decref(j);
		return json_object();
	}
	return j;
}

char *engine_volume_path(struct usrct *u, const char *name)
{
	return strf("%s/" VOLUME_DIR "/%s/" VOLUME_DATA, store_path(u->store), name);
}

void engine_volume_event(struct usrct *u, const char *action, const char *name,
                         const char *container)
{
	const char *attributes[] = { "driver", "local", container ? "container" : NULL, container,
		                     NULL };
	const struct event ev = { "volume", action, name, attributes, NULL };

	(void)event_append(store_dirfd(u->store), &ev);
}

void usrct_volume_pruned(struct usrct *u, uint64_t reclaimed_bytes)
{
	char text[24];
	const char *attributes[] = { "reclaimed", text, NULL };
	const struct event ev = { "volume", "prune", "", attributes, NULL };

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)reclaimed_bytes);
	if (engine_store(u, STORE_WRITE, NULL) == 0)
		(void)event_append(store_dirfd(u->store), &ev);
}

/* --- options */

static int refuse(const char *name, const char *key, const char *value, const char *why,
                  struct err *e)
{
	return err_set(e, UCT_VOLUME_OPTION, -EOPNOTSUPP, "volume '%s': option %s=%.100s %s", name,
	               key, value, why);
}

static int read_type(const struct volume_row *row, struct volume_options *o, struct err *e)
{
	const char *type = json_string_value(json_object_get(o->doc, "type"));
	const char *flags = json_string_value(json_object_get(o->doc, "o"));
	bool is_bind = flags && (strstr(flags, "bind") != NULL);

	o->device = json_string_value(json_object_get(o->doc, "device"));
	if (!type && !is_bind) {
		o->backing = VOLUME_DIRECTORY;
		return o->device ? refuse(row->name, "device", o->device,
		                          "goes with type=none and o=bind", e)
		                 : 0;
	}
	if (!type || !strcmp(type, "none") || !strcmp(type, "bind")) {
		o->backing = VOLUME_ELSEWHERE;
		if (!o->device || o->device[0] != '/')
			return refuse(row->name, "type", type ? type : "none",
			              "needs a device, which is an absolute path", e);
		return 0;
	}
	o->backing = VOLUME_MEMORY;
	if (!strcmp(type, "tmpfs"))
		return 0;
	return refuse(row->name, "type", type, "is a file system that only root can mount", e);
}

static int read_flags(const struct volume_row *row, struct volume_options *o, struct err *e)
{
	const char *flags = json_string_value(json_object_get(o->doc, "o"));
	struct mount_spec *m = &o->mount;
	int r;

	*m = (struct mount_spec){ .flag = "-o", .spec = flags, .kind = MOUNT_VOLUME };
	if (o->backing == VOLUME_MEMORY)
		m->kind = MOUNT_TMPFS;
	r = mount_parse_options(m, flags, e);
	if (r < 0 && o->backing == VOLUME_DIRECTORY)
		return refuse(row->name, "o", flags,
		              "has a word that a directory of the store cannot honour", e);
	if (r == 0 && m->is_overlay)
		r = refuse(row->name, "o", flags, "cannot have O: give that with -v", e);
	return r;
}

int volume_options_read(const struct volume_row *row, struct volume_options *ret, struct err *e)
{
	static const char *const known[] = { "type", "device", "o" };
	struct volume_options *o = ret;
	const char *key;
	json_t *v;
	int r;

	*o = (struct volume_options){ .doc = volume_json(row->options) };
	json_object_foreach(o->doc, key, v)
	{
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			is_known = is_known || !strcmp(key, known[i]);
		if (!strcmp(key, "size"))
			return refuse(row->name, key, json_string_value(v),
			              "would be a quota, which only root can set; with type=tmpfs "
			              "write o=size=",
			              e);
		if (!is_known || !json_is_string(v))
			return refuse(row->name, key, json_is_string(v) ? json_string_value(v) : "",
			              "is not known", e);
	}
	r = read_type(row, o, e);
	return r < 0 ? r : read_flags(row, o, e);
}

void volume_options_done(struct volume_options *o)
{
	mount_spec_done(&o->mount);
	json_decref(o->doc);
	*o = (struct volume_options){ 0 };
}

/* --- rows */

/* "KEY=VALUE" and "KEY" to an object. */
static int map_text(const char *const *list, char **ret, struct err *e)
{
	_cleanup_json_ json_t *map = json_object();
	int r = 0;

	for (; list && *list && r == 0; list++) {
		const char *eq = strchrnul(*list, '=');
		_cleanup_free_ char *key = strndup(*list, (size_t)(eq - *list));

		if (!key)
			return err_oom(e);
		if (!*key)
			r = err_set(e, UCT_BAD_VALUE, -EINVAL, "'%s' is not KEY=VALUE", *list);
		else if (json_object_set_new(map, key, json_string(*eq ? eq + 1 : "")) < 0)
			r = err_set(e, UCT_BAD_VALUE, -EILSEQ, "'%.40s' is not UTF-8", key);
	}
	return r < 0 ? r : json_print(map, false, ret, e);
}

int volume_row_make(const struct volume_wish *w, struct volume_row *ret, struct err *e)
{
	_cleanup_volume_options_ struct volume_options o = { 0 };
	struct volume_row *row = ret;
	char id[CONTAINER_ID_SIZE];
	int r = 0;

	*row = (struct volume_row){ .created_ns = clock_realtime_ns(), .is_anonymous = !w->name };
	if (w->driver && *w->driver && strcmp(w->driver, "local") != 0)
		return err_set(e, UCT_BAD_VOLUME_DRIVER, -EOPNOTSUPP,
		               "there is no volume driver '%s'", w->driver);
	if (w->name && !volume_name_is_valid(w->name))
		return err_set(e, UCT_BAD_VOLUME_NAME, -EINVAL,
		               "'%.100s' is not a name of a volume", w->name);
	if (!w->name)
		r = container_new_id(id, e); /* as random as those */
	if (r == 0) {
		row->name = strdup(w->name ? w->name : id);
		row->driver = strdup("local");
		r = row->name && row->driver ? map_text(w->options, &row->options, e) : err_oom(e);
	}
	if (r == 0)
		r = map_text(w->labels, &row->labels, e);
	if (r == 0)
		r = volume_options_read(row, &o, e);
	return r;
}

int engine_volume_create(struct usrct *u, const struct volume_row *row, struct err *e)
{
	_cleanup_close_ int data_fd = -EBADF;
	char staged[STORE_NAME_MAX] = "";
	int r = engine_store(u, STORE_WRITE, e);

	if (r < 0)
		return r;
	data_fd = volume_stage(u->store, row, staged, e);
	if (data_fd < 0)
		return data_fd;
	r = volume_publish(u->store, row, staged, e);
	if (r < 0) {
		(void)tree_remove_at(store_dirfd(u->store), staged, NULL);
		volume_forget(u->store, row->name);
	} else {
		engine_volume_event(u, "create", row->name, NULL);
	}
	return r;
}

int engine_volume_find(struct usrct *u, const char *name, struct volume_row *ret, struct err *e)
{
	int r = engine_store(u, STORE_READ, e);

	if (r == 0)
		r = volume_find(u->store, name, ret, e);
	return r == 0 ? err_set(e, UCT_VOLUME_UNKNOWN, -ENOENT, "no volume '%s'", name) : MIN(r, 0);
}

int engine_volume_ensure(struct usrct *u, const struct volume_wish *w, struct volume_row *ret,
                         struct err *e)
{
	int r = engine_volume_find(u, w->name, ret, e);

	if (r != -ENOENT)
		return r;
	r = volume_row_make(w, ret, e);
	if (r == 0)
		r = engine_volume_create(u, ret, e);
	if (r == -EEXIST) { /* somebody was faster */
		volume_row_done(ret);
		r = engine_volume_find(u, w->name, ret, e);
	}
	return r;
}

/* --- the public call */

static int create(struct usrct *u, const struct usrct_volume_options *o, struct volume_row *row,
                  struct err *e)
{
	const struct volume_wish w = { o->name, o->driver, o->options, o->labels };
	int r = engine_sweep(u, e);

	if (r == 0)
		r = volume_row_make(&w, row, e);
	if (r == 0)
		r = engine_volume_create(u, row, e);
	return r == -EEXIST && o->ignore ? 0 : r;
}

int usrct_volume_create(struct usrct *u, const struct usrct_volume_options *opts, char **ret_name,
                        struct usrct_err *out)
{
	struct usrct_volume_options o = { 0 };
	struct volume_row row = { 0 };
	struct err e = { 0 };
	int r;

	if (opts)
		memcpy(&o, opts, MIN(opts->size, sizeof(o)));
	r = create(u, &o, &row, &e);
	if (r == 0 && ret_name)
		*ret_name = TAKE_PTR(row.name);
	volume_row_done(&row);
	return ENGINE_RETURN(r, out, &e);
}
