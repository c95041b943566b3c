/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct volume export, import, snapshot, reload - what is in volumes */
#include "cli/cli.h"

#include "cli/volumes.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int refuse_terminal(struct cli *c, const char *hint)
{
	struct err e;
	int r = err_set(&e, UCT_BAD_ARCHIVE_INPUT, -EINVAL,
	                "a terminal is no place for a tar archive");

	(void)err_hint(&e, r, "%s", hint);
	return cli_fail_local(c, &e);
}

static int fail_file(struct cli *c, const char *what, const char *file)
{
	struct err e;

	(void)err_sys(&e, "cannot %s '%s'", what, file);
	return cli_fail_local(c, &e);
}

/* The file appears when it is complete; what is no ordinary file is written to as it is. */
static int export_to_file(struct cli *c, const char *name, const char *file)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *part = NULL;
	struct usrct_err e = { 0 };
	struct stat st;
	bool is_special = stat(file, &st) == 0 && !S_ISREG(st.st_mode);
	int status;

	if (!is_special && asprintf(&part, "%s.XXXXXX", file) < 0)
		return cli_fail_memory(c);
	fd = is_special ? open(file, O_WRONLY | O_CLOEXEC) : mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return fail_file(c, "create", file);
	if (usrct_volume_export(c->u, name, fd, &e) < 0)
		status = cli_fail(c, &e);
	else
		status = part && rename(part, file) < 0 ? fail_file(c, "create", file) : 0;
	if (status && part)
		(void)unlink(part);
	return status;
}

static int export_volume(struct cli *c, const struct args *a)
{
	const char *file = args_string(a, "output");
	struct usrct_err e = { 0 };

	if (file)
		return export_to_file(c, a->words[0], file);
	if (isatty(STDOUT_FILENO))
		return refuse_terminal(c, "use -o FILE, or redirect standard output");
	return usrct_volume_export(c->u, a->words[0], STDOUT_FILENO, &e) < 0 ? cli_fail(c, &e) : 0;
}

const struct command cmd_volume_export = {
	.name = "volume export",
	.group = GROUP_VOLUMES,
	.summary = "Write what is in a volume as a tar archive",
	.description = "Owners are those inside containers.",
	.args = (const struct positional[]){ { "VOLUME", COMPLETE_VOLUME_NAME, false, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "output", 'o', OPTION_STRING, COMPLETE_FILE, "FILE",
	                                      "Write to a file, which appears when it is complete",
	                                      "standard output" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "A compressed copy",
	                                        "usr-ct volume export pg | zstd > pg.tar.zst" },
	                                      { NULL, NULL } },
	.handler = export_volume,
	.uses_store = true,
};

static int import_volume(struct cli *c, const struct args *a)
{
	const char *file = a->n_words > 1 ? a->words[1] : "-";
	_cleanup_close_ int fd = -EBADF;
	struct usrct_err e = { 0 };
	bool is_stdin = !strcmp(file, "-");

	if (is_stdin && isatty(STDIN_FILENO))
		return refuse_terminal(c, "name a FILE, or redirect standard input");
	if (!is_stdin) {
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return fail_file(c, "read", file);
	}
	return usrct_volume_import(c->u, a->words[0], is_stdin ? STDIN_FILENO : fd, &e) < 0
	               ? cli_fail(c, &e)
	               : 0;
}

const struct command cmd_volume_import = {
	.name = "volume import",
	.group = GROUP_VOLUMES,
	.summary = "Unpack a tar archive into a volume",
	.description =
		"FILE may be compressed; without it, or as -, the archive comes from standard "
		"input. What the volume has already stays, unless the archive has the same name.",
	.args = (const struct positional[]){ { "VOLUME", COMPLETE_VOLUME_NAME, false, false },
	                                     { "FILE", COMPLETE_FILE, true, false },
	                                     { NULL } },
	.examples = (const struct example[]){ { "From another machine",
	                                        "ssh other usr-ct volume export pg | usr-ct volume "
	                                        "import pg" },
	                                      { NULL, NULL } },
	.handler = import_volume,
	.uses_store = true,
};

static int snapshot(struct cli *c, const struct args *a)
{
	struct usrct_volume_options o = { .size = sizeof(o),
		                          .name = a->n_words > 1 ? a->words[1] : NULL };
	_cleanup_free_ const char **labels = NULL;
	_cleanup_free_ char *made = NULL;
	struct usrct_err e = { 0 };

	if (args_list(a, "label", &labels) < 0)
		return cli_fail_memory(c);
	o.labels = labels;
	if (usrct_volume_snapshot(c->u, a->words[0], &o, &made, &e) < 0)
		return cli_fail(c, &e);
	(void)fprintf(c->out.f, "%s\n", made);
	return 0;
}

const struct command cmd_volume_snapshot = {
	.name = "volume snapshot",
	.group = GROUP_VOLUMES,
	.summary = "Make another volume with the same contents",
	.description =
		"On file systems that can (btrfs, xfs) both share their contents until one is "
		"written to, and it takes no space; elsewhere all is copied. Labels are kept. A "
		"file that a container writes to meanwhile may be caught halfway: pause it, if "
		"that matters. The new volume's name is printed; without NAME one is made up.",
	.args = (const struct positional[]){ { "VOLUME", COMPLETE_VOLUME_NAME, false, false },
	                                     { "NAME", COMPLETE_NONE, true, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "label", 0, OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                                      "A label for the new one" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Before an upgrade",
	                                        "usr-ct volume snapshot pg pg-before-16" },
	                                      { NULL, NULL } },
	.handler = snapshot,
	.uses_store = true,
};

/* --- reload */

struct reloading {
	struct cli *c;
	bool has_removed, has_added;
};

static void print_change(const char *name, bool is_added, void *arg)
{
	struct reloading *l = arg;
	bool *has = is_added ? &l->has_added : &l->has_removed;

	if (!*has)
		(void)fprintf(l->c->out.f, "%s:\n", is_added ? "Added" : "Removed");
	*has = true;
	(void)fprintf(l->c->out.f, "%s\n", name);
}

static int reload(struct cli *c, const struct args *a)
{
	struct reloading l = { c, false, false };
	struct usrct_err e = { 0 };

	(void)a;
	return usrct_volume_reload(c->u, print_change, &l, &e) < 0 ? cli_fail(c, &e) : 0;
}

const struct command cmd_volume_reload = {
	.name = "volume reload",
	.group = GROUP_VOLUMES,
	.summary = "Make the list of volumes fit the directories on disk",
	.description = "Directories that the index does not know, for example from a backup, "
		       "become volumes again; volumes whose directory has vanished are dropped.",
	.examples = (const struct example[]){ { "After a restore", "usr-ct volume reload" },
	                                      { NULL, NULL } },
	.handler = reload,
	.uses_store = true,
};
