/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/devices.h"

#include "base/sbuf.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { DEVICES_MAX = 256, GROUPS_MAX = 1024 };

static int refuse(const char *spec, const char *why, struct err *e)
{
	return err_set(e, UCT_DEVICE_REFUSED, -EACCES, "--device '%s': %s", spec, why);
}

static int add(const char *source, const char *target, json_t *list)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:[s,s,s,s]}", "destination", target, "type", "bind",
	                      "source", source, "options", "rbind", "rprivate", "nosuid", "noexec");

	return j && json_array_append_new(list, j) == 0 ? 0 : -ENOMEM;
}

/* Whether the only right to open it is a supplementary group, which a container gives up. An access
 * list (logind's, for the user at the seat) names the user, and holds inside too. */
static bool is_through_group(const char *path, const struct stat *st)
{
	gid_t groups[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, groups);

	if ((st->st_mode & 06) == 06 || (st->st_uid == getuid() && (st->st_mode & 0600) == 0600) ||
	    (st->st_gid == getegid() && (st->st_mode & 060) == 060) ||
	    getxattr(path, "system.posix_acl_access", NULL, 0) > 0)
		return false;
	for (int i = 0; i < n; i++)
		if (groups[i] == st->st_gid)
			return true;
	return false;
}

static int check_access(const char *spec, const char *path, const struct stat *st,
                        bool keeps_groups, struct err *e)
{
	if (access(path, R_OK) < 0 && access(path, W_OK) < 0)
		return refuse(spec, "you may not open it", e);
	if (!keeps_groups && is_through_group(path, st))
		return err_hint(e, refuse(spec, "you may open it only as member of its group", e),
		                "add --group-add keep-groups, so that the container keeps your "
		                "groups");
	return 0;
}

/* Reading and writing cannot be told apart in a mount, and nobody makes nodes anyway. */
static int check_mode(const char *spec, const char *mode, struct err *e)
{
	if (!*mode || mode[strspn(mode, "rwm")])
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "--device '%s': permissions are letters of rwm", spec);
	if (!strchr(mode, 'r') || !strchr(mode, 'w'))
		return refuse(spec, "less than rw would need a device cgroup, which is root's", e);
	return 0;
}

int device_add(const char *spec, bool keeps_groups, json_t *list, struct err *e)
{
	_cleanup_free_ char *copy = strdup(spec);
	char *target, *mode = NULL;
	struct stat st;
	int r = 0;

	if (!copy)
		return err_oom(e);
	if (copy[0] != '/')
		return err_hint(e, refuse(spec, "it is not an absolute path", e),
		                "names of the Container Device Interface (VENDOR/CLASS=NAME) are "
		                "not understood; name the node");
	target = strchr(copy, ':');
	if (target)
		*target++ = '\0';
	if (target && target[0] != '/') {
		mode = target; /* PATH:rwm */
		target = NULL;
	} else if (target) {
		mode = strchr(target, ':');
		if (mode)
			*mode++ = '\0';
	}
	if (mode)
		r = check_mode(spec, mode, e);
	if (r < 0)
		return r;
	if (stat(copy, &st) < 0)
		return err_set(e, UCT_DEVICE_REFUSED, -errno, "--device '%s': cannot use '%s': %s",
		               spec, copy, strerror(errno));
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode) && !S_ISDIR(st.st_mode))
		return refuse(spec, "it is not a device", e);
	if (!S_ISDIR(st.st_mode))
		r = check_access(spec, copy, &st, keeps_groups, e);
	if (r == 0)
		r = add(copy, target ? target : copy, list) < 0 ? err_oom(e) : 0;
	return r;
}

/* What the container has of its own. */
static bool is_own(const char *name)
{
	static const char *const names[] = { "null", "zero",  "full",     "random", "urandom",
		                             "tty",  "pts",   "shm",      "mqueue", "console",
		                             "ptmx", "stdin", "stdout",   "stderr", "fd",
		                             "core", "log",   "hugepages" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static int add_from(const char *dir, bool deeper, json_t *list)
{
	DIR *d = opendir(dir);
	struct dirent *de;
	int r = 0;

	while (d && r == 0 && (de = readdir(d))) {
		_cleanup_free_ char *path = strf("%s/%s", dir, de->d_name);
		struct stat st;

		if (!path) {
			r = -ENOMEM;
			break;
		}
		if (de->d_name[0] == '.' || (deeper && is_own(de->d_name)) || lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && deeper)
			r = add_from(path, false, list);
		else if ((S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) &&
		         access(path, R_OK | W_OK) == 0 && !is_through_group(path, &st) &&
		         json_array_size(list) < DEVICES_MAX)
			r = add(path, path, list);
	}
	if (d)
		(void)closedir(d);
	return r;
}

int devices_add_all(json_t *list, struct err *e)
{
	return add_from("/dev", true, list) < 0 ? err_oom(e) : 0;
}
