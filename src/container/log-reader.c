/* SPDX-License-Identifier: Apache-2.0 */
#include "container/log-reader.h"

#include "base/clock.h"
#include "base/libexec.h"
#include "base/proc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { TAIL_BYTES = 128 * 1024 };

/* Under either of its names; -ENOENT. */
static int open_number(const struct log_reader *r, unsigned number, struct log_file *ret)
{
	char name[LOG_NAME_SIZE];
	struct stat st;
	int k;

	log_file_name(number, name);
	ret->fd = openat(r->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (ret->fd < 0 && errno == ENOENT && number > 0) {
		log_file_name_compressed(number, name);
		ret->fd = openat(r->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	}
	if (ret->fd < 0)
		return -errno;
	k = fstat(ret->fd, &st) < 0 ? -errno : 0;
	if (k == 0)
		k = S_ISREG(st.st_mode) ? log_id_read(ret->fd, &ret->id, &ret->is_compressed)
		                        : -ELOOP;
	if (k < 0) {
		(void)close(ret->fd);
		return k;
	}
	ret->changed_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
	return 0;
}

/* 1 opened, 0 there is none, 2 it is the one before, or no log. */
static int open_next(struct log_reader *r, unsigned number, struct err *e)
{
	struct log_file f, *more;
	int k = open_number(r, number, &f);

	if (k < 0)
		return k == -ENOENT  ? 0
		       : k == -ELOOP ? 2
		                     : err_errno(e, k, "cannot open file %u of the log", number);
	if (r->n && log_id_equal(&f.id, &r->files[r->n - 1].id)) {
		(void)close(f.fd);
		return 2;
	}
	more = realloc(r->files, (r->n + 1) * sizeof(*more));
	if (!more) {
		(void)close(f.fd);
		return err_oom(e);
	}
	r->files = more;
	r->files[r->n++] = f;
	return 1;
}

/* Neither its last write nor its first entry is as young as @since_ns, and the clock was not set
 * back between them: then what is in between could be younger than both. */
static bool is_before(const struct log_file *f, uint64_t since_ns)
{
	char stamp[RFC3339_SIZE];
	uint64_t first_ns = 0;

	memcpy(stamp, f->id.stamp, LOG_ID_STAMP);
	stamp[LOG_ID_STAMP] = '\0';
	if (f->id.has_stamp)
		(void)clock_parse_rfc3339(stamp, &first_ns);
	/* A second for file systems and clocks that are coarse. */
	return since_ns > 1000000000 && f->changed_ns < since_ns - 1000000000 &&
	       first_ns < since_ns && f->changed_ns + 1000000000 >= first_ns;
}

int log_reader_open(int dirfd, uint64_t since_ns, struct log_reader *ret, struct err *e)
{
	struct log_reader r = { .dirfd = dirfd };
	unsigned missing = 0;
	int k = 0;

	/* One may be missing for a moment, while it is being renamed. */
	for (unsigned i = 0; i <= LOG_FILES_MAX && missing < 2 && k >= 0; i++) {
		k = open_next(&r, i, e);
		missing = k == 0 ? missing + 1 : 0;
	}
	/* The oldest only: what is between two that are wanted stays. */
	while (r.n > 1 && is_before(&r.files[r.n - 1], since_ns))
		(void)close(r.files[--r.n].fd);
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
		(void)close(r->files[i].fd);
	free(r->files);
	*r = (struct log_reader){ .dirfd = -EBADF };
}

int log_reader_fd(const struct log_reader *r)
{
	return r->n ? r->files[r->n - 1].fd : -EBADF;
}

/* Whether the file has this number. */
static bool is_number(const struct log_reader *r, unsigned number, const struct log_id *mine,
                      bool *ret_exists)
{
	struct log_file f;
	bool is;

	*ret_exists = open_number(r, number, &f) == 0;
	if (!*ret_exists)
		return false;
	is = log_id_equal(&f.id, mine);
	(void)close(f.fd);
	return is;
}

/* Its number now; -1: it has none. */
static int number_of(const struct log_reader *r, const struct log_id *mine)
{
	unsigned missing = 0;

	for (unsigned i = 0; i <= LOG_FILES_MAX && missing < 2; i++) {
		bool exists;

		if (is_number(r, i, mine, &exists))
			return (int)i;
		missing = exists ? 0 : missing + 1;
	}
	return -1;
}

/* Of the file being read, which may have got its first entry meanwhile. */
static const struct log_id *own_id(struct log_reader *r)
{
	struct log_file *f = &r->files[0];
	struct log_id now;

	if (!f->id.has_stamp && log_id_read(f->fd, &now, NULL) == 0)
		f->id = now;
	return &f->id;
}

/* The common case: it is "log". */
static bool is_youngest(const struct log_reader *r)
{
	struct stat mine, log;

	return !r->files[0].is_compressed && fstat(r->files[0].fd, &mine) == 0 &&
	       fstatat(r->dirfd, LOG_FILE, &log, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == log.st_ino && mine.st_dev == log.st_dev;
}

/* The file after the one that was read to its end: 1 it is in files, 0 there is none yet. */
static int find_successor(struct log_reader *r, struct err *e)
{
	struct log_reader all;
	size_t at;
	int k;

	if (r->n && number_of(r, own_id(r)) == 0)
		return 0;
	/* All that there are, without gaps between them; ours says where to go on. */
	k = log_reader_open(r->dirfd, 0, &all, e);
	if (k < 0 || all.n == 0)
		return k;
	for (at = 0; at < all.n; at++)
		if (r->n && log_id_equal(&all.files[at].id, own_id(r)))
			break;
	r->has_gap = r->has_gap || (r->n && at == all.n);
	if (at == 0) { /* between two renames; the next look finds it */
		log_reader_done(&all);
		return 0;
	}
	for (size_t i = at; i < all.n; i++)
		(void)close(all.files[i].fd);
	all.n = at;
	all.has_gap = r->has_gap;
	log_reader_done(r);
	*r = all;
	return 1;
}

static int run_expander(int from_fd, int to_fd, struct err *e)
{
	_cleanup_free_ char *path = libexec_path("squeeze");
	_cleanup_close_ int pidfd = -EBADF;
	char *argv[] = { (char *)(uintptr_t) "usr-ct-squeeze", (char *)(uintptr_t)SQUEEZE_EXPAND,
		         NULL };
	const struct spawn_fd fds[] = { { from_fd, 0 }, { to_fd, 1 } };
	struct spawn s = { .path = path, .argv = argv, .env = environ, .fds = fds, .n_fds = 2 };
	int status = 1;

	if (!path)
		return err_oom(e);
	pidfd = proc_spawn(&s, NULL, e);
	if (pidfd < 0)
		return pidfd;
	if (pidfd_wait(pidfd, &status) < 0 || status != 0)
		return err_set(e, UCT_STORE_DAMAGED, -EBADMSG,
		               "a compressed file of the log cannot be read");
	return 0;
}

/* The contents of a compressed file take its place, in a file without a name. */
static int expand(const struct log_reader *r, struct log_file *f, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int k;

	if (!f->is_compressed)
		return 0;
	fd = openat(r->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		fd = memfd_create("log", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot make a temporary file");
	k = run_expander(f->fd, fd, e);
	if (k == 0 && lseek(fd, 0, SEEK_SET) < 0)
		k = err_sys(e, "cannot read a temporary file");
	if (k < 0)
		return k;
	(void)close(f->fd);
	f->fd = TAKE_FD(fd);
	f->is_compressed = false;
	f->is_expanded = true;
	return 0;
}

static ssize_t read_file(struct log_reader *r, char *buf, size_t n, struct err *e)
{
	struct log_file *f = &r->files[r->n - 1];
	int k = expand(r, f, e);
	ssize_t got = k < 0 ? 0 : RETRY_EINTR(read(f->fd, buf, n));

	if (k < 0)
		return k;
	return got < 0 ? err_sys(e, "cannot read the log") : got;
}

ssize_t log_reader_read(struct log_reader *r, char *buf, size_t n, struct err *e)
{
	for (;;) {
		ssize_t got = r->n ? read_file(r, buf, n, e) : 0;
		int k;

		if (got != 0)
			return got;
		if (r->n > 1) {
			(void)close(r->files[--r->n].fd);
			continue;
		}
		if (r->n && is_youngest(r))
			return 0;
		if (r->n) {
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
	if (lines == 0 && r->n && lseek(r->files[0].fd, 0, SEEK_END) < 0)
		return err_sys(e, "cannot seek in the log");
	for (keep = r->n ? 1 : 0; lines && keep <= r->n && r->n; keep++) {
		int64_t missing = expand(r, &r->files[keep - 1], e);

		if (missing == 0)
			missing = seek_in_file(r->files[keep - 1].fd, lines, buf, e);
		if (missing < 0)
			return (int)missing;
		lines = (uint64_t)missing;
		if (keep == r->n)
			break;
		/* All of it, and its first line began in the file before. */
		if (lseek(r->files[keep - 1].fd, 0, SEEK_CUR) == 0) {
			int k = expand(r, &r->files[keep], e);

			if (k < 0)
				return k;
			lines += ends_in_piece(r->files[keep].fd, buf) ? 1 : 0;
		}
		if (lines == 0)
			break;
	}
	for (; r->n > keep; r->n--)
		(void)close(r->files[r->n - 1].fd);
	return 0;
}
