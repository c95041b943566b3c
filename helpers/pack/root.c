/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/root.h"

#include "base/fd.h"
#include "base/sbuf.h"
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
	lower_done(&r->lower);
	strv_done(&r->hidden);
}

/* --- the plan */

struct plan_mount {
	const char *target, *source;
	bool is_read_only;
};
struct plan {
	char *text;
	const char *layers[LAYERS_MAX]; /* lowest first */
	size_t n_layers;
	const char *data; /* data-only layer; NULL */
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
	p->mounts[p->n_mounts++] = (struct plan_mount){ target, source, !strcmp(mode, "ro") };
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
	if (!strcmp(word, "data") && !p->data) {
		p->data = a;
		return 0;
	}
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
	if (r == 0 && !ret->n_layers)
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

static int open_layers(const struct plan *p, int base_fd, int *fds, struct err *e)
{
	for (size_t i = 0; i < p->n_layers; i++) {
		fds[i] = open_dir(base_fd, p->layers[i], e);
		if (fds[i] < 0)
			return err_recode(e, fds[i], UCT_STORE_DAMAGED);
	}
	return 0;
}

/* With @can_write the upper directory is one; else it is the topmost layer, so that nothing about
 * the container changes and several may look at the same time. */
static int mount_root(const struct plan *p, int base_fd, int container_fd, bool can_write,
                      struct err *e)
{
	_cleanup_close_ int upper_fd = -EBADF, work_fd = -EBADF, data_fd = -EBADF;
	struct lower layers = { .fds = calloc(p->n_layers + 1, sizeof(int)) };
	struct mount_overlay o = { .upper_fd = -EBADF, .work_fd = -EBADF };
	int r;

	if (!layers.fds)
		return err_oom(e);
	for (size_t i = 0; i <= p->n_layers; i++)
		layers.fds[i] = -EBADF;
	layers.n = p->n_layers;
	r = open_layers(p, base_fd, layers.fds, e);
	if (r == 0 && p->data)
		r = data_fd = open_dir(base_fd, p->data, e);
	if (r >= 0)
		r = upper_fd = open_dir(container_fd, "upper", e);
	if (r >= 0 && can_write)
		r = work_fd = open_dir(container_fd, "work", e);
	if (r >= 0 && !can_write)
		layers.fds[layers.n++] = TAKE_FD(upper_fd);
	o.lower_fds = layers.fds;
	o.n_lower = layers.n;
	o.data_fds = &data_fd;
	o.n_data = data_fd >= 0;
	o.upper_fd = can_write ? upper_fd : -EBADF;
	o.work_fd = work_fd;
	if (r >= 0)
		r = mount_overlay(&o, container_fd, "root", e);
	lower_done(&layers);
	return r;
}

static int mount_volume(int root_fd, const struct plan_mount *m, bool can_write, struct err *e)
{
	_cleanup_close_ int fd = mount_clone(AT_FDCWD, m->source, NULL), target_fd = -EBADF;
	struct stat st;
	int r = 0;

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

static int open_stopped(const struct pack_start *s, const int fds[PACK_N_FDS], struct err *e)
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
	root_fd = mount_root(&p, base_fd, container_fd, can_write, e);
	if (root_fd < 0)
		return root_fd;
	for (size_t i = 0; i < p.n_mounts && !is_bare && r == 0; i++)
		r = mount_volume(root_fd, &p.mounts[i], can_write, e);
	if (r == 0 && (s->flags & PACK_READ_ONLY))
		r = protect(root_fd, e);
	return r < 0 ? r : TAKE_FD(root_fd);
}

static int open_upper(const int fds[PACK_N_FDS], struct root *ret, struct err *e)
{
	_cleanup_plan_ struct plan p = { 0 };
	int r = plan_read(fds[PACK_FD_PLAN], &p, e);

	if (r < 0)
		return r;
	ret->fd = open_dir(fds[PACK_FD_CONTAINER], "upper", e);
	if (ret->fd < 0)
		return ret->fd;
	ret->lower.fds = calloc(p.n_layers + 1, sizeof(int));
	if (!ret->lower.fds)
		return err_oom(e);
	for (size_t i = p.n_layers; i > 0; i--) {
		int fd = open_dir(fds[PACK_FD_BASE], p.layers[i - 1], e);

		if (fd < 0)
			return err_recode(e, fd, UCT_STORE_DAMAGED);
		ret->lower.fds[ret->lower.n++] = fd;
	}
	ret->hidden = p.hidden;
	p.hidden = (struct strv){ 0 };
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
		ret->fd = s->pid ? open_bare_running(s, fds, e) : open_stopped(s, fds, e);
		return MIN(ret->fd, 0);
	case PACK_TREE_STOPPED:
		ret->fd = open_stopped(s, fds, e);
		return MIN(ret->fd, 0);
	case PACK_TREE_VOLUME:
		ret->fd = open_dir(fds[PACK_FD_CONTAINER], ".", e);
		return MIN(ret->fd, 0);
	case PACK_TREE_UPPER:
		return open_upper(fds, ret, e);
	default:
		return err_set(e, UCT_INTERNAL, -EPROTO, "the packer knows no tree %u", s->tree);
	}
}
