/* SPDX-License-Identifier: Apache-2.0 */
#include "container/event-reader.h"

#include "container/events.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { BUFFER_BYTES = 2 * EVENT_LINE_MAX };

void event_record_done(struct event_record *r)
{
	json_decref(r->doc);
	*r = (struct event_record){ 0 };
}

static bool are_strings(const json_t *object)
{
	json_t *v;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)object, key,
	                    v) if (!json_is_string(v)) return false;
	return json_is_object(object);
}

int event_parse(const char *line, size_t n, struct event_record *ret)
{
	_cleanup_json_ json_t *doc = json_loadb(line, n, 0, NULL);
	const char *type, *action, *id;
	json_t *attributes;
	json_int_t t = 0;

	if (json_get_string(doc, "Type", &type, NULL) != 1 ||
	    json_get_string(doc, "Action", &action, NULL) != 1 ||
	    json_get_string(doc, "Actor.ID", &id, NULL) != 1 ||
	    json_get_int(doc, "timeNano", &t, NULL) != 1 || t < 0)
		return -EBADMSG;
	attributes = json_at(doc, "Actor.Attributes");
	if (!are_strings(attributes))
		return -EBADMSG;
	*ret = (struct event_record){ (uint64_t)t, type, action, id, attributes, TAKE_PTR(doc) };
	return 0;
}

/* -ENOENT is no error: fd stays -EBADF. */
static int open_file(struct event_reader *r, const char *name, struct err *e)
{
	r->fd = openat(r->store_dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (r->fd >= 0)
		return 0;
	return errno == ENOENT ? 0 : err_sys(e, "cannot open '%s'", name);
}

int event_reader_open(int store_dirfd, bool at_end, struct event_reader *ret, struct err *e)
{
	struct event_reader r = { .store_dirfd = store_dirfd, .fd = -EBADF };
	int k = 0;

	r.buf = malloc(BUFFER_BYTES);
	if (!r.buf)
		return err_oom(e);
	if (!at_end)
		k = open_file(&r, EVENTS_OLD_FILE, e);
	if (k == 0 && r.fd < 0)
		k = open_file(&r, EVENTS_FILE, e);
	if (k == 0 && r.fd >= 0 && at_end && lseek(r.fd, 0, SEEK_END) < 0)
		k = err_sys(e, "cannot seek in the events");
	if (k < 0)
		event_reader_close(&r);
	else
		*ret = r;
	return k;
}

void event_reader_close(struct event_reader *r)
{
	cleanup_close(&r->fd);
	r->fd = -EBADF;
	free(r->buf);
	r->buf = NULL;
}

static bool is_named(const struct event_reader *r, const char *name)
{
	struct stat mine, named;

	return fstat(r->fd, &mine) == 0 &&
	       fstatat(r->store_dirfd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

/* Bytes that came, or 0. */
static ssize_t fill(struct event_reader *r, struct err *e)
{
	ssize_t n;

	memmove(r->buf, r->buf + r->at, r->n - r->at);
	r->n -= r->at;
	r->at = 0;
	if (r->n == BUFFER_BYTES) { /* no line of ours is that long */
		r->is_skipping = true;
		r->n = 0;
	}
	if (r->fd < 0)
		return 0;
	n = RETRY_EINTR(read(r->fd, r->buf + r->n, BUFFER_BYTES - r->n));
	if (n < 0)
		return err_sys(e, "cannot read the events");
	r->n += (size_t)n;
	return n;
}

/* At the end of a file: 1 there is a younger one, which is open now; 0 not yet. */
static int advance(struct event_reader *r, struct err *e)
{
	int old_fd = r->fd, k;
	ssize_t n;

	if (r->fd >= 0 && is_named(r, EVENTS_FILE))
		return 0;
	/* Whatever was written to it came before it lost its name. */
	n = fill(r, e);
	if (n != 0)
		return n < 0 ? (int)n : 1;
	if (old_fd < 0 || is_named(r, EVENTS_OLD_FILE))
		k = open_file(r, EVENTS_FILE, e);
	else
		k = open_file(r, EVENTS_OLD_FILE, e);
	if (k < 0 || r->fd < 0) {
		r->fd = old_fd;
		return k;
	}
	cleanup_close(&old_fd);
	r->at = r->n = 0;
	r->is_skipping = false;
	return 1;
}

int event_reader_next(struct event_reader *r, struct event_record *ret, struct err *e)
{
	for (;;) {
		const char *line = r->buf + r->at;
		const char *newline = r->n > r->at ? memchr(line, '\n', r->n - r->at) : NULL;
		ssize_t n;
		int k;

		if (newline) {
			bool is_tail = r->is_skipping;

			r->at += (size_t)(newline - line) + 1;
			r->is_skipping = false;
			if (!is_tail && event_parse(line, (size_t)(newline - line), ret) == 0)
				return 1;
			continue;
		}
		n = fill(r, e);
		if (n > 0)
			continue;
		k = n < 0 ? (int)n : advance(r, e);
		if (k <= 0)
			return k;
	}
}
