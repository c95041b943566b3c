/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct inspect - everything known of containers and images */
#include "cli/cli.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/print-json.h"

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
	r = usrct_image_inspect(c->u, ref, ret, e);
	if (r != -ENOENT || type)
		return r;
	e->number = UCT_CONTAINER_UNKNOWN;
	(void)snprintf(e->msg, sizeof(e->msg), "no container or image '%s'", ref);
	(void)snprintf(e->hint, sizeof(e->hint),
	               "usr-ct ps -a and usr-ct images list what there is");
	return r;
}

static int add_one(struct cli *c, json_t *array, const char *ref, const char *type)
{
	_cleanup_free_ char *text = NULL;
	struct usrct_err e = { 0 };
	json_t *j = NULL;
	struct err bad;

	if (fetch(c, ref, type, &text, &e) < 0)
		return cli_fail(c, &e);
	if (json_parse(text, strlen(text), "answer of the library", &j, &bad) < 0)
		return cli_fail_local(c, &bad);
	return json_array_append_new(array, j) < 0 ? cli_fail_memory(c) : 0;
}

static int inspect(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(INSPECT_MAX_BYTES);
	_cleanup_json_ json_t *array = json_array();
	int status = 0, one;

	if (!array)
		return cli_fail_memory(c);
	for (size_t i = 0; i < a->n_words; i++) {
		one = add_one(c, array, a->words[i], args_string(a, "type"));
		status = one ? one : status;
	}
	print_json_pretty(&b, json_incref(array));
	one = cli_print(c, &b);
	return one ? one : status;
}

const struct command cmd_inspect = {
	.name = "inspect",
	.aliases = (const char *const[]){ "container inspect", "image inspect", NULL },
	.group = GROUP_SYSTEM,
	.summary = "Print all that is known of containers and images, as JSON",
	.description = "NAME is looked up among containers first, then among images. The result is "
		       "one array with an element for each that was found; field names are "
		       "Docker's.",
	.args = (const struct positional[]){ { "NAME", COMPLETE_OBJECT, false, true }, { NULL } },
	.options = (const struct option[]){ { "type", 0, OPTION_ENUM, COMPLETE_VALUES, "KIND",
	                                      "Look only among these", NULL, NULL,
	                                      (const char *const[]){ "container", "image", NULL } },
	                                    { NULL } },
	.examples = (const struct example[]){ { "The process number of a container",
	                                        "usr-ct inspect web | jq '.[0].State.Pid'" },
	                                      { NULL, NULL } },
	.handler = inspect,
	.uses_store = true,
};
