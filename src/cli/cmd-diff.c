/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct diff, image diff - what a container changed in its file system, or an image */
#include "cli/cli.h"
#include "cli/selection.h"

#include "base/sbuf.h"

#include <jansson.h>
#include <string.h>

enum { LIST_MAX_BYTES = 1 << 30 };

static const char *const formats[] = { "json", "table", NULL };

struct listing {
	struct sbuf text;
	json_t *changes; /* --format json, podman's form: {"changed": [...], ...} */
};

static int add(const struct usrct_change *change, void *arg)
{
	struct listing *l = arg;
	const char *key = change->kind == 'A'   ? "added"
	                  : change->kind == 'C' ? "changed"
	                                        : "deleted";
	json_t *list;

	if (!l->changes) {
		sbuf_addf(&l->text, "%c %s\n", change->kind, change->path);
		return l->text.err;
	}
	list = json_object_get(l->changes, key);
	if (!list) {
		list = json_array();
		(void)json_object_set_new(l->changes, key, list);
	}
	/* jansson takes only UTF-8, as JSON demands; other bytes are shown as what they are not. */
	if (json_array_append_new(list, json_string(change->path)) < 0) {
		_cleanup_free_ char *copy = strdup(change->path);

		for (char *p = copy; p && *p; p++)
			if ((unsigned char)*p >= 0x80)
				*p = '?';
		if (!copy || json_array_append_new(list, json_string(copy)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Containers come first, as with inspect; two names are images. */
static int list(struct cli *c, const struct args *a, struct listing *l, struct usrct_err *e)
{
	const char *base = a->n_words > 1 ? a->words[1] : NULL;
	struct usrct_err none = { 0 };
	int r = -ENOENT;

	if (!base && strcmp(c->cmd->name, "image diff") != 0) {
		r = usrct_container_diff(c->u, a->words[0], add, l, e);
		if (r != -ENOENT || !e->code)
			return r;
		r = usrct_image_diff(c->u, a->words[0], NULL, add, l, &none);
		if (r == -ENOENT)
			(void)snprintf(e->msg, sizeof(e->msg), "no container or image '%s'",
			               a->words[0]);
		else
			*e = none;
		return r;
	}
	r = usrct_image_diff(c->u, a->words[0], base, add, l, e);
	if (r == -ENOENT && base)
		(void)snprintf(e->hint, sizeof(e->hint),
		               "two images are compared; a container with its own image: usr-ct "
		               "diff CONTAINER");
	return r;
}

static int diff(struct cli *c, const struct args *a)
{
	const char *format = args_string(a, "format");
	struct listing l = { .text = SBUF_INIT(LIST_MAX_BYTES) };
	struct usrct_err e = { 0 };
	int r, status;

	if (format && !strcmp(format, "json")) {
		l.changes = json_object();
		if (!l.changes)
			return cli_fail_memory(c);
	}
	r = list(c, a, &l, &e);
	if (r == 0 && l.changes) {
		_cleanup_free_ char *text = json_dumps(l.changes, JSON_INDENT(2) | JSON_SORT_KEYS);

		sbuf_addf(&l.text, "%s\n", text ? text : "{}");
	}
	if (r < 0)
		status = e.code ? cli_fail(c, &e) : cli_fail_memory(c);
	else
		status = cli_print(c, &l.text);
	sbuf_done(&l.text);
	json_decref(l.changes);
	return status;
}

static const struct option diff_options[] = {
	{ "format", 0, OPTION_ENUM, COMPLETE_VALUES, "FORM", "How to print the list", "table", NULL,
	  formats },
	{ NULL },
};

const struct command cmd_image_diff = {
	.name = "image diff",
	.group = GROUP_IMAGES,
	.summary = "Show what an image changed, or how two differ",
	.description = "One line for each path: A it was added, C it was changed, D it was "
		       "deleted; by the "
		       "topmost layer, or with two images by the first, compared with the second.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, false },
	                                     { "BASE", COMPLETE_IMAGE, true, false },
	                                     { NULL } },
	.options = diff_options,
	.examples = (const struct example[]){ { "What an update brought",
	                                        "usr-ct image diff site:2 site:1" },
	                                      { NULL, NULL } },
	.handler = diff,
	.uses_store = true,
};

const struct command cmd_diff = {
	.name = "diff",
	.aliases = (const char *const[]){ "container diff", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Show what a container or an image changed in its files",
	.description =
		"One line for each path: A it was added, C it was changed, D it was deleted. "
		"What lies in volumes and other mounts is not part of it.\n\n"
		"Of an image it is what its topmost layer changed; with two images, all that the "
		"first has otherwise than the second. A name that fits both a container and an "
		"image means the container.",
	.args = (const struct positional[]){ { "CONTAINER|IMAGE", COMPLETE_OBJECT, false, false },
	                                     { "IMAGE", COMPLETE_IMAGE, true, false },
	                                     { NULL } },
	.options = diff_options,
	.examples = (const struct example[]){ { "What an installation has left behind",
	                                        "usr-ct diff web | grep ^A" },
	                                      { NULL, NULL } },
	.shared = (const struct option *const[]){ latest_option_l, NULL },
	.handler = diff,
	.uses_store = true,
	.takes_latest = true,
};
