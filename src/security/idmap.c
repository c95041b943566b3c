/* SPDX-License-Identifier: Apache-2.0 */
#include "security/idmap.h"

#include "base/fd.h"
#include "base/proc.h"
#include "base/sbuf.h"
#include "base/strv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

static int parse_extent(const char *line, struct id_extent *x)
{
	char *end;
	uint32_t *field[3] = { &x->inside, &x->outside, &x->count };

	for (int i = 0; i < 3; i++) {
		uint64_t v = 0;

		line += strspn(line, " ");
		end = (char *)(uintptr_t)line;
		for (; *end >= '0' && *end <= '9'; end++)
			v = v * 10 + (uint64_t)(*end - '0');
		if (end == line || v > UINT32_MAX)
			return -EINVAL;
		*field[i] = (uint32_t)v;
		line = end;
	}
	return 0;
}

int id_map_read(const char *path, struct id_map *ret, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[4096], *line;
	ssize_t n;

	*ret = (struct id_map){ 0 };
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	n = fd_read_full(fd, buf, sizeof(buf) - 1);
	if (n < 0)
		return err_errno(e, (int)n, "cannot read '%s'", path);
	buf[n] = '\0';
	for (line = buf; *line && ret->n < ID_EXTENTS_MAX;) {
		char *end = strchrnul(line, '\n');

		if (parse_extent(line, &ret->extents[ret->n]) < 0)
			return err_errno(e, -EINVAL, "cannot understand '%s'", path);
		ret->n++;
		line = *end ? end + 1 : end;
	}
	return 0;
}

static int write_proc(pid_t pid, const char *file, const char *text, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	r = fd_write_all(fd, text, strlen(text)); /* one write(2): maps are accepted only whole */
	return r < 0 ? err_set(e, UCT_MAP_FAILED, r, "cannot write '%s': %s", path, strerror(-r))
	             : 0;
}

/* FNV-1a, 64 bits. */
static uint64_t add_to_hash(uint64_t h, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		h = (h ^ (v >> 8 * i & 0xff)) * 0x100000001b3ULL;
	return h;
}

void id_map_label(const struct id_map *uids, const struct id_map *gids, char ret[ID_MAP_LABEL_SIZE])
{
	const struct id_map *maps[] = { uids, gids };
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		h = add_to_hash(h, (uint32_t)maps[i]->n);
		for (size_t k = 0; k < maps[i]->n; k++) {
			h = add_to_hash(h, maps[i]->extents[k].inside);
			h = add_to_hash(h, maps[i]->extents[k].outside);
			h = add_to_hash(h, maps[i]->extents[k].count);
		}
	}
	(void)snprintf(ret, ID_MAP_LABEL_SIZE, "%016llx", (unsigned long long)h);
}

int id_map_write(pid_t pid, bool groups, const struct id_map *map, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4000); /* the kernel takes less than a page */

	for (size_t i = 0; i < map->n; i++)
		sbuf_addf(&b, "%u %u %u\n", map->extents[i].inside, map->extents[i].outside,
		          map->extents[i].count);
	if (b.err || !b.s)
		return err_errno(e, b.err ? b.err : -EINVAL, "cannot write the id map");
	return write_proc(pid, groups ? "gid_map" : "uid_map", b.s, e);
}

int id_map_write_nested(pid_t pid, bool groups, const struct id_map *parent, struct err *e)
{
	struct id_map same = *parent;

	for (size_t i = 0; i < same.n; i++)
		same.extents[i].outside = same.extents[i].inside;
	return id_map_write(pid, groups, &same, e);
}

int id_map_write_single(pid_t pid, const struct id_maps *maps, struct err *e)
{
	int r;

	r = write_proc(pid, "setgroups", "deny",
	               e); /* or gid_map is refused (user_namespaces(7)) */
	if (r < 0)
		return r;
	r = id_map_write(pid, false, &maps->uids, e);
	return r < 0 ? r : id_map_write(pid, true, &maps->gids, e);
}

/* Debian gives the set-uid bit, Fedora and Arch a file capability; nosuid takes both. */
static bool is_powerless(const char *path)
{
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0)
		return true;
	if (statvfs(path, &fs) == 0 && fs.f_flag & ST_NOSUID)
		return true;
	return !(st.st_mode & S_ISUID && st.st_uid == 0) &&
	       getxattr(path, "security.capability", NULL, 0) < 0;
}

int id_map_write_privileged(pid_t pid, bool groups, const struct id_map *map, struct err *e)
{
	const char *name = groups ? "newgidmap" : "newuidmap";
	_cleanup_strv_ struct strv argv = { 0 };
	_cleanup_close_ int pidfd = -EBADF;
	char *env[] = { NULL }, path[64];
	struct spawn s = { .path = path, .env = env };
	int status, r;

	if (proc_find_program(name, path, sizeof(path)) < 0)
		return err_set(e, UCT_NO_NEWUIDMAP, -ENOENT, "%s is not installed", name);
	r = strv_add(&argv, name);
	if (r == 0)
		r = strv_addf(&argv, "%d", (int)pid);
	for (size_t i = 0; i < map->n && r == 0; i++) {
		r = strv_addf(&argv, "%u", map->extents[i].inside);
		if (r == 0)
			r = strv_addf(&argv, "%u", map->extents[i].outside);
		if (r == 0)
			r = strv_addf(&argv, "%u", map->extents[i].count);
	}
	if (r < 0)
		return err_oom(e);
	s.argv = argv.v;
	pidfd = proc_spawn(&s, NULL, e);
	if (pidfd < 0)
		return pidfd;
	r = pidfd_wait(pidfd, &status);
	if (r < 0)
		return err_errno(e, r, "cannot wait for %s", name);
	if (status != 0) {
		if (is_powerless(path))
			return err_set(
				e, UCT_NO_NEWUIDMAP, -EPERM,
				"%s failed: it has neither a set-uid bit nor capabilities, or "
				"lies where these do not count",
				path);
		return err_set(e, UCT_MAP_FAILED, -EPERM, "%s refused the id map", path);
	}
	return 0;
}
