/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct inspect - everything known of containers and images */
#include "cli/cli.h"
#include "cli/platform-options.h"
#include "cli/selection.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/format.h"
#include "cli/inspect-fields.h"
#include "cli/print-json.h"
#include "cli/volumes.h"

#include <string.h>

enum { INSPECT_MAX_BYTES = 64 << 20 };

/* A container of that name, else an image. @type limits it to one kind; NULL: both. */
static int fetch(struct cli *c, const char *ref, const char *type, char **ret, struct usrct_err *e)
{
	int r = -ENOENT;

	if (!type || strcmp(type, "container") == 0) {
		r = usrct_container_inspect(c->u, ref, ret, e);
		if (r != -ENOENT || type)
			return r;
	}
	if (!type || strcmp(type, "image") == 0) {
		r = usrct_image_inspect(c->u, ref, ret, e);
		if (r != -ENOENT || type)
			return r;
	}
	r = usrct_volume_inspect(c->u, ref, ret, e);
	if (r != -ENOENT || type)
		return r;
	e->number = UCT_CONTAINER_UNKNOWN;
	(void)snprintf(e->msg, sizeof(e->msg), "no container, image or volume '%s'", ref);
	(void)snprintf(e->hint, sizeof(e->hint),
	               "usr-ct ps -a, usr-ct images and usr-ct volume ls list what there is");
	return r;
}

/* SizeRw and SizeRootFs, as Docker's --size adds them to a container. */
static int add_size(struct cli *c, json_t *j, struct usrct_err *e)
{
	_cleanup_free_ char *filter = NULL;
	const char *id = json_string_value(json_object_get(j, "Id"));
	const char *filters[2] = { NULL, NULL };
	const struct usrct_list_options o = {
		.size = sizeof(o), .all = true, .details = USRCT_LIST_SIZE, .filters = filters
	};
	struct usrct_container *list = NULL;
	size_t n = 0;
	int r;

	if (!json_object_get(j, "State"))
		return 0; /* an image, a volume */
	filter = strf("id=^%s$", id ? id : "");
	filters[0] = filter;
	r = usrct_container_list(c->u, &o, &list, &n, e);
	if (r == 0 && n == 1) {
		(void)json_object_set_new(j, "SizeRw",
		                          json_integer((json_int_t)list[0].size_rw_bytes));
		(void)json_object_set_new(j, "SizeRootFs",
		                          json_integer((json_int_t)list[0].size_root_bytes));
	}
	usrct_container_list_free(list, n);
	return r;
}

/* "container inspect" looks only among containers. */
static const char *type_of(const struct cli *c, const struct args *a)
{
	const char *space = strchr(c->cmd->name, ' ');

	const char *type;

	if (!space) {
		type = args_string(a, "type");
		return type && strcmp(type, "all") != 0 ? type : NULL;
	}
	return strncmp(c->cmd->name, "image", 5) == 0    ? "image"
	       : strncmp(c->cmd->name, "volume", 6) == 0 ? "volume"
	                                                 : "container";
}

static int look_up(struct cli *c, const struct args *a, const char *ref, json_t **ret)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	struct usrct_err e = { 0 };
	int status;

	if (fetch(c, ref, type_of(c, a), &text, &e) < 0)
		return cli_fail(c, &e);
	status = cli_read_answer(c, text, &j);
	if (status)
		return status;
	if (command_option(a->cmd, "size", 4) && args_flag(a, "size") && add_size(c, j, &e) < 0)
		return cli_fail(c, &e);
	*ret = TAKE_PTR(j);
	return 0;
}

static int print_with(struct cli *c, const struct args *a, struct format *f)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(INSPECT_MAX_BYTES);
	int status = 0, one;
	struct err e;

	for (size_t i = 0; i < a->n_words; i++) {
		json_t *j = NULL;

		one = look_up(c, a, a->words[i], &j);
		if (one == 0 && !format_is_json(f))
			inspect_fields_add(j);
		if (one == 0 && format_row(f, j, NULL, NULL, &e) < 0)
			one = cli_fail_local(c, &e);
		status = one ? one : status;
		if (one == EXIT_OUR_FAULT)
			break; /* the template is wrong, and would be for each of them */
	}
	if (format_end(f, &b, &e) < 0)
		return cli_fail_local(c, &e);
	one = cli_print(c, &b);
	return one ? one : status;
}

static int print_all(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(INSPECT_MAX_BYTES);
	_cleanup_json_ json_t *array = json_array();
	int status = 0, one;

	for (size_t i = 0; array && i < a->n_words; i++) {
		json_t *j = NULL;

		one = look_up(c, a, a->words[i], &j);
		if (one == 0 && json_array_append_new(array, j) < 0)
			one = cli_fail_memory(c);
		status = one ? one : status;
	}
	if (!array)
		return cli_fail_memory(c);
	print_json_pretty(&b, json_incref(array));
	one = cli_print(c, &b);
	return one ? one : status;
}

static int inspect(struct cli *c, const struct args *a)
{
	const struct format_options o = { .text = args_string(a, "format"),
		                          .raw = true,
		                          .has_nil = true };
	_cleanup_format_ struct format *f = NULL;
	struct err e;

	if (!o.text || !*o.text)
		return print_all(c, a);
	if (format_compile(&o, &f, &e) < 0)
		return cli_fail_local(c, &e);
	return print_with(c, a, f);
}

static const char *const types[] = { "container", "image", "volume", "all", NULL };

static const struct option format_and_size[] = {
	{ "format", 'f', OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	  "Print what a template makes of each instead, or json: one line each", "indented JSON" },
	{ "size", 's', OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Also SizeRw and SizeRootFs of containers" },
	{ NULL },
};
static const struct option *const shared[] = { format_and_size, platform_check_options, NULL };
static const struct option *const shared_latest[] = { format_and_size, latest_option_l, NULL };

const struct command cmd_inspect = {
	.name = "inspect",
	.group = GROUP_SYSTEM,
	.summary = "Print all that is known of something, as JSON",
	.description =
		"NAME is looked up among containers first, then among images, then among "
		"volumes. The result is "
		"one array with an element for each that was found; field names are Docker's. The "
		"exit status tells if one was not found.",
	.args = (const struct positional[]){ { "NAME", COMPLETE_OBJECT, false, true }, { NULL } },
	.options = (const struct option[]){ { "type", 't', OPTION_ENUM, COMPLETE_VALUES, "KIND",
	                                      "Look only among these", NULL, NULL, types },
	                                    { NULL } },
	.shared = shared_latest,
	.examples =
		(const struct example[]){
			{ "The process number of a container",
	                  "usr-ct inspect -f '{{.State.Pid}}' web" },
			{ "Its environment, a line each",
	                  "usr-ct inspect -f '{{range .Config.Env}}{{println .}}{{end}}' web" },
			{ "With jq", "usr-ct inspect web | jq '.[0].Mounts'" },
			{ NULL, NULL } },
	.handler = inspect,
	.uses_store = true,
	.takes_latest = true,
};

const struct command cmd_container_inspect = {
	.name = "container inspect",
	.group = GROUP_SYSTEM,
	.summary = "Print all that is known of containers, as JSON",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, false, true },
	                                     { NULL } },
	.shared = shared_latest,
	.examples = (const struct example[]){ { "Whether it runs",
	                                        "usr-ct container inspect -f '{{.State.Status}}' "
	                                        "web" },
	                                      { NULL, NULL } },
	.handler = inspect,
	.uses_store = true,
	.takes_latest = true,
};

static int exists(struct cli *c, const struct args *a)
{
	_cleanup_free_ char *json = NULL;
	struct usrct_err e = { 0 };
	int r = usrct_container_inspect(c->u, a->words[0], &json, &e);

	return cli_say_exists(c, r, &e);
}

const struct command cmd_container_exists = {
	.name = "container exists",
	.group = GROUP_SYSTEM,
	.summary = "Say by the exit status whether there is a container",
	.exit_text = "0 it is there, 1 it is not, 125 it cannot be told",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, false, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "external", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Accepted for podman's sake: other programs keep no "
	                                      "containers in this store" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Only if it is not there yet",
	                                        "usr-ct container exists web || usr-ct run -d "
	                                        "--name web nginx" },
	                                      { NULL, NULL } },
	.handler = exists,
	.failure = EXIT_OUR_FAULT,
	.uses_store = true,
};

static int inspect_images(struct cli *c, const struct args *a)
{
	int status = 0;

	for (size_t i = 0; i < a->n_words && status == 0; i++)
		status = platform_check(c, a, a->words[i]);
	return status ? status : inspect(c, a);
}

const struct command cmd_image_inspect = {
	.name = "image inspect",
	.group = GROUP_SYSTEM,
	.summary = "Print all that is known of images, as JSON",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, true }, { NULL } },
	.shared = shared,
	.examples = (const struct example[]){ { "What it runs",
	                                        "usr-ct image inspect -f '{{json .Config.Cmd}}' "
	                                        "alpine" },
	                                      { NULL, NULL } },
	.handler = inspect_images,
	.uses_store = true,
};

static int inspect_volumes(struct cli *c, const struct args *a)
{
	return selection_run(c, a, volumes_names, inspect);
}

const struct command cmd_volume_inspect = {
	.name = "volume inspect",
	.group = GROUP_VOLUMES,
	.summary = "Print all that is known of volumes, as JSON",
	.description =
		"Field names are Docker's: Name, Driver, Mountpoint, Labels, Options, Scope, "
		"CreatedAt; and podman's: Anonymous, NeedsCopyUp, NeedsChown, MountCount (how many "
		"containers have it).",
	.args = (const struct positional[]){ { "VOLUME", COMPLETE_VOLUME_NAME, true, true },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "format", 'f', OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	                  "Print what a template makes of each instead, or json: one line each",
	                  "indented JSON" },
			{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL, "All of them" },
			{ NULL } },
	.examples = (const struct example[]){ { "Where its files are",
	                                        "usr-ct volume inspect -f '{{.Mountpoint}}' pg" },
	                                      { NULL, NULL } },
	.handler = inspect_volumes,
	.uses_store = true,
};
