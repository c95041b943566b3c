/* SPDX-License-Identifier: Apache-2.0 */
#include "container/log-reader.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { TAIL_BYTES = 128 * 1024 };

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* 1 opened, 0 there is none, 2 it is the one before. */
static int open_next(struct log_reader *r, unsigned number, struct stat *last, struct err *e)
{
	char name[LOG_NAME_SIZE];
	struct stat st;
	int fd, *more;

	log_file_name(number, name);
	fd = openat(r->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot open '%s'", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || is_same(&st, last)) {
		(void)close(fd);
		return 2;
	}
	more = realloc(r->fds, (r->n + 1) * sizeof(*more));
	if (!more) {
		(void)close(fd);
		return err_oom(e);
	}
	r->fds = more;
	r->fds[r->n++] = fd;
	*last = st;
	return 1;
}

static bool is_before(const struct stat *st, uint64_t since_ns)
{
	uint64_t ns = (uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec;

	/* A second for file systems and clocks that are coarse. */
	return since_ns > 1000000000 && ns < since_ns - 1000000000;
}

int log_reader_open(int dirfd, uint64_t since_ns, struct log_reader *ret, struct err *e)
{
	struct log_reader r = { .dirfd = dirfd };
	struct stat last = { 0 };
	unsigned missing = 0;
	int k = 0;

	/* One may be missing for a moment, while it is being renamed. */
	for (unsigned i = 0; i <= LOG_FILES_MAX && missing < 2 && k >= 0; i++) {
		k = open_next(&r, i, &last, e);
		missing = k == 0 ? missing + 1 : 0;
		if (k == 1 && is_before(&last, since_ns))
			break;
	}
	if (k < 0) {
		log_reader_done(&r);
		return k;
	}
	*ret = r;
	return 0;
}

void log_reader_done(struct log_reader *r)
{
	for (size_t i = 0; i < r->n; i++)
		(void)close(r->fds[i]);
	free(r->fds);
	*r = (struct log_reader){ .dirfd = -EBADF };
}

int log_reader_fd(const struct log_reader *r)
{
	return r->n ? r->fds[r->n - 1] : -EBADF;
}

/* Its number now; -1: it has none. */
static int number_of(const struct log_reader *r, const struct stat *mine)
{
	unsigned missing = 0;

	for (unsigned i = 0; i <= LOG_FILES_MAX && missing < 2; i++) {
		char name[LOG_NAME_SIZE];
		struct stat st;

		log_file_name(i, name);
		if (fstatat(r->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			missing++;
		else if (is_same(&st, mine))
			return (int)i;
		else
			missing = 0;
	}
	return -1;
}

/* The file after the one that was read to its end: 1 it is in fds, 0 there is none yet. */
static int find_successor(struct log_reader *r, struct err *e)
{
	struct stat mine = { 0 };
	struct log_reader all;
	size_t at;
	int k;

	if (r->n && fstat(r->fds[0], &mine) < 0)
		return err_sys(e, "cannot look at the log");
	if (r->n && number_of(r, &mine) == 0)
		return 0;
	/* All that there are, without gaps between them; ours says where to go on. */
	k = log_reader_open(r->dirfd, 0, &all, e);
	if (k < 0 || all.n == 0)
		return k;
	for (at = 0; at < all.n; at++) {
		struct stat st;

		if (r->n && fstat(all.fds[at], &st) == 0 && is_same(&st, &mine))
			break;
	}
	r->has_gap = r->has_gap || (r->n && at == all.n);
	if (at == 0) { /* between two renames; the next look finds it */
		log_reader_done(&all);
		return 0;
	}
	for (size_t i = at; i < all.n; i++)
		(void)close(all.fds[i]);
	all.n = at;
	all.has_gap = r->has_gap;
	log_reader_done(r);
	*r = all;
	return 1;
}

static ssize_t read_file(const struct log_reader *r, char *buf, size_t n, struct err *e)
{
	ssize_t got = RETRY_EINTR(read(r->fds[r->n - 1], buf, n));

	return got < 0 ? err_sys(e, "cannot read the log") : got;
}

ssize_t log_reader_read(struct log_reader *r, char *buf, size_t n, struct err *e)
{
	for (;;) {
		ssize_t got = r->n ? read_file(r, buf, n, e) : 0;
		struct stat mine;
		int k;

		if (got != 0)
			return got;
		if (r->n > 1) {
			(void)close(r->fds[--r->n]);
			continue;
		}
		if (r->n && fstat(r->fds[0], &mine) == 0 && number_of(r, &mine) != 0) {
			/* Finished, and so before we looked: what came after our read is the rest.
			 */
			got = read_file(r, buf, n, e);
			if (got != 0)
				return got;
		}
		k = find_successor(r, e);
		if (k <= 0)
			return k;
	}
}

/* Whether the entry at @start is a whole line or the rest of one, and not a piece that the next
 * entry goes on with. What is no entry counts as a line. @have: what of it is in memory already. */
static bool ends_line(int fd, off_t start, const char *have, ssize_t n)
{
	struct log_entry x;
	char head[LOG_HEAD];

	if (n < LOG_HEAD) {
		n = RETRY_EINTR(pread(fd, head, sizeof(head), start));
		have = head;
	}
	return n < LOG_HEAD || log_parse_head(have, (size_t)n, &x) < 0 || x.is_whole_line;
}

/* Looks from the end of one file for the @lines-th beginning of a line; the file's offset is set
 * there, and 0 returned; else the lines that are missing. A line begins behind an entry that ends
 * one, which is known once the newline before that entry is found. */
static int64_t seek_in_file(int fd, uint64_t lines, char *buf, struct err *e)
{
	off_t end = lseek(fd, 0, SEEK_END), at = end, behind = -1;
	uint64_t seen = 0;

	if (end < 0)
		return err_sys(e, "cannot seek in the log");
	while (at > 0) {
		size_t n = (size_t)MIN(at, (off_t)TAIL_BYTES);
		ssize_t got = RETRY_EINTR(pread(fd, buf, n, at - (off_t)n));
		const char *p = buf + n;

		if (got != (ssize_t)n)
			return err_sys(e, "cannot read the log");
		while ((p = memrchr(buf, '\n', (size_t)(p - buf)))) {
			off_t start = at - (off_t)n + (p - buf) + 1;

			if (behind >= 0 && behind != end &&
			    ends_line(fd, start, p + 1, buf + n - (p + 1)) && ++seen == lines)
				return lseek(fd, behind, SEEK_SET) < 0
				               ? err_sys(e, "cannot seek in the log")
				               : 0;
			behind = start;
		}
		at -= (off_t)n;
	}
	if (behind >= 0 && behind != end && ends_line(fd, 0, NULL, 0) && ++seen == lines)
		return lseek(fd, behind, SEEK_SET) < 0 ? err_sys(e, "cannot seek in the log") : 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "cannot seek in the log");
	/* The first line has no newline before it. */
	return (int64_t)(lines - seen - (end > 0 ? 1 : 0));
}

/* Whether the last entry of a file is a piece, which the next file goes on with. */
static bool ends_in_piece(int fd, char *buf)
{
	off_t end = lseek(fd, 0, SEEK_END);
	size_t n = end > 0 ? (size_t)MIN(end, (off_t)TAIL_BYTES) : 0;
	ssize_t got = n ? RETRY_EINTR(pread(fd, buf, n, end - (off_t)n)) : 0;
	const char *before;

	if (got < 2 || got != (ssize_t)n)
		return false;
	before = memrchr(buf, '\n', n - 1);
	before = before ? before + 1 : buf;
	return !ends_line(fd, end - (buf + n - before), before, buf + n - before);
}

int log_reader_tail(struct log_reader *r, uint64_t lines, struct err *e)
{
	_cleanup_free_ char *buf = malloc(TAIL_BYTES);
	size_t keep = 0;

	if (!buf)
		return err_oom(e);
	if (lines == 0 && r->n && lseek(r->fds[0], 0, SEEK_END) < 0)
		return err_sys(e, "cannot seek in the log");
	for (keep = r->n ? 1 : 0; lines && keep <= r->n && r->n; keep++) {
		int64_t missing = seek_in_file(r->fds[keep - 1], lines, buf, e);

		if (missing < 0)
			return (int)missing;
		lines = (uint64_t)missing;
		if (keep == r->n)
			break;
		/* All of it, and its first line began in the file before. */
		if (lseek(r->fds[keep - 1], 0, SEEK_CUR) == 0 && ends_in_piece(r->fds[keep], buf))
			lines++;
		if (lines == 0)
			break;
	}
	for (; r->n > keep; r->n--)
		(void)close(r->fds[r->n - 1]);
	return 0;
}
