/* SPDX-License-Identifier: Apache-2.0 */
/* store - opening the data directory and making things in its tmp/; see store.h for the rules */
#include "store/store.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "store/db.h"
#include "store/pins.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static const char *const subdirs[] = { "tmp",        "trash", "live",   "layers",
	                               "containers", "oci",   "volumes" };

/* SQLite opens by name whenever it needs its files, also after a chdir(2). */
static int absolute_path(const char *path, char **ret, struct err *e)
{
	_cleanup_free_ char *cwd = NULL;

	if (path[0] == '/')
		*ret = strf("%s", path);
	else {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return err_sys(e, "cannot find the current directory");
		*ret = strf("%s/%s", cwd, path);
	}
	return *ret ? 0 : err_oom(e);
}

static int check_owner(struct store *s, struct err *e)
{
	struct stat st;

	if (fstat(s->dirfd, &st) < 0)
		return err_sys(e, "cannot stat '%s'", s->path);
	if (st.st_uid != geteuid())
		return err_set(e, UCT_STORE_FOREIGN, -EPERM, "store '%s' belongs to user %u",
		               s->path, st.st_uid);
	if (st.st_mode & 0022)
		return err_hint(e,
		                err_set(e, UCT_STORE_FOREIGN, -EPERM,
		                        "store '%s' can be written by others (mode %03o)", s->path,
		                        st.st_mode & 0777),
		                "chmod go-w '%s', if you trust what is in it", s->path);
	return 0;
}

/* What a home hands down, a default ACL or its group, would show inside containers. */
static int refuse_inheritance(const struct store *s, struct err *e)
{
	static const char *const lists[] = { "system.posix_acl_default",
		                             "system.posix_acl_access" };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (fremovexattr(s->dirfd, lists[i]) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return err_sys(e, "cannot drop the inherited ACL of '%s'", s->path);
	return fchmod(s->dirfd, 0700) < 0 ? err_sys(e, "cannot set the mode of '%s'", s->path) : 0;
}

static int open_dirs(struct store *s, struct err *e)
{
	bool is_new = false;
	int r;

	s->dirfd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dirfd < 0 && errno == ENOENT && s->mode == STORE_READ) {
		s->dirfd = -EBADF;
		return 0;
	}
	if (s->dirfd < 0 && errno == ENOENT) {
		r = dir_make_at(AT_FDCWD, s->path, 0700, e);
		if (r < 0)
			return r;
		s->dirfd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		is_new = true;
	}
	if (s->dirfd < 0)
		return err_sys(e, "cannot open store '%s'", s->path);
	r = check_owner(s, e);
	if (r == 0 && is_new)
		r = refuse_inheritance(s, e);
	if (r < 0 || s->mode == STORE_READ)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(subdirs); i++)
		if (mkdirat(s->dirfd, subdirs[i], 0700) < 0 && errno != EEXIST)
			return err_sys(e, "cannot create directory '%s/%s'", s->path, subdirs[i]);
	return 0;
}

int store_open(const char *data_dir, enum store_mode mode, struct store **ret, struct err *e)
{
	_cleanup_store_ struct store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_oom(e);
	s->mode = mode;
	s->index = DB_FILE;
	s->dirfd = s->lock_fd = s->pin_fd = -EBADF;
	r = absolute_path(data_dir, &s->path, e);
	if (r < 0)
		return r;
	r = open_dirs(s, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	pin_drop(s, false);
	db_close(s);
	cleanup_close(&s->lock_fd);
	cleanup_close(&s->dirfd);
	free(s->path);
	free(s);
}

void store_let_go(struct store *s)
{
	db_close(s);
}

int store_dirfd(const struct store *s)
{
	return s->dirfd;
}

const char *store_path(const struct store *s)
{
	return s->path;
}

static int identify_me(struct store *s, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (s->me.pid == getpid())
		return 0;
	fd = pidfd_of(getpid());
	r = fd < 0 ? fd : proc_identify(fd, getpid(), &s->me);
	if (r < 0) {
		s->me.pid = 0;
		return err_errno(e, r, "cannot identify this process");
	}
	return 0;
}

int store_tmp_prefix(struct store *s, const char *kind, char *buf, size_t size, struct err *e)
{
	uint64_t x = 0;
	int r;

	if (s->mode != STORE_WRITE)
		return err_set(e, UCT_INTERNAL, -EROFS, "the store was opened for reading only");
	r = identify_me(s, e);
	if (r < 0)
		return r;
	if (getrandom(&x, sizeof(x), 0) != sizeof(x))
		return err_sys(e, "cannot get random bytes");
	if (snprintf(buf, size, "%s-%d-%llu-%016llx-", kind, (int)s->me.pid,
	             (unsigned long long)s->me.unique, (unsigned long long)x) >= (int)size)
		return err_errno(e, -ENAMETOOLONG, "cannot make a temporary '%s'", kind);
	return 0;
}

int store_tmp_dir(struct store *s, const char *kind, char ret_name[STORE_NAME_MAX], struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char name[STORE_NAME_MAX], prefix[STORE_NAME_MAX];
	int r = store_tmp_prefix(s, kind, prefix, sizeof(prefix), e);

	if (r < 0)
		return r;
	/* Without the last dash. */
	if (snprintf(name, sizeof(name), "tmp/%.*s", (int)strlen(prefix) - 1, prefix) >=
	    (int)sizeof(name))
		return err_errno(e, -ENAMETOOLONG, "cannot make a temporary '%s'", kind);
	if (mkdirat(s->dirfd, name, 0700) < 0)
		return err_sys(e, "cannot create directory '%s/%s'", s->path, name);
	fd = openat(s->dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* A second sign of life beside the maker's identity: see tmp_is_in_use(). Where it cannot
	 * be had (some network file systems), the identity alone must do. */
	if (fd >= 0)
		(void)flock(fd, LOCK_SH | LOCK_NB);
	if (fd < 0)
		return err_sys(e, "cannot open directory '%s/%s'", s->path, name);
	memcpy(ret_name, name, sizeof(name));
	return TAKE_FD(fd);
}
