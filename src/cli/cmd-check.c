/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct system check - whether the store is what it should be, and putting it right */
#include "cli/cli.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/human.h"

#include <string.h>

enum { EXIT_UNSOUND = 1, OUTPUT_MAX = 64 << 20, SHOWN_LEAKS = 10 };

static void show_step(const char *what, void *arg)
{
	struct cli *c = arg;

	(void)fprintf(c->err.f, "looking at %s\n", what);
	(void)fflush(c->err.f);
}

static const char *text_at(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

static uint64_t number_at(const json_t *j, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(j, key));

	return n > 0 ? (uint64_t)n : 0;
}

static void add_names(struct sbuf *b, const json_t *list, const char *before)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
	{
		const char *name = json_string_value(v);

		sbuf_addf(b, "%s%s", i ? ", " : before, name ? human_image(name) : "");
	}
}

static void add_problem(struct sbuf *b, const json_t *p)
{
	static const char *const states[][2] = {
		{ "repaired", "repaired" },
		{ "pull", "must be pulled again" },
		{ "kept", "not touched" },
	};
	const char *state = text_at(p, "State");

	sbuf_addf(b, "damaged: %s %s: %s", text_at(p, "Kind"), text_at(p, "Name"),
	          text_at(p, "Reason"));
	add_names(b, json_object_get(p, "Images"), ", of ");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (!strcmp(state, states[i][0]))
			sbuf_addf(b, " (%s)", states[i][1]);
	sbuf_addc(b, '\n');
}

static void add_leaks(struct sbuf *b, const json_t *j)
{
	const json_t *list = json_object_get(j, "Leaks"), *v;
	size_t i;

	json_array_foreach(list, i, v)
	{
		if (i == SHOWN_LEAKS) {
			sbuf_addf(b, "... and %zu more\n", json_array_size(list) - i);
			break;
		}
		sbuf_addf(b, "nobody's: %s %s: %llu bytes%s\n", text_at(v, "Kind"),
		          text_at(v, "Path"), (unsigned long long)number_at(v, "Bytes"),
		          !strcmp(text_at(v, "State"), "removed") ? " (removed)" : "");
	}
	if (json_array_size(list) > 0)
		sbuf_addf(b, "nobody's in all: %llu bytes\n",
		          (unsigned long long)number_at(j, "LeakedBytes"));
}

static void add_summary(struct sbuf *b, const json_t *j)
{
	const json_t *n = json_object_get(j, "Checked");
	char objects[HUMAN_SIZE], blobs[HUMAN_SIZE];

	human_bytes(number_at(n, "ObjectBytes"), objects);
	human_bytes(number_at(n, "BlobBytes"), blobs);
	sbuf_addf(b,
	          "checked: %llu images, %llu layers, %llu objects (%s), %llu blobs (%s), %llu "
	          "trees, "
	          "%llu containers, %llu volumes\n",
	          (unsigned long long)number_at(n, "Images"),
	          (unsigned long long)number_at(n, "Layers"),
	          (unsigned long long)number_at(n, "Objects"), objects,
	          (unsigned long long)number_at(n, "Blobs"), blobs,
	          (unsigned long long)number_at(n, "Trees"),
	          (unsigned long long)number_at(n, "Containers"),
	          (unsigned long long)number_at(n, "Volumes"));
}

static int print_text(struct cli *c, const json_t *j)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(OUTPUT_MAX);
	bool is_sound = json_is_true(json_object_get(j, "Sound"));
	const json_t *v;
	size_t i;

	add_summary(&b, j);
	json_array_foreach(json_object_get(j, "Notes"), i, v)
		sbuf_addf(&b, "note: %s\n", json_string_value(v));
	json_array_foreach(json_object_get(j, "Problems"), i, v) add_problem(&b, v);
	add_leaks(&b, j);
	json_array_foreach(json_object_get(j, "PullAgain"), i, v)
		sbuf_addf(&b, "pull again: usr-ct pull %s\n", human_image(json_string_value(v)));
	if (is_sound)
		sbuf_adds(&b, "all is well\n");
	else if (!json_is_true(json_object_get(j, "Repair")))
		sbuf_adds(&b, "usr-ct system check --repair puts right what it can\n");
	return cli_print(c, &b);
}

static int check(struct cli *c, const struct args *a)
{
	struct usrct_system_check_options o = { .size = sizeof(o),
		                                .repair = args_flag(a, "repair"),
		                                .quick = args_flag(a, "quick"),
		                                .progress = c->err.is_tty ? show_step : NULL,
		                                .arg = c };
	const char *format = args_string(a, "format");
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	struct usrct_err e = { 0 };
	int r;

	if (usrct_system_check(c->u, &o, &text, &e) < 0)
		return cli_fail(c, &e);
	r = cli_read_answer(c, text, &j);
	if (r)
		return r;
	if (format && !strcmp(format, "json")) {
		(void)fprintf(c->out.f, "%s\n", text);
		r = 0;
	} else {
		r = print_text(c, j);
	}
	return r != 0 || json_is_true(json_object_get(j, "Sound")) ? r : EXIT_UNSOUND;
}

const struct command cmd_system_check = {
	.name = "system check",
	.group = GROUP_SYSTEM,
	.summary = "Look for damage and leaks in the store, and repair it",
	.description =
		"Reads all objects and blobs and compares them with their digests, the indexes of "
		"layers with their checksums, metadata trees with the indexes, the database with "
		"what is on disk, looks through volumes and directories of shared layers, and says "
		"what takes space and belongs to nobody, in bytes. Other "
		"commands and running containers are not disturbed, and nothing is changed.\n\n"
		"--repair unpacks a damaged layer again from its blob if that is good, or says "
		"which image must be pulled again; throws away damaged metadata trees and makes "
		"them anew, but not under a running container; makes the index anew from what lies "
		"on "
		"disk if it is lost or damaged; and removes what belongs to nobody. "
		"What a container wrote is never touched. It may be interrupted and run again.",
	.exit_text = "0: all is well, or was repaired. 1: something is damaged or belongs to "
		     "nobody. 125: it could not be looked at.",
	.options =
		(const struct option[]){
			{ "repair", 'r', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Put right what can be" },
			{ "quick", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Sizes and labels of objects and blobs only, not their contents" },
			{ "format", 0, OPTION_ENUM, COMPLETE_VALUES, "FORMAT", "How to print it",
	                  "text", NULL, (const char *const[]){ "text", "json", NULL } },
			{ NULL } },
	.examples = (const struct example[]){ { "After a disk had errors",
	                                        "usr-ct system check --repair" },
	                                      { NULL, NULL } },
	.handler = check,
	.failure = EXIT_OUR_FAULT,
	.uses_store = true,
};
