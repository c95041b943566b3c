/* SPDX-License-Identifier: Apache-2.0 */
/* sweep - put right what was killed: containers without a monitor, trash, temporary things */
#include "engine/engine.h"

#include "base/file.h"
#include "base/libexec.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "cgroup/cgroup.h"
#include "container/events.h"
#include "store/sweep-proto.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>

static int ask(const struct sweep_start *m, const int *fds, size_t n_fds, struct sweep_done *ret,
               struct err *e)
{
	_cleanup_libexec_ struct libexec sweeper = LIBEXEC_NONE;
	union {
		struct sweep_done done;
		struct sweep_fail fail;
	} answer = { 0 };
	int r = libexec_start("sweep", &sweeper, e);
	ssize_t n;

	if (r < 0)
		return r;
	r = sock_send_fds(sweeper.sock_fd, m, sizeof(*m), fds, n_fds);
	n = r < 0 ? r : sock_recv(sweeper.sock_fd, &answer, sizeof(answer), NULL, 0);
	if (n == sizeof(answer.done) && answer.done.type == SWEEP_DONE) {
		*ret = answer.done;
		return 0;
	}
	if (n != sizeof(answer.fail) || answer.fail.type != SWEEP_FAIL || answer.fail.e.code >= 0)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE,
		               "the sweeper ended before it was done");
	if (e)
		*e = answer.fail.e;
	return answer.fail.e.code;
}

int engine_ask_sweeper(struct usrct *u, const struct sweep_start *m, int dirfd, bool in_namespace,
                       struct sweep_done *ret, struct err *e)
{
	return in_namespace ? engine_ask_sweeper_with(u, m, &dirfd, 1, ret, e)
	                    : ask(m, &dirfd, 1, ret, e);
}

int engine_ask_sweeper_with(struct usrct *u, const struct sweep_start *m, const int *dirfds,
                            size_t n, struct sweep_done *ret, struct err *e)
{
	int fds[3], r = engine_hold(u, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n && i < 2; i++)
		fds[i] = dirfds[i];
	if (!u->is_single_id)
		fds[n++] = u->held.userns_fd;
	return ask(m, fds, n, ret, e);
}

static int remove_in_namespace(struct usrct *u, int dirfd, const char *name, struct err *e)
{
	struct sweep_start m = { .type = SWEEP_START };
	struct sweep_done done;

	if (strlen(name) >= sizeof(m.name))
		return err_errno(e, -ENAMETOOLONG, "cannot remove '%s'", name);
	memcpy(m.name, name, strlen(name) + 1);
	return engine_ask_sweeper(u, &m, dirfd, /* in_namespace= */ true, &done, e);
}

/* The helper takes a name, not a path. */
static int open_parent(int dirfd, const char *path, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *parent = strndup(path, slash ? (size_t)(slash - path) : 0);
	int fd;

	if (!parent)
		return err_oom(e);
	*ret_name = slash ? slash + 1 : path;
	fd = openat(dirfd, slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? err_sys(e, "cannot open '%s'", parent) : fd;
}

int engine_remove_tree(int dirfd, const char *name, void *usrct, struct err *e)
{
	_cleanup_close_ int parent_fd = -EBADF;
	struct err mine;
	int r = tree_remove_at(dirfd, name, &mine);

	if (r != -EACCES && r != -EPERM) {
		if (r < 0 && e)
			*e = mine;
		return r;
	}
	parent_fd = open_parent(dirfd, name, &name, e);
	return parent_fd < 0 ? parent_fd : remove_in_namespace(usrct, parent_fd, name, e);
}

void engine_put_away(const struct state *s)
{
	_cleanup_close_ int pidfd = s->uplink.pid > 0 ? proc_open(&s->uplink) : -EBADF;

	/* slirp4netns leaves with the monitor, whose pipe it watches; pasta watches nothing. */
	if (pidfd >= 0)
		(void)pidfd_signal(pidfd, SIGKILL);
	cgroup_remove(s->cgroup);
}

static int discard(struct usrct *u, const char *id, int dirfd, struct err *e)
{
	int r = container_discard(u->store, id, e);

	if (r == 0)
		(void)event_container(store_dirfd(u->store), dirfd, id, "destroy", NULL);
	return r;
}

/* The launcher was killed before the state file knew of it (helpers/launch/group.c). */
static bool end_noted_cgroup(struct usrct *u, const char *marker)
{
	_cleanup_free_ char *path = NULL;

	return file_read_at(store_dirfd(u->store), marker, 4096, &path, NULL, NULL) < 0 ||
	       cgroup_end(path) == 0;
}

/* Puts away what a container left behind that has a marker in live/ and no monitor. Whoever starts
 * a container locks its directory before the marker is made, and leaves the lock to the launcher
 * and so to the monitor (start.c): if we can have it, they are dead. */
static int heal(struct usrct *u, const char *id, struct err *e)
{
	_cleanup_close_ int dirfd = container_open_dir(u->store, id, e);
	_cleanup_free_ char *live = strf("live/%s", id);
	struct container_row row = { 0 };
	struct state s = { 0 };
	int r = 0;

	if (!live)
		return err_oom(e);
	if (dirfd >= 0 && flock(dirfd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (dirfd >= 0 && state_read(dirfd, &s, e) == 0) {
		if (s.status == STATE_LOST)
			return 0; /* it runs on; stop and rm know how to end it */
		engine_put_away(&s);
		r = container_find(u->store, id, &row, e);
		if (r == 1 && row.auto_remove)
			r = discard(u, id, dirfd, e);
		else if (r == 1 && s.status == STATE_EXITED && s.exit_code < 0)
			r = state_write(dirfd, &s, e); /* nobody saw it end: exit status unknown */
		container_row_done(&row);
	}
	if (engine_runtime_dir(u, e) == 0)
		(void)tree_remove_at(u->runtime_dirfd, id, NULL);
	if (end_noted_cgroup(u, live)) /* else the next sweep */
		(void)unlinkat(store_dirfd(u->store), live, 0);
	return MIN(r, 0);
}

int engine_open_live(struct usrct *u, DIR **ret, struct err *e)
{
	int fd = openat(store_dirfd(u->store), "live", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot open 'live'");
	*ret = fdopendir(fd);
	if (*ret)
		return 1;
	(void)close(fd);
	return err_oom(e);
}

static int heal_all(struct usrct *u, struct err *e)
{
	struct dirent *de;
	DIR *d = NULL;
	int r = engine_open_live(u, &d, e);

	if (r <= 0)
		return r;
	r = 0;
	while (r == 0 && (de = readdir(d)))
		if (de->d_name[0] != '.')
			r = heal(u, de->d_name, e);
	(void)closedir(d);
	return r;
}

typedef int (*store_sweep_fn)(struct store *, store_remove_fn, void *, struct err *);

static int sweep(struct usrct *u, store_sweep_fn sweep_store, struct err *e)
{
	int r = engine_store(u, STORE_WRITE, e);

	if (r == 0)
		r = heal_all(u, e);
	if (r == 0)
		r = sweep_store(u->store, engine_remove_tree, u, e);
	if (r == 0)
		image_grant_wishes(u);
	return r;
}

int engine_sweep(struct usrct *u, struct err *e)
{
	return sweep(u, store_sweep, e);
}

int engine_sweep_beside_create(struct usrct *u, struct err *e)
{
	return sweep(u, store_sweep_before_publish, e);
}

int usrct_tidy(struct usrct *u, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	return ENGINE_RETURN(r, out, &e);
}
