/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct init - make everything ready for the first container, and say what is missing */
#include "cli/cli.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

struct findings {
	struct cli *c;
	unsigned n_failed;
};

static void found(const struct usrct_check *check, void *arg)
{
	struct findings *f = arg;

	if (check->state != USRCT_CHECK_FAIL)
		return;
	f->n_failed++;
	(void)fprintf(f->c->out.f, "%s: %s: %s\n", check->id, check->title,
	              check->reason ? check->reason : "");
}

static int print_place(struct cli *c)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	struct usrct_err e = { 0 };
	const char *dir;

	if (usrct_info(c->u, &text, &e) < 0)
		return cli_fail(c, &e);
	j = json_loads(text, 0, NULL);
	dir = json_string_value(json_object_get(j, "DataDir"));
	(void)fprintf(c->out.f, "The store is %s.\n", dir ? dir : "ready");
	return 0;
}

static int init(struct cli *c, const struct args *a)
{
	struct findings f = { .c = c };
	struct usrct_err e = { 0 };
	int status;

	(void)a;
	if (usrct_prepare(c->u, &e) < 0)
		return cli_fail(c, &e);
	status = print_place(c);
	if (status)
		return status;
	if (usrct_doctor(c->u, found, &f, &e) < 0)
		return cli_fail(c, &e);
	if (f.n_failed)
		(void)fprintf(c->out.f,
		              "%u of the checks failed; usr-ct doctor says how to mend them.\n",
		              f.n_failed);
	else
		(void)fprintf(c->out.f, "Containers work here.\n");
	return f.n_failed > 0;
}

const struct command cmd_init = {
	.name = "init",
	.aliases = (const char *const[]){ "system init", NULL },
	.group = GROUP_SYSTEM,
	.summary = "Make the store, and check that containers work here",
	.description =
		"Makes the directories and the index of the store, and tries what containers "
		"need, as doctor does. It may be called again at any time, and need not be: "
		"every command makes what it needs.",
	.exit_text = "0 if everything needed works, 1 if something does not.",
	.examples =
		(const struct example[]){ { "After installing", "usr-ct init" }, { NULL, NULL } },
	.handler = init,
	.uses_store = true,
};
