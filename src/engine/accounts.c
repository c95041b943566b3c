/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/accounts.h"

#include "base/host-user.h"
#include "base/num.h"
#include "base/sbuf.h"
#include "engine/mount-add.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4096, NAME_SIZE = HOST_USER_FIELD };

/* Whom a line is about. Colons and line ends in them would make other fields, or lines. */
struct account {
	char name[NAME_SIZE], gecos[NAME_SIZE], home[NAME_SIZE], shell[NAME_SIZE];
	char group[NAME_SIZE];
	uint32_t uid, gid;
};

static void set(char buf[NAME_SIZE], const char *text, const char *otherwise)
{
	(void)snprintf(buf, NAME_SIZE, "%s", text && *text ? text : otherwise);
	for (char *p = buf; *p; p++)
		if (*p == ':' || (unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
}

static void name_group(struct account *a)
{
	char number[16], name[HOST_USER_FIELD];

	(void)snprintf(number, sizeof(number), "%u", (unsigned)a->gid);
	set(a->group, host_group_name(a->gid, name) ? name : NULL, number);
}

/* "$UID" and its like, as podman's templates have them; anything else is left as it is. */
struct word {
	const char *name, *value;
};

static char *expand(const char *template, const struct word *words, size_t n)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(LINE_MAX_BYTES);
	char *text = NULL;

	while (*template) {
		size_t i = 0;

		while (i < n && strncmp(template, words[i].name, strlen(words[i].name)) != 0)
			i++;
		if (i < n) {
			sbuf_adds(&b, words[i].value);
			template += strlen(words[i].name);
		} else {
			sbuf_addc(&b, *template ++);
		}
	}
	return sbuf_take(&b, &text) < 0 ? NULL : text;
}

/* One line, and only one. */
static int add_line(json_t *list, const char *flag, char *line, struct err *e)
{
	int r = 0;

	if (!line)
		r = err_set(e, UCT_BAD_VALUE, -E2BIG, "--%s: the entry is too long", flag);
	else if (strchr(line, '\n') || !strchr(line, ':'))
		r = err_set(e, UCT_BAD_VALUE, -EINVAL,
		            "--%s '%s': an entry is one line with fields between colons", flag,
		            line);
	else if (json_array_append_new(list, json_string(line)) < 0)
		r = document_not_utf8(e);
	free(line);
	return r;
}

static int add_account(const struct account *a, const char *passwd, const char *group,
                       json_t *const lists[2], struct err *e)
{
	char uid[16], gid[16];
	/* Longer ones first where one begins like another. */
	const struct word words[] = {
		{ "$USERNAME", a->name }, { "$USERLIST", a->name }, { "$GROUPNAME", a->group },
		{ "$UID", uid },          { "$GID", gid },          { "$NAME", a->gecos },
		{ "$HOME", a->home },     { "$SHELL", a->shell },
	};
	int r;

	(void)snprintf(uid, sizeof(uid), "%u", (unsigned)a->uid);
	(void)snprintf(gid, sizeof(gid), "%u", (unsigned)a->gid);
	r = add_line(lists[0], "passwd-entry", expand(passwd, words, ARRAY_SIZE(words)), e);
	return r < 0 ? r
	             : add_line(lists[1], "group-entry", expand(group, words, ARRAY_SIZE(words)),
	                        e);
}

#define PASSWD_LINE "$USERNAME:x:$UID:$GID:$NAME:$HOME:$SHELL"
#define GROUP_LINE  "$GROUPNAME:x:$GID:$USERLIST"

static int add_host_user(const char *who, json_t *const lists[2], struct err *e)
{
	struct account a = { .uid = 0 };
	struct host_user u;

	if (host_user_find(who, &u) == 0)
		return err_set(e, UCT_BAD_VALUE, -ENOENT,
		               "--hostuser '%s': there is no such user on this machine", who);
	set(a.name, u.name, who);
	set(a.gecos, u.gecos, "");
	set(a.home, u.home, "/");
	set(a.shell, u.shell, "/bin/sh");
	a.uid = u.uid;
	a.gid = u.gid;
	name_group(&a);
	return add_account(&a, PASSWD_LINE, GROUP_LINE, lists, e);
}

/* The user's home directory if it is mounted there, else where the program starts. */
static const char *home_inside(const struct document *d, const char *home)
{
	const json_t *list = d->mounts ? d->mounts->described : NULL, *m;
	const char *start = d->opts->workdir ? d->opts->workdir : d->image->workdir;
	size_t i;

	json_array_foreach(list, i, m)
	{
		const char *at = json_string_value(json_object_get(m, "destination"));

		if (at && home && !strcmp(at, home))
			return home;
	}
	return start && *start ? start : "/";
}

/* "UID:GID" of who runs it: under keep-id, or where --user is numbers. */
static bool who_runs(const struct document *d, struct account *a)
{
	const char *text = document_user(d);
	char uid[16];
	size_t n = strcspn(text, ":");

	if (n == 0 || n >= sizeof(uid))
		return false;
	memcpy(uid, text, n);
	uid[n] = '\0';
	if (parse_u32(uid, &a->uid) < 0 || a->uid == 0)
		return false;
	return !text[n] || parse_u32(text + n + 1, &a->gid) == 0;
}

static int add_runner(const struct document *d, json_t *const lists[2], struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	struct host_user u;
	struct account a = { .uid = 0 };
	bool is_own = false, is_asked = o->wants_passwd || o->passwd_entry || o->group_entry;

	if (!who_runs(d, &a) || (!d->keep_user[0] && !is_asked))
		return 0;
	if (d->keep_user[0])
		is_own = host_user_own(&u);
	set(a.name, is_own ? u.name : NULL, document_user(d));
	a.name[strcspn(a.name, " ")] = '\0';
	set(a.gecos, is_own ? u.gecos : NULL, is_own ? "" : "container user");
	set(a.home, home_inside(d, is_own ? u.home : NULL), "/");
	set(a.shell, NULL, "/bin/sh");
	name_group(&a);
	return add_account(&a, o->passwd_entry ? o->passwd_entry : PASSWD_LINE,
	                   o->group_entry ? o->group_entry : GROUP_LINE, lists, e);
}

int accounts_describe(const struct document *d, json_t **ret, struct err *e)
{
	json_t *lists[2] = { json_array(), json_array() };
	int r = lists[0] && lists[1] ? 0 : err_oom(e);

	*ret = NULL;
	if (r == 0 && !d->opts->no_passwd)
		r = add_runner(d, lists, e);
	for (const char *const *who = d->opts->host_users; who && *who && r == 0; who++)
		r = add_host_user(*who, lists, e);
	if (r == 0 && json_array_size(lists[0]))
		*ret = json_pack("{s:O, s:O}", "passwd", lists[0], "group", lists[1]);
	json_decref(lists[0]);
	json_decref(lists[1]);
	return r;
}
