/* SPDX-License-Identifier: Apache-2.0 */
#include "container/log-id.h"

#include <endian.h>
#include <string.h>
#include <sys/stat.h>

static const char name[8] = { 'u', 's', 'r', 'c', 't', 'l', 'o', 'g' };
enum { SKIPPABLE = 0x184D2A50, HEAD = 8 };

void log_id_frame(const struct log_id *id, char buf[LOG_ID_FRAME])
{
	uint32_t magic = htole32(SKIPPABLE), size = htole32(LOG_ID_FRAME - HEAD);
	uint64_t inode = htole64(id->inode);

	memset(buf, 0, LOG_ID_FRAME);
	memcpy(buf, &magic, 4);
	memcpy(buf + 4, &size, 4);
	memcpy(buf + HEAD, name, sizeof(name));
	memcpy(buf + HEAD + 8, &inode, 8);
	if (id->has_stamp)
		memcpy(buf + HEAD + 16, id->stamp, LOG_ID_STAMP);
}

static bool is_frame(const char *buf)
{
	char ours[LOG_ID_FRAME];

	log_id_frame(&(struct log_id){ 0 }, ours);
	return !memcmp(buf, ours, HEAD + 8);
}

int log_id_read(int fd, struct log_id *ret, bool *ret_is_compressed)
{
	char buf[LOG_ID_FRAME];
	struct stat st;
	ssize_t n;
	bool is_compressed;

	*ret = (struct log_id){ 0 };
	if (fstat(fd, &st) < 0)
		return -errno;
	n = RETRY_EINTR(pread(fd, buf, sizeof(buf), 0));
	if (n < 0)
		return -errno;
	is_compressed = n == LOG_ID_FRAME && is_frame(buf);
	ret->inode = (uint64_t)st.st_ino;
	if (is_compressed) {
		memcpy(&ret->inode, buf + HEAD + 8, 8);
		ret->inode = le64toh(ret->inode);
		memcpy(ret->stamp, buf + HEAD + 16, LOG_ID_STAMP);
		ret->has_stamp = ret->stamp[0] != '\0';
	} else if (n >= LOG_ID_STAMP) {
		memcpy(ret->stamp, buf, LOG_ID_STAMP);
		ret->has_stamp = true;
	}
	if (ret_is_compressed)
		*ret_is_compressed = is_compressed;
	return 0;
}

bool log_id_equal(const struct log_id *a, const struct log_id *b)
{
	return a->inode == b->inode &&
	       (!a->has_stamp || !b->has_stamp || !memcmp(a->stamp, b->stamp, LOG_ID_STAMP));
}
