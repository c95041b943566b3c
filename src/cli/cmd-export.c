/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct export - a container's file system as a tar archive */
#include "cli/cli.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int refuse_terminal(struct cli *c)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "a terminal is no place for a tar archive");

	(void)err_hint(&e, r, "use -o FILE, or redirect standard output");
	return cli_fail_local(c, &e);
}

/* The file appears when it is complete; what is no ordinary file is written to as it is. */
static int export_to_file(struct cli *c, const char *ref, const char *file)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *part = NULL;
	struct usrct_err e = { 0 };
	struct err le;
	struct stat st;
	bool is_special = stat(file, &st) == 0 && !S_ISREG(st.st_mode);

	if (!is_special && asprintf(&part, "%s.XXXXXX", file) < 0)
		return cli_fail_memory(c);
	fd = is_special ? open(file, O_WRONLY | O_CLOEXEC) : mkostemp(part, O_CLOEXEC);
	if (fd < 0) {
		(void)err_sys(&le, "cannot create '%s'", file);
		return cli_fail_local(c, &le);
	}
	if (usrct_container_export(c->u, ref, fd, &e) < 0) {
		if (part)
			(void)unlink(part);
		return cli_fail(c, &e);
	}
	if (part && (fchmod(fd, 0600) < 0 || rename(part, file) < 0)) {
		(void)err_sys(&le, "cannot create '%s'", file);
		(void)unlink(part);
		return cli_fail_local(c, &le);
	}
	return 0;
}

static int export_container(struct cli *c, const struct args *a)
{
	const char *file = args_string(a, "output");
	struct usrct_err e = { 0 };

	if (file)
		return export_to_file(c, a->words[0], file);
	if (isatty(STDOUT_FILENO))
		return refuse_terminal(c);
	if (usrct_container_export(c->u, a->words[0], STDOUT_FILENO, &e) < 0)
		return cli_fail(c, &e);
	return 0;
}

const struct command cmd_export = {
	.name = "export",
	.aliases = (const char *const[]){ "container export", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Write a container's file system as a tar archive",
	.description =
		"All of its root file system with the owners it has inside, but nothing that "
		"is mounted in it. The container need not run.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, false, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "output", 'o', OPTION_STRING, COMPLETE_FILE, "FILE",
	                                      "Write to a file, which appears when it is complete",
	                                      "standard output" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Compressed",
	                                        "usr-ct export web | zstd > web.tar.zst" },
	                                      { NULL, NULL } },
	.handler = export_container,
	.uses_store = true,
};
