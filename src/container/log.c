/* SPDX-License-Identifier: Apache-2.0 */
#include "container/log.h"

#include "base/clock.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* "2026-01-31T12:34:56.123456789Z stdout F " */
enum { STAMP = 30, HEAD = LOG_HEAD };

/* A part of an entry would make the next one unreadable as well: what was written of it goes. */
static void take_back(const struct log_writer *w, off_t written)
{
	off_t end = lseek(w->fd, 0, SEEK_CUR); /* O_APPEND: where the last write ended */

	if (written && end >= written)
		IGNORE(ftruncate(w->fd, end - written));
}

void log_file_name(unsigned n, char buf[LOG_NAME_SIZE])
{
	if (n == 0)
		(void)snprintf(buf, LOG_NAME_SIZE, "%s", LOG_FILE);
	else
		(void)snprintf(buf, LOG_NAME_SIZE, "%s.%u", LOG_FILE, n);
}

void log_file_name_compressed(unsigned n, char buf[LOG_NAME_SIZE])
{
	(void)snprintf(buf, LOG_NAME_SIZE, "%s.%u.zst", LOG_FILE, n);
}

static int open_file(struct log_writer *w)
{
	struct stat st;

	w->is_due = false;
	w->fd = openat(w->dirfd, LOG_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
	               0600);
	if (w->fd < 0)
		return -errno;
	w->size_bytes = fstat(w->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	return 0;
}

/* What has the number before gets number @n; of plain and compressed there is only one. */
static void shift(const struct log_writer *w, unsigned n)
{
	char from[LOG_NAME_SIZE], to[LOG_NAME_SIZE], other[LOG_NAME_SIZE];

	log_file_name(n - 1, from);
	log_file_name(n, to);
	log_file_name_compressed(n, other);
	/* Most do not exist at first. */
	if (renameat(w->dirfd, from, w->dirfd, to) == 0) {
		(void)unlinkat(w->dirfd, other, 0);
		return;
	}
	log_file_name_compressed(n - 1, from);
	if (renameat(w->dirfd, from, w->dirfd, other) == 0)
		(void)unlinkat(w->dirfd, to, 0);
}

void log_open(struct log_writer *w)
{
	w->fd = -EBADF;
	w->is_due = true;
}

/* Without room for a new file it goes on with the old one. */
static void rotate(struct log_writer *w)
{
	int fd = openat(w->dirfd, LOG_FILE_NEW,
	                O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return;
	for (unsigned i = w->max_files - 1; i > 0; i--)
		shift(w, i);
	if (renameat(w->dirfd, LOG_FILE_NEW, w->dirfd, LOG_FILE) < 0) {
		(void)close(fd);
		return;
	}
	(void)close(w->fd);
	w->fd = fd;
	w->size_bytes = 0;
	w->n_rotations++;
}

static void flush(struct log_writer *w, size_t *fill)
{
	size_t done = 0;

	if (w->max_bytes && w->size_bytes && w->size_bytes + *fill > w->max_bytes)
		rotate(w);

	while (done < *fill) {
		ssize_t n = RETRY_EINTR(write(w->fd, w->scratch + done, *fill - done));

		if (n < 0) {
			take_back(w, (off_t)done);
			w->size_bytes -= done;
			w->dropped_bytes += *fill;
			break;
		}
		done += (size_t)n;
		w->size_bytes += (size_t)n;
	}
	*fill = 0;
}

void log_append(struct log_writer *w, enum log_stream stream, const char *data, size_t n)
{
	const char *name = stream == LOG_STDOUT ? " stdout " : " stderr ";
	char stamp[RFC3339_SIZE];
	size_t fill = 0;

	if (w->fd < 0 && (!w->is_due || open_file(w) < 0))
		return;
	assert(w->scratch_size >= LOG_SCRATCH_MIN);
	clock_rfc3339(clock_realtime_ns(), stamp);
	while (n > 0) {
		const char *newline = memchr(data, '\n', n);
		size_t len = newline ? (size_t)(newline - data) : n;
		bool whole = newline != NULL;

		/* A very long line is written in pieces, each of which fits. */
		if (len > w->scratch_size / 2) {
			len = w->scratch_size / 2;
			whole = false;
		}
		if (fill + HEAD + len + 1 > w->scratch_size)
			flush(w, &fill);
		memcpy(w->scratch + fill, stamp, STAMP);
		memcpy(w->scratch + fill + STAMP, name, 8);
		w->scratch[fill + STAMP + 8] = whole ? 'F' : 'P';
		w->scratch[fill + STAMP + 9] = ' ';
		memcpy(w->scratch + fill + HEAD, data, len);
		fill += HEAD + len;
		w->scratch[fill++] = '\n';
		data += len + (whole ? 1 : 0);
		n -= len + (whole ? 1 : 0);
	}
	flush(w, &fill);
}

int log_parse_head(const char *buf, size_t n, struct log_entry *ret)
{
	char stamp[RFC3339_SIZE];

	if (n < HEAD || buf[STAMP] != ' ' || buf[STAMP + 7] != ' ' || buf[STAMP + 9] != ' ')
		return -EBADMSG;
	memcpy(stamp, buf, STAMP);
	stamp[STAMP] = '\0';
	if (clock_parse_rfc3339(stamp, &ret->time_ns) < 0)
		return -EBADMSG;
	if (!memcmp(buf + STAMP + 1, "stdout", 6))
		ret->stream = LOG_STDOUT;
	else if (!memcmp(buf + STAMP + 1, "stderr", 6))
		ret->stream = LOG_STDERR;
	else
		return -EBADMSG;
	if (buf[STAMP + 8] != 'F' && buf[STAMP + 8] != 'P')
		return -EBADMSG;
	ret->is_whole_line = buf[STAMP + 8] == 'F';
	return 0;
}

ssize_t log_parse(const char *buf, size_t n, struct log_entry *ret)
{
	const char *newline;
	size_t len;

	newline = n ? memchr(buf, '\n', n) : NULL;
	if (!newline)
		return 0;
	len = (size_t)(newline - buf);
	if (log_parse_head(buf, len, ret) < 0) {
		ret->n = len + 1;
		return -EBADMSG;
	}
	ret->data = buf + HEAD;
	ret->n = len - HEAD;
	return (ssize_t)len + 1;
}
