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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int stream_fd = -EBADF, dirfd = -EBADF;
	char dir[] = "/tmp/usr-ct-fuzz-XXXXXX";
	struct unpack_result result;
	struct err e = { .code = 0 };
	struct stat st;

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	if (!mkdtemp(dir))
		return 0;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream_fd = fd_sealed_memory("fuzz", data, size, NULL);
	assert(dirfd >= 0 && stream_fd >= 0);
	struct unpack_job job = {
		.stream_fd = stream_fd,
		.dirfd = dirfd,
		.single_id = true,
		.max_bytes = BYTES_MAX,
		.max_entries = ENTRIES_MAX,
	};

	if (unpack_layer(&job, &result, &e) == 0)
		assert(strlen(result.diff_id) == 71 && result.n_entries <= ENTRIES_MAX);
	else
		assert(e.code < 0 && e.uct != 0 && e.msg[0]);
	/* Only "fs" may be there: a directory has 2 links and one for each sub-directory. */
	assert(fstat(dirfd, &st) == 0 && st.st_nlink <= 3);
	assert(tree_remove_at(AT_FDCWD, dir, &e) == 0);
	return 0;
}
