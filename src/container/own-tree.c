/* SPDX-License-Identifier: Apache-2.0 */
#include "container/own-tree.h"

#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

enum { DEPTH_MAX = 400, CONFIG_MAX = 64 << 10 };

/* --- labels: plain extended attributes, so no library is needed to set one */

#define ATTRIBUTE "security.selinux"

/* A line 'file = "system_u:object_r:container_file_t:s0"'. */
bool own_label_parse(const char *contexts, char how, uint64_t salt, char buf[256])
{
	unsigned a = (unsigned)(salt % 1024), b = (unsigned)(salt / 1024 % 1024);
	const char *line = contexts;
	size_t n;

	while (line && strncmp(line, "file", 4) != 0) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	line = line ? strchr(line, '"') : NULL;
	n = line ? strcspn(line + 1, "\"\n") : 0;
	if (!n || n > 200)
		return false;
	b = a == b ? (a + 512) % 1024 : b; /* two categories, the smaller first */
	if (how == 'z')
		(void)snprintf(buf, 256, "%.*s", (int)n, line + 1);
	else
		(void)snprintf(buf, 256, "%.*s:c%u,c%u", (int)n, line + 1, MIN(a, b), MAX(a, b));
	return true;
}

void own_label(char how, uint64_t salt, char buf[256])
{
	static const char *const policies[] = { "targeted", "mcs", "mls", "minimum", "default" };

	buf[0] = '\0';
	if (!how || access("/sys/fs/selinux/enforce", F_OK) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		_cleanup_free_ char *text = NULL;
		char path[128];

		(void)snprintf(path, sizeof(path), "/etc/selinux/%s/contexts/lxc_contexts",
		               policies[i]);
		if (file_read_at(AT_FDCWD, path, CONFIG_MAX, &text, NULL, NULL) == 0 &&
		    own_label_parse(text, how, salt, buf))
			return;
	}
	(void)own_label_parse("file = \"system_u:object_r:container_file_t:s0\"", how, salt, buf);
}

static int relabel(int fd, const char *name, const struct own_tree *own, struct err *e)
{
	char now[256] = "", path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = getxattr(path, ATTRIBUTE, now, sizeof(now) - 1);
	if (n > 0 && !strncmp(now, own->label, strlen(own->label)))
		return 0;
	if (setxattr(path, ATTRIBUTE, own->label, strlen(own->label) + 1, 0) == 0 ||
	    errno == EOPNOTSUPP) /* a file system without labels has one for all of it */
		return 0;
	return err_set(e, UCT_RELABEL_REFUSED, -errno, "cannot set the SELinux label of '%s': %s",
	               name, strerror(errno));
}

/* --- owners */

static int chown_one(int fd, const char *name, const struct stat *st, const struct own_tree *own,
                     struct err *e)
{
	if (st->st_uid == own->uid && st->st_gid == own->gid)
		return 0;
	if (fchownat(fd, "", own->uid, own->gid, AT_EMPTY_PATH) == 0)
		return 0;
	return err_set(e, UCT_CHOWN_REFUSED, -errno, "cannot give '%s' to %u:%u: %s", name,
	               (unsigned)own->uid, (unsigned)own->gid,
	               errno == EPERM || errno == EINVAL
	                       ? "it belongs to somebody whom this container does not know"
	                       : strerror(errno));
}

static int change(int fd, const char *name, const struct stat *st, const struct own_tree *own,
                  struct err *e)
{
	int r = own->chowns ? chown_one(fd, name, st, own, e) : 0;

	/* A link's own label does not matter to who follows it. */
	return r < 0 || !own->label[0] || S_ISLNK(st->st_mode) ? r : relabel(fd, name, own, e);
}

static int walk(int dirfd, const struct own_tree *own, unsigned depth, struct err *e);

static int visit(int dirfd, const char *name, const struct own_tree *own, unsigned depth,
                 struct err *e)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		                .resolve =
		                        RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS };
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
	struct stat st;
	int r;

	if (fd < 0) /* gone, or something is mounted there */
		return errno == ENOENT || errno == EXDEV ? 0 : err_sys(e, "cannot open '%s'", name);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot look at '%s'", name);
	r = change(fd, name, &st, own, e);
	return r < 0 || !S_ISDIR(st.st_mode) ? r : walk(fd, own, depth + 1, e);
}

static int walk(int dirfd, const struct own_tree *own, unsigned depth, struct err *e)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		r = err_sys(e, "cannot read a directory");
		cleanup_close(&fd);
		return r;
	}
	if (depth > DEPTH_MAX)
		r = err_errno(e, -ENAMETOOLONG, "a tree of more than %d levels", DEPTH_MAX);
	while (r == 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = visit(dirfd, de->d_name, own, depth, e);
	(void)closedir(d);
	return r;
}

int own_tree(int fd, const struct own_tree *own, struct err *e)
{
	struct stat st;
	int r;

	if (!own->chowns && !own->label[0])
		return 0;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot look at the source");
	r = change(fd, ".", &st, own, e);
	return r < 0 || !S_ISDIR(st.st_mode) ? r : walk(fd, own, 0, e);
}
