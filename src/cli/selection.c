/* SPDX-License-Identifier: Apache-2.0 */
/* selection - which containers a command works on: named, all, the latest, from a file, by filter
 */
#include "cli/selection.h"

#include "base/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

enum { CIDFILE_MAX_BYTES = 4096 };

const struct option selection_options[] = {
	{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL, "All that this command is for" },
	{ "latest", 'l', OPTION_FLAG, COMPLETE_NONE, NULL, "The newest container" },
	{ "cidfile", 0, OPTION_LIST, COMPLETE_FILE, "FILE", "The container whose id is in FILE" },
	{ "ignore", 'i', OPTION_FLAG, COMPLETE_NONE, NULL,
	  "It is no error that a named container does not exist" },
	{ NULL },
};

const struct option selection_filter_f[] = {
	{ "filter", 'f', OPTION_LIST, COMPLETE_CONTAINER_FILTER, "KEY=VALUE",
	  "Those that fit, as with ps" },
	{ NULL },
};

const struct option selection_filter[] = {
	{ "filter", 0, OPTION_LIST, COMPLETE_CONTAINER_FILTER, "KEY=VALUE",
	  "Those that fit, as with ps" },
	{ NULL },
};

const struct option latest_option_l[] = {
	{ "latest", 'l', OPTION_FLAG, COMPLETE_NONE, NULL,
	  "The newest container, instead of a name" },
	{ NULL },
};

static int complain(struct cli *c, const char *what, const char *hint)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "%s %s", c->cmd->name, what);

	(void)err_hint(&e, r, "%s", hint);
	return cli_fail_local(c, &e);
}

static int add_listed(struct cli *c, const struct usrct_list_options *o, struct strv *ret)
{
	struct usrct_container *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int r = 0;

	if (usrct_container_list(c->u, o, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = strv_add(ret, list[i].name);
	usrct_container_list_free(list, n);
	return r < 0 ? cli_fail_memory(c) : 0;
}

int selection_read_cidfile(struct cli *c, const char *path, bool ignore, char **ret)
{
	char *text = NULL;
	struct err e;
	size_t n = 0;
	int r = file_read_at(AT_FDCWD, path, CIDFILE_MAX_BYTES, &text, &n, &e);

	*ret = NULL;
	if (r == -ENOENT && ignore)
		return 0;
	if (r < 0)
		return cli_fail_local(c, &e);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	*ret = text;
	return 0;
}

static int add_cidfile(struct cli *c, const struct args *a, const char *path, struct strv *ret)
{
	_cleanup_free_ char *id = NULL;
	int status = selection_read_cidfile(c, path, args_flag(a, "ignore"), &id);

	if (status != 0 || !id)
		return status;
	return strv_add(ret, id) < 0 ? cli_fail_memory(c) : 0;
}

static int add_cidfiles(struct cli *c, const struct args *a, struct strv *ret)
{
	_cleanup_free_ const char **files = NULL;
	int status = 0;

	if (args_list(a, "cidfile", &files) < 0)
		return cli_fail_memory(c);
	for (const char **f = files; f && *f && status == 0; f++)
		status = add_cidfile(c, a, *f, ret);
	return status;
}

int selection_collect(struct cli *c, const struct args *a, enum selection_scope scope,
                      struct strv *ret)
{
	/* --running, where a command has it, is --all of those that run. */
	bool all = args_flag(a, "all") || (command_option(c->cmd, "running", strlen("running")) &&
	                                   args_flag(a, "running"));
	bool latest = args_flag(a, "latest");
	_cleanup_free_ const char **filters = NULL;
	struct usrct_list_options o = { .size = sizeof(o),
		                        .all = scope == SELECT_EVERY,
		                        .last = latest };

	if (args_list(a, "filter", &filters) < 0 ||
	    strv_copy(ret, (char *const *)(uintptr_t)a->words) < 0)
		return cli_fail_memory(c);
	if (a->n_words > 0 && (all || latest || filters))
		return complain(c, "takes either names or --all, --latest and --filter",
		                "leave one of them out");
	if (a->n_words == 0 && !all && !latest && !filters && !args_has(a, "cidfile"))
		return complain(c, "needs a CONTAINER", "name one, or give --all or --filter");
	o.filters = filters;
	if (all || latest || filters)
		return add_listed(c, &o, ret);
	return add_cidfiles(c, a, ret);
}

int selection_run(struct cli *c, const struct args *a, int (*list)(struct cli *c, struct strv *ret),
                  int (*run)(struct cli *c, const struct args *a))
{
	_cleanup_strv_ struct strv names = { 0 };
	struct args all = *a;
	struct err e;
	int status;

	if (args_flag(a, "all") == (a->n_words > 0)) {
		(void)err_set(&e, UCT_USAGE, -EINVAL, "%s takes either names or --all",
		              c->cmd->name);
		return cli_fail_local(c, &e);
	}
	if (a->n_words)
		return run(c, a);
	status = list(c, &names);
	if (status)
		return status;
	all.words = (const char **)(uintptr_t)names.v;
	all.n_words = names.n;
	return run(c, &all);
}

int selection_for_each(struct cli *c, const struct args *a, enum selection_scope scope,
                       int (*each)(struct cli *c, const char *ref, const struct args *a,
                                   struct usrct_err *e))
{
	_cleanup_strv_ struct strv refs = { 0 };
	struct args chosen = *a;
	int status = selection_collect(c, a, scope, &refs);

	if (status != 0)
		return status;
	chosen.words = (const char **)(uintptr_t)refs.v;
	chosen.n_words = refs.n;
	return cli_for_each(c, &chosen, /* echo= */ true, each);
}
