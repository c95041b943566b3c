/* SPDX-License-Identifier: Apache-2.0 */
#include "store/file-capability.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>

/* The first word of @value says the version. */
static void set_version(void *value, uint32_t version)
{
	uint32_t magic;

	memcpy(&magic, value, sizeof(magic));
	magic = htole32((le32toh(magic) & ~VFS_CAP_REVISION_MASK) | version);
	memcpy(value, &magic, sizeof(magic));
}

static uint32_t version_of(const void *value)
{
	uint32_t magic;

	memcpy(&magic, value, sizeof(magic));
	return le32toh(magic) & VFS_CAP_REVISION_MASK;
}

int file_capability_for(const void *value, ssize_t size, uint32_t root,
                        uint8_t ret[FILE_CAPABILITY_V3])
{
	bool is_v2 = size == FILE_CAPABILITY_V2 && version_of(value) == VFS_CAP_REVISION_2;
	bool is_v3 = size == FILE_CAPABILITY_V3 && version_of(value) == VFS_CAP_REVISION_3;
	uint32_t word = htole32(root);

	if (!is_v2 && !is_v3)
		return -EINVAL;
	memcpy(ret, value, FILE_CAPABILITY_V2);
	set_version(ret, VFS_CAP_REVISION_3);
	memcpy(ret + FILE_CAPABILITY_V2, &word, sizeof(word));
	return 0;
}

ssize_t file_capability_plain(void *value, ssize_t size)
{
	if (size != FILE_CAPABILITY_V3 || version_of(value) != VFS_CAP_REVISION_3)
		return size;
	set_version(value, VFS_CAP_REVISION_2);
	return FILE_CAPABILITY_V2;
}
