/* SPDX-License-Identifier: Apache-2.0 */
/* sweep - deleting what dead makers left in tmp/ and what lies in trash/
 *
 * Every command calls this, so the usual case, nothing to do, reads two directories and opens no
 * database. Many processes may sweep at once, beside monitors that empty their own trash/ID: all of
 * them only ever delete, and what somebody else has deleted already is no error.
 *
 * trash/ID goes last of all: as long as it exists the container's row may exist too, and a row
 * whose trash/ID is gone would never be looked for again. So rows are deleted first, in one
 * transaction, then the trees.
 */
#include "base/file.h"
#include "base/strv.h"
#include "store/collect.h"
#include "store/containers.h"
#include "store/hex.h"
#include "store/layers.h"
#include "store/pins.h"
#include "store/trash.h"
#include "store/volume-uses.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

struct findings {
	int tmp_fd, trash_fd;
	bool spares_orderly;    /* what monitors empty or have emptied is not for us */
	struct strv tmp, trash; /* names to delete */
	bool has_dead_stage;    /* a publisher died: it may have left a row */
	bool has_dead_pull;
};

static void findings_done(struct findings *f)
{
	cleanup_close(&f->tmp_fd);
	cleanup_close(&f->trash_fd);
	strv_done(&f->tmp);
	strv_done(&f->trash);
}

int trash_move(int store_dirfd, const char *from, char ret_name[STORE_NAME_MAX], struct err *e)
{
	const char *slash = strrchr(from, '/');
	char to[STORE_NAME_MAX];
	uint64_t x = 0;

	if (getrandom(&x, sizeof(x), 0) != sizeof(x))
		return err_sys(e, "cannot get random bytes");
	/* The random part: a layer of this chain may lie there from before. */
	(void)snprintf(to, sizeof(to), "trash/gone-%.64s-%016llx", slash ? slash + 1 : from,
	               (unsigned long long)x);
	if (renameat(store_dirfd, from, store_dirfd, to) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot move '%s' to the trash", from);
	if (ret_name)
		(void)snprintf(ret_name, STORE_NAME_MAX, "%s", to + strlen("trash/"));
	return 0;
}

/* Calls @take for each name in a directory; returns a descriptor of it. */
static int scan(struct store *s, const char *name, struct findings *f,
                int (*take)(struct findings *, int dirfd, const char *name), struct err *e)
{
	int fd = openat(s->dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), own, r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		r = err_sys(e, "cannot read directory '%s/%s'", s->path, name);
		cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = take(f, fd, de->d_name);
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (r < 0)
		(void)err_errno(e, r, "cannot list '%s/%s'", s->path, name);
	else if (own < 0)
		r = err_sys(e, "cannot keep directory '%s/%s'", s->path, name);
	(void)closedir(d);
	if (r < 0)
		cleanup_close(&own);
	return r < 0 ? r : own;
}

static int take_tmp(struct findings *f, int dirfd, const char *name)
{
	struct proc_id maker;
	bool is_pull;

	/* A name that is none of ours is none of our business. */
	if (!tmp_name_parse(name, &maker, &is_pull) || tmp_is_in_use(dirfd, name, &maker))
		return 0;
	f->has_dead_pull |= is_pull;
	f->has_dead_stage |= !strncmp(name, "container-", strlen("container-"));
	return strv_add(&f->tmp, name);
}

enum trash_state trash_look(int trash_dirfd, const char *id)
{
	int fd = openat(trash_dirfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	enum trash_state state = TRASH_EMPTY;
	struct dirent *de;
	DIR *d;

	if (fd < 0)
		return TRASH_LEFT;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		state = TRASH_EMPTYING;
	d = state == TRASH_EMPTY ? fdopendir(fd) : NULL;
	if (!d) {
		(void)close(fd);
		return state == TRASH_EMPTY ? TRASH_LEFT : state;
	}
	while (state == TRASH_EMPTY && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			state = TRASH_LEFT;
	(void)closedir(d);
	return state;
}

static int take_trash(struct findings *f, int dirfd, const char *name)
{
	if (f->spares_orderly && is_hex(name, CONTAINER_ID_SIZE - 1) &&
	    trash_look(dirfd, name) != TRASH_LEFT)
		return 0;
	return strv_add(&f->trash, name); /* collect_due() takes the mark from there */
}

static int purge_rows(struct store *s, struct findings *f, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	size_t n = f->trash.n; /* volumes that go with them are added behind */
	int r;

	if (faccessat(s->dirfd, "index.db", F_OK, 0) < 0)
		return 0; /* no rows to delete; do not make a database for that */
	r = db_begin(s, &w, e);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (is_hex(f->trash.v[i], 64))
			r = uses_release(s, f->trash.v[i], &f->trash, e);
		if (r == 0)
			r = db_run(s, e, "DELETE FROM containers WHERE id = ?", "s", f->trash.v[i]);
	}
	if (r == 0 && f->has_dead_stage)
		r = collect_containers(s, e);
	return r < 0 ? r : db_commit(&w, e);
}

static void remove_all(int dirfd, const struct strv *names, store_remove_fn remove_tree, void *arg)
{
	for (size_t i = 0; i < names->n; i++) {
		/* Failures are left for the next sweep. */
		if (unlinkat(dirfd, names->v[i], AT_REMOVEDIR) == 0)
			continue; /* empty: what a monitor leaves. No helper needed */
		if (remove_tree)
			(void)remove_tree(dirfd, names->v[i], arg, NULL);
		else
			(void)tree_remove_at(dirfd, names->v[i], NULL);
	}
}

/* On a full disk no row can be deleted. What is in the trash goes all the same, and then there is
 * room; only the directories themselves stay until the rows are gone. */
static void make_room(const struct findings *f, store_remove_fn remove_tree, void *arg)
{
	for (size_t i = 0; i < f->trash.n; i++) {
		int fd = openat(f->trash_fd, f->trash.v[i],
		                O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		DIR *d = fd < 0 ? NULL : fdopendir(fd);
		struct dirent *de;

		if (!d) {
			cleanup_close(&fd);
			continue;
		}
		while ((de = readdir(d)))
			if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0) {
				if (remove_tree)
					(void)remove_tree(fd, de->d_name, arg, NULL);
				else
					(void)tree_remove_at(fd, de->d_name, NULL);
			}
		(void)closedir(d);
	}
}

/* Whether the mark is among the findings; it leaves their list. */
static bool collect_due(struct findings *f)
{
	for (size_t i = 0; i < f->trash.n; i++)
		if (!strcmp(f->trash.v[i], COLLECT_NAME)) {
			free(f->trash.v[i]);
			f->trash.v[i] = f->trash.v[--f->trash.n];
			f->trash.v[f->trash.n] = NULL;
			return true;
		}
	return false;
}

static int sweep(struct store *s, bool spares_orderly, store_remove_fn remove_tree, void *arg,
                 struct err *e)
{
	_cleanup_(findings_done) struct findings f = { .tmp_fd = -EBADF,
		                                       .trash_fd = -EBADF,
		                                       .spares_orderly = spares_orderly };
	bool due;
	int r;

	if (s->mode != STORE_WRITE)
		return 0;
	r = f.tmp_fd = scan(s, "tmp", &f, take_tmp, e);
	if (r < 0)
		return r;
	r = f.trash_fd = scan(s, "trash", &f, take_trash, e);
	if (r < 0)
		return r;
	due = collect_due(&f) || f.has_dead_pull;
	r = f.trash.n || f.has_dead_stage ? purge_rows(s, &f, e) : 0;
	if (r == -ENOSPC || r == -EDQUOT) {
		make_room(&f, remove_tree, arg);
		r = purge_rows(s, &f, e);
	}
	if (r < 0)
		return r;
	if (f.has_dead_pull)
		collect_mark(s); /* if we die before it is done */
	remove_all(f.tmp_fd, &f.tmp, remove_tree, arg);
	remove_all(f.trash_fd, &f.trash, remove_tree, arg);
	return due ? layer_collect(s, remove_tree, arg, e) : 0;
}

int store_sweep(struct store *s, store_remove_fn remove_tree, void *arg, struct err *e)
{
	return sweep(s, false, remove_tree, arg, e);
}

int store_sweep_before_publish(struct store *s, store_remove_fn remove_tree, void *arg,
                               struct err *e)
{
	return sweep(s, true, remove_tree, arg, e);
}
