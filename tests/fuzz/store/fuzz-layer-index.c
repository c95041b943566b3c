/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-layer-index - any bytes as the index of a layer, first upon nothing, then upon itself;
 * nothing may appear outside the directory given, and what appears is compared with the index
 *
 * The checksums are set right, or nothing behind them would ever be reached.
 */
#include "base/file.h"
#include "store/check-tree.h"
#include "store/crc32c.h"
#include "store/layer-index.h"
#include "store/meta-tree.h"

#include <assert.h>
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES_MAX = 500 };

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static void set_checksums(uint8_t *p, size_t n)
{
	uint64_t entry_bytes = n >= LAYER_INDEX_HEADER ? get64(p + 32) : 0;
	struct crc32c c;

	if (n < LAYER_INDEX_HEADER || entry_bytes > n - LAYER_INDEX_HEADER)
		return;
	crc32c_init(&c);
	put32(p + 68, crc32c_add(&c, 0, p + LAYER_INDEX_HEADER, entry_bytes));
	put32(p + 64, crc32c_add(&c, 0, p + LAYER_INDEX_HEADER + entry_bytes,
	                         n - LAYER_INDEX_HEADER - entry_bytes));
	put32(p + 76, crc32c_add(&c, 0, p, 76));
}

static int count(const uint8_t *p, size_t n)
{
	_cleanup_layer_index_ struct layer_index x = { 0 };
	struct layer_entry t;
	struct err e = { .code = 0 };
	int r = layer_index_open(p, n, &x, &e), entries = 0;

	while (r >= 0 && (r = layer_index_next(&x, &t, &e)) == 1) {
		struct layer_xattr a;

		entries++;
		while (layer_xattr_next(&t, &a) == 1)
			assert(a.name_len > 0 && a.name_len <= 255);
	}
	assert(r >= 0 || (e.code < 0 && e.msg[0]));
	return r < 0 ? r : entries;
}

/* Whether it says "the same" or not: times and names that no file system has may differ. */
static void compare(uint8_t *copy, size_t size, int dirfd, int n)
{
	const struct check_start job = { .job = CHECK_TREE, .flags = CHECK_SINGLE_ID };
	struct layer_stack_index list[2] = { { (char *)copy, size }, { (char *)copy, size } };
	const struct layer_stack stack = { .list = list, .n = (size_t)n };
	struct check_done done = { 0 };
	struct err e = { .code = 0 };
	char where[256] = "";
	int r = check_tree(&job, dirfd, &stack, where, &done, &e);

	assert(r <= 0 || where[0]);
	assert(r >= 0 || (e.code < 0 && e.msg[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *copy = malloc(size + 1);
	_cleanup_close_ int dirfd = -EBADF;
	char dir[] = "/tmp/usr-ct-fuzz-XXXXXX";
	struct err e = { .code = 0 };
	struct stat st;

	assert(copy);
	if (size)
		memcpy(copy, data, size);
	set_checksums(copy, size);
	if (count(copy, size) > ENTRIES_MAX || !mkdtemp(dir))
		return 0;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert(dirfd >= 0);
	for (int i = 0; i < 2; i++) {
		if (meta_tree_add(copy, size, dirfd,
		                  &(struct meta_tree_owners){ .single_id = true }, &e) < 0)
			assert(e.code < 0 && e.uct != 0 && e.msg[0]);
		compare(copy, size, dirfd, i + 1);
	}
	/* Only "fs" may be there: a directory has 2 links and one for each sub-directory. */
	assert(fstat(dirfd, &st) == 0 && st.st_nlink <= 3);
	assert(tree_remove_at(AT_FDCWD, dir, &e) == 0);
	return 0;
}
