/* SPDX-License-Identifier: Apache-2.0 */
/* transport - "docker-archive:FILE" and its relatives */
#include "cli/transport.h"

#include "cli/cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *prefix;
	enum usrct_save_format format;
} kinds[] = {
	{ "docker-archive:", USRCT_SAVE_DOCKER },
	{ "oci-archive:", USRCT_SAVE_OCI },
	{ "oci:", USRCT_SAVE_OCI_DIR },
	{ "dir:", USRCT_SAVE_DOCKER_DIR },
};

void place_done(struct place *p)
{
	free(p->path);
}

static int no_place(struct err *e, const char *text, const char *why, const char *hint)
{
	int r = err_set(e, UCT_BAD_REFERENCE, -EINVAL, "'%s': %s", text, why);

	return err_hint(e, r, "%s", hint);
}

/* The first colon ends the path, unless a file has the whole as its name; a directory of skopeo's
 * has no names in it. */
static int take_path(const char *text, const char *rest, struct place *p, struct err *e)
{
	size_t n = strcspn(rest, ":");

	if (p->format == USRCT_SAVE_DOCKER_DIR || access(rest, F_OK) == 0)
		n = strlen(rest);
	if (n == 0)
		return no_place(e, text, "there is no path behind the transport",
		                "write it as docker-archive:FILE");
	p->name = rest[n] ? rest + n + 1 : "";
	p->path = strndup(rest, n);
	return p->path ? 0 : err_oom(e);
}

int place_parse(const char *text, struct place *ret, struct err *e)
{
	static const char *const elsewhere[] = { "containers-storage:", "docker-daemon:" };

	*ret = (struct place){ .name = "" };
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (!strncmp(text, elsewhere[i], strlen(elsewhere[i])))
			return no_place(e, text, "the store of another program is not touched",
			                "use that program's save and usr-ct load, or the reverse");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix))) {
			ret->format = kinds[i].format;
			return take_path(text, text + strlen(kinds[i].prefix), ret, e);
		}
	return 0;
}

/* --- writing */

static int fail_file(struct cli *c, const char *file)
{
	struct err e;

	(void)err_sys(&e, "cannot create '%s'", file);
	return cli_fail_local(c, &e);
}

static int save_to(struct cli *c, const char *const *images, const struct place *to, int fd,
                   struct usrct_err *e)
{
	return to->name[0] ? usrct_image_save_as(c->u, images[0], to->name, to->format, fd, e)
	                   : usrct_image_save(c->u, images, to->format, fd, e);
}

static int save_to_dir(struct cli *c, const char *const *images, const struct place *to)
{
	const char *dir = to->path;
	_cleanup_close_ int fd = -EBADF;
	struct usrct_err e = { 0 };

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return fail_file(c, dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_file(c, dir);
	return save_to(c, images, to, fd, &e) < 0 ? cli_fail(c, &e) : 0;
}

/* The file appears when it is complete; what is no ordinary file is written to as it is. */
static int save_to_place(struct cli *c, const char *const *images, const struct place *to)
{
	const char *file = to->path;
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *part = NULL;
	struct usrct_err e = { 0 };
	struct stat st;
	bool is_special = stat(file, &st) == 0 && !S_ISREG(st.st_mode);

	if (to->format == USRCT_SAVE_OCI_DIR || to->format == USRCT_SAVE_DOCKER_DIR)
		return save_to_dir(c, images, to);
	if (!is_special && asprintf(&part, "%s.XXXXXX", file) < 0)
		return cli_fail_memory(c);
	fd = is_special ? open(file, O_WRONLY | O_CLOEXEC) : mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return fail_file(c, file);
	if (save_to(c, images, to, fd, &e) < 0) {
		if (part)
			(void)unlink(part); /* the failure is told */
		return cli_fail(c, &e);
	}
	if (part && (fchmod(fd, 0600) < 0 || rename(part, file) < 0)) {
		int status = fail_file(c, file);

		(void)unlink(part);
		return status;
	}
	return 0;
}

int archive_save(struct cli *c, const char *const *images, enum usrct_save_format format,
                 const char *file)
{
	const struct place to = { .format = format, .path = (char *)(uintptr_t)file, .name = "" };

	return save_to_place(c, images, &to);
}

int archive_save_at(struct cli *c, const char *image, const struct place *place)
{
	return save_to_place(c, (const char *const[]){ image, NULL }, place);
}

/* --- reading */

bool archive_is_url(const char *text)
{
	return !strncmp(text, "http://", 7) || !strncmp(text, "https://", 8);
}

int archive_open(struct cli *c, const char *file, int *ret_status)
{
	struct err e;
	int fd;

	if (file && strcmp(file, "-") != 0) {
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		(void)err_sys(&e, "cannot open '%s'", file);
	} else if (isatty(STDIN_FILENO)) {
		(void)err_set(&e, UCT_USAGE, -EINVAL, "a terminal holds no archive");
		(void)err_hint(&e, -EINVAL, "name a file, or redirect standard input");
	} else {
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fd >= 0)
			return fd;
		(void)err_sys(&e, "cannot read standard input");
	}
	*ret_status = cli_fail_local(c, &e);
	return -1;
}

int archive_load(struct cli *c, const char *file, const struct usrct_load_options *o)
{
	_cleanup_close_ int fd = -EBADF;
	struct usrct_err e = { 0 };
	int status = 0;

	if (file && archive_is_url(file))
		return usrct_image_load_url(c->u, file, o, &e) < 0 ? cli_fail(c, &e) : 0;
	fd = archive_open(c, file, &status);
	if (fd < 0)
		return status;
	return usrct_image_load(c->u, fd, o, &e) < 0 ? cli_fail(c, &e) : 0;
}
