/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mount-add.h"

#include "base/array.h"
#include "base/file.h"
#include "base/sbuf.h"
#include "engine/ids.h"
#include "engine/layering.h"
#include "engine/mount-parse.h"
#include "engine/mount-place.h"
#include "store/shared.h"

#include <fcntl.h>
#include <string.h>
#include <usrct/container.h>

/* --- the plan */

int mount_plan_init(struct mount_plan *p, struct usrct *u, struct err *e)
{
	*p = (struct mount_plan){
		.u = u, .list = json_array(), .described = json_array(), .images = json_array()
	};
	return p->list && p->described && p->images ? 0 : err_oom(e);
}

void mount_plan_done(struct mount_plan *p)
{
	for (size_t i = 0; i < p->n_uses; i++)
		if (p->uses[i].volume) {
			volume_row_done((struct volume_row *)(uintptr_t)p->uses[i].volume);
			free((void *)(uintptr_t)p->uses[i].volume);
		}
	free(p->uses);
	strv_done(&p->names);
	json_decref(p->list);
	json_decref(p->described);
	json_decref(p->images);
	*p = (struct mount_plan){ 0 };
}

/* @row: of a volume that is made with the container; consumed on success. */
static int add_use(struct mount_plan *p, enum container_use_kind kind, const char *name,
                   struct volume_row *row, struct err *e)
{
	struct volume_row *own = row ? malloc(sizeof(*own)) : NULL;

	if ((row && !own) || strv_add(&p->names, name) < 0 ||
	    array_grow(&p->uses, p->n_uses, &p->cap_uses, sizeof(*p->uses)) < 0) {
		free(own);
		return err_oom(e);
	}
	if (row) {
		*own = *row;
		*row = (struct volume_row){ 0 };
	}
	p->uses[p->n_uses++] = (struct container_use){ kind, p->names.v[p->names.n - 1], own };
	return 0;
}

static int not_utf8(const struct mount_spec *m, struct err *e)
{
	return err_set(e, UCT_BAD_VALUE, -EILSEQ, "%s: paths must be UTF-8", m->flag);
}

/* What inspect shows. @source: NULL for what has none. */
static int describe(struct mount_plan *p, const struct mount_spec *m, const char *name,
                    const char *source, struct err *e)
{
	json_t *j;

	if (!strcmp(m->flag, "--tmpfs")) /* Docker lists these elsewhere */
		return 0;
	j = json_pack("{s:s, s:s, s:s*, s:s*, s:s, s:s}", "destination", m->target, "type",
	              name ? "volume" : mount_kind_name(m->kind), "name", name, "driver",
	              name ? "local" : NULL, "source", source ? source : "", "mode",
	              m->mode ? m->mode : "");
	return j && json_array_append_new(p->described, j) == 0 ? 0 : not_utf8(m, e);
}

/* --- entries */

/* Options that hold for everything that is mounted. */
static json_t *options_of(const struct mount_spec *m)
{
	json_t *list = json_array();

	for (char *const *o = m->options.v; o && *o; o++)
		(void)json_array_append_new(list, json_string(*o));
	if (m->is_read_only)
		(void)json_array_append_new(list,
		                            json_string(m->is_read_only_alone ? "ro-alone" : "ro"));
	if (m->chowns)
		(void)json_array_append_new(list, json_string("U"));
	if (m->relabel)
		(void)json_array_append_new(list, json_string(m->relabel == 'z' ? "z" : "Z"));
	return list;
}

static int add_entry(struct mount_plan *p, const struct mount_spec *m, const char *type,
                     const char *source, json_t *options, struct err *e)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:o}", "destination", m->target, "type", type,
	                      "source", source, "options", options);

	return j && json_array_append_new(p->list, j) == 0 ? 0 : not_utf8(m, e);
}

static int add_bind(struct mount_plan *p, const struct mount_spec *m, const char *source,
                    bool copies_up, struct err *e)
{
	json_t *options = options_of(m);

	if (!m->has_kind)
		(void)json_array_append_new(options, json_string("rbind"));
	if (!m->has_propagation)
		(void)json_array_append_new(options, json_string("rprivate"));
	if (copies_up)
		(void)json_array_append_new(options, json_string("copyup"));
	if (m->subpath) {
		_cleanup_free_ char *text = strf("subpath=%s", m->subpath);

		(void)json_array_append_new(options, text ? json_string(text) : NULL);
	}
	return add_entry(p, m, "bind", source, options, e);
}

static int add_memory(struct mount_plan *p, const struct mount_spec *m, const char *type,
                      struct err *e)
{
	json_t *options = options_of(m);

	if (!m->has_mode)
		(void)json_array_append_new(options, json_string("mode=1777"));
	if (m->copies_up)
		(void)json_array_append_new(options, json_string("tmpcopyup"));
	return add_entry(p, m, type, type, options, e);
}

static int add_devpts(struct mount_plan *p, const struct mount_spec *m, struct err *e)
{
	static const char *const always[] = { "nosuid", "noexec", "newinstance", "ptmxmode=0666" };
	json_t *options = options_of(m);

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		(void)json_array_append_new(options, json_string(always[i]));
	if (!m->has_mode)
		(void)json_array_append_new(options, json_string("mode=0620"));
	return add_entry(p, m, "devpts", "devpts", options, e);
}

/* In overlayfs' own way of writing: a colon divides, a backslash protects. */
static void add_path(struct sbuf *b, const char *path)
{
	for (; *path; path++) {
		if (*path == ':' || *path == '\\')
			sbuf_addc(b, '\\');
		sbuf_addc(b, *path);
	}
}

static int append_text(json_t *options, struct err *e, const char *key, const char *value,
                       const char *rest)
{
	_cleanup_free_ char *text = strf("%s=%s%s", key, value, rest);

	return text && json_array_append_new(options, json_string(text)) == 0 ? 0 : err_oom(e);
}

/* @lower: the option's value, topmost directory first. What is written to it goes to the user's
 * directories, or to one below the container's that is emptied at each start. */
static int add_overlay(struct mount_plan *p, const struct mount_spec *m, const char *lower,
                       bool is_read_only, struct err *e)
{
	_cleanup_free_ char *place = strf("%s/mounts/%u", p->container_dir, p->n_overlays++);
	json_t *options = options_of(m);
	int r;

	if (!place)
		return err_oom(e);
	if (is_read_only && !m->is_read_only)
		(void)json_array_append_new(options, json_string("ro"));
	if (m->subpath)
		(void)append_text(options, e, "subpath", m->subpath, "");
	r = append_text(options, e, "lowerdir", lower, "");
	if (r == 0)
		r = append_text(options, e, "upperdir", m->upperdir ? m->upperdir : place,
		                m->upperdir ? "" : "/upper");
	if (r == 0)
		r = append_text(options, e, "workdir", m->workdir ? m->workdir : place,
		                m->workdir ? "" : "/work");
	if (r == 0)
		r = append_text(options, e, "mountpoint", place, "/root");
	return r < 0 ? r : add_entry(p, m, "overlay", "overlay", options, e);
}

static int add_overlay_over(struct mount_plan *p, const struct mount_spec *m, const char *source,
                            struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(64 << 10);

	if (!p->container_dir)
		return mount_refuse(m, "O", "goes with run and create only", e);
	add_path(&b, source);
	return b.err ? err_oom(e) : add_overlay(p, m, b.s, m->is_read_only, e);
}

/* --- kinds */

static int find_source(const struct mount_spec *m, char **ret, struct err *e)
{
	struct stat st;

	if (m->creates_source && stat(m->source, &st) < 0 && errno == ENOENT) {
		int r = dir_make_at(AT_FDCWD, m->source, 0777, e);

		if (r < 0)
			return r;
	}
	if (stat(m->source, &st) < 0)
		return err_set(e, UCT_MOUNT_SOURCE, -errno, "%s '%s': cannot use '%s': %s", m->flag,
		               m->spec, m->source, strerror(errno));
	*ret = realpath(m->source, NULL);
	return *ret ? 0 : err_sys(e, "cannot find '%s'", m->source);
}

static int add_path_source(struct mount_plan *p, struct mount_spec *m, struct err *e)
{
	bool is_overlay = m->is_overlay || m->kind == MOUNT_OVERLAY;
	_cleanup_free_ char *source = NULL;
	struct stat st;
	int r;

	if (m->source[0] != '/' && m->source[0] != '.')
		return err_hint(e,
		                mount_bad(m, "a source is an absolute path, or begins with .", e),
		                "for a directory write ./%.200s", m->source);
	r = find_source(m, &source, e);
	if (r == 0 && (m->chowns || m->relabel))
		r = mount_check_place(m, source, e);
	if (r == 0 && is_overlay && (stat(source, &st) < 0 || !S_ISDIR(st.st_mode)))
		r = mount_bad(m, "an overlay needs a directory", e);
	if (r == 0)
		r = describe(p, m, NULL, source, e);
	if (r < 0)
		return r;
	return is_overlay ? add_overlay_over(p, m, source, e)
	                  : add_bind(p, m, source, /* copies_up= */ false, e);
}

static int take_options(struct mount_spec *m, const struct volume_options *o, struct err *e)
{
	const struct mount_spec *v = &o->mount;

	m->is_read_only = m->is_read_only || v->is_read_only;
	m->no_copy = m->no_copy || v->no_copy;
	m->chowns = m->chowns || v->chowns;
	m->has_kind = m->has_kind || v->has_kind;
	m->has_propagation = m->has_propagation || v->has_propagation;
	m->has_mode = m->has_mode || v->has_mode;
	return strv_copy(&m->options, v->options.v) < 0 ? err_oom(e) : 0;
}

/* A tmpfs takes no option of a bind mount. */
static int add_volume_in_memory(struct mount_plan *p, struct mount_spec *m, struct err *e)
{
	static const char *const of_binds[] = { "bind",  "rbind",  "private",    "rprivate",
		                                "slave", "rslave", "unbindable", "runbindable",
		                                "exec",  "suid",   "dev" };

	for (size_t i = 0; i < m->options.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(of_binds); k++)
			if (!strcmp(m->options.v[i], of_binds[k]))
				return mount_refuse(m, of_binds[k],
				                    "does not go with a volume in memory", e);
	if (m->is_overlay || m->subpath)
		return mount_bad(m, "O and subpath do not go with a volume in memory", e);
	m->copies_up = !m->no_copy;
	m->relabel = 0;
	return add_memory(p, m, "tmpfs", e);
}

static int add_volume_of(struct mount_plan *p, struct mount_spec *m, const struct volume_row *row,
                         struct err *e)
{
	_cleanup_volume_options_ struct volume_options o = { 0 };
	_cleanup_free_ char *path = NULL;
	int r = volume_options_read(row, &o, e);

	if (r == 0)
		r = take_options(m, &o, e);
	if (r < 0)
		return r;
	if (o.backing == VOLUME_MEMORY)
		return !p->container_dir ? mount_refuse(m, "a volume in memory",
		                                        "goes with run and create only", e)
		                         : add_volume_in_memory(p, m, e);
	path = o.backing == VOLUME_ELSEWHERE ? realpath(o.device, NULL)
	                                     : engine_volume_path(p->u, row->name);
	if (!path)
		return o.backing == VOLUME_ELSEWHERE ? err_set(e, UCT_MOUNT_SOURCE, -errno,
		                                               "volume '%s': cannot use '%s': %s",
		                                               row->name, o.device, strerror(errno))
		                                     : err_oom(e);
	if (o.backing == VOLUME_ELSEWHERE && (m->chowns || m->relabel))
		r = mount_check_place(m, path, e);
	if (r < 0)
		return r;
	if (m->is_overlay)
		return add_overlay_over(p, m, path, e);
	return add_bind(p, m, path,
	                o.backing == VOLUME_DIRECTORY && !m->no_copy && p->container_dir, e);
}

static int add_named(struct mount_plan *p, struct mount_spec *m, struct err *e)
{
	const struct volume_wish w = { m->source,
		                       m->driver ? m->driver
		                       : p->opts ? p->opts->volume_driver
		                                 : NULL,
		                       (const char *const *)(uintptr_t)m->driver_options.v,
		                       (const char *const *)(uintptr_t)m->labels.v };
	_cleanup_free_ char *path = NULL;
	struct volume_row row = { 0 };
	int r;

	if (m->source && !volume_name_is_valid(m->source))
		return err_hint(e,
		                err_set(e, UCT_BAD_VOLUME_NAME, -EINVAL,
		                        "%s '%s': '%.100s' is not a name of a volume", m->flag,
		                        m->spec, m->source),
		                "for a directory write ./%.200s", m->source);
	r = w.name ? engine_volume_ensure(p->u, &w, &row, e) : volume_row_make(&w, &row, e);
	if (r == 0)
		r = add_volume_of(p, m, &row, e);
	if (r == 0) {
		path = engine_volume_path(p->u, row.name);
		r = describe(p, m, row.name, path, e);
	}
	if (r == 0)
		r = add_use(p, USE_VOLUME, row.name, w.name ? NULL : &row, e);
	volume_row_done(&row);
	return r;
}

/* --- images */

static int find_image(struct mount_plan *p, const struct mount_spec *m, struct image_row *ret,
                      struct err *e)
{
	char id[DIGEST_SIZE];
	int r = engine_find_image(p->u, m->source, ret, e);

	if (r != 0)
		return MIN(r, 0);
	if (p->opts->pull == USRCT_PULL_NEVER)
		return err_set(e, UCT_PULL_POLICY, -ENOENT, "image '%s' is not here", m->source);
	r = engine_pull(p->u, m->source, p->opts->pull_options, id, e);
	if (r == 0)
		r = image_find(p->u->store, id, ret, e);
	return r == 0 ? err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "image '%s' was removed meanwhile",
	                        m->source)
	              : MIN(r, 0);
}

/* Where contents are: our own objects, then directories that the image's layers rely on. */
static int add_data(struct mount_plan *p, const struct image_row *image, struct sbuf *lower,
                    struct err *e)
{
	_cleanup_strv_ struct strv dirs = { 0 };
	int r = shared_image_dirs(p->u->store, image, &dirs, e);

	sbuf_adds(lower, "::");
	add_path(lower, store_path(p->u->store));
	sbuf_adds(lower, "/" OBJECT_DIR);
	for (size_t i = 0; i < dirs.n && r == 0; i++) {
		_cleanup_close_ int fd = shared_open(dirs.v[i], /* deep= */ false, e);

		r = MIN(fd, 0);
		sbuf_adds(lower, "::");
		add_path(lower, dirs.v[i]);
		sbuf_adds(lower, "/" OBJECT_DIR);
	}
	return r;
}

/* The layers as overlayfs wants them, and as engine_layers_make() does. */
static int add_layers(struct mount_plan *p, const struct image_row *image, struct sbuf *lower,
                      struct err *e)
{
	_cleanup_strv_ struct strv paths = { 0 };
	struct ids ids = p->ids ? *p->ids : (struct ids){ 0 };
	json_t *list = json_array();
	bool has_data = false;
	int r;

	ids.is_shifted = false; /* whoever does that for the root does not do it here */
	r = engine_layer_paths(p->u, image, &ids, &paths, e);

	for (size_t i = 0; i < paths.n; i++)
		(void)json_array_append_new(list, json_string(paths.v[i]));
	if (r < 0 || !list || json_array_append_new(p->images, list) < 0)
		return r < 0 ? r : err_oom(e);
	for (size_t i = paths.n; i > 0; i--) {
		add_path(lower, store_path(p->u->store));
		sbuf_addc(lower, '/');
		add_path(lower, paths.v[i - 1]);
		if (i > 1)
			sbuf_addc(lower, ':');
		has_data = has_data || layer_path_is_tree(paths.v[i - 1]);
	}
	if (has_data)
		r = add_data(p, image, lower, e);
	return lower->err ? err_oom(e) : r;
}

static int add_image(struct mount_plan *p, struct mount_spec *m, struct err *e)
{
	_cleanup_sbuf_ struct sbuf lower = SBUF_INIT(1 << 20);
	struct image_row image = { 0 };
	int r;

	if (!p->container_dir || !p->opts)
		return mount_refuse(m, "type=image", "goes with run and create only", e);
	r = find_image(p, m, &image, e);
	if (r < 0)
		return r;
	r = add_layers(p, &image, &lower, e);
	if (r == 0)
		r = add_overlay(p, m, lower.s, !m->is_writable_image, e);
	if (r == 0)
		r = describe(p, m, NULL, m->source, e);
	if (r == 0)
		r = add_use(p, USE_IMAGE, image.id, NULL, e);
	image_row_done(&image);
	return r;
}

/* --- */

int mount_add(struct mount_plan *p, struct mount_spec *m, struct err *e)
{
	int r = 0;

	switch (m->kind) {
	case MOUNT_BIND:
	case MOUNT_OVERLAY:
		return add_path_source(p, m, e);
	case MOUNT_VOLUME:
		return add_named(p, m, e);
	case MOUNT_IMAGE:
		return add_image(p, m, e);
	case MOUNT_TMPFS:
	case MOUNT_RAMFS:
		r = add_memory(p, m, mount_kind_name(m->kind), e);
		break;
	case MOUNT_DEVPTS:
		r = add_devpts(p, m, e);
		break;
	}
	return r < 0 ? r : describe(p, m, NULL, NULL, e);
}

static int add_parsed(struct mount_plan *p, const char *text,
                      int (*parse)(const char *, struct mount_spec *, struct err *), struct err *e)
{
	_cleanup_mount_spec_ struct mount_spec m = { 0 };
	int r = parse(text, &m, e);

	return r < 0 ? r : mount_add(p, &m, e);
}

int mount_add_volume(struct mount_plan *p, const char *text, struct err *e)
{
	return add_parsed(p, text, mount_parse_volume, e);
}

int mount_add_mount(struct mount_plan *p, const char *text, struct err *e)
{
	return add_parsed(p, text, mount_parse_mount, e);
}

int mount_add_tmpfs(struct mount_plan *p, const char *text, struct err *e)
{
	return add_parsed(p, text, mount_parse_tmpfs, e);
}
