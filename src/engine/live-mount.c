/* SPDX-License-Identifier: Apache-2.0 */
/* live-mount - put mounts into, take them out of, replace them in a container that runs
 *
 * The launcher does it (helpers/launch/live-mount.c); here is what surrounds it: the document says
 * what may be changed, and is changed itself once the kernel has agreed. Whoever changes documents
 * holds the document's lock meanwhile, so that two changes do not lose one another.
 */
#include "engine/launcher.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "base/strv.h"
#include "container/mountinfo.h"
#include "container/spec.h"
#include "container/sync.h"
#include "engine/document-edit.h"
#include "engine/volumes.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct change {
	struct usrct *u;
	struct target *t;
	enum live_op op;
	json_t *doc;   /* of the container; changed as it will be */
	json_t *mount; /* owned by @list: the new one, or the one that goes */
	json_t *list;
};

static const char *text_of(const json_t *mount, const char *key)
{
	const char *s = json_string_value(json_object_get(mount, key));

	return s ? s : "";
}

/* What is in each container, or belongs to its engine: not the user's. */
static bool is_ours(const struct target *t, const json_t *mount)
{
	const char *target = text_of(mount, "destination"), *type = text_of(mount, "type");
	static const char *const standard[] = { "/proc", "/dev", "/sys", NULL };

	for (const char *const *s = standard; *s; s++)
		if (!strncmp(target, *s, strlen(*s)) &&
		    (target[strlen(*s)] == '/' || !target[strlen(*s)]) && strcmp(type, "bind") != 0)
			return true;
	return !strcmp(target, "/sys") || strstr(text_of(mount, "source"), t->row.id);
}

static size_t find_mount(const json_t *mounts, const char *target)
{
	const json_t *v;
	size_t i;

	json_array_foreach(mounts, i, v)
	{
		if (!strcmp(text_of(v, "destination"), target))
			return i;
	}
	return SIZE_MAX;
}

/* The document afterwards. A target that is not in it was mounted for once, which is no reason to
 * refuse: the kernel knows whether it is there. */
static int change_document(struct change *c, struct err *e)
{
	json_t *mounts = json_object_get(c->doc, "mounts");
	const char *target = text_of(c->mount, "destination");
	size_t at;

	if (!json_is_array(mounts)) {
		mounts = json_array();
		if (json_object_set_new(c->doc, "mounts", mounts) < 0)
			return err_oom(e);
	}
	at = find_mount(mounts, target);
	if (at != SIZE_MAX && is_ours(c->t, json_array_get(mounts, at)))
		return err_set(e, UCT_MOUNT_PLACE, -EPERM,
		               "what is mounted at '%s' is part of each container", target);
	if (at != SIZE_MAX && c->op == LIVE_ADD)
		return err_hint(e,
		                err_set(e, UCT_MOUNT_PLACE, -EBUSY,
		                        "something is mounted at '%s' already", target),
		                "usr-ct mount swap replaces it");
	if (c->op == LIVE_REMOVE)
		return at != SIZE_MAX && json_array_remove(mounts, at) < 0 ? err_oom(e) : 0;
	if (at != SIZE_MAX)
		return json_array_set(mounts, at, c->mount) < 0 ? err_oom(e) : 0;
	return json_array_append(mounts, c->mount) < 0 ? err_oom(e) : 0;
}

/* The container's own document with the one mount: it is checked as any other. */
static int make_document(const struct change *c, struct err *e)
{
	_cleanup_json_ json_t *doc = json_copy(c->doc);
	_cleanup_free_ char *text = NULL;
	int r = doc && json_object_set(doc, "mounts", c->list) == 0 ? 0 : err_oom(e);

	if (r == 0)
		r = json_print(doc, false, &text, e);
	return r < 0 ? r : fd_sealed_memory("usr-ct-mount", text, strlen(text), e);
}

static int carry_out(const struct change *c, struct err *e)
{
	_cleanup_close_ int document_fd = make_document(c, e), init_fd = -EBADF;
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF;
	struct usrct *u = c->u;
	struct sync_msg m = { .step = SYNC_START, .pid = (int32_t)c->op };
	struct spawn_fd fds[4] = { { document_fd, EXEC_DOCUMENT },
		                   { u->is_single_id ? -EBADF : u->held.userns_fd, EXEC_USERNS } };
	int pair[2], r;

	if (document_fd < 0)
		return document_fd;
	init_fd = proc_open(&c->t->state.init);
	if (init_fd < 0)
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               c->t->row.name);
	r = sock_pair(pair, e);
	if (r < 0)
		return r;
	ours = pair[0];
	theirs = pair[1];
	fds[2] = (struct spawn_fd){ theirs, EXEC_SYNC };
	fds[3] = (struct spawn_fd){ init_fd, EXEC_INIT };
	if (!u->is_single_id)
		m.flags |= SYNC_USERNS;
	r = launcher_spawn(u, &(struct launching){ c->t->row.id, LAUNCH_MOUNT, fds, 4 }, NULL, e);
	cleanup_close(&theirs); /* or its death would not read as end of file */
	theirs = -EBADF;
	if (r == 0)
		r = sync_send(ours, &m, -EBADF, e);
	return r < 0 ? r : sync_expect(ours, SYNC_STARTED, "the launcher", &m, NULL, e);
}

static void tell(const struct change *c)
{
	static const char *const words[] = {
		[LIVE_ADD] = "mount", [LIVE_REMOVE] = "unmount", [LIVE_SWAP] = "mount"
	};

	engine_event(c->u, c->t, words[c->op],
	             (const char *const[]){ "destination", text_of(c->mount, "destination"),
	                                    "source", text_of(c->mount, "source"), NULL });
}

static int change_locked(struct change *c, bool once, struct err *e)
{
	int r = json_read_at(c->t->dirfd, SPEC_FILE, SPEC_MAX_BYTES, &c->doc, e);

	if (r == 0)
		r = change_document(c, e);
	if (r == 0)
		r = engine_hold(c->u, e);
	if (r == 0)
		r = carry_out(c, e);
	if (r < 0)
		return r;
	tell(c);
	if (once)
		return 0;
	r = document_write(c->t->dirfd, SPEC_FILE, c->doc, e);
	return r < 0 ? err_in(e, r, "it is done, but the next start will not know of it") : 0;
}

static int change(struct usrct *u, const char *ref, struct change *c,
                  const struct usrct_mount_options *opts, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	_cleanup_close_ int lock_fd = -EBADF;
	int r = target_open(u, ref, STORE_READ, &t, e);

	if (r < 0)
		return r;
	if (!state_is_running(&t.state))
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               t.row.name);
	lock_fd = document_lock(t.dirfd, e);
	if (lock_fd < 0)
		return lock_fd;
	c->u = u;
	c->t = &t;
	c->mount = json_array_get(c->list, 0);
	r = change_locked(c, opts && opts->once, e);
	json_decref(c->doc);
	return r;
}

static int change_to(struct usrct *u, const char *ref, const char *spec, enum live_op op,
                     const struct usrct_mount_options *opts, struct usrct_err *out)
{
	_cleanup_json_ json_t *list = json_array();
	struct change c = { .op = op, .list = list };
	struct err e = { 0 };
	int r = list ? volume_add(spec, list, &e) : err_oom(&e);

	if (r == 0)
		r = change(u, ref, &c, opts, &e);
	return ENGINE_RETURN(r, out, &e);
}

int usrct_mount_add(struct usrct *u, const char *ref, const char *spec,
                    const struct usrct_mount_options *opts, struct usrct_err *out)
{
	return change_to(u, ref, spec, LIVE_ADD, opts, out);
}

int usrct_mount_swap(struct usrct *u, const char *ref, const char *spec,
                     const struct usrct_mount_options *opts, struct usrct_err *out)
{
	return change_to(u, ref, spec, LIVE_SWAP, opts, out);
}

int usrct_mount_remove(struct usrct *u, const char *ref, const char *target,
                       const struct usrct_mount_options *opts, struct usrct_err *out)
{
	_cleanup_json_ json_t *list = NULL;
	struct change c = { .op = LIVE_REMOVE };
	struct err e = { 0 };
	size_t n = strlen(target);
	int r;

	while (n > 1 && target[n - 1] == '/') /* as the shell completes it */
		n--;
	if (target[0] != '/') {
		r = err_set(&e, UCT_BAD_MOUNT, -EINVAL, "'%s' is not an absolute path", target);
		return ENGINE_RETURN(r, out, &e);
	}
	list = json_pack("[{s:s%, s:s, s:s}]", "destination", target, n, "type", "bind", "source",
	                 "");
	c.list = list;
	r = list ? change(u, ref, &c, opts, &e)
	         : err_set(&e, UCT_BAD_VALUE, -EILSEQ, "a path must be UTF-8");
	return ENGINE_RETURN(r, out, &e);
}

/* --- list */

struct listing {
	struct usrct_mount *list;
	size_t n;
};

static int list_add(struct listing *l, const struct usrct_mount *m)
{
	struct usrct_mount *grown = realloc(l->list, (l->n + 1) * sizeof(*grown)), *x;

	if (!grown)
		return -ENOMEM;
	l->list = grown;
	x = &grown[l->n++];
	*x = *m;
	x->target = strdup(m->target);
	x->source = strdup(m->source);
	x->type = strdup(m->type);
	x->options = strdup(m->options);
	return x->target && x->source && x->type && x->options ? 0 : -ENOMEM;
}

void usrct_mount_list_free(struct usrct_mount *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++) {
		free((char *)(uintptr_t)list[i].target);
		free((char *)(uintptr_t)list[i].source);
		free((char *)(uintptr_t)list[i].type);
		free((char *)(uintptr_t)list[i].options);
	}
	free(list);
}

static int list_document(const struct target *t, struct listing *l, struct err *e)
{
	_cleanup_json_ json_t *doc = NULL;
	const json_t *v, *o;
	size_t i, k;
	int r = json_read_at(t->dirfd, SPEC_FILE, SPEC_MAX_BYTES, &doc, e);

	json_array_foreach(json_object_get(doc, "mounts"), i, v)
	{
		_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4096);

		if (r < 0 || is_ours(t, v))
			continue;
		sbuf_adds(&b, "");
		json_array_foreach(json_object_get(v, "options"), k, o)
			sbuf_addf(&b, "%s%s", b.len ? "," : "", json_string_value(o));
		if (b.err ||
		    list_add(l, &(struct usrct_mount){ text_of(v, "destination"),
		                                       text_of(v, "source"), text_of(v, "type"),
		                                       b.s ? b.s : "", true, false }) < 0)
			r = err_oom(e);
	}
	return r;
}

static bool is_of_each_container(const char *at)
{
	static const char *const trees[] = { "/proc",      "/sys",
		                             "/dev",       "/etc/resolv.conf",
		                             "/etc/hosts", "/etc/hostname" };

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		if (!strncmp(at, trees[i], strlen(trees[i])) &&
		    (at[strlen(trees[i])] == '/' || !at[strlen(trees[i])]))
			return true;
	return !strcmp(at, "/");
}

/* One line of mountinfo: says that a listed one is there, or is one that is not kept. What is
 * mounted below a listed one came with it. */
static int take_line(char *line, struct listing *l)
{
	struct mountinfo m;

	if (mountinfo_parse(line, &m) < 0)
		return 0;
	for (size_t i = 0; i < l->n; i++) {
		size_t len = strlen(l->list[i].target);

		if (strncmp(m.target, l->list[i].target, len) != 0)
			continue;
		if (!m.target[len])
			l->list[i].is_mounted = true;
		if (!m.target[len] || m.target[len] == '/')
			return 0;
	}
	if (is_of_each_container(m.target))
		return 0;
	return list_add(l,
	                &(struct usrct_mount){ m.target, m.root, "bind", m.options, false, true });
}

/* A container that has just ended has none. */
static int list_mounted(const struct target *t, struct listing *l, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char path[64], *save = NULL;
	int r = 0;

	if (!state_is_running(&t->state))
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)t->state.init.pid);
	if (file_read_at(AT_FDCWD, path, 4 << 20, &text, NULL, NULL) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		r = take_line(line, l);
	return r < 0 ? err_oom(e) : 0;
}

int usrct_mount_list(struct usrct *u, const char *ref, struct usrct_mount **ret, size_t *ret_n,
                     struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct listing l = { 0 };
	struct err e = { 0 };
	int r = target_open(u, ref, STORE_READ, &t, &e);

	if (r == 0)
		r = list_document(&t, &l, &e);
	if (r == 0)
		r = list_mounted(&t, &l, &e);
	if (r < 0) {
		usrct_mount_list_free(l.list, l.n);
		return ENGINE_RETURN(r, out, &e);
	}
	*ret = l.list;
	*ret_n = l.n;
	return 0;
}
