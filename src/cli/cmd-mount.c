/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct mount - change what is mounted in a container that runs */
#include "cli/cli.h"
#include "cli/format.h"

#include "base/sbuf.h"

#include <jansson.h>
#include <string.h>

static int bad_usage(struct cli *c, const char *what)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "%s", what);

	(void)err_hint(&e, r, "see usr-ct mount --help");
	return cli_fail_local(c, &e);
}

static int list(struct cli *c, const struct args *a)
{
	const struct format_options o = {
		.text = args_string(a, "format"),
		.table = "{{.Target}}\t{{.Source}}\t{{.Type}}\t{{.Options}}\t{{.Kept}}\t{{.Mounted}"
			 "}",
	};
	_cleanup_format_ struct format *f = NULL;
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4 << 20);
	struct usrct_mount *all = NULL;
	struct usrct_err e = { 0 };
	struct err bad = { 0 };
	size_t n = 0;
	int r = format_compile(&o, &f, &bad);

	if (r < 0)
		return cli_fail_local(c, &bad);
	if (usrct_mount_list(c->u, a->words[1], &all, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = format_row(f,
		               json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "Target", all[i].target,
		                         "Source", all[i].source, "Type", all[i].type, "Options",
		                         all[i].options, "Kept", all[i].is_kept, "Mounted",
		                         all[i].is_mounted),
		               NULL, NULL, &bad);
	usrct_mount_list_free(all, n);
	if (r == 0)
		r = format_end(f, &b, &bad);
	return r < 0 ? cli_fail_local(c, &bad) : cli_print(c, &b);
}

static int mount_command(struct cli *c, const struct args *a)
{
	const char *action = a->words[0], *ref = a->words[1];
	struct usrct_mount_options o = { .size = sizeof(o), .once = args_flag(a, "once") };
	struct usrct_err e = { 0 };
	int r;

	if (!strcmp(action, "ls") || !strcmp(action, "list"))
		return a->n_words == 2 ? list(c, a) : bad_usage(c, "mount ls takes one container");
	if (a->n_words != 3)
		return bad_usage(c, "mount takes a container and what to mount there");
	if (!strcmp(action, "add"))
		r = usrct_mount_add(c->u, ref, a->words[2], &o, &e);
	else if (!strcmp(action, "swap"))
		r = usrct_mount_swap(c->u, ref, a->words[2], &o, &e);
	else if (!strcmp(action, "rm") || !strcmp(action, "remove"))
		r = usrct_mount_remove(c->u, ref, a->words[2], &o, &e);
	else
		return bad_usage(c, "mount knows add, swap, rm and ls");
	return r < 0 ? cli_fail(c, &e) : 0;
}

const struct command cmd_mount = {
	.name = "mount",
	.aliases = (const char *const[]){ "container mount", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Change what is mounted in a running container",
	.description =
		"add CONTAINER SOURCE:TARGET[:ro] mounts a file or directory of yours, as -v of "
		"run "
		"does, but while the container runs; a TARGET that is missing is made.\n"
		"\n"
		"swap CONTAINER SOURCE:TARGET[:ro] replaces what is mounted at TARGET. From Linux "
		"6.5 on there is no moment without either; before, a few microseconds.\n"
		"\n"
		"rm CONTAINER TARGET takes a mount out. Files that are open stay open, and "
		"programs "
		"that are in it stay there.\n"
		"\n"
		"ls CONTAINER lists mounts, but for those that each container has.\n"
		"\n"
		"A change is remembered: it is there after the next start, too, except with "
		"--once. "
		"What a container cannot do without is refused: /, /proc, /sys, /dev, and the "
		"files "
		"of /etc that usr-ct writes.",
	.args = (const struct positional[]){ { "add|swap|rm|ls", COMPLETE_NONE, false, false },
	                                     { "CONTAINER", COMPLETE_RUNNING, false, false },
	                                     { "MOUNT", COMPLETE_VOLUME, true, false },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "once", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Until the container ends; the next start knows nothing of it" },
			{ "format", 0, OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	                  "How ls prints: table, json, or a Go template" },
			{ NULL },
		},
	.examples =
		(const struct example[]){
			{ "Let a running container see a directory",
	                  "usr-ct mount add web ./site:/srv/site:ro" },
			{ "Another version in its place, without a gap",
	                  "usr-ct mount swap web ./site-2:/srv/site:ro" },
			{ "And take it out again", "usr-ct mount rm web /srv/site" },
			{ NULL, NULL },
		},
	.handler = mount_command,
	.uses_store = true,
};
