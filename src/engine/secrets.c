/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/secrets.h"

#include "base/file.h"
#include "base/num.h"
#include "base/sbuf.h"
#include "base/strv.h"
#include "engine/id-file.h"
#include "engine/secret-store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <usrct/secret.h>

enum { SECRETS_MAX = 64, MODE_DEFAULT = 0400 };

struct secret {
	const char *spec;
	char *name, *file, *variable, *target;
	char *kept; /* path of its value in the store */
	bool is_env;
	int64_t uid, gid; /* -1: the program's */
	uint32_t mode;
};

static void secret_done(struct secret *s)
{
	free(s->name);
	free(s->file);
	free(s->variable);
	free(s->target);
	free(s->kept);
}

/* Without the value of anything: a specification has none. */
static int bad(const struct secret *s, const char *why, struct err *e)
{
	return err_hint(e, err_set(e, UCT_BAD_VALUE, -EINVAL, "--secret '%s': %s", s->spec, why),
	                "write NAME or id=NAME,src=FILE or id=NAME,env=VARIABLE, then "
	                "target=, uid=, gid=, mode=, type=mount|env");
}

static int set_text(struct secret *s, char **at, const char *value, struct err *e)
{
	if (*at)
		return bad(s, "something is said twice", e);
	*at = strdup(value);
	return *at ? 0 : err_oom(e);
}

static int set_id(const struct secret *s, int64_t *at, const char *value, struct err *e)
{
	uint32_t id;

	if (parse_u32(value, &id) < 0 || id == UINT32_MAX)
		return bad(s, "uid and gid are numbers", e);
	*at = id;
	return 0;
}

static int set(struct secret *s, const char *key, const char *value, struct err *e)
{
	if (!strcmp(key, "id") || !strcmp(key, "source_name"))
		return set_text(s, &s->name, value, e);
	if (!strcmp(key, "src") || !strcmp(key, "source") || !strcmp(key, "file"))
		return set_text(s, &s->file, value, e);
	if (!strcmp(key, "env"))
		return set_text(s, &s->variable, value, e);
	if (!strcmp(key, "target") || !strcmp(key, "dst"))
		return set_text(s, &s->target, value, e);
	if (!strcmp(key, "uid"))
		return set_id(s, &s->uid, value, e);
	if (!strcmp(key, "gid"))
		return set_id(s, &s->gid, value, e);
	if (!strcmp(key, "mode"))
		return parse_oct(value, &s->mode) < 0 || s->mode > 0777
		               ? bad(s, "the mode is an octal number up to 0777", e)
		               : 0;
	if (strcmp(key, "type") != 0)
		return bad(s, "unknown key", e);
	s->is_env = !strcmp(value, "env");
	/* docker build says type=file for src=, and type=env for env=; both are about the source
	 * there, and the flag is not the same. */
	return s->is_env || !strcmp(value, "mount") || !strcmp(value, "file")
	               ? 0
	               : bad(s, "the type is mount or env", e);
}

static int parse(struct secret *s, struct err *e)
{
	_cleanup_free_ char *copy = strdup(s->spec);
	int r = 0;

	if (!copy)
		return err_oom(e);
	for (char *at = copy; at && r == 0;) {
		char *word = at, *eq;

		at = strchr(at, ',');
		if (at)
			*at++ = '\0';
		eq = strchr(word, '=');
		if (eq)
			*eq++ = '\0';
		if (!eq && word == copy)
			r = set_text(s, &s->name, word, e);
		else
			r = eq ? set(s, word, eq, e) : bad(s, "keys need a value", e);
	}
	return r;
}

static bool is_plain_name(const char *s)
{
	return *s && s[0] != '.' && strlen(s) < 200 && !strchr(s, '/');
}

static bool is_variable_name(const char *s)
{
	size_t n = strlen(s);

	return n &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

/* A secret that the user keeps: with secret create, or as a file that nobody else can read. */
static int find_kept(struct usrct *u, struct secret *s, struct err *e)
{
	const char *dir = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");
	struct stat st;
	int r = secret_find_value(u, s->name, &s->kept, e);

	if (r != 0)
		return MIN(r, 0);
	s->file = dir && dir[0] == '/'
	                  ? strf("%s/usr-ct/secrets/%s", dir, s->name)
	                  : strf("%s/.config/usr-ct/secrets/%s", home ? home : "", s->name);
	if (!s->file)
		return err_oom(e);
	if (stat(s->file, &st) < 0)
		return err_hint(e,
		                err_set(e, UCT_NO_SECRET, -errno,
		                        "--secret '%s': there is no secret '%s', and no '%s'",
		                        s->spec, s->name, s->file),
		                "usr-ct secret create makes one");
	if (st.st_mode & 077)
		return err_hint(e,
		                err_set(e, UCT_NO_SECRET, -EPERM,
		                        "--secret '%s': others may read '%s'", s->spec, s->file),
		                "chmod 600 '%.200s'", s->file);
	return 0;
}

static int check_file(struct secret *s, struct err *e)
{
	_cleanup_free_ char *given = TAKE_PTR(s->file);
	struct stat st;
	int r = absolute_path(given, &s->file, e);

	if (r < 0)
		return r;
	if (stat(s->file, &st) < 0 || access(s->file, R_OK) < 0)
		return err_set(e, UCT_NO_SECRET, -errno, "--secret '%s': cannot read '%s': %s",
		               s->spec, given, strerror(errno));
	return S_ISREG(st.st_mode) ? 0
	                           : err_set(e, UCT_NO_SECRET, -EINVAL,
	                                     "--secret '%s': '%s' is not a file", s->spec, given);
}

static int check_target(struct secret *s, struct err *e)
{
	if (!s->target) {
		s->target = strdup(s->name);
		if (!s->target)
			return err_oom(e);
	}
	if (s->is_env)
		return is_variable_name(s->target) ? 0 : bad(s, "that is no name of a variable", e);
	if (s->target[0] != '/' ? !is_plain_name(s->target) : strstr(s->target, "..") != NULL)
		return bad(s, "the target is a name in /run/secrets, or an absolute path", e);
	return 0;
}

static int check(struct usrct *u, struct secret *s, struct err *e)
{
	int r;

	if (!s->name || !is_plain_name(s->name))
		return bad(s, "it has no proper name", e);
	if (s->file && s->variable)
		return bad(s, "it has one source: src or env", e);
	if (s->variable)
		r = getenv(s->variable)
		            ? 0
		            : err_set(e, UCT_NO_SECRET, -ENOENT,
		                      "--secret '%s': the variable is not set", s->spec);
	else
		r = s->file ? check_file(s, e) : find_kept(u, s, e);
	return r < 0 ? r : check_target(s, e);
}

int secrets_describe(struct usrct *u, const struct usrct_create_options *o, json_t **ret,
                     struct err *e)
{
	_cleanup_json_ json_t *list = json_array();

	for (const char *const *v = o->secrets; v && *v; v++) {
		struct secret s = { .spec = *v, .uid = -1, .gid = -1, .mode = MODE_DEFAULT };
		json_t *j = NULL;
		int r = json_array_size(list) == SECRETS_MAX ? bad(&s, "there are too many", e)
		                                             : parse(&s, e);

		if (r == 0)
			r = check(u, &s, e);
		if (r == 0) {
			j = json_pack("{s:s, s:s*, s:s*, s:s*, s:s, s:b, s:I, s:I, s:i}", "name",
			              s.name, "file", s.file, "kept", s.kept, "variable",
			              s.variable, "target", s.target, "isEnv", s.is_env, "uid",
			              (json_int_t)s.uid, "gid", (json_int_t)s.gid, "mode",
			              (int)s.mode);
			r = j && json_array_append_new(list, j) == 0 ? 0 : err_oom(e);
		}
		secret_done(&s);
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(list);
	return 0;
}

/* What the launcher reads at each start: a file called after the secret's place in the list. */
static int keep(int container_dirfd, size_t i, const char *value, size_t n, struct err *e)
{
	char file[32];

	(void)snprintf(file, sizeof(file), "secret-%zu", i);
	return file_write_at(container_dirfd, file, value, n, 0600, false, e);
}

static int keep_copy(int container_dirfd, size_t i, const char *path, struct err *e)
{
	_cleanup_free_ char *value = NULL;
	size_t n = 0;
	int r = file_read_at(AT_FDCWD, path, USRCT_SECRET_MAX_BYTES, &value, &n, e);

	if (r < 0)
		return err_recode(e, r, UCT_NO_SECRET);
	r = keep(container_dirfd, i, value, n, e);
	explicit_bzero(value, n);
	return r;
}

int secrets_keep(const json_t *secrets, int container_dirfd, struct err *e)
{
	json_t *v;
	size_t i;
	int r = 0;

	json_array_foreach((json_t *)(uintptr_t)secrets, i, v)
	{
		const char *name = json_string_value(json_object_get(v, "variable"));
		const char *path = json_string_value(json_object_get(v, "kept"));
		const char *value = name ? getenv(name) : NULL;

		if (value)
			r = keep(container_dirfd, i, value, strlen(value), e);
		else if (path)
			r = keep_copy(container_dirfd, i, path, e);
		if (r < 0)
			return r;
	}
	return 0;
}
