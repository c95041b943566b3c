/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/root.h"

#include "base/fd.h"
#include "base/sbuf.h"
#include "container/backend.h"
#include "container/copy-up.h"
#include "container/mount.h"
#include "container/rootfs.h"
#include "store/enter.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

int mount(const char *source, const char *target, const char *fstype, unsigned long flags,
          const void *data); /* sys/mount.h clashes with linux/mount.h in glibc 2.36 */

enum { PROPAGATE_SLAVE = 1 << 19, PROPAGATE_REC = 16384 };
enum { PLAN_MAX = 4 << 20, LAYERS_MAX = 2048 };

void root_done(struct root *r)
{
	cleanup_close(&r->fd);
	cleanup_close(&r->confine_fd);
	cleanup_close(&r->objects_fd);
	cleanup_close(&r->shared_fd);
	fuse_server_kill(&r->server);
	lower_done(&r->lower);
	lower_done(&r->now);
	strv_done(&r->hidden);
}

/* --- the plan */

struct plan_mount {
	const char *target, *source;
	bool is_read_only;
	bool copies_up; /* a volume that may still wait for the image's content */
};
enum { DATA_MAX = 16 };

struct plan {
	char *text;
	const char *layers[LAYERS_MAX + 1]; /* lowest first, NULL-terminated */
	size_t n_layers;
	const char *now[LAYERS_MAX + 1];
	size_t n_now;
	const char
		*data[DATA_MAX + 1]; /* data-only layers, the first counts first; NULL-terminated */
	size_t n_data;
	enum mount_backend backend;
	struct plan_mount *mounts;
	size_t n_mounts, cap_mounts;
	struct strv hidden;
};

static void plan_done(struct plan *p)
{
	cleanup_free(&p->text);
	cleanup_free(&p->mounts);
	strv_done(&p->hidden);
}
#define _cleanup_plan_ _cleanup_(plan_done)

static const char *next_word(const char **at, const char *end)
{
	const char *word = *at;
	size_t n = strnlen(word, (size_t)(end - word));

	*at = word + n + 1;
	return *at <= end ? word : NULL;
}

static int add_mount(struct plan *p, const char *target, const char *source, const char *mode)
{
	if (p->n_mounts == p->cap_mounts) {
		size_t cap = p->cap_mounts * 2 + 16;
		void *more = reallocarray(p->mounts, cap, sizeof(*p->mounts));

		if (!more)
			return -ENOMEM;
		p->mounts = more;
		p->cap_mounts = cap;
	}
	p->mounts[p->n_mounts++] =
		(struct plan_mount){ target, source, !strcmp(mode, "ro"), !strcmp(mode, "copy") };
	return 0;
}

static int read_line(struct plan *p, const char **at, const char *end)
{
	const char *word = next_word(at, end), *a = word ? next_word(at, end) : NULL, *b, *c;

	if (!a)
		return -EPROTO;
	if (!strcmp(word, "layer") && p->n_layers < LAYERS_MAX) {
		p->layers[p->n_layers++] = a;
		return 0;
	}
	if (!strcmp(word, "now") && p->n_now < LAYERS_MAX) {
		p->now[p->n_now++] = a;
		return 0;
	}
	if (!strcmp(word, "data") && p->n_data < DATA_MAX) {
		p->data[p->n_data++] = a;
		return 0;
	}
	if (!strcmp(word, "backend"))
		return backend_parse(a, &p->backend);
	if (!strcmp(word, "hidden"))
		return strv_add(&p->hidden, a);
	b = next_word(at, end);
	c = b ? next_word(at, end) : NULL;
	return c && !strcmp(word, "mount") ? add_mount(p, a, b, c) : -EPROTO;
}

static int plan_read(int fd, struct plan *ret, struct err *e)
{
	struct stat st;
	const char *at, *end;
	ssize_t n;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > PLAN_MAX)
		return err_set(e, UCT_INTERNAL, -EPROTO, "the packer got no plan");
	ret->text = calloc(1, (size_t)st.st_size + 1);
	if (!ret->text)
		return err_oom(e);
	n = pread(fd, ret->text, (size_t)st.st_size, 0);
	if (n != st.st_size)
		return err_set(e, UCT_INTERNAL, -EPROTO, "the packer cannot read its plan");
	at = ret->text;
	end = ret->text + n;
	while (at < end && r == 0)
		r = read_line(ret, &at, end);
	if (r == -ENOMEM)
		return err_oom(e);
	if (r == 0 && !ret->n_layers && !ret->n_now)
		r = -EPROTO;
	return r < 0 ? err_set(e, UCT_INTERNAL, r, "the packer's plan is malformed") : 0;
}

/* --- user namespaces */

/* One id is all there is: a namespace of our own, in which it is root's. */
static int unshare_user(struct err *e)
{
	_cleanup_free_ char *uids = strf("0 %u 1\n", (unsigned)geteuid());
	_cleanup_free_ char *gids = strf("0 %u 1\n", (unsigned)getegid());
	const struct {
		const char *path, *text;
	} files[] = { { "/proc/self/uid_map", uids },
		      { "/proc/self/setgroups", "deny" },
		      { "/proc/self/gid_map", gids } };

	if (!uids || !gids)
		return err_oom(e);
	if (unshare(CLONE_NEWUSER) < 0)
		return err_set(e, UCT_NO_USERNS, -errno, "cannot make a user namespace: %s",
		               strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_close_ int fd = open(files[i].path, O_WRONLY | O_CLOEXEC);
		int r = fd < 0 ? -errno : fd_write_all(fd, files[i].text, strlen(files[i].text));

		if (r < 0)
			return err_errno(e, r, "cannot write '%s'", files[i].path);
	}
	return 0;
}

static int open_of_process(const struct pack_start *s, const char *what, int flags, struct err *e)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)s->pid, what);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ESRCH))
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "the container has just ended");
	return fd < 0 ? err_sys(e, "cannot open '%s'", path) : fd;
}

static int become_root(const struct pack_start *s, const int fds[PACK_N_FDS], struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (fds[PACK_FD_USERNS] >= 0)
		return enter_userns(fds[PACK_FD_USERNS], e);
	if (!s->pid)
		return unshare_user(e);
	fd = open_of_process(s, "ns/user", O_RDONLY, e);
	return fd < 0 ? fd : enter_userns(fd, e);
}

/* --- trees */

/* After the descriptors were opened: the number was that process' all the time. */
static int still_runs(const int fds[PACK_N_FDS], struct err *e)
{
	struct pollfd p = { .fd = fds[PACK_FD_PROCESS], .events = POLLIN };

	if (p.fd >= 0 && RETRY_EINTR(poll(&p, 1, 0)) == 0)
		return 0;
	return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "the container has just ended");
}

static int open_running(const struct pack_start *s, const int fds[PACK_N_FDS], struct err *e)
{
	_cleanup_close_ int fd = open_of_process(s, "root", O_PATH | O_DIRECTORY, e);
	int r = fd < 0 ? fd : still_runs(fds, e);

	return r < 0 ? r : TAKE_FD(fd);
}

/* The root file system alone, uncovered: a clone without what is mounted in it. */
static int open_bare_running(const struct pack_start *s, const int fds[PACK_N_FDS], struct err *e)
{
	_cleanup_close_ int ns_fd = open_of_process(s, "ns/mnt", O_RDONLY, e);
	int r = ns_fd < 0 ? ns_fd : still_runs(fds, e), fd;

	if (r < 0)
		return r;
	if (setns(ns_fd, CLONE_NEWNS) < 0)
		return err_sys(e, "cannot enter the container's mount namespace");
	fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cannot clone the container's root") : fd;
}

static int open_dir(int dirfd, const char *name, struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "cannot open '%s'", name) : fd;
}

/* fuse-overlayfs for as long as we look; its mount ends with our mount namespace, and it with that.
 */
static int serve(const struct backend_root *b, int dev_fd, void *server, struct err *e)
{
	return fuse_server_start(b, dev_fd, -EBADF, server, e);
}

/* Without @can_write nothing about the container changes, and several may look at the same time. */
static int mount_root(const struct plan *p, int base_fd, int container_fd, bool can_write,
                      struct fuse_server *server, struct err *e)
{
	struct backend_root b = {
		.backend = p->backend,
		.base_dirfd = base_fd,
		.layers = (char *const *)(uintptr_t)p->layers,
		.data = (char *const *)(uintptr_t)p->data,
		.container_dirfd = container_fd,
		.is_looked_at = !can_write,
		.is_brief = true,
		.serve = serve,
		.serve_arg = server,
	};
	int fd = backend_mount(&b, e);

	if (fd < 0)
		return fuse_server_failed(server, fd, e);
	fuse_server_shut_up(server);
	return fd;
}

static int mount_volume(int root_fd, const struct plan_mount *m, bool can_write, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, target_fd = -EBADF;
	struct stat st;
	int r = m->copies_up && can_write ? copy_up(root_fd, m->target, m->source, e) : 0;

	if (r < 0)
		return r;
	fd = mount_clone(AT_FDCWD, m->source, NULL);
	if (fd == -ENOENT)
		return err_set(e, UCT_MOUNT_SOURCE, fd, "'%s' does not exist", m->source);
	if (fd < 0)
		return err_errno(e, fd, "cannot mount '%s'", m->source);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot look at '%s'", m->source);
	if (m->is_read_only)
		r = mount_restrict(fd, MOUNT_ATTR_RDONLY, e);
	if (r < 0)
		return r;
	/* Targets are there once it has run. Only a tree that we may change can get a new one. */
	target_fd = mount_lookup(root_fd, m->target);
	if (target_fd < 0 && !can_write)
		return 0;
	if (target_fd < 0)
		target_fd = mount_target(root_fd, m->target,
		                         S_ISDIR(st.st_mode) ? MOUNT_TARGET_DIR : 0, e);
	if (target_fd < 0)
		return target_fd;
	return mount_attach(fd, target_fd, m->target, e);
}

static int protect(int root_fd, struct err *e)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY };

	if (syscall(SYS_mount_setattr, root_fd, "", AT_EMPTY_PATH, &a, sizeof(a)) < 0)
		return err_sys(e, "cannot make the root read-only");
	return 0;
}

static int open_stopped(const struct pack_start *s, const int fds[PACK_N_FDS],
                        struct fuse_server *server, struct err *e)
{
	bool is_bare = s->tree == PACK_TREE_BARE, can_write = s->flags & PACK_WRITABLE;
	_cleanup_close_ int base_fd = -EBADF, container_fd = -EBADF, root_fd = -EBADF;
	_cleanup_plan_ struct plan p = { 0 };
	int r = plan_read(fds[PACK_FD_PLAN], &p, e);

	if (r < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "cannot make a mount namespace");
	if (mount(NULL, "/", NULL, PROPAGATE_REC | PROPAGATE_SLAVE, NULL) < 0)
		return err_sys(e, "cannot detach from the host's mounts");
	base_fd = rootfs_reopen(fds[PACK_FD_BASE], e);
	if (base_fd < 0)
		return base_fd;
	container_fd = rootfs_reopen(fds[PACK_FD_CONTAINER], e);
	if (container_fd < 0)
		return container_fd;
	root_fd = mount_root(&p, base_fd, container_fd, can_write, server, e);
	if (root_fd < 0)
		return root_fd;
	for (size_t i = 0; i < p.n_mounts && !is_bare && r == 0; i++)
		r = mount_volume(root_fd, &p.mounts[i], can_write, e);
	if (r == 0 && (s->flags & PACK_READ_ONLY))
		r = protect(root_fd, e);
	return r < 0 ? r : TAKE_FD(root_fd);
}

/* Topmost first, as pack-lower.c wants them. */
static int open_lower(const char *const *layers, size_t n, int base_fd, struct lower *ret,
                      struct err *e)
{
	ret->fds = calloc(n + 1, sizeof(int));
	if (!ret->fds)
		return err_oom(e);
	for (size_t i = n; i > 0; i--) {
		int fd = open_dir(base_fd, layers[i - 1], e);

		if (fd < 0)
			return err_recode(e, fd, UCT_STORE_DAMAGED);
		ret->fds[ret->n++] = fd;
	}
	return 0;
}

static int open_upper(const struct pack_start *s, const int fds[PACK_N_FDS], struct root *ret,
                      struct err *e)
{
	_cleanup_plan_ struct plan p = { 0 };
	int r = plan_read(fds[PACK_FD_PLAN], &p, e);

	if (r < 0)
		return r;
	if (s->op == PACK_COPY && mkdirat(fds[PACK_FD_CONTAINER], "copy", 0755) < 0)
		return err_sys(e, "cannot make directory 'copy'");
	ret->is_whole = p.backend == BACKEND_COPY;
	ret->is_fuse = p.backend == BACKEND_FUSE;
	ret->fd = open_dir(fds[PACK_FD_CONTAINER], ret->is_whole ? "copy" : "upper", e);
	if (ret->fd < 0)
		return ret->fd;
	if (p.data[0]) { /* a link where they lie elsewhere */
		ret->objects_fd =
			openat(fds[PACK_FD_BASE], p.data[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (ret->objects_fd < 0)
			return err_sys(e, "cannot open '%s'", p.data[0]);
	}
	if (p.data[0] && p.data[1]) { /* a path of the machine's */
		ret->shared_fd =
			openat(fds[PACK_FD_BASE], p.data[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (ret->shared_fd < 0)
			return err_sys(e, "cannot open '%s'", p.data[1]);
	}
	r = open_lower(p.layers, p.n_layers, fds[PACK_FD_BASE], &ret->lower, e);
	if (r < 0)
		return r;
	ret->hidden = p.hidden;
	p.hidden = (struct strv){ 0 };
	ret->confine_fd = fcntl(fds[PACK_FD_BASE], F_DUPFD_CLOEXEC, 3);
	return ret->confine_fd < 0 ? err_sys(e, "cannot keep the store") : 0;
}

static int open_layers(const int fds[PACK_N_FDS], struct root *ret, struct err *e)
{
	_cleanup_plan_ struct plan p = { 0 };
	int r = plan_read(fds[PACK_FD_PLAN], &p, e);

	if (r == 0)
		r = open_lower(p.layers, p.n_layers, fds[PACK_FD_BASE], &ret->lower, e);
	if (r == 0)
		r = open_lower(p.now, p.n_now, fds[PACK_FD_BASE], &ret->now, e);
	if (r < 0)
		return r;
	ret->confine_fd = fcntl(fds[PACK_FD_BASE], F_DUPFD_CLOEXEC, 3);
	return ret->confine_fd < 0 ? err_sys(e, "cannot keep the store") : 0;
}

int root_open(const struct pack_start *s, const int fds[PACK_N_FDS], struct root *ret,
              struct err *e)
{
	int r = s->tree == PACK_TREE_HOST ? 0 : become_root(s, fds, e);

	if (r < 0)
		return r;
	switch ((enum pack_tree)s->tree) {
	case PACK_TREE_HOST:
		ret->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return ret->fd < 0 ? err_sys(e, "cannot open /") : 0;
	case PACK_TREE_RUNNING:
		ret->fd = open_running(s, fds, e);
		return MIN(ret->fd, 0);
	case PACK_TREE_BARE:
		ret->fd = s->pid ? open_bare_running(s, fds, e)
		                 : open_stopped(s, fds, &ret->server, e);
		return MIN(ret->fd, 0);
	case PACK_TREE_STOPPED:
		ret->fd = open_stopped(s, fds, &ret->server, e);
		return MIN(ret->fd, 0);
	case PACK_TREE_VOLUME:
		ret->fd = open_dir(fds[PACK_FD_CONTAINER], ".", e);
		return MIN(ret->fd, 0);
	case PACK_TREE_UPPER:
		return open_upper(s, fds, ret, e);
	case PACK_TREE_LAYERS:
		return open_layers(fds, ret, e);
	default:
		return err_set(e, UCT_INTERNAL, -EPROTO, "the packer knows no tree %u", s->tree);
	}
}
