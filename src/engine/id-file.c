/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/id-file.h"

#include "base/fd.h"
#include "base/sbuf.h"

#include <fcntl.h>
#include <string.h>

int id_file_claim(struct id_file *f, const char *path, struct err *e)
{
	f->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (f->fd < 0 && errno == EEXIST)
		return err_set(e, UCT_FILE_IN_THE_WAY, -EEXIST, "--cidfile: '%s' exists", path);
	if (f->fd < 0)
		return err_sys(e, "--cidfile: cannot make '%s'", path);
	f->path = path;
	return 0;
}

int id_file_write(struct id_file *f, const char *id, struct err *e)
{
	int r;

	if (!f->path)
		return 0;
	r = fd_write_all(f->fd, id, strlen(id)); /* without a newline, as Docker's */
	if (r < 0)
		return err_errno(e, r, "--cidfile: cannot write '%s'", f->path);
	f->path = NULL;
	return 0;
}

void id_file_done(struct id_file *f)
{
	if (f->path)
		(void)unlink(f->path); /* it is empty, and ours */
	cleanup_close(&f->fd);
	*f = (struct id_file)ID_FILE_NONE;
}

int absolute_path(const char *path, char **ret, struct err *e)
{
	_cleanup_free_ char *here = NULL;

	if (!*path)
		return err_set(e, UCT_BAD_VALUE, -EINVAL, "a file name is empty");
	if (*path != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return err_sys(e, "cannot find the current directory");
	}
	*ret = here ? strf("%s/%s", here, path) : strdup(path);
	return *ret ? 0 : err_oom(e);
}
