/* SPDX-License-Identifier: Apache-2.0 */
/* copy - cp: a packer that reads, a pipe, a packer that writes
 *
 * Either end may be a stream of the caller's instead. Both packers first say what they found, then
 * copy_plan() decides, then bytes flow between them without passing through here.
 */
#include "engine/copy.h"

#include "base/fd.h"
#include "base/sbuf.h"

#include <string.h>

static int start_end(struct usrct *u, const struct copy_end *end, enum pack_op op, int stream_fd,
                     struct packing *ret, struct err *e)
{
	struct packing_request q = {
		.op = op,
		.tree = end->is_container ? PACK_TREE_STOPPED : PACK_TREE_HOST,
		.flags = end->flags,
		.path = end->path,
		.stream_fd = stream_fd,
		.container_dirfd = end->container_dirfd,
		.state = end->state,
	};

	return packing_start(u, &q, ret, e);
}

/* One end is the caller's: the other is all there is to do. */
static int copy_stream(struct usrct *u, const struct copy_end *from, const struct copy_end *to,
                       struct packing *p, struct err *e)
{
	struct pack_info *i = &p->info;
	int r = from->path ? start_end(u, from, PACK_READ, to->stream_fd, p, e)
	                   : start_end(u, to, PACK_WRITE, from->stream_fd, p, e);

	if (r == 0)
		r = packing_info(p, e);
	if (r < 0)
		return r;
	if (!from->path && !i->is_dir)
		return i->exists ? err_set(e, UCT_BAD_COPY_PATH, -ENOTDIR,
		                           "'%s' is not a directory to unpack into", to->path)
		                 : err_set(e, UCT_NO_SUCH_PATH, -ENOENT,
		                           "the directory '%s' does not exist", to->path);
	r = packing_go(p, i->is_contents || !i->base[0] ? "." : i->base, false, e);
	return r < 0 ? r : packing_finish(p, e);
}

/* Who failed first is told by the pipe: a reader that lost its writer says EPIPE, and a writer that
 * lost its reader finds the archive truncated. */
static int finish_both(struct packing *reader, struct packing *writer, struct err *e)
{
	struct err re = { 0 }, we = { 0 };
	int r, w;

	w = packing_finish(writer, &we);
	if (w < 0 && reader->program.pidfd >= 0 && w == -ECHILD)
		(void)pidfd_signal(reader->program.pidfd, 9);
	r = packing_finish(reader, &re);
	if (r < 0 && (r != -EPIPE || w == 0)) {
		if (e)
			*e = re;
		return r;
	}
	if (w < 0 && e)
		*e = we;
	return w;
}

static int copy_both(struct usrct *u, const struct copy_end *from, const struct copy_end *to,
                     struct packing *reader, struct packing *writer, struct err *e)
{
	_cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
	struct copy_plan plan;
	int r = fd_wide_pipe(&read_fd, &write_fd, e);

	if (r < 0)
		return r;
	r = start_end(u, from, PACK_READ, write_fd, reader, e);
	cleanup_close(&write_fd);
	write_fd = -EBADF;
	if (r == 0)
		r = packing_info(reader, e);
	if (r == 0)
		r = start_end(u, to, PACK_WRITE, read_fd, writer, e);
	cleanup_close(&read_fd);
	read_fd = -EBADF;
	if (r == 0)
		r = packing_info(writer, e);
	if (r == 0)
		r = copy_plan(&reader->info, &writer->info, to->flags & PACK_MAKE_DIRS, &plan, e);
	if (r == 0)
		r = packing_go(writer, plan.name, plan.into_parent, e);
	if (r == 0)
		r = packing_go(reader, plan.name, false, e);
	return r < 0 ? r : finish_both(reader, writer, e);
}

int engine_copy(struct usrct *u, const struct copy_end *from, const struct copy_end *to,
                struct usrct_copied *ret, struct err *e)
{
	_cleanup_packing_ struct packing a = PACKING_NONE, b = PACKING_NONE;
	int r = from->path && to->path ? copy_both(u, from, to, &a, &b, e)
	                               : copy_stream(u, from, to, &a, e);
	const struct pack_done *d = to->path && from->path ? &b.done : &a.done;

	if (r == 0 && ret) {
		ret->bytes = d->data_bytes;
		ret->entries = d->n_entries;
		ret->skipped = a.done.n_skipped + b.done.n_skipped;
	}
	return r;
}

int copy_host_path(const char *base, const char *path, char **ret, struct err *e)
{
	_cleanup_free_ char *here = NULL;

	if (path[0] == '/') {
		*ret = strdup(path);
		return *ret ? 0 : err_oom(e);
	}
	if (!base) {
		here = getcwd(NULL, 0);
		if (!here)
			return err_sys(e, "cannot find the current directory");
		base = here;
	}
	*ret = strf("%s/%s", base, path);
	return *ret ? 0 : err_oom(e);
}

static int copy(struct usrct *u, const char *ref, struct copy_end *from, struct copy_end *to,
                struct usrct_copied *ret, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct copy_end *inside = from->is_container ? from : to;
	int r = target_open(u, ref, STORE_WRITE, &t, e);

	if (r < 0)
		return r;
	inside->container_dirfd = t.dirfd;
	inside->state = &t.state;
	return engine_copy(u, from, to, ret, e);
}

/* One in each direction at the same time: each would have what the other waits for. */
static int lock_both(const struct target *a, const struct target *b, struct err *e)
{
	int order = strcmp(a->row.id, b->row.id), r = 0;
	const struct target *list[] = { order < 0 ? a : b, order < 0 ? b : a };

	if (order == 0 && !state_is_running(&a->state))
		return err_set(e, UCT_COPY_WITHIN, -EBUSY,
		               "container '%s' does not run, and cannot be copied into itself",
		               a->row.name);
	for (size_t i = 0; i < ARRAY_SIZE(list) && r == 0; i++)
		if (!state_is_running(&list[i]->state))
			r = packing_lock(list[i]->dirfd, e);
	return r;
}

static int between(struct usrct *u, const char *from_ref, const char *to_ref, struct copy_end *from,
                   struct copy_end *to, struct usrct_copied *ret, struct err *e)
{
	_cleanup_target_ struct target source = TARGET_NONE, target = TARGET_NONE;
	int r = target_open(u, from_ref, STORE_WRITE, &source, e);

	if (r == 0)
		r = target_open(u, to_ref, STORE_WRITE, &target, e);
	if (r == 0)
		r = lock_both(&source, &target, e);
	if (r < 0)
		return r;
	from->container_dirfd = source.dirfd;
	from->state = &source.state;
	to->container_dirfd = target.dirfd;
	to->state = &target.state;
	return engine_copy(u, from, to, ret, e);
}

int usrct_copy_between(struct usrct *u, const struct usrct_place *source,
                       const struct usrct_place *target, const struct usrct_copy_options *opts,
                       struct usrct_copied *ret, struct usrct_err *out)
{
	_cleanup_free_ char *from_path = NULL, *to_path = NULL;
	struct copy_end from = { .is_container = true }, to = { .is_container = true };
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0)
		r = copy_host_path("", source->path, &from_path, &e);
	if (r == 0)
		r = copy_host_path("", target->path, &to_path, &e);
	from.path = from_path;
	from.flags = opts->follow_link ? PACK_FOLLOW : 0;
	to.path = to_path;
	to.flags = opts->archive ? PACK_KEEP_OWNER : 0;
	if (r == 0)
		r = between(u, source->container, target->container, &from, &to, ret, &e);
	return ENGINE_RETURN(r, out, &e);
}

int usrct_copy_from(struct usrct *u, const char *ref, const char *path,
                    const struct usrct_copy_options *opts, struct usrct_copied *ret,
                    struct usrct_err *out)
{
	_cleanup_free_ char *host = NULL, *inside = NULL;
	struct copy_end from = { .is_container = true }, to = { .stream_fd = opts->stream_fd };
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0 && opts->host_path)
		r = copy_host_path(NULL, opts->host_path, &host, &e);
	if (r == 0)
		r = copy_host_path("", path, &inside, &e);
	from.path = inside;
	from.flags = opts->follow_link ? PACK_FOLLOW : 0;
	to.path = host;
	if (r == 0)
		r = copy(u, ref, &from, &to, ret, &e);
	return ENGINE_RETURN(r, out, &e);
}

int usrct_copy_to(struct usrct *u, const char *ref, const char *path,
                  const struct usrct_copy_options *opts, struct usrct_copied *ret,
                  struct usrct_err *out)
{
	_cleanup_free_ char *host = NULL, *inside = NULL;
	struct copy_end from = { .stream_fd = opts->stream_fd }, to = { .is_container = true };
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0 && opts->host_path)
		r = copy_host_path(NULL, opts->host_path, &host, &e);
	if (r == 0)
		r = copy_host_path("", path, &inside, &e);
	from.path = host;
	from.flags = opts->follow_link ? PACK_FOLLOW : 0;
	to.path = inside;
	to.flags = opts->archive ? PACK_KEEP_OWNER : 0;
	if (r == 0)
		r = copy(u, ref, &from, &to, ret, &e);
	return ENGINE_RETURN(r, out, &e);
}
