/* SPDX-License-Identifier: Apache-2.0 */
#include "container/events.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json-text.h"
#include "base/sbuf.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { OPEN_TRIES = 8 };

static void add_string(struct sbuf *b, const char *text)
{
	json_text_add(b, text, strlen(text));
}

static void add_pair(struct sbuf *b, bool *first, const char *name, const char *value)
{
	if (!*first)
		sbuf_addc(b, ',');
	*first = false;
	add_string(b, name);
	sbuf_addc(b, ':');
	add_string(b, value);
}

/* The members of the actor's object, without its braces. */
static void add_actor(struct sbuf *b, bool *first, const char *actor)
{
	size_t n = actor ? strlen(actor) : 0;

	while (n && (actor[n - 1] == '\n' || actor[n - 1] == ' '))
		n--;
	if (n < 3 || actor[0] != '{' || actor[n - 1] != '}' || memchr(actor, '\n', n))
		return;
	sbuf_add(b, actor + 1, n - 2);
	*first = false;
}

static void add_line(struct sbuf *b, const struct event *ev)
{
	uint64_t now = clock_realtime_ns();
	bool first = true;

	sbuf_adds(b, "{\"Type\":");
	add_string(b, ev->type);
	sbuf_adds(b, ",\"Action\":");
	add_string(b, ev->action);
	sbuf_adds(b, ",\"Actor\":{\"ID\":");
	add_string(b, ev->id);
	sbuf_adds(b, ",\"Attributes\":{");
	add_actor(b, &first, ev->actor);
	for (const char *const *a = ev->attributes; a && a[0] && a[1]; a += 2)
		add_pair(b, &first, a[0], a[1]);
	sbuf_addf(b, "}},\"scope\":\"local\",\"time\":%llu,\"timeNano\":%llu}\n",
	          (unsigned long long)(now / 1000000000), (unsigned long long)now);
}

static bool is_current(int store_dirfd, int fd, struct stat *ret)
{
	struct stat named;

	return fstat(fd, ret) == 0 &&
	       fstatat(store_dirfd, EVENTS_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_ino == ret->st_ino && named.st_dev == ret->st_dev;
}

/* Makes room once the file is long. If somebody else writes just now, the next one does it. */
static void rotate(int store_dirfd, int fd, const struct stat *st)
{
	struct stat again;

	if (st->st_size >= EVENTS_MAX_BYTES && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    is_current(store_dirfd, fd, &again))
		(void)renameat(store_dirfd, EVENTS_FILE, store_dirfd, EVENTS_OLD_FILE);
}

/* The current file, locked so that it keeps its name, or the best that a few tries give: somebody
 * who is stopped while it renames must not stop a monitor. */
static int open_locked(int store_dirfd, struct stat *ret)
{
	int fd = -EBADF;

	for (int i = 0; i < OPEN_TRIES; i++) {
		cleanup_close(&fd);
		fd = openat(store_dirfd, EVENTS_FILE,
		            O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_SH | LOCK_NB) < 0 || !is_current(store_dirfd, fd, ret))
			continue;
		if (ret->st_size < EVENTS_MAX_BYTES || i == OPEN_TRIES - 1)
			return fd;
		rotate(store_dirfd, fd, ret);
	}
	return fstat(fd, ret) < 0 ? -errno : fd;
}

int event_append(int store_dirfd, const struct event *ev)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(EVENT_LINE_MAX);
	_cleanup_close_ int fd = -EBADF;
	struct stat st = { 0 };
	char last = '\n';
	size_t skip;
	ssize_t n;

	if (store_dirfd < 0)
		return 0;
	sbuf_addc(&b, '\n');
	add_line(&b, ev);
	if (b.err)
		return b.err;
	fd = open_locked(store_dirfd, &st);
	if (fd < 0)
		return fd;
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) < 0)
		last = '\0';
	skip = last == '\n' ? 1 : 0;
	n = RETRY_EINTR(write(fd, b.s + skip, b.len - skip));
	if (n < 0)
		return -errno;
	return (size_t)n == b.len - skip ? 0 : -ENOSPC;
}

int event_container(int store_dirfd, int container_dirfd, const char *id, const char *action,
                    const char *const *attributes)
{
	_cleanup_free_ char *actor = NULL;
	struct event ev = { "container", action, id, attributes, NULL };

	/* One that was made by an earlier version has none. */
	(void)file_read_at(container_dirfd, EVENT_ACTOR_FILE, EVENT_ACTOR_MAX + 1, &actor, NULL,
	                   NULL);
	ev.actor = actor;
	return event_append(store_dirfd, &ev);
}

/* Whether an attribute of ours has this name: it wins, as in Docker. */
static bool is_ours(const char *name, size_t n)
{
	return (n == 4 && !memcmp(name, "name", 4)) || (n == 5 && !memcmp(name, "image", 5));
}

static void add_labels(struct sbuf *b, bool *first, char *const *labels)
{
	for (char *const *l = labels; l && *l && !b->err; l++) {
		const char *eq = strchrnul(*l, '=');
		_cleanup_free_ char *key = strndup(*l, (size_t)(eq - *l));

		if (key && !is_ours(key, strlen(key)))
			add_pair(b, first, key, *eq ? eq + 1 : "");
	}
}

int event_actor_write(int container_dirfd, const char *name, const char *image, char *const *labels,
                      struct err *e)
{
	for (int with_labels = 1; with_labels >= 0; with_labels--) {
		_cleanup_sbuf_ struct sbuf b = SBUF_INIT(EVENT_ACTOR_MAX);
		bool first = true;

		sbuf_addc(&b, '{');
		add_pair(&b, &first, "image", image);
		if (with_labels)
			add_labels(&b, &first, labels);
		add_pair(&b, &first, "name", name);
		sbuf_adds(&b, "}\n");
		if (b.err == -E2BIG && with_labels)
			continue;
		if (b.err)
			return err_errno(e, b.err, "cannot describe the container for events");
		return file_make_at(container_dirfd, EVENT_ACTOR_FILE, b.s, b.len, 0600, e);
	}
	return 0;
}

int event_actor_rename(int container_dirfd, const char *new_name, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(EVENT_ACTOR_MAX + 1024);
	_cleanup_free_ char *text = NULL;
	char *at = NULL, *p;
	bool first = true;
	int r = file_read_at(container_dirfd, EVENT_ACTOR_FILE, EVENT_ACTOR_MAX + 1024, &text, NULL,
	                     e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	/* The name is the last member, see above. A quote inside a value has a backslash. */
	for (p = text; (p = strstr(p, "\"name\":\"")); p++)
		at = p;
	if (!at || at == text)
		return err_set(e, UCT_STORE_DAMAGED, -EBADMSG, "'%s' of a container",
		               EVENT_ACTOR_FILE);
	sbuf_add(&b, text, (size_t)(at - text));
	add_pair(&b, &first, "name", new_name);
	sbuf_adds(&b, "}\n");
	if (b.err)
		return err_errno(e, b.err, "cannot describe the container for events");
	return file_write_at(container_dirfd, EVENT_ACTOR_FILE, b.s, b.len, 0600, false, e);
}
