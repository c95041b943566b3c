/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct cp - copy files between a container and here, or another container */
#include "cli/cli.h"
#include "cli/human.h"

#include <string.h>

/* One of the two words of the command line. */
struct end {
	const char *container; /* heap; NULL: a path of the user's, or "-" */
	const char *path;
	bool is_stream;
};

/* As Docker: what starts with / or . is a path here, whatever colons it has. */
static int parse_end(const char *word, struct end *ret)
{
	const char *colon = strchr(word, ':');

	*ret = (struct end){ .path = word };
	if (!strcmp(word, "-")) {
		ret->is_stream = true;
		return 0;
	}
	if (!colon || colon == word || word[0] == '/' || word[0] == '.')
		return 0;
	ret->container = strndup(word, (size_t)(colon - word));
	ret->path = colon + 1;
	return ret->container ? 0 : -ENOMEM;
}

static int bad_ends(struct cli *c, const char *why, const char *hint)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "%s", why);

	(void)err_hint(&e, r, "%s", hint);
	return cli_fail_local(c, &e);
}

static void print_done(struct cli *c, const struct args *a, const struct usrct_copied *done)
{
	char size[HUMAN_SIZE];

	if (done->skipped)
		(void)fprintf(c->err.f, "usr-ct: left out %llu device%s or socket%s\n",
		              (unsigned long long)done->skipped, done->skipped == 1 ? "" : "s",
		              done->skipped == 1 ? "" : "s");
	if (args_flag(a, "quiet") || !c->err.is_tty)
		return;
	human_bytes(done->bytes, size);
	(void)fprintf(c->err.f, "Successfully copied %s to %s\n", size, a->words[1]);
}

static int copy(struct cli *c, const struct args *a, const struct end *from, const struct end *to)
{
	const struct end *here = from->container ? to : from;
	struct usrct_copy_options opts = {
		.size = sizeof(opts),
		.archive = args_flag(a, "archive"),
		.follow_link = args_flag(a, "follow-link"),
		.host_path = here->is_stream ? NULL : here->path,
		.stream_fd = from->is_stream ? STDIN_FILENO : STDOUT_FILENO,
	};
	const struct usrct_place source = { from->container, from->path },
				 target = { to->container, to->path };
	struct usrct_copied done = { 0 };
	struct usrct_err e = { 0 };
	int r;

	if (!from->container && !to->container)
		return bad_ends(c, "neither of the two is in a container",
		                "write one of them as CONTAINER:PATH");
	if (!from->path[0] && !from->container)
		return bad_ends(c, "the source is empty", "a . is the current directory");
	if (!to->path[0] && !to->container)
		return bad_ends(c, "the target is empty", "a . is the current directory");
	if (to->is_stream && isatty(STDOUT_FILENO))
		return bad_ends(c, "a terminal is no place for a tar stream",
		                "redirect it: usr-ct cp CONTAINER:PATH - | tar x");
	if (from->container && to->container)
		r = usrct_copy_between(c->u, &source, &target, &opts, &done, &e);
	else if (from->container)
		r = usrct_copy_from(c->u, from->container, from->path, &opts, &done, &e);
	else
		r = usrct_copy_to(c->u, to->container, to->path, &opts, &done, &e);
	if (r < 0)
		return cli_fail(c, &e);
	print_done(c, a, &done);
	return 0;
}

static int cp(struct cli *c, const struct args *a)
{
	struct end from = { 0 }, to = { 0 };
	int r = parse_end(a->words[0], &from);

	if (r == 0)
		r = parse_end(a->words[1], &to);
	r = r < 0 ? cli_fail_memory(c) : copy(c, a, &from, &to);
	free((void *)(uintptr_t)from.container);
	free((void *)(uintptr_t)to.container);
	return r;
}

const struct command cmd_cp = {
	.name = "cp",
	.aliases = (const char *const[]){ "container cp", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Copy files into, out of and between containers",
	.description =
		"One of the two, or both, are CONTAINER:PATH, where PATH starts at the container's "
		"root; else a path here, or - for a tar stream on standard input or output. The "
		"container need not run. Its volumes and mounted directories are seen.\n"
		"\n"
		"A directory is copied with all that is in it, into the target if that is a "
		"directory, else as the target; with /. behind it, its contents are. A file "
		"replaces "
		"a file, or goes into a directory. With / behind it, a target must be a directory. "
		"Directories are merged; a file never replaces a directory, nor the reverse.\n"
		"\n"
		"What is copied out belongs to you, what is copied in to the container's root. "
		"Links "
		"are copied as links. Devices and sockets are left out.",
	.args = (const struct positional[]){ { "SOURCE", COMPLETE_FILE, false, false },
	                                     { "TARGET", COMPLETE_FILE, false, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "archive", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Into a container: keep the numbers of users and "
	                                      "groups" },
	                                    { "follow-link", 'L', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "If SOURCE is a link, copy what it leads to" },
	                                    { "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Do not say how much was copied" },
	                                    { "pause", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Accepted for podman's sake: nothing is paused" },
	                                    { NULL } },
	.foreign = (const struct foreign_option[]){ { "overwrite", 0,
	                                              "a file never replaces a directory, nor the "
	                                              "reverse",
	                                              "remove the target first" },
	                                            { NULL, 0, NULL, NULL } },
	.examples =
		(const struct example[]){
			{ "A configuration file out, and back", "usr-ct cp web:/etc/nginx.conf ." },
			{ "The contents of a directory into another",
	                  "usr-ct cp ./site/. web:/srv/www" },
			{ "From one container into another",
	                  "usr-ct cp web:/etc/nginx web-new:/etc" },
			{ "Look into a directory of a container that has no tools",
	                  "usr-ct cp web:/var/log - | tar tv" },
			{ NULL, NULL } },
	.handler = cp,
	.uses_store = true,
};
