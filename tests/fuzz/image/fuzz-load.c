/* SPDX-License-Identifier: Apache-2.0 */
/* An archive's readers, as usr-ct-load runs them, over directories that go afterwards. Whatever is
 * told of must be a blob that is there. */
#include "../../../helpers/load/load.h"

#include "image/digest.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CONTENTS_MAX = 8 << 20 };

int load_send(const struct load *l, const void *msg, size_t n, struct err *e)
{
	const struct load_root_blob *root = msg;
	struct stat st;

	(void)n;
	(void)e;
	if (root->type != LOAD_ROOT_BLOB)
		return 0;
	assert(digest_is_valid(root->digest));
	assert(fstatat(l->blobs_dirfd, root->digest + 7, &st, 0) == 0);
	assert((uint64_t)st.st_size == root->size_bytes);
	return 0;
}

int send_image(struct load *l, const char *manifest, const char *name, struct err *e)
{
	struct stat st;

	(void)e;
	assert(digest_is_valid(manifest));
	assert(strlen(name) < sizeof(((struct load_image *)0)->name));
	assert(fstatat(l->blobs_dirfd, manifest + 7, &st, 0) == 0);
	l->n_images++;
	return 0;
}

static void empty(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(fd);
	struct dirent *de;

	assert(d);
	while ((de = readdir(d)))
		(void)unlinkat(dirfd, de->d_name, 0); /* "." and ".." stay */
	(void)closedir(d);
}

static int read_as(struct load *l, enum load_op op)
{
	int r;

	l->start.op = (uint32_t)op;
	(void)lseek(l->input_fd, 0, SEEK_SET);
	if (op == LOAD_ROOT)
		return archive_take_root(l, NULL);
	if (op == LOAD_CONVERT)
		return archive_convert(l, NULL);
	r = archive_take_apart(l, NULL);
	if (r == 0)
		r = layout_images(l, NULL);
	if (r == -ENOENT)
		r = docker_images(l, NULL);
	if (r == -ENOENT)
		r = old_images(l, NULL);
	entries_drop(l);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum load_op ops[] = { LOAD_ARCHIVE, LOAD_ROOT, LOAD_CONVERT };
	char dir[] = "/tmp/fuzz-load.XXXXXX";
	struct load l = { .sock_fd = -EBADF };

	assert(mkdtemp(dir));
	l.blobs_dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l.tmp_dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l.input_fd = memfd_create("archive", MFD_CLOEXEC);
	assert(l.blobs_dirfd >= 0 && l.tmp_dirfd >= 0 && l.input_fd >= 0);
	assert(write(l.input_fd, data, n) == (ssize_t)n);
	l.start.max_bytes = CONTENTS_MAX;
	l.start.compression = (uint32_t)(n % 3);
	(void)snprintf(l.start.platform, sizeof(l.start.platform), "linux/amd64");
	(void)snprintf(l.start.tmp_prefix, sizeof(l.start.tmp_prefix), "f-");
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		(void)read_as(&l, ops[i]);
		empty(l.blobs_dirfd);
		l.done_bytes = 0;
	}
	cleanup_close(&l.blobs_dirfd);
	cleanup_close(&l.tmp_dirfd);
	cleanup_close(&l.input_fd);
	assert(rmdir(dir) == 0);
	return 0;
}
