/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/group.h"

#include "base/fd.h"
#include "base/sbuf.h"
#include "cgroup/cgroup.h"
#include "cgroup/limits.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static bool has_limits(const struct launch *l)
{
	return l->spec.resources.n > 0;
}

/* The scope that we were moved into: we go to "monitor", the container will be in "ct". */
static int take_scope(struct launch *l, struct err *e)
{
	char monitor[sizeof(l->cgroup_parent)];
	size_t n;
	int fd, r = cgroup_own_path(l->cgroup_parent, sizeof(l->cgroup_parent));

	n = strlen(l->cgroup_parent);
	if (r < 0 || n < 6 || strcmp(l->cgroup_parent + n - 6, ".scope") != 0)
		return err_set(e, UCT_SCOPE_FAILED, -EIO,
		               "systemd made a scope and left the launcher outside");
	fd = cgroup_make(l->cgroup_parent, "monitor", monitor, sizeof(monitor), e);
	if (fd == -ENOENT)
		return err_set(e, UCT_SCOPE_FAILED, fd, "scope '%s' is not delegated",
		               l->cgroup_parent);
	if (fd < 0)
		return fd;
	(void)close(fd);
	return cgroup_enter(monitor, e);
}

/* --cgroup-parent in a delegated subtree: each directory on the way passes the controllers on. */
static int enter_parent(struct launch *l, struct err *e)
{
	char names[256], path[sizeof(l->cgroup_parent)], *save = NULL;

	(void)snprintf(names, sizeof(names), "%s", l->plan.cgroup_parent);
	for (char *s = strtok_r(names, "/", &save); s; s = strtok_r(NULL, "/", &save)) {
		int fd = cgroup_make(l->cgroup_parent, s, path, sizeof(path), e);
		int r = fd < 0 ? fd : cgroup_enable(l->cgroup_parent, l->spec.resources.v, e);

		cleanup_close(&fd);
		if (r == -ENOENT)
			return err_set(e, UCT_CGROUP_FAILED, r, "cannot make cgroup parent '%s'",
			               l->plan.cgroup_parent);
		if (r < 0)
			return r;
		memcpy(l->cgroup_parent, path, sizeof(path));
	}
	return 0;
}

void group_look(struct launch *l)
{
	bool is_busy = false;
	int r = cgroup_delegated(l->cgroup_parent, sizeof(l->cgroup_parent), &is_busy);

	l->parent = r < 0 ? PARENT_NONE : is_busy ? PARENT_BUSY : PARENT_FREE;
}

static int find_delegated(struct launch *l, struct err *e)
{
	if (l->parent == PARENT_UNKNOWN)
		group_look(l);
	if (l->parent == PARENT_NONE)
		return -ENOENT;
	if (l->parent == PARENT_BUSY && has_limits(l))
		cgroup_clear(l->cgroup_parent);
	l->has_named_parent = l->plan.cgroup_parent;
	return l->has_named_parent ? enter_parent(l, e) : 0;
}

static int wait_for_scope(struct launch *l, struct err *e)
{
	struct sync_msg m;
	int r = sync_expect(LAUNCH_SYNC, SYNC_SCOPED, "engine", &m, NULL, e);

	if (r < 0)
		return r;
	l->start.flags &= ~(uint32_t)SYNC_SCOPE; /* it came; another start does not wait */
	if (m.flags & SYNC_IN_SCOPE)
		return take_scope(l, e);
	if (m.flags & SYNC_DELEGATED)
		return find_delegated(l, e);
	if (!has_limits(l))
		return -ENOENT; /* nothing was promised */
	*e = m.e;
	return m.e.code < 0 ? m.e.code : -EIO;
}

static int no_cgroup(const struct launch *l, struct err *e)
{
	return err_set(e, UCT_NO_CGROUP, -EOPNOTSUPP, "limit '%.100s' needs a cgroup, and %s",
	               l->spec.resources.v[0] + (*l->spec.resources.v[0] == '?'),
	               l->plan.no_cgroup ? "the container was made with --cgroups=disabled"
	                                 : "none is delegated to you, nor is there a systemd "
	                                   "--user to ask");
}

static int find_parent(struct launch *l, struct err *e)
{
	int r;

	if (l->parent == PARENT_FOUND)
		return 0;
	if (l->plan.no_cgroup)
		r = -ENOENT;
	else if (l->start.flags & SYNC_SCOPE)
		r = wait_for_scope(l, e);
	else
		r = find_delegated(l, e);
	l->parent = r == 0 ? PARENT_FOUND : PARENT_UNKNOWN;
	if (r != -ENOENT)
		return r;
	return has_limits(l) ? no_cgroup(l, e) : -ENOENT;
}

/* Until the state file has it, the container's marker tells a sweeper of a cgroup whose maker was
 * killed. A scope needs none of that: systemd removes it with its last process. */
static int note_cgroup(const struct launch *l, const char *name, struct err *e)
{
	_cleanup_free_ char *marker = strf("live/%s", l->id);
	_cleanup_free_ char *path = strf("%s/%s", l->cgroup_parent, name);
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!marker || !path)
		return err_oom(e);
	fd = openat(LAUNCH_STORE, marker, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", marker);
	r = fd_write_all(fd, path, strlen(path));
	return r < 0 ? err_errno(e, r, "cannot write '%s'", marker) : 0;
}

static int make(struct launch *l, struct err *e)
{
	size_t n = strlen(l->cgroup_parent);
	bool is_scope = n > 6 && !strcmp(l->cgroup_parent + n - 6, ".scope");
	char name[32];
	int fd, r;

	(void)snprintf(name, sizeof(name), "usr-ct-%.12s", l->id);
	r = cgroup_enable(l->cgroup_parent, l->spec.resources.v, e);
	if (r == 0 && !is_scope)
		r = note_cgroup(l, name, e);
	if (r < 0)
		return r;
	fd = cgroup_make(l->cgroup_parent, is_scope ? "ct" : name, l->cgroup, sizeof(l->cgroup), e);
	if (fd == -ENOENT && has_limits(l))
		return no_cgroup(l, e);
	if (fd < 0)
		return fd;
	r = cgroup_apply(l->cgroup, l->spec.resources.v, NULL, e);
	if (r == 0)
		return fd;
	(void)close(fd);
	cgroup_remove(l->cgroup);
	return r;
}

int group_make(struct launch *l, int *ret_fd, struct err *e)
{
	int r = find_parent(l, e);

	*ret_fd = -EBADF;
	if (r == 0)
		r = make(l, e);
	if (r >= 0) {
		*ret_fd = r;
		return 0;
	}
	l->cgroup[0] = '\0';
	return r == -ENOENT && !has_limits(l) ? 0 : r;
}

void group_remove(struct launch *l)
{
	cgroup_remove(l->cgroup);
	if (l->cgroup[0] && l->has_named_parent) {
		(void)rmdir(l->cgroup_parent); /* --cgroup-parent: if this was its last child */
		l->parent = PARENT_UNKNOWN;
	}
	l->cgroup[0] = '\0';
}
