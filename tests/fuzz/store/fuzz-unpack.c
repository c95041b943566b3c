/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-unpack - any bytes as a layer; nothing may appear outside the directory given */
#include "base/fd.h"
#include "base/file.h"
#include "store/unpack.h"

#include <assert.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES_MAX = 1 << 20, ENTRIES_MAX = 200 };

/* Unpacks with one driver; what comes of it, and the kind of failure. */
static int unpack(const uint8_t *data, size_t size, bool has_objects, struct unpack_result *ret,
                  struct err *e)
{
	_cleanup_close_ int stream_fd = -EBADF, dirfd = -EBADF, objects_fd = -EBADF;
	char dir[] = "/tmp/usr-ct-fuzz-XXXXXX";
	struct stat st;
	int r;

	assert(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream_fd = fd_sealed_memory("fuzz", data, size, NULL);
	assert(dirfd >= 0 && stream_fd >= 0 && mkdirat(dirfd, "objects", 0700) == 0);
	objects_fd = openat(dirfd, "objects", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct unpack_job job = {
		.stream_fd = stream_fd,
		.dirfd = dirfd,
		.single_id = true,
		.has_objects = has_objects,
		.objects_dirfd = objects_fd,
		.max_bytes = BYTES_MAX,
		.max_entries = ENTRIES_MAX,
	};

	r = unpack_layer(&job, ret, e);
	if (r == 0)
		assert(strlen(ret->diff_id) == 71 && ret->n_entries <= ENTRIES_MAX);
	else
		assert(e->code < 0 && e->uct != 0 && e->msg[0]);
	/* Only "fs" may be new: a directory has 2 links and one for each sub-directory. */
	assert(fstat(dirfd, &st) == 0 && st.st_nlink <= 4);
	if (r == 0 && has_objects)
		assert(faccessat(dirfd, "index", F_OK, 0) == 0 && st.st_nlink == 3);
	assert(tree_remove_at(AT_FDCWD, dir, e) == 0);
	return r;
}

/* Both drivers must think the same of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unpack_result plain, objects;
	struct err e = { .code = 0 }, f = { .code = 0 };
	int r;

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	r = unpack(data, size, false, &plain, &e);
	assert(r == unpack(data, size, true, &objects, &f));
	if (r == 0)
		assert(!strcmp(plain.diff_id, objects.diff_id) &&
		       plain.size_bytes == objects.size_bytes);
	return 0;
}
