/* SPDX-License-Identifier: Apache-2.0 */
#include "store/meta-opaque.h"

#include "base/array.h"
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A directory on the way. */
struct place {
	size_t path_len;
	bool is_new; /* nothing that the layers below have is in it */
};

struct walk {
	int root_fd;
	struct place *places;
	size_t n, cap;
	char path[PATH_MAX + NAME_MAX + 2];
};

int meta_clear_directory(int fd, struct err *e)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *de;

	if (!d) {
		cleanup_close(&copy);
		return err_sys(e, "cannot read a directory");
	}
	while (r == 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = tree_remove_at(fd, de->d_name, e);
	(void)closedir(d);
	return r;
}

/* Linux 5.6. */
static int open_below(const struct walk *w, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_DIRECTORY | O_CLOEXEC),
		                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, w->root_fd, w->path, &how, sizeof(how));
}

/* Of a directory that stays as it is otherwise. */
static int clear_kept(int fd, struct err *e)
{
	struct timespec times[2] = { { 0, UTIME_OMIT } };
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot stat a directory");
	times[1] = st.st_mtim;
	r = meta_clear_directory(fd, e);
	if (r == 0 && futimens(fd, times) < 0)
		r = err_sys(e, "cannot set the time of a directory");
	return r;
}

/* What the layers below have there, if this layer goes on with it; an entry of its own replaces a
 * link, and does not follow it. */
static int open_lower(const struct walk *w, const struct layer_entry *t)
{
	if (w->n == 0)
		return fcntl(w->root_fd, F_DUPFD_CLOEXEC, 3);
	if (w->places[w->n - 1].is_new)
		return -ENOENT;
	return open_below(w, O_RDONLY | (t->flags & LAYER_IMPLIED ? 0 : O_NOFOLLOW));
}

static int enter(struct walk *w, const struct layer_entry *t, struct err *e)
{
	size_t n = w->n ? w->places[w->n - 1].path_len : 0;
	_cleanup_close_ int fd = -EBADF;
	bool is_opaque = t->flags & LAYER_OPAQUE, is_new = w->n && w->places[w->n - 1].is_new;

	if (array_grow(&w->places, w->n, &w->cap, sizeof(*w->places)) < 0)
		return err_oom(e);
	if (n > 0)
		w->path[n++] = '/';
	memcpy(w->path + n, t->name, t->name_len); /* layer_index_next() bounds it */
	w->path[n + t->name_len] = '\0';
	if (is_opaque || !(t->flags & LAYER_IMPLIED)) {
		fd = open_lower(w, t);
		is_new |= is_opaque || fd < 0;
	}
	w->places[w->n++] = (struct place){ n + t->name_len, is_new };
	return fd >= 0 && is_opaque ? clear_kept(fd, e) : 0;
}

int meta_opaque_clear(const struct layer_index *index, int root_fd, struct err *e)
{
	struct layer_index x = *index;
	struct walk w = { .root_fd = root_fd };
	struct layer_entry t;
	int r = 1;

	if (!layer_index_clears_first(x))
		return 0;
	while (r >= 0 && (r = layer_index_next(&x, &t, e)) == 1) {
		w.n -= MIN((size_t)t.up, w.n);
		r = t.type == LAYER_DIR ? enter(&w, &t, e) : 0;
	}
	layer_index_done(&x);
	free(w.places);
	return r < 0 ? r : 1;
}
