/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/home.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "store/object.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

enum { HOST_MAX = 64 };

/* Those on which everything is known to work, so that nothing is tried there, and those of which
 * one knows that it does not. Of others, attributes decide. */
static const struct {
	unsigned long magic;
	const char *trouble; /* NULL: none */
	bool keeps_objects;
} kinds[] = {
	{ 0xEF53UL, NULL, true },     /* ext4 */
	{ 0x58465342UL, NULL, true }, /* xfs */
	{ 0x9123683EUL, NULL, true }, /* btrfs */
	{ 0xF2F52010UL, NULL, true }, /* f2fs */
	{ 0xCA451A4EUL, NULL, true }, /* bcachefs */
	{ 0x2FC12FC1UL, NULL, true }, /* zfs */
	{ 0x6969UL, "NFS", true },
	{ 0xFF534D42UL, "CIFS", false },
	{ 0xFE534D42UL, "SMB", false },
	{ 0x0BD00BD0UL, "Lustre", true },
	{ 0x47504653UL, "GPFS", true },
	{ 0x19830326UL, "BeeGFS", true },
	{ 0x00C36400UL, "Ceph", true },
	{ 0x5346414FUL, "AFS", true },
	{ 0x01021997UL, "9p", true },
	{ 0x65735546UL, "FUSE", true },
	{ 0x4D44UL, "FAT", false },
	{ 0x2011BAB0UL, "exFAT", false },
	{ 0x7366746EUL, "NTFS", false },
	{ 0xF15FUL, "eCryptfs", false }, /* its names become too long */
	{ 0x794C7630UL, "overlayfs", true },
};

/* The directory itself, or the nearest one above it that exists. */
static int open_nearest(const char *path)
{
	char buf[PATH_MAX];

	if (snprintf(buf, sizeof(buf), "%s", path) >= (int)sizeof(buf))
		return -ENAMETOOLONG;
	for (;;) {
		int fd = open(buf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		char *slash = strrchr(buf, '/');

		if (fd >= 0 || errno != ENOENT || !slash || slash == buf)
			return fd < 0 ? -errno : fd;
		*slash = '\0';
	}
}

/* On a file without a name, which leaves nothing; NULL where one cannot tell. */
static const char *try_attributes(int fd)
{
	_cleanup_close_ int file = openat(fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (file >= 0 && fsetxattr(file, "user.overlay.try", "y", 1, 0) < 0 &&
	    (errno == EOPNOTSUPP || errno == EPERM))
		return "a file system without attributes";
	return NULL;
}

const char *home_trouble(const char *path, bool *ret_keeps_objects)
{
	_cleanup_close_ int fd = open_nearest(path);
	struct statfs fs;

	*ret_keeps_objects = true;
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return NULL; /* making the store says it better */
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if ((unsigned long)fs.f_type == kinds[i].magic) {
			*ret_keeps_objects = kinds[i].keeps_objects;
			return kinds[i].trouble;
		}
	return try_attributes(fd);
}

/* The name of this machine, as part of a file's name. */
static void host_name(char ret[HOST_MAX + 1])
{
	struct utsname host;

	(void)uname(&host); /* fails only for a bad pointer */
	(void)snprintf(ret, HOST_MAX + 1, "%.64s", host.nodename);
	for (char *c = ret; *c; c++)
		if (*c == '/')
			*c = '_';
}

/* Ours alone, and on a file system that will do; made if @makes. 1 it is, 0 it is not. */
static int is_usable(const char *dir, bool makes)
{
	struct stat st;
	bool keeps;

	if (makes && mkdir(dir, 0700) < 0 && errno != EEXIST)
		return 0;
	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 022) && !home_trouble(dir, &keeps);
}

static char *candidate(const struct usrct *u, int number)
{
	switch (number) {
	case 0:
		return strf("/var/tmp/usr-ct-%u", (unsigned)geteuid());
	case 1:
		return strf("%s/local", u->runtime_dir);
	default:
		return NULL;
	}
}

static int choose(struct usrct *u, const char *trouble, char **ret, struct err *e)
{
	const char *wish = secure_getenv("USRCT_LOCAL_DIR");

	if (wish && *wish) {
		*ret = strf("%s/usr-ct", wish);
		if (!*ret)
			return err_oom(e);
		return *wish == '/' && is_usable(*ret, true)
		               ? 0
		               : err_set(e, UCT_HOME_UNSUITABLE, -ENOTSUP,
		                         "'%s' (USRCT_LOCAL_DIR) is no directory of yours that "
		                         "can carry containers",
		                         *ret);
	}
	if (engine_runtime_dir(u, e) < 0)
		return -ENOTSUP;
	for (int i = 0; (*ret = candidate(u, i)); i++) {
		if (is_usable(*ret, true))
			return 0;
		cleanup_free(ret);
	}
	return err_set(e, UCT_HOME_UNSUITABLE, -ENOTSUP,
	               "'%s' is on %s, and there is no other place", u->data_dir, trouble);
}

/* What this machine's link says, or the file in its place; NULL: there is none. */
static char *read_link(int home_fd, const char *name)
{
	char target[PATH_MAX], *text = NULL;
	ssize_t n = readlinkat(home_fd, name, target, sizeof(target) - 1);

	if (n <= 0) {
		if (file_read_at(home_fd, name, PATH_MAX, &text, NULL, NULL) < 0)
			return NULL;
		if (text[0] == '/')
			return text;
		free(text);
		return NULL;
	}
	target[n] = '\0';
	return target[0] == '/' ? strdup(target) : NULL;
}

/* FAT has no links, and some SFTP servers let nobody read them: then it is a file. */
static int write_link(const struct usrct *u, int home_fd, const char *name, const char *local,
                      struct err *e)
{
	_cleanup_free_ char *back = NULL;
	int r;

	(void)unlinkat(home_fd, name, 0); /* one that leads nowhere any more */
	if (symlinkat(local, home_fd, name) == 0) {
		back = read_link(home_fd, name);
		if (back && !strcmp(back, local))
			return 0;
		(void)unlinkat(home_fd, name, 0);
	}
	r = file_write_at(home_fd, name, local, strlen(local), 0600, false, e);
	return r < 0 ? err_in(e, r, "cannot make '%s/%s'", u->data_dir, name) : 0;
}

/* Contents stay in the home. */
static int link_objects(const struct usrct *u, const char *local, int home_fd, const char *host,
                        struct err *e)
{
	_cleanup_free_ char *name = strf(OBJECT_DIR "@%s", host), *path = NULL, *at = NULL;

	path = name ? strf("%s/%s", u->data_dir, name) : NULL;
	at = strf("%s/" OBJECT_DIR, local);
	if (!path || !at)
		return err_oom(e);
	if (mkdirat(home_fd, name, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "cannot make '%s'", path);
	if (symlink(path, at) < 0 && errno != EEXIST)
		return err_sys(e, "cannot make '%s'", at);
	return 0;
}

static int divide(struct usrct *u, const char *trouble, bool keeps_objects, char **ret,
                  struct err *e)
{
	_cleanup_close_ int home_fd = -EBADF;
	_cleanup_free_ char *name = NULL;
	char host[HOST_MAX + 1];
	int r;

	host_name(host);
	name = strf("local@%s", host);
	if (!name)
		return err_oom(e);
	r = dir_make_at(AT_FDCWD, u->data_dir, 0700, e);
	if (r < 0)
		return r;
	home_fd = open(u->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (home_fd < 0)
		return err_sys(e, "cannot open '%s'", u->data_dir);
	r = choose(u, trouble, ret, e);
	if (r == 0 && keeps_objects)
		r = link_objects(u, *ret, home_fd, host, e);
	if (r < 0)
		return r;
	r = write_link(u, home_fd, name, *ret, e);
	if (r < 0)
		return r;
	u->notice =
		strf("%s is on %s, which cannot carry containers: they lie in %s%s", u->data_dir,
	             trouble, *ret, keeps_objects ? ", and the images' contents in the home" : "");
	return 0;
}

/* As it was divided before; 0: it was not, or the place is gone. */
static int recall(struct usrct *u, char **ret, struct err *e)
{
	_cleanup_close_ int home_fd = open(u->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *wish = secure_getenv("USRCT_LOCAL_DIR");
	_cleanup_free_ char *name = NULL, *wanted = wish && *wish ? strf("%s/usr-ct", wish) : NULL;
	char host[HOST_MAX + 1];
	struct stat st;

	if (home_fd < 0)
		return 0;
	host_name(host);
	name = strf("local@%s", host);
	*ret = name ? read_link(home_fd, name) : NULL;
	if (!*ret || (wanted && strcmp(wanted, *ret) != 0) ||
	    (lstat(*ret, &st) < 0 && errno == ENOENT)) {
		cleanup_free(ret);
		*ret = NULL;
		return 0;
	}
	return is_usable(*ret, false) ? 1
	                              : err_set(e, UCT_HOME_LOST, -EPERM,
	                                        "'%s' is no directory of yours any more", *ret);
}

int home_settle(struct usrct *u, enum store_mode mode, struct err *e)
{
	_cleanup_free_ char *local = NULL;
	const char *trouble;
	bool keeps_objects;
	int r;

	if (u->is_settled)
		return 0;
	trouble = home_trouble(u->data_dir, &keeps_objects);
	if (!trouble) {
		u->is_settled = true;
		return 0;
	}
	r = recall(u, &local, e);
	if (r < 0 || (r == 0 && mode == STORE_READ))
		return r;
	if (r == 0)
		r = divide(u, trouble, keeps_objects, &local, e);
	if (r < 0)
		return r;
	u->home_dir = u->data_dir;
	u->data_dir = TAKE_PTR(local);
	u->is_settled = true;
	return 0;
}
