/* SPDX-License-Identifier: Apache-2.0 */
#include "store/check-files.h"

#include "store/layer-index.h"
#include "store/object-write.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static void read_record(const uint8_t *p, struct object_id *ret)
{
	uint64_t size;
	uint32_t flags;

	memcpy(ret->digest, p, OBJECT_DIGEST_SIZE);
	memcpy(&size, p + OBJECT_DIGEST_SIZE, sizeof(size));
	memcpy(&flags, p + OBJECT_DIGEST_SIZE + 8, sizeof(flags));
	ret->size_bytes = le64toh(size);
	ret->flags = le32toh(flags);
}

static void blob_name(const uint8_t digest[OBJECT_DIGEST_SIZE],
                      char ret[2 * OBJECT_DIGEST_SIZE + 1])
{
	for (int i = 0; i < OBJECT_DIGEST_SIZE; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

/* Somebody who could change it later is not looked at further. */
static bool is_open(const struct check_start *job, const struct stat *st)
{
	bool is_mine = st->st_uid == job->uid || (job->flags & CHECK_FOREIGN && st->st_uid == 0);

	return job->job == CHECK_FILES && (!is_mine || st->st_mode & 0022);
}

static bool is_sealed(int fd)
{
	struct statx x;

	return statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x) == 0 &&
	       x.stx_attributes & STATX_ATTR_VERITY;
}

/* An enum check_what, or 0: it is what it should be. */
static int judge(const struct check_start *job, int fd, const struct object_id *id,
                 struct check_done *done, struct err *e)
{
	uint8_t digest[OBJECT_DIGEST_SIZE];
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot look at a file");
	if (!S_ISREG(st.st_mode))
		return CHECK_KIND;
	if (is_open(job, &st))
		return CHECK_OPEN;
	if (job->job == CHECK_FILES && (uint64_t)st.st_size != id->size_bytes)
		return CHECK_SIZE;
	if (job->job == CHECK_FILES &&
	    fgetxattr(fd, OBJECT_XATTR, digest, sizeof(digest)) == sizeof(digest) &&
	    memcmp(digest, id->digest, sizeof(digest)) != 0)
		return CHECK_CLASH;
	if (job->flags & CHECK_SEALED && !is_sealed(fd))
		return CHECK_UNSEALED;
	done->n++;
	done->bytes += (uint64_t)st.st_size;
	if (job->flags & CHECK_QUICK)
		return 0;
	r = object_digest(fd, (uint64_t)st.st_size, job->job == CHECK_FILES ? id->flags : 0, digest,
	                  e);
	if (r < 0) /* a sector that cannot be read is as bad as a wrong one */
		return r == -EIO || r == -EUCLEAN ? CHECK_UNREADABLE : r;
	return memcmp(digest, id->digest, sizeof(digest)) != 0 ? CHECK_CONTENT : 0;
}

static int check_one(const struct check_start *job, int dirfd, const struct object_id *id,
                     struct check_done *done, struct err *e)
{
	char name[2 * OBJECT_DIGEST_SIZE + 1];
	int fd, r;

	if (job->job == CHECK_FILES)
		object_name(id->digest, name);
	else
		blob_name(id->digest, name);
	/* Not to wait for the other end of a FIFO that somebody put there. */
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
	if (fd < 0 && errno == EPERM)
		fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return CHECK_MISSING;
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? CHECK_KIND : CHECK_UNREADABLE;
	r = judge(job, fd, id, done, e);
	(void)close(fd);
	return r;
}

int check_files(const struct check_start *job, int dirfd, const struct check_list *list,
                check_found_fn found, void *arg, struct check_done *done, struct err *e)
{
	struct object_id id;
	int r = 0;

	for (size_t i = job->n_skip; i < list->n_bytes / LAYER_INDEX_OBJECT && r >= 0;
	     i += job->n_parts) {
		struct check_found f = { .type = CHECK_FOUND, .number = i };

		read_record(list->records + i * LAYER_INDEX_OBJECT, &id);
		r = check_one(job, dirfd, &id, done, e);
		f.what = (uint32_t)MAX(r, 0);
		if (r > 0)
			r = found(&f, arg);
	}
	return MIN(r, 0);
}
