/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-load-dir - any files as the directory that usr-ct-load reads: a layout, or skopeo's dir:
 * form
 *
 * The input has one file after the other: a line with its name and its size, and its bytes. What is
 * told of must be a blob that is there, under its digest, and nothing else may be read or made.
 */
#include "../../../helpers/load/load.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "image/digest.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CONTENTS_MAX = 8 << 20, FILES_MAX = 64, LINE_MAX_BYTES = 128 };

int load_send(const struct load *l, const void *msg, size_t n, struct err *e)
{
	(void)l;
	(void)msg;
	(void)n;
	(void)e;
	return 0;
}

int send_image(struct load *l, const char *manifest, const char *name, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char got[72];
	size_t n = 0;

	assert(digest_is_valid(manifest));
	assert(strlen(name) < sizeof(((struct load_image *)0)->name));
	assert(blob_text(l, manifest, CONTENTS_MAX, &text, &n, e) == 0);
	assert(digest_of(text, n, got, e) == 0 && !strcmp(got, manifest));
	l->n_images++;
	return 0;
}

/* A plain name, or one where a layout has its blobs. */
static bool is_allowed(const char *name)
{
	const char *rest = strncmp(name, "blobs/sha256/", 13) ? name : name + 13;

	return *rest && *rest != '.' && !strchr(rest, '/') && strcmp(rest, "blobs") != 0;
}

/* "NAME SIZE" in front of the bytes: where these begin, or NULL. */
static const uint8_t *read_line(const uint8_t *data, size_t n, char name[LINE_MAX_BYTES + 1],
                                uint32_t *ret_size)
{
	const uint8_t *end = memchr(data, '\n', MIN(n, (size_t)LINE_MAX_BYTES));
	char *space;

	if (!end)
		return NULL;
	memcpy(name, data, (size_t)(end - data));
	name[end - data] = '\0';
	space = strchr(name, ' ');
	if (!space || parse_u32(space + 1, ret_size) < 0 ||
	    *ret_size > n - (size_t)(end + 1 - data))
		return NULL;
	*space = '\0';
	return is_allowed(name) ? end + 1 : NULL;
}

static void write_files(int dirfd, const uint8_t *data, size_t n)
{
	char name[LINE_MAX_BYTES + 1];
	const uint8_t *bytes;
	uint32_t size;

	for (int i = 0; n > 0 && i < FILES_MAX; i++) {
		_cleanup_close_ int fd = -EBADF;

		bytes = read_line(data, n, name, &size);
		if (!bytes)
			return;
		fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd >= 0)
			assert(fd_write_all(fd, bytes, size) == 0);
		n -= (size_t)(bytes + size - data);
		data = bytes + size;
	}
}

static int make_dir(int dirfd, const char *name)
{
	int fd;

	assert(mkdirat(dirfd, name, 0700) == 0);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert(fd >= 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char dir[] = "/tmp/fuzz-load-dir.XXXXXX";
	struct load l = { .sock_fd = -EBADF };
	_cleanup_close_ int dirfd = -EBADF;
	struct err e = { .code = 0 };
	struct stat st;
	int r;

	assert(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert(dirfd >= 0);
	l.blobs_dirfd = make_dir(dirfd, "store");
	l.tmp_dirfd = make_dir(dirfd, "tmp");
	l.input_fd = make_dir(dirfd, "input");
	assert(mkdirat(l.input_fd, "blobs", 0700) == 0);
	assert(mkdirat(l.input_fd, "blobs/sha256", 0700) == 0);
	write_files(l.input_fd, data, n);
	l.start.op = LOAD_LAYOUT;
	l.start.max_bytes = CONTENTS_MAX;
	(void)snprintf(l.start.platform, sizeof(l.start.platform), "linux/amd64");
	(void)snprintf(l.start.tmp_prefix, sizeof(l.start.tmp_prefix), "f-");
	r = layout_images(&l, &e);
	if (r == -ENOENT)
		r = flat_images(&l, &e);
	assert(r == 0 || r == -ENOENT || (e.code < 0 && e.uct != 0 && e.msg[0]));
	entries_drop(&l);
	assert(fstat(dirfd, &st) == 0 && st.st_nlink == 5); /* nothing came beside these three */
	cleanup_close(&l.blobs_dirfd);
	cleanup_close(&l.tmp_dirfd);
	cleanup_close(&l.input_fd);
	assert(tree_remove_at(AT_FDCWD, dir, &e) == 0);
	return 0;
}
