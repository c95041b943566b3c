/* SPDX-License-Identifier: Apache-2.0 */
/* process - the part of the OCI document that is about the program: what, as whom, with what */
#include "engine/document.h"

#include "base/num.h"
#include "container/spec.h"
#include "engine/environment.h"
#include "engine/privileges.h"
#include "engine/ulimits.h"

#include <string.h>

enum { UMASK_DEFAULT = 022 };

int document_args(struct document *d, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	bool has_command = o->command && o->command[0];
	int r;

	/* A new entrypoint also forgets the image's CMD, which was meant for the old one. */
	if (o->entrypoint)
		r = strv_copy(&d->args, (char *const *)(uintptr_t)o->entrypoint);
	else
		r = strv_copy(&d->args, d->image->entrypoint.v);
	if (r == 0 && has_command)
		r = strv_copy(&d->args, (char *const *)(uintptr_t)o->command);
	else if (r == 0 && !o->entrypoint)
		r = strv_copy(&d->args, d->image->cmd.v);
	if (r < 0)
		return err_oom(e);
	if (!d->args.n)
		return err_set(e, UCT_NO_COMMAND, -EINVAL, "image '%s' does not say what to run",
		               o->image);
	return 0;
}

json_t *document_strings(char *const *list)
{
	json_t *a = json_array();

	for (; a && list && *list; list++)
		if (json_array_append_new(a, json_string(*list)) < 0) {
			json_decref(a);
			/* jansson takes only UTF-8, as JSON demands */
			return NULL;
		}
	return a;
}

int document_not_utf8(struct err *e)
{
	return err_set(e, UCT_BAD_VALUE, -EILSEQ,
	               "arguments and environment of a container must be UTF-8");
}

const char *document_user(const struct document *d)
{
	const char *user = d->opts->user ? d->opts->user : d->image->user;

	if (d->keep_user[0])
		return d->keep_user;
	return user ? user : "";
}

static bool is_root(const struct document *d)
{
	const char *user = document_user(d);
	size_t n = strcspn(user, ":");

	return !n || (n == 1 && *user == '0') || (n == 4 && !strncmp(user, "root", 4));
}

static int add_group(const char *text, json_t *numbers, struct sbuf *names, struct err *e)
{
	uint32_t gid;

	if (parse_u32(text, &gid) == 0) {
		if (gid == UINT32_MAX)
			return err_set(e, UCT_BAD_VALUE, -ERANGE, "--group-add '%s': out of range",
			               text);
		return json_array_append_new(numbers, json_integer(gid)) < 0 ? err_oom(e) : 0;
	}
	if (!*text || strchr(text, ':'))
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "--group-add '%s': not the name of a group", text);
	sbuf_addf(names, "%s%s", names->len ? "," : "", text);
	return names->err;
}

/* podman takes several at once, "1,2,users". */
static int add_group_list(const char *text, json_t *numbers, struct sbuf *names, struct err *e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *one;
	int r = copy ? 0 : err_oom(e);

	while (r == 0 && (one = strsep(&rest, ",")))
		r = strcmp(one, "keep-groups") ? add_group(one, numbers, names, e)
		                               : err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		                                         "--group-add keep-groups stands alone: "
		                                         "the kernel lets nobody "
		                                         "add groups to foreign ones");
	return r;
}

/* Numbers have their place in the document; names are found in the image when it starts. */
static int add_groups(const struct document *d, json_t *user, json_t *notes, struct err *e)
{
	_cleanup_sbuf_ struct sbuf names = SBUF_INIT(64 * 1024);
	const char *const *g = d->opts->groups;
	json_t *numbers = json_array();
	int r = 0;

	if (g && *g && !g[1] && !strcmp(*g, "keep-groups")) {
		json_decref(numbers);
		/* crun knows this annotation too. */
		return json_object_set_new(notes, SPEC_ANNOTATION_KEEP_GROUPS, json_string("1"));
	}
	for (; g && *g && r == 0; g++)
		r = add_group_list(*g, numbers, &names, e);
	if (r == 0 && json_array_size(numbers))
		(void)json_object_set(user, "additionalGids", numbers);
	if (r == 0 && names.len)
		(void)json_object_set_new(notes, SPEC_ANNOTATION_GROUPS, json_string(names.s));
	json_decref(numbers);
	return r;
}

static int umask_of(const struct usrct_create_options *o, uint32_t *ret, struct err *e)
{
	*ret = UMASK_DEFAULT;
	if (o->umask && (parse_oct(o->umask, ret) < 0 || *ret > 0777))
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "--umask takes an octal number up to 0777, not '%s'", o->umask);
	return 0;
}

static int user_of(const struct document *d, json_t *notes, json_t **ret, struct err *e)
{
	const char *user = document_user(d);
	uint32_t mask;
	json_t *j;
	int r = umask_of(d->opts, &mask, e);

	if (r < 0)
		return r;
	if (*user)
		(void)json_object_set_new(notes, SPEC_ANNOTATION_USER, json_string(user));
	j = json_pack("{s:i, s:i, s:i}", "uid", 0, "gid", 0, "umask", (int)mask);
	r = j ? add_groups(d, j, notes, e) : err_oom(e);
	if (r < 0)
		json_decref(j);
	else
		*ret = j;
	return r;
}

static int set_oom_score(const struct usrct_create_options *o, json_t *process, struct err *e)
{
	if (!o->oom_score_adj)
		return 0;
	if (*o->oom_score_adj < -1000 || *o->oom_score_adj > 1000)
		return err_set(e, UCT_BAD_VALUE, -ERANGE,
		               "--oom-score-adj takes -1000 to 1000, not %d", *o->oom_score_adj);
	return json_object_set_new(process, "oomScoreAdj", json_integer(*o->oom_score_adj));
}

static int set_program(const struct document *d, json_t *process, struct err *e)
{
	_cleanup_strv_ struct strv env = { 0 };
	json_t *args, *envs;
	int r = environment_merge(d->opts, d->image->env.v, &env, e);

	if (r < 0)
		return r;
	args = document_strings(d->args.v);
	envs = document_strings(env.v);
	if (!args || !envs)
		r = document_not_utf8(e);
	(void)json_object_set(process, "args", args);
	(void)json_object_set(process, "env", envs);
	json_decref(args);
	json_decref(envs);
	return r;
}

int document_process(const struct document *d, const struct privileges *p, json_t *notes,
                     json_t **ret, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	const char *cwd = o->workdir ? o->workdir : d->image->workdir;
	_cleanup_json_ json_t *process = NULL, *user = NULL, *rlimits = json_array();
	int r;

	if (cwd && cwd[0] != '/')
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "working directory '%s' is not an absolute path", cwd);
	r = user_of(d, notes, &user, e);
	if (r < 0)
		return r;
	process = json_pack("{s:b, s:O, s:[], s:[], s:s, s:o, s:b}", "terminal", o->tty, "user",
	                    user, "args", "env", "cwd", cwd ? cwd : "/", "capabilities",
	                    privileges_capabilities(p, is_root(d)), "noNewPrivileges",
	                    p->no_new_privileges);
	if (!process)
		return document_not_utf8(e);
	r = set_program(d, process, e);
	if (r == 0)
		r = ulimits_add(o->ulimits, rlimits, e);
	if (r == 0 && json_array_size(rlimits))
		(void)json_object_set(process, "rlimits", rlimits);
	if (r == 0)
		r = set_oom_score(o, process, e);
	if (r == 0)
		*ret = TAKE_PTR(process);
	return r;
}
