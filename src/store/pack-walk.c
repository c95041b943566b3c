/* SPDX-License-Identifier: Apache-2.0 */
/* pack-walk - visiting a tree that others may change, with one descriptor for each level */
#include "store/pack.h"

#include "base/array.h"
#include "base/strv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct level {
	int dir_fd; /* can be read from */
	dev_t dev;
	struct strv names;
	size_t next;
	size_t path_len; /* of the directory's own path */
	struct lower lower;
};

struct walk {
	int proc_fd;
	const struct walk_ops *ops;
	void *arg;
	struct level *levels;
	size_t n, cap;
	char path[PATH_MAX];
};

int open_again(int proc_fd, int path_fd, int flags)
{
	char name[16];
	int fd;

	(void)snprintf(name, sizeof(name), "%d", path_fd);
	fd = openat(proc_fd, name, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

bool has_vanished(int r)
{
	return r == -ENOENT || r == -ESTALE;
}

static void pop(struct walk *w)
{
	struct level *l = &w->levels[--w->n];

	cleanup_close(&l->dir_fd);
	strv_done(&l->names);
	lower_done(&l->lower);
}

/* Goes into the directory that @fd (O_PATH) is. Takes over @lower. */
static int push(struct walk *w, int fd, const struct stat *st, struct lower *lower, struct err *e)
{
	struct level *l;
	int r;

	if (array_grow(&w->levels, w->n, &w->cap, sizeof(*w->levels)) < 0) {
		lower_done(lower);
		return err_oom(e);
	}
	l = &w->levels[w->n++];
	*l = (struct level){ .dev = st->st_dev, .path_len = strlen(w->path), .lower = *lower };
	*lower = (struct lower){ 0 };
	l->dir_fd = open_again(w->proc_fd, fd, O_RDONLY | O_DIRECTORY);
	if (has_vanished(l->dir_fd)) {
		pop(w);
		return 0;
	}
	if (l->dir_fd == -EMFILE)
		return err_errno(e, l->dir_fd, "directory '/%.100s...' is nested too deep",
		                 w->path);
	if (l->dir_fd < 0)
		return err_errno(e, l->dir_fd, "cannot open directory '/%s'", w->path);
	r = read_names(l->dir_fd, &l->names, e);
	if (has_vanished(r)) {
		pop(w);
		return 0;
	}
	if (r < 0)
		return err_in(e, r, "in '/%s'", w->path);
	return w->ops->enter ? w->ops->enter(w->arg, w->path, l->dir_fd, &l->lower, e) : 0;
}

static int visit(struct walk *w, int fd, const char *name, dev_t parent_dev,
                 const struct lower *parent_lower, struct err *e)
{
	struct lower lower = { 0 };
	struct walk_entry x = {
		.path = w->path,
		.name = name,
		.fd = fd,
		.parent_dev = parent_dev,
		.parent_lower = parent_lower && parent_lower->n ? parent_lower : NULL,
		.lower = &lower,
	};
	int r;

	if (fstat(fd, &x.st) < 0)
		return has_vanished(-errno) ? 0 : err_sys(e, "cannot look at '/%s'", w->path);
	r = w->ops->visit(w->arg, &x, e);
	if (r > 0 && S_ISDIR(x.st.st_mode))
		r = push(w, fd, &x.st, &lower, e);
	lower_done(&lower);
	return MIN(r, 0);
}

static int step(struct walk *w, struct err *e)
{
	struct level *l = &w->levels[w->n - 1];
	_cleanup_close_ int fd = -EBADF;
	const char *name;
	size_t len, at = l->path_len;

	w->path[at] = '\0';
	if (l->next == l->names.n) {
		pop(w);
		return 0;
	}
	name = l->names.v[l->next++];
	len = strlen(name);
	if (at + len + 2 > sizeof(w->path))
		return err_errno(e, -ENAMETOOLONG, "below '/%.100s...'", w->path);
	fd = openat(l->dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && has_vanished(-errno))
		return 0;
	if (at > 0)
		w->path[at++] = '/';
	memcpy(w->path + at, name, len + 1);
	if (fd < 0)
		return err_sys(e, "cannot open '/%s'", w->path);
	return visit(w, fd, name, l->dev, &l->lower, e);
}

int walk_tree(int root_fd, int proc_fd, struct lower *lower, const struct walk_ops *ops, void *arg,
              struct err *e)
{
	struct walk w = { .proc_fd = proc_fd, .ops = ops, .arg = arg };
	struct walk_entry x = { .path = w.path, .name = "", .fd = root_fd };
	struct lower none = { 0 };
	int r;

	x.lower = lower ? lower : &none;
	if (fstat(root_fd, &x.st) < 0)
		return err_sys(e, "cannot look at the root");
	x.parent_dev = x.st.st_dev;
	r = ops->visit(arg, &x, e);
	if (r > 0 && S_ISDIR(x.st.st_mode))
		r = push(&w, root_fd, &x.st, x.lower, e);
	while (r >= 0 && w.n > 0)
		r = step(&w, e);
	while (w.n > 0)
		pop(&w);
	free(w.levels);
	return MIN(r, 0);
}
