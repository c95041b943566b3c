/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct secret create, ls, inspect, rm, exists - small values that stand in no document */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/columns.h"
#include "cli/print-json.h"
#include "cli/selection.h"
#include "cli/status.h"
#include "cli/volumes.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* --- create */

static int fail(struct cli *c, const char *what, const char *name)
{
	struct err e;

	(void)err_sys(&e, "%s '%s'", what, name);
	return cli_fail_local(c, &e);
}

static int read_all(struct cli *c, int fd, const char *name, char **ret, size_t *ret_n)
{
	ssize_t n;

	/* One byte more than is allowed, so that too much is noticed. */
	*ret = calloc(1, USRCT_SECRET_MAX_BYTES + 1);
	if (!*ret)
		return cli_fail_memory(c);
	n = fd_read_full(fd, *ret, USRCT_SECRET_MAX_BYTES + 1);
	if (n < 0) {
		errno = (int)-n;
		return fail(c, "cannot read", name);
	}
	*ret_n = (size_t)n;
	return 0;
}

static int read_value(struct cli *c, const struct args *a, char **ret, size_t *ret_n)
{
	const char *source = a->n_words > 1 ? a->words[1] : "-", *text;
	_cleanup_close_ int fd = -EBADF;

	if (args_flag(a, "env")) {
		text = getenv(source);
		if (!text) {
			errno = ENOENT;
			return fail(c, "there is no variable", source);
		}
		*ret = strdup(text);
		*ret_n = strlen(text);
		return *ret ? 0 : cli_fail_memory(c);
	}
	if (!strcmp(source, "-"))
		return read_all(c, STDIN_FILENO, source, ret, ret_n);
	fd = open(source, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail(c, "cannot read", source) : read_all(c, fd, source, ret, ret_n);
}

static int create(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **labels = NULL;
	struct usrct_secret_options o = { .size = sizeof(o),
		                          .name = a->words[0],
		                          .driver = args_string(a, "driver"),
		                          .replace = args_flag(a, "replace"),
		                          .ignore = args_flag(a, "ignore") };
	_cleanup_free_ char *id = NULL, *data = NULL;
	struct usrct_err e = { 0 };
	int status = read_value(c, a, &data, &o.data_bytes);

	if (status)
		return status;
	if (args_list(a, "label", &labels) < 0)
		return cli_fail_memory(c);
	o.labels = labels;
	o.data = data;
	if (usrct_secret_create(c->u, &o, &id, &e) < 0)
		status = cli_fail(c, &e);
	else
		(void)fprintf(c->out.f, "%s\n", id);
	if (data)
		explicit_bzero(data, o.data_bytes);
	return status;
}

const struct command cmd_secret_create = {
	.name = "secret create",
	.group = GROUP_VOLUMES,
	.summary = "Keep a secret for containers",
	.description =
		"The value comes from FILE, or from standard input; with --env FILE is the name of "
		"a variable. It is kept in a file of the store that only you can read, and given "
		"to containers with run --secret NAME. Its id is printed.\n\n"
		"A container gets a copy when it is made: what is removed or replaced later stays "
		"as it was in those that have it.",
	.args = (const struct positional[]){ { "NAME", COMPLETE_NONE, false, false },
	                                     { "FILE", COMPLETE_FILE, true, false },
	                                     { NULL } },
	.options =
		(const struct option[]){ { "env", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                   "FILE is the name of a variable" },
	                                 { "label", 'l', OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                                   "A label to find it by" },
	                                 { "replace", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                   "One that exists gets the new value" },
	                                 { "ignore", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                   "One that exists stays as it is, and that is no error" },
	                                 { "driver", 'd', OPTION_STRING, COMPLETE_NONE, "DRIVER",
	                                   "Who keeps it; there is one driver", "file" },
	                                 { NULL } },
	.foreign =
		(const struct foreign_option[]){
			{ "driver-opts", 0, "the one driver has no options", NULL },
			{ "template-driver", 0, "a secret is given as it is", NULL },
			{ NULL, 0, NULL, NULL },
		},
	.examples =
		(const struct example[]){
			{ "From a pipe", "pass show db | usr-ct secret create db-password -" },
			{ "And give it to a container",
	                  "usr-ct run --secret db-password,mode=0400 postgres" },
			{ NULL, NULL } },
	.handler = create,
	.uses_store = true,
};

/* --- ls */

struct secret_view {
	const struct usrct_secret *secret;
	uint64_t now_ns;
};

static const struct usrct_secret *secret(const void *row)
{
	return ((const struct secret_view *)row)->secret;
}

static json_t *ago(const void *row, uint64_t then_ns)
{
	char text[STATUS_SIZE];

	status_ago(then_ns, ((const struct secret_view *)row)->now_ns, text);
	return json_string(text);
}

static json_t *created(const void *row)
{
	return ago(row, secret(row)->created_ns);
}

static json_t *updated(const void *row)
{
	return ago(row, secret(row)->updated_ns);
}

static json_t *id(const void *row)
{
	return json_string(secret(row)->id);
}

static json_t *name(const void *row)
{
	return json_string(secret(row)->name);
}

static json_t *driver(const void *row)
{
	return json_string(secret(row)->driver);
}

static json_t *labels(const void *row)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1 << 20);

	sbuf_adds(&b, "");
	for (const char *const *l = secret(row)->labels; l && *l; l++)
		sbuf_addf(&b, "%s%s", b.len ? "," : "", *l);
	return b.err ? NULL : json_string(b.s);
}

static const struct column secret_columns[] = {
	{ "CreatedAt", "CREATED", created, false },
	{ "Driver", "DRIVER", driver, false },
	{ "ID", "ID", id, false },
	{ "Labels", "LABELS", labels, false },
	{ "Name", "NAME", name, false },
	{ "UpdatedAt", "UPDATED", updated, false },
	{ NULL, NULL, NULL, false },
};

static int print_rows(struct cli *c, const struct args *a, const struct usrct_secret *list,
                      size_t n)
{
	const struct format_options form = {
		.text = args_string(a, "format"),
		.table = "{{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.CreatedAt}}\\t{{.UpdatedAt}}",
		.no_heading = args_flag(a, "noheading")
	};
	struct secret_view view = { .now_ns = clock_realtime_ns() };
	_cleanup_columns_ struct columns columns;
	struct err e;
	int r = columns_open(&columns, secret_columns, &form, &e);

	for (size_t i = 0; i < n && r == 0; i++) {
		json_t *methods = json_pack("{s:o}", "Label", volume_map(list[i].labels));

		view.secret = &list[i];
		r = columns_row(&columns, &view, methods, &e);
		json_decref(methods);
	}
	return r < 0 ? cli_fail_local(c, &e) : columns_print(c, &columns);
}

static int print_ids(struct cli *c, const struct usrct_secret *list, size_t n)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(16 << 20);

	for (size_t i = 0; i < n; i++)
		sbuf_addf(&b, "%s\n", list[i].id);
	return cli_print(c, &b);
}

static int list_secrets(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **filters = NULL;
	struct usrct_secret *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int status;

	if (args_list(a, "filter", &filters) < 0)
		return cli_fail_memory(c);
	if (usrct_secret_list(c->u, filters, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	status = args_flag(a, "quiet") ? print_ids(c, list, n) : print_rows(c, a, list, n);
	usrct_secret_list_free(list, n);
	return status;
}

const struct command cmd_secret_ls = {
	.name = "secret ls",
	.aliases = (const char *const[]){ "secret list", NULL },
	.group = GROUP_VOLUMES,
	.summary = "List secrets",
	.description = "Their names and ids, never their values. Keys of a filter are name, id and "
		       "label. Fields of a template are .ID .Name .Driver .CreatedAt .UpdatedAt "
		       ".Labels .Label \"key\".",
	.options =
		(const struct option[]){
			{ "filter", 'f', OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                  "Only those that fit" },
			{ "format", 0, OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	                  "How to print the list: a template, json, or table TEMPLATE", "table" },
			{ "noheading", 'n', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "A table without its first line", NULL, "no-heading" },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Only the ids" },
			{ NULL } },
	.examples =
		(const struct example[]){ { "The names", "usr-ct secret ls --format '{{.Name}}'" },
	                                  { NULL, NULL } },
	.handler = list_secrets,
	.uses_store = true,
};

/* --- inspect */

static int look_up(struct cli *c, const struct args *a, const char *ref, json_t **ret)
{
	_cleanup_free_ char *text = NULL;
	struct usrct_err e = { 0 };
	int status;

	if (usrct_secret_inspect(c->u, ref, args_flag(a, "showsecret"), &text, &e) < 0)
		return cli_fail(c, &e);
	status = cli_read_answer(c, text, ret);
	explicit_bzero(text, strlen(text));
	return status;
}

static const char *text_at(const json_t *j, const char *path)
{
	const char *s = json_string_value(json_at(j, path));

	return s ? s : "";
}

static void print_pretty(struct cli *c, const json_t *j)
{
	const json_t *map = json_at(j, "Spec.Labels");
	const char *key;
	json_t *v;

	(void)fprintf(c->out.f, "ID:              %s\nName:            %s\n", text_at(j, "ID"),
	              text_at(j, "Spec.Name"));
	if (json_object_size(map))
		(void)fprintf(c->out.f, "Labels:\n");
	json_object_foreach((json_t *)(uintptr_t)map, key, v)(void)
		fprintf(c->out.f, " - %s=%s\n", key, json_string_value(v));
	(void)fprintf(c->out.f, "Driver:          %s\nCreated at:      %s\nUpdated at:      %s\n",
	              text_at(j, "Spec.Driver.Name"), text_at(j, "CreatedAt"),
	              text_at(j, "UpdatedAt"));
}

static int inspect(struct cli *c, const struct args *a)
{
	const struct format_options o = { .text = args_string(a, "format"), .raw = true };
	bool is_pretty = args_flag(a, "pretty"), is_json = !o.text || !*o.text;
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(64 << 20);
	_cleanup_format_ struct format *f = NULL;
	_cleanup_json_ json_t *array = json_array();
	int status = 0, one;
	struct err e;

	if (!is_json && format_compile(&o, &f, &e) < 0)
		return cli_fail_local(c, &e);
	for (size_t i = 0; i < a->n_words; i++) {
		json_t *j = NULL;

		one = look_up(c, a, a->words[i], &j);
		if (one == 0 && is_pretty)
			print_pretty(c, j);
		else if (one == 0 && f && format_row(f, json_incref(j), NULL, NULL, &e) < 0)
			return cli_fail_local(c, &e);
		if (one == 0)
			(void)json_array_append(array, j);
		json_decref(j);
		status = one ? one : status;
	}
	if (is_pretty)
		return status;
	if (f && format_end(f, &b, &e) < 0)
		return cli_fail_local(c, &e);
	if (!f)
		print_json_pretty(&b, json_incref(array));
	one = cli_print(c, &b);
	return one ? one : status;
}

const struct command cmd_secret_inspect = {
	.name = "secret inspect",
	.group = GROUP_VOLUMES,
	.summary = "Print what is known of secrets, as JSON",
	.args = (const struct positional[]){ { "SECRET", COMPLETE_SECRET, false, true }, { NULL } },
	.options =
		(const struct option[]){
			{ "format", 'f', OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	                  "Print what a template makes of each instead, or json: one line each",
	                  "indented JSON" },
			{ "pretty", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "For people to read" },
			{ "showsecret", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Also its value" },
			{ NULL } },
	.examples =
		(const struct example[]){ { "Its value", "usr-ct secret inspect --showsecret -f "
	                                                 "'{{.SecretData}}' db-password" },
	                                  { NULL, NULL } },
	.handler = inspect,
	.uses_store = true,
};

/* --- rm, exists */

static int remove_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	_cleanup_free_ char *gone = NULL;
	int r = usrct_secret_remove(c->u, ref, &gone, e);

	if (r == 0)
		(void)fprintf(c->out.f, "%s\n", gone ? gone : ref);
	return r == -ENOENT && args_flag(a, "ignore") ? CLI_NOTHING_DONE : r;
}

static int list_names(struct cli *c, struct strv *ret)
{
	struct usrct_secret *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int r = 0;

	if (usrct_secret_list(c->u, NULL, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = strv_add(ret, list[i].name);
	usrct_secret_list_free(list, n);
	return r < 0 ? cli_fail_memory(c) : 0;
}

static int remove_named(struct cli *c, const struct args *a)
{
	return cli_for_each(c, a, /* echo= */ false, remove_one);
}

static int remove_secrets(struct cli *c, const struct args *a)
{
	return selection_run(c, a, list_names, remove_named);
}

const struct command cmd_secret_rm = {
	.name = "secret rm",
	.aliases = (const char *const[]){ "secret remove", NULL },
	.group = GROUP_VOLUMES,
	.summary = "Remove secrets",
	.description = "Containers that were made with one keep their copy.",
	.args = (const struct positional[]){ { "SECRET", COMPLETE_SECRET, true, true }, { NULL } },
	.options = (const struct option[]){ { "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "All of them" },
	                                    { "ignore", 'i', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "It is no error that one does not exist" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Remove one", "usr-ct secret rm db-password" },
	                                      { NULL, NULL } },
	.handler = remove_secrets,
	.uses_store = true,
};

static int exists(struct cli *c, const struct args *a)
{
	_cleanup_free_ char *json = NULL;
	struct usrct_err e = { 0 };
	int r = usrct_secret_inspect(c->u, a->words[0], false, &json, &e);

	return cli_say_exists(c, r, &e);
}

const struct command cmd_secret_exists = {
	.name = "secret exists",
	.group = GROUP_VOLUMES,
	.summary = "Tell whether there is a secret of that name",
	.exit_text = "0 there is one, 1 there is none, 125 it cannot be told.",
	.args = (const struct positional[]){ { "SECRET", COMPLETE_SECRET, false, false },
	                                     { NULL } },
	.examples =
		(const struct example[]){ { "Make it once",
	                                    "usr-ct secret exists db || usr-ct secret create db "
	                                    "db.txt" },
	                                  { NULL, NULL } },
	.handler = exists,
	.uses_store = true,
};
