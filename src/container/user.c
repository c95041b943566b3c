/* SPDX-License-Identifier: Apache-2.0 */
#include "container/user.h"

#include "base/file.h"
#include "base/num.h"
#include "container/mount.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX_BYTES = 1 << 20, FIELDS_MAX = 7, LINE_MAX_BYTES = 8192 };

struct fields {
	char line[LINE_MAX_BYTES];
	char *f[FIELDS_MAX];
	size_t n;
};

/* (uid_t)-1 is no id: setresuid(2) takes it for "as it is", and the program would stay root. */
static int parse_id(const char *s, uint32_t *ret)
{
	uint32_t id;
	int r = parse_u32(s, &id);

	if (r < 0 || id == UINT32_MAX)
		return r < 0 ? r : -ERANGE;
	*ret = id;
	return 0;
}

/* Splits the next line at colons; false at the end. Lines that are too long are passed over. */
static bool next_line(const char **at, struct fields *ret)
{
	while (**at) {
		size_t n = strcspn(*at, "\n");
		const char *line = *at;
		char *p = ret->line;

		*at += n + ((*at)[n] == '\n');
		if (n == 0 || n >= sizeof(ret->line))
			continue;
		memcpy(ret->line, line, n);
		ret->line[n] = '\0';
		ret->n = 0;
		while (p && ret->n < FIELDS_MAX) {
			char *colon = ret->n + 1 < FIELDS_MAX ? strchr(p, ':') : NULL;

			ret->f[ret->n++] = p;
			if (colon)
				*colon = '\0';
			p = colon ? colon + 1 : NULL;
		}
		return true;
	}
	return false;
}

/* Fills uid, gid and home from passwd; false if no entry has the name, or the number. */
static bool find_user(const char *passwd, const char *name, bool by_number, struct user *u,
                      char *ret_name, size_t size)
{
	struct fields x;

	while (passwd && next_line(&passwd, &x)) {
		uint32_t uid, gid;

		if (x.n < 4 || parse_id(x.f[2], &uid) < 0 || parse_id(x.f[3], &gid) < 0)
			continue;
		if (by_number ? uid != u->uid : strcmp(x.f[0], name) != 0)
			continue;
		u->uid = uid;
		u->gid = gid;
		if (x.n > 5 && x.f[5][0] == '/')
			(void)snprintf(u->home, sizeof(u->home), "%s", x.f[5]);
		(void)snprintf(ret_name, size, "%s", x.f[0]);
		return true;
	}
	return false;
}

static bool find_group(const char *group, const char *name, gid_t *ret)
{
	struct fields x;
	uint32_t gid;

	while (group && next_line(&group, &x))
		if (x.n >= 3 && !strcmp(x.f[0], name) && parse_id(x.f[2], &gid) == 0) {
			*ret = gid;
			return true;
		}
	return false;
}

static bool is_member(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && !memcmp(list, name, n))
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static void add_memberships(const char *group, const char *name, struct user *u)
{
	struct fields x;
	uint32_t gid;

	/* Who has no name is in no list, not even in one with an empty place: "a,,b". */
	while (*name && group && next_line(&group, &x))
		if (x.n >= 4 && is_member(x.f[3], name) && parse_id(x.f[2], &gid) == 0 &&
		    u->n_groups < USER_GROUPS_MAX)
			u->groups[u->n_groups++] = gid;
}

int user_resolve_text(const char *passwd, const char *group, const char *text, struct user *ret,
                      struct err *e)
{
	char name[256], known_as[256] = "", *group_name;
	bool is_number;

	*ret = (struct user){ .home = "/" };
	if (snprintf(name, sizeof(name), "%s", *text ? text : "0") >= (int)sizeof(name))
		return err_set(e, UCT_USER_UNKNOWN, -ENAMETOOLONG, "the user's name is too long");
	group_name = strchr(name, ':');
	if (group_name)
		*group_name++ = '\0';
	/* An entry called "1000" wins over the number 1000, as in chown(1) and Docker. */
	is_number = !find_user(passwd, name, false, ret, known_as, sizeof(known_as)) &&
	            parse_id(name, &ret->uid) == 0;
	if (is_number)
		(void)find_user(passwd, NULL, true, ret, known_as, sizeof(known_as));
	else if (!known_as[0])
		return err_set(e, UCT_USER_UNKNOWN, -ENOENT,
		               "user '%s' is not in the image's passwd", name);
	if (!group_name || !*group_name) {
		add_memberships(group, known_as, ret);
		return 0;
	}
	if (!find_group(group, group_name, &ret->gid) && parse_id(group_name, &ret->gid) < 0)
		return err_set(e, UCT_USER_UNKNOWN, -ENOENT,
		               "group '%s' is not in the image's group", group_name);
	return 0;
}

static int read_file(int etc_fd, const char *name, char **ret, struct err *e)
{
	int r = etc_fd < 0 ? -ENOENT : file_read_at(etc_fd, name, FILE_MAX_BYTES, ret, NULL, e);

	/* An image without the file, or with a link or a device in its place, knows no names. */
	return r == -ENOENT || r == -ELOOP || r == -EINVAL ? 0 : r;
}

int user_resolve(int root_fd, const char *text, struct user *ret, struct err *e)
{
	_cleanup_close_ int etc_fd = mount_lookup(root_fd, "/etc");
	_cleanup_free_ char *passwd = NULL, *group = NULL;
	int r = read_file(etc_fd, "passwd", &passwd, e);

	if (r == 0)
		r = read_file(etc_fd, "group", &group, e);
	return r < 0 ? r : user_resolve_text(passwd, group, text, ret, e);
}

int user_add_groups(struct user *u, const gid_t *groups, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (u->n_groups == USER_GROUPS_MAX)
			return err_set(e, UCT_USER_UNKNOWN, -E2BIG,
			               "more than %d supplementary groups", USER_GROUPS_MAX);
		u->groups[u->n_groups++] = groups[i];
	}
	return 0;
}

int user_add_group_names_text(const char *group, const char *names, struct user *u, struct err *e)
{
	while (*names) {
		size_t n = strcspn(names, ",");
		char name[256];
		gid_t gid;
		int r;

		if (n >= sizeof(name))
			return err_set(e, UCT_USER_UNKNOWN, -ENAMETOOLONG,
			               "the group's name is too long");
		memcpy(name, names, n);
		name[n] = '\0';
		if (!find_group(group, name, &gid))
			return err_set(e, UCT_USER_UNKNOWN, -ENOENT,
			               "group '%s' is not in the image's group", name);
		r = user_add_groups(u, &gid, 1, e);
		if (r < 0)
			return r;
		names += n + (names[n] == ',');
	}
	return 0;
}

int user_add_group_names(int root_fd, const char *names, struct user *u, struct err *e)
{
	_cleanup_close_ int etc_fd = mount_lookup(root_fd, "/etc");
	_cleanup_free_ char *group = NULL;
	int r = read_file(etc_fd, "group", &group, e);

	return r < 0 ? r : user_add_group_names_text(group, names, u, e);
}
