/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct system migrate - converts the store from one driver to the other */
#include "cli/cli.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/human.h"

#include <string.h>

enum { EXIT_LEFT = 1, OUTPUT_MAX = 16 << 20 };

static void show(const struct usrct_migrate_progress *p, void *arg)
{
	struct cli *c = arg;
	char id[72];

	(void)fprintf(c->err.f, "%s %zu/%zu  %s\n", p->kind, p->i, p->n,
	              strcmp(p->kind, "layer") != 0 ? human_image(p->name)
	                                            : human_id(p->name, true, id));
	(void)fflush(c->err.f);
}

static void add_result(struct sbuf *b, const json_t *j)
{
	const json_t *v;
	size_t i;

	sbuf_addf(b, "%lld layers are of the %s driver now, %lld containers were changed\n",
	          (long long)json_integer_value(json_object_get(j, "Converted")),
	          json_string_value(json_object_get(j, "To")),
	          (long long)json_integer_value(json_object_get(j, "Containers")));
	json_array_foreach(json_object_get(j, "Skipped"), i, v)
		sbuf_addf(b, "layer %.12s of %s stays as it is: %s\n",
	                  json_string_value(json_object_get(v, "Layer")),
	                  human_image(json_string_value(json_object_get(v, "Image"))),
	                  json_string_value(json_object_get(v, "Reason")));
	json_array_foreach(json_object_get(j, "Running"), i, v) sbuf_addf(
		b,
		"container %s runs and keeps its layers in their old form; migrate again once it "
		"has been stopped\n",
		json_string_value(v));
	json_array_foreach(json_object_get(j, "Kept"), i, v) sbuf_addf(
		b, "container %s keeps the old form, which its id map or mount back end needs\n",
		json_string_value(v));
}

static int migrate(struct cli *c, const struct args *a)
{
	struct usrct_migrate_options o = { .size = sizeof(o),
		                           .to = args_string(a, "to"),
		                           .progress = args_flag(a, "quiet") ? NULL : show,
		                           .arg = c };
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(OUTPUT_MAX);
	const char *format = args_string(a, "format");
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	struct usrct_err e = { 0 };
	int r;

	if (usrct_system_migrate(c->u, &o, &text, &e) < 0)
		return cli_fail(c, &e);
	r = cli_read_answer(c, text, &j);
	if (r)
		return r;
	if (format && !strcmp(format, "json"))
		sbuf_addf(&b, "%s\n", text);
	else
		add_result(&b, j);
	r = cli_print(c, &b);
	return r != 0 || (json_array_size(json_object_get(j, "Skipped")) == 0 &&
	                  json_array_size(json_object_get(j, "Running")) == 0)
	               ? r
	               : EXIT_LEFT;
}

const struct command cmd_system_migrate = {
	.name = "system migrate",
	.group = GROUP_SYSTEM,
	.summary = "Convert the store to another storage driver",
	.description =
		"Unpacks each layer that is of another driver again, beside what it is, and lets "
		"it be used from then on. Images are the same under both. It may be killed at any "
		"time: each layer is in one form or the other, all work, and the next run goes "
		"on.\n\n"
		"Containers keep what they wrote. Those that do not run use the new form from "
		"their "
		"next start on. Running ones go on upon the old one, which stays for them.\n\n"
		"objects shares files between images and id maps and needs Linux 6.16; plain works "
		"everywhere. docs/storage.md has more.",
	.exit_text =
		"0: all layers are of that driver. 1: some layers or running containers keep the "
		"old one, and were named.",
	.options =
		(const struct option[]){
			{ "to", 0, OPTION_ENUM, COMPLETE_VALUES, "DRIVER",
	                  "The driver to convert to", "what new layers are stored as", NULL,
	                  (const char *const[]){ "objects", "plain", NULL } },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Do not show progress" },
			{ "format", 0, OPTION_ENUM, COMPLETE_VALUES, "FORMAT", "How to print it",
	                  "text", NULL, (const char *const[]){ "text", "json", NULL } },
			{ NULL } },
	.examples = (const struct example[]){ { "After a kernel update",
	                                        "usr-ct system migrate --to objects" },
	                                      { NULL, NULL } },
	.handler = migrate,
	.failure = EXIT_OUR_FAULT,
	.uses_store = true,
};
