/* SPDX-License-Identifier: Apache-2.0 */
/* check-containers - containers' directories, and what takes space and belongs to nobody */
#include "engine/check.h"

#include "base/sbuf.h"
#include "container/spec.h"
#include "engine/usage.h"
#include "store/garbage.h"
#include "store/pins.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int complain(struct checking *c, const char *id, const char *why, const char *path)
{
	_cleanup_free_ char *text = path ? strf("%s: %s", why, path) : strf("%s", why);
	json_t *p = text ? check_problem(c, "container", id, -1, text) : NULL;

	return p ? json_object_set_new(p, "State", json_string("kept")) : -ENOMEM;
}

/* Layers of a container: a tree that is not there is made at its start, all else must be there. */
static int check_paths(struct checking *c, const char *id, const json_t *list)
{
	const json_t *v;
	int r = 0;
	size_t i;

	json_array_foreach(list, i, v)
	{
		const char *path = json_string_value(v);

		if (r == 0 && path && !layer_path_is_tree(path) &&
		    faccessat(store_dirfd(c->u->store), path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			r = complain(c, id, "what it is mounted upon is missing", path);
	}
	return r;
}

static int check_documents(struct checking *c, const char *id, int dirfd)
{
	_cleanup_json_ json_t *plan = NULL, *spec = NULL;
	struct state state;
	struct err why = { 0 };
	int r = json_read_at(dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, &why);

	if (r == 0)
		r = json_read_at(dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, &why);
	if (r == 0)
		r = state_read(dirfd, &state, &why);
	if (r < 0)
		return r == -ENOMEM ? r : complain(c, id, "cannot be started", why.msg);
	r = check_paths(c, id, json_object_get(plan, "layers"));
	return r < 0 ? r : check_paths(c, id, json_object_get(plan, "data"));
}

static int check_container(struct checking *c, const struct container_row *row, struct err *e)
{
	static const char *const parts[] = { "upper", "work" };
	_cleanup_close_ int dirfd = container_open_dir(c->u->store, row->id, NULL);
	int r;

	if (dirfd < 0) /* removed a moment ago, or its row goes with the next writer */
		return 0;
	r = check_documents(c, row->id, dirfd);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		if (faccessat(dirfd, parts[i], F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			r = complain(c, row->id, "it lacks its directory", parts[i]);
	check_count(c, "Containers", 1);
	return r < 0 ? err_oom(e) : 0;
}

static bool is_known(const struct container_row *rows, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows[i].id, id))
			return true;
	return false;
}

/* What a container wrote is kept, also if nobody knows of it any more. */
static int check_strays(struct checking *c, const struct container_row *rows, size_t n,
                        struct err *e)
{
	int fd = openat(store_dirfd(c->u->store), "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct container_row now = { 0 };
	struct dirent *de;
	int r = 0;

	if (!d) {
		cleanup_close(&fd);
		return 0;
	}
	while (r == 0 && (de = readdir(d))) {
		if (de->d_name[0] == '.' || is_known(rows, n, de->d_name))
			continue;
		if (container_find(c->u->store, de->d_name, &now, NULL) == 1) /* a new one */
			container_row_done(&now);
		else if (faccessat(fd, de->d_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			r = complain(c, de->d_name,
			             "its directory is there and the index does not know it; take "
			             "what you need from its upper and delete it",
			             NULL);
	}
	(void)closedir(d);
	return r < 0 ? err_oom(e) : 0;
}

int check_containers(struct checking *c, struct err *e)
{
	struct container_row *rows = NULL;
	size_t n = 0;
	int r = container_list(c->u->store, &rows, &n, e);

	check_step(c, "containers");
	for (size_t i = 0; i < n && r == 0; i++)
		r = check_container(c, &rows[i], e);
	if (r == 0)
		r = check_strays(c, rows, n, e);
	for (size_t i = 0; i < n; i++)
		container_row_done(&rows[i]);
	free(rows);
	return r;
}

/* --- leaks */

static int add_leak(struct checking *c, const char *kind, const char *path, uint64_t bytes,
                    struct err *e)
{
	c->leaked_bytes += bytes;
	return json_array_append_new(c->leaks,
	                             json_pack("{s:s, s:s, s:I, s:s}", "Kind", kind, "Path", path,
	                                       "Bytes", (json_int_t)bytes, "State", "found")) < 0
	               ? err_oom(e)
	               : 0;
}

static int found_garbage(enum garbage_kind kind, const char *path, uint64_t disk_bytes, void *arg,
                         struct err *e)
{
	return add_leak(arg, garbage_name(kind), path, disk_bytes, e);
}

/* A directory of objects takes nothing on some file systems. */
static bool is_measured(const json_t *leak)
{
	const char *kind = json_string_value(json_object_get(leak, "Kind"));

	return !strcmp(kind, garbage_name(GARBAGE_OBJECT)) ||
	       !strcmp(kind, garbage_name(GARBAGE_BLOB));
}

/* Directories may have files of other ids, and were not measured under the lock. */
static int measure(struct checking *c, json_t *leak, struct err *e)
{
	const char *path = json_string_value(json_object_get(leak, "Path"));
	_cleanup_free_ char *dir = strndup(path, (size_t)(strrchr(path, '/') - path));
	_cleanup_close_ int fd = -EBADF;
	struct usage use = { 0 };
	int r;

	if (!dir)
		return err_oom(e);
	fd = openat(store_dirfd(c->u->store), dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? 0 : usage_of_tree(c->u, fd, strrchr(path, '/') + 1, &use, e);
	c->leaked_bytes += use.disk_bytes;
	(void)json_object_set_new(leak, "Bytes", json_integer((json_int_t)use.disk_bytes));
	return r;
}

/* What dead makers left. What is in trash/ is removed already, and goes with the next command. */
static int find_orphans(struct checking *c, struct err *e)
{
	int fd = openat(store_dirfd(c->u->store), "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct proc_id maker;
	struct dirent *de;

	if (!d) {
		cleanup_close(&fd);
		return 0;
	}
	while (r == 0 && (de = readdir(d))) {
		_cleanup_free_ char *path = strf("tmp/%s", de->d_name);

		if (de->d_name[0] == '.')
			continue;
		if (!tmp_name_parse(de->d_name, &maker, NULL) ||
		    tmp_is_in_use(fd, de->d_name, &maker))
			continue;
		r = path ? add_leak(c, "temporary", path, 0, e) : err_oom(e);
	}
	(void)closedir(d);
	return r;
}

int check_leaks(struct checking *c, struct err *e)
{
	json_t *v;
	size_t i;
	int r;

	check_step(c, "leaks");
	r = find_orphans(c, e);
	if (r == 0 && c->u->store_writes)
		r = garbage_find(c->u->store, NULL, found_garbage, c, e);
	else if (r == 0)
		r = 2;
	if (r == 0 || r == 2)
		(void)json_array_append_new(
			c->notes, json_string(r == 0 ? "an image is being pulled or built, so that "
		                                       "nobody can tell what is garbage"
		                                     : "the store cannot be written to, so that "
		                                       "garbage was not looked for"));
	json_array_foreach(c->leaks, i, v) if (r >= 0 && !is_measured(v))
	{
		r = measure(c, v, e);
	}
	return MIN(r, 0);
}
