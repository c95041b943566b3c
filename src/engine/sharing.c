/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sharing.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/sbuf.h"
#include "engine/check.h"
#include "engine/layering.h"
#include "store/layer-index.h"
#include "store/shared.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_DIR "/var/lib/usr-ct"
#define SYSTEM_FILE "/etc/usr-ct/shared-dirs"
#define VERIFY      "verify="

enum { FILE_MAX = 64 << 10 };

void sharing_done(struct sharing *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->dirs[i].path);
	*s = (struct sharing){ 0 };
}

static int bad(const char *line, const char *why, struct err *e)
{
	return err_set(e, UCT_BAD_SHARED_DIRS, -EINVAL, "shared directory '%.200s': %s", line, why);
}

static int parse_verify(const char *word, enum sharing_verify *ret)
{
	static const char *const words[] = { "hash", "sealed", "none" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i])) {
			*ret = (enum sharing_verify)i;
			return 0;
		}
	return -EINVAL;
}

int sharing_parse(const char *line, struct sharing *s, struct err *e)
{
	size_t n = strlen(line), path_len;
	struct sharing_dir *d = &s->dirs[s->n];
	const char *word;

	while (n > 0 && strchr(" \t\r", line[n - 1]))
		n--;
	while (n > 0 && strchr(" \t", *line)) {
		line++;
		n--;
	}
	if (n == 0 || *line == '#')
		return 0;
	if (*line != '/')
		return bad(line, "not an absolute path", e);
	if (s->n == SHARED_DIRS_MAX)
		return bad(line, "there are too many", e);
	word = memmem(line, n, " " VERIFY, strlen(" " VERIFY));
	path_len = word ? (size_t)(word - line) : n;
	while (path_len > 1 && strchr(" \t/", line[path_len - 1]))
		path_len--;
	*d = (struct sharing_dir){ .verify = SHARING_HASH };
	if (word) {
		_cleanup_free_ char *how = strndup(word + strlen(" " VERIFY),
		                                   n - (size_t)(word - line) - strlen(" " VERIFY));

		if (!how || parse_verify(how, &d->verify) < 0)
			return bad(line, "verify is hash, sealed or none", e);
	}
	d->path = strndup(line, path_len);
	s->n += d->path != NULL;
	return d->path ? 0 : err_oom(e);
}

static int parse_list(char *text, const char *divider, struct sharing *s, struct err *e)
{
	char *line;
	int r = 0;

	while (r == 0 && (line = strsep(&text, divider)))
		r = sharing_parse(line, s, e);
	return r;
}

static int parse_file(const char *path, struct sharing *s, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read_at(AT_FDCWD, path, FILE_MAX, &text, NULL, e);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return r < 0 ? r : parse_list(text, "\n", s, e);
}

static char *user_file(void)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");

	if (config && config[0] == '/')
		return strf("%s/usr-ct/shared-dirs", config);
	return home ? strf("%s/.config/usr-ct/shared-dirs", home) : NULL;
}

int sharing_config(struct sharing *ret, struct err *e)
{
	const char *env = secure_getenv("USRCT_SHARED_DIRS");
	_cleanup_free_ char *copy = env ? strdup(env) : user_file();
	_cleanup_sharing_ struct sharing s = { 0 };
	int r;

	if (env)
		r = copy ? parse_list(copy, ":", &s, e) : err_oom(e);
	else {
		r = copy ? parse_file(copy, &s, e) : 0;
		if (r == 0)
			r = parse_file(SYSTEM_FILE, &s, e);
		if (r == 0 && s.n < SHARED_DIRS_MAX &&
		    access(DEFAULT_DIR "/" SHARED_MARK, F_OK) == 0)
			r = sharing_parse(DEFAULT_DIR, &s, e);
	}
	if (r < 0)
		return r;
	*ret = s;
	s = (struct sharing){ 0 };
	return 0;
}

static int note_damage(const struct check_found *f, void *arg)
{
	uint32_t *what = arg;

	*what = f->what;
	return 0;
}

int sharing_verify_layer(struct usrct *u, int shared_dirfd, const void *index, size_t n,
                         enum sharing_verify verify, struct err *e)
{
	static const uint32_t flags[] = {
		[SHARING_HASH] = 0, [SHARING_SEALED] = CHECK_SEALED, [SHARING_TRUST] = CHECK_QUICK
	};
	_cleanup_close_ int dirfd =
		openat(shared_dirfd, OBJECT_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_layer_index_ struct layer_index x = { 0 };
	_cleanup_close_ int list_fd = -EBADF;
	struct check_done done = { 0 };
	uint32_t what = 0;
	int r = layer_index_open(index, n, &x, e);

	if (r < 0 || x.n_objects == 0)
		return r;
	if (dirfd < 0)
		return err_sys(e, "cannot open the shared objects");
	list_fd = fd_sealed_memory("objects", (const char *)index + x.objects_at, n - x.objects_at,
	                           e);
	if (list_fd < 0)
		return list_fd;
	r = check_ask(u,
	              &(struct check_request){ .job = CHECK_FILES,
	                                       .flags = CHECK_FOREIGN | flags[verify],
	                                       .dirfd = dirfd,
	                                       .list_fd = list_fd,
	                                       .layers_fd = -EBADF,
	                                       .n = x.n_objects },
	              note_damage, &what, &done, e);
	if (r == 0 && what != 0)
		return err_set(e, UCT_SHARED_DAMAGED, -EUCLEAN, "%s",
		               what == CHECK_UNSEALED ? "a shared object is not under fs-verity"
		                                      : "a shared object is missing or damaged");
	return r;
}

/* What a taken layer consists of. */
struct adopted_index {
	const char *data;
	size_t n;
	uint64_t size_bytes;
};

static int commit(struct usrct *u, const char *path, const struct sharing_layer *l,
                  const struct adopted_index *index, struct err *e)
{
	struct layer_stage stage;
	char *dirs[] = { (char *)(uintptr_t)path, NULL };
	int r = layer_stage(u->store, &stage, e), fd;

	if (r < 0)
		return r;
	fd = r = layer_stage_objects(&stage, l->parent, engine_map(u), e);
	cleanup_close(&fd);
	if (r >= 0)
		r = file_write_at(stage.dirfd, LAYER_INDEX_FILE, index->data, index->n, 0600, false,
		                  e);
	if (r == 0)
		r = shared_note(&stage, dirs, e);
	if (r == 0)
		r = layer_commit(u->store, &stage, l->chain, l->diff_id, index->size_bytes, e);
	layer_stage_done(&stage);
	return r;
}

static int adopt_from(struct usrct *u, const struct sharing_dir *d, const struct sharing_layer *l,
                      uint64_t *ret_size_bytes, struct err *e)
{
	_cleanup_close_ int fd = shared_open(d->path, true, e);
	struct adopted_index index = { 0 };
	_cleanup_free_ char *data = NULL;
	struct layer_index x;
	struct err why = { 0 };
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = shared_index(fd, l->chain, &data, &index.n, &why);
	if (r > 0)
		r = sharing_verify_layer(u, fd, data, index.n, d->verify, &why) < 0 ? 0 : 1;
	if (r <= 0) /* one that cannot be used is as none: the registry has it */
		return 0;
	r = layer_index_header(data, index.n, index.n, &x, e);
	if (r < 0)
		return r;
	index.data = data;
	index.size_bytes = x.content_bytes;
	r = commit(u, d->path, l, &index, e);
	if (r == 0 && ret_size_bytes)
		*ret_size_bytes = x.content_bytes;
	return r < 0 ? r : 1;
}

int sharing_adopt(struct usrct *u, const struct sharing *s, const struct sharing_layer *l,
                  uint64_t *ret_size_bytes, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s->n && r == 0; i++)
		r = adopt_from(u, &s->dirs[i], l, ret_size_bytes, e);
	return r;
}

int sharing_open_objects(const struct sharing *s, int fds[SHARED_DIRS_MAX],
                         const char *paths[SHARED_DIRS_MAX], struct err *e)
{
	int n = 0;

	for (size_t i = 0; i < s->n; i++) {
		_cleanup_close_ int fd = -EBADF;

		/* The unpacker compares bytes, but does not ask whether they stay so. */
		if (s->dirs[i].verify == SHARING_SEALED)
			continue;
		fd = shared_open(s->dirs[i].path, true, e);
		if (fd < 0 && fd != -ENOENT) {
			while (n > 0)
				(void)close(fds[--n]);
			return fd;
		}
		if (fd < 0)
			continue;
		fds[n] = openat(fd, OBJECT_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		paths[n] = s->dirs[i].path;
		n += fds[n] >= 0;
	}
	return n;
}
