/* SPDX-License-Identifier: Apache-2.0 */
/* events - tell of what happens, and read what was told */
#include "engine/engine.h"

#include "base/clock.h"
#include "base/strv.h"
#include "container/event-reader.h"
#include "container/events.h"
#include "image/reference.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

void engine_event(struct usrct *u, const struct target *t, const char *action,
                  const char *const *attributes)
{
	/* A full disk must not keep anybody from stopping a container. */
	(void)event_container(store_dirfd(u->store), t->dirfd, t->row.id, action, attributes);
}

void engine_image_event(struct usrct *u, const char *action, const char *id, const char *name)
{
	char short_id[600], short_name[600];
	const char *attributes[] = { "name", short_name, NULL };
	struct event ev = { "image", action, short_id, name ? attributes : NULL, NULL };

	/* Names as people write them, as in every other output. */
	reference_familiar(id, short_id, sizeof(short_id));
	reference_familiar(name ? name : "", short_name, sizeof(short_name));

	(void)event_append(store_dirfd(u->store), &ev);
}

struct watcher {
	const struct usrct_events_options *opts;
	int (*each)(const struct usrct_event *ev, void *arg);
	void *arg;
};

static const char *const keys[] = { "type",  "event",  "container", "image",  "label",
	                            "scope", "volume", "network",   "daemon", "status" };

static const char *attribute(const struct event_record *x, const char *name)
{
	const char *v = json_string_value(json_object_get(x->attributes, name));

	return v ? v : "";
}

/* Docker matches these by their beginning, since the command or the state follows. */
static bool action_fits(const char *action, const char *want)
{
	static const char *const open_ended[] = { "exec_create", "exec_start", "health_status" };
	/* podman's words for the same */
	static const char *const synonyms[][2] = { { "died", "die" }, { "remove", "destroy" } };

	for (size_t i = 0; i < ARRAY_SIZE(open_ended); i++)
		if (!strcmp(want, open_ended[i]))
			return !strncmp(action, want, strlen(want));
	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++)
		if (!strcmp(want, synonyms[i][0]))
			want = synonyms[i][1];
	return !strcmp(action, want);
}

static bool object_fits(const struct event_record *x, const char *type, const char *want)
{
	const char *name = attribute(x, "name");

	return !strcmp(x->type, type) &&
	       (!strncmp(x->id, want, strlen(want)) || !strcmp(name, want));
}

/* "alpine" also means alpine:latest and docker.io/library/alpine:latest. */
static bool image_fits(const struct event_record *x, const char *want)
{
	const char *image = !strcmp(x->type, "image") ? x->id : attribute(x, "image");
	size_t n = strlen(want), len;

	if (!strcmp(image, want) ||
	    !strcmp(attribute(x, !strcmp(x->type, "image") ? "name" : "image"), want))
		return true;
	for (const char *at = image; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL) {
		len = strcspn(at, ":@");
		if (!strcmp(at, want) || (len == n && !strncmp(at, want, n) && !strchr(at, '/')))
			return true;
	}
	return false;
}

static bool label_fits(const struct event_record *x, const char *want)
{
	size_t n = strcspn(want, "=");
	_cleanup_free_ char *key = strndup(want, n);
	const char *v = key ? json_string_value(json_object_get(x->attributes, key)) : NULL;

	return v && (!want[n] || !strcmp(v, want + n + 1));
}

static bool value_fits(const struct event_record *x, const char *key, const char *want)
{
	if (!strcmp(key, "type"))
		return !strcmp(x->type, want);
	if (!strcmp(key, "event") || !strcmp(key, "status")) /* podman has both words */
		return action_fits(x->action, want);
	if (!strcmp(key, "image"))
		return image_fits(x, want);
	if (!strcmp(key, "label"))
		return label_fits(x, want);
	if (!strcmp(key, "scope"))
		return !strcmp("local", want);
	return object_fits(x, key, want);
}

/* Alternatives of one key, of which labels must all fit. A key that was not asked for fits. */
static bool key_fits(const struct event_record *x, const char *const *filters, const char *key)
{
	size_t n = strlen(key), asked = 0, fit = 0;

	for (; filters && *filters; filters++) {
		if (strncmp(*filters, key, n) != 0 || (*filters)[n] != '=')
			continue;
		asked++;
		fit += value_fits(x, key, *filters + n + 1);
	}
	return !strcmp(key, "label") ? fit == asked : !asked || fit;
}

static int check_filters(const char *const *filters, struct err *e)
{
	for (; filters && *filters; filters++) {
		size_t n = strcspn(*filters, "=");
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			known = known || (strlen(keys[i]) == n && !strncmp(keys[i], *filters, n));
		if (!known || !(*filters)[n]) {
			int r = err_set(e, UCT_BAD_VALUE, -EINVAL,
			                "events cannot be filtered by '%s'", *filters);

			return err_hint(e, r,
			                "write KEY=VALUE with one of the keys type, event, "
			                "container, image, label");
		}
	}
	return 0;
}

static bool is_wanted(const struct watcher *w, const struct event_record *x)
{
	const struct usrct_events_options *o = w->opts;

	if (o && ((o->since_ns && x->time_ns < o->since_ns) ||
	          (o->until_ns && x->time_ns > o->until_ns)))
		return false;
	for (size_t i = 0; o && i < ARRAY_SIZE(keys); i++)
		if (!key_fits(x, o->filters, keys[i]))
			return false;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Docker's clients also know the older form: status, id, from. */
static int full_json(const struct event_record *x, char **ret, struct err *e)
{
	_cleanup_json_ json_t *j = json_object();
	const char *from = attribute(x, "image");

	if (!strcmp(x->type, "container") || !strcmp(x->type, "image")) {
		(void)json_object_set_new(j, "status", json_string(x->action));
		(void)json_object_set_new(j, "id", json_string(x->id));
		if (*from)
			(void)json_object_set_new(j, "from", json_string(from));
	}
	if (!j || json_object_update(j, x->doc) < 0)
		return err_oom(e);
	return json_print(j, false, ret, e);
}

static int tell(const struct watcher *w, const struct event_record *x, struct err *e)
{
	size_t n = json_object_size(x->attributes), i = 0;
	_cleanup_free_ const char **pairs = calloc(2 * n + 1, sizeof(*pairs));
	_cleanup_free_ char *json = NULL;
	struct usrct_event ev = { x->type, x->action, x->id, pairs, x->time_ns, NULL };
	json_t *v;
	const char *key;
	int r;

	if (!pairs)
		return err_oom(e);
	json_object_foreach((json_t *)(uintptr_t)x->attributes, key, v)
	{
		pairs[i++] = key;
		pairs[i++] = json_string_value(v);
	}
	qsort(pairs, n, 2 * sizeof(*pairs), compare_names);
	r = full_json(x, &json, e);
	ev.json = json;
	return r < 0 ? r : w->each(&ev, w->arg);
}

static int tell_all(const struct watcher *w, struct event_reader *r, struct err *e)
{
	for (;;) {
		_cleanup_event_record_ struct event_record x = { 0 };
		int k = event_reader_next(r, &x, e);

		if (k <= 0)
			return k;
		k = is_wanted(w, &x) ? tell(w, &x, e) : 0;
		if (k != 0)
			return k;
	}
}

/* Goes off when the time of day is there, whatever jumps the clock makes until then. */
static int open_timer(uint64_t until_ns, struct err *e)
{
	struct itimerspec when = { .it_value = { (time_t)(until_ns / 1000000000),
		                                 (long)(until_ns % 1000000000) } };
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		cleanup_close(&fd);
	return fd < 0 ? err_sys(e, "cannot make a timer") : fd;
}

static int watch(int watch_fd, const struct event_reader *r, struct err *e)
{
	char path[64];

	if (r->fd < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", r->fd);
	if (inotify_add_watch(watch_fd, path, IN_MODIFY | IN_MOVE_SELF) < 0)
		return err_sys(e, "cannot watch the events");
	return 0;
}

static int follow(struct usrct *u, const struct watcher *w, struct event_reader *r, struct err *e)
{
	_cleanup_close_ int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), timer_fd = -EBADF;
	struct pollfd p[2] = { { .fd = watch_fd, .events = POLLIN },
		               { .fd = -1, .events = POLLIN } };
	char path[64], events[4096];
	int k;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", store_dirfd(u->store));
	if (watch_fd < 0 || inotify_add_watch(watch_fd, path, IN_CREATE | IN_MOVED_TO) < 0)
		return err_hint(e, err_sys(e, "cannot watch the events"),
		                "raise fs.inotify.max_user_instances");
	if (w->opts && w->opts->until_ns) {
		p[1].fd = timer_fd = open_timer(w->opts->until_ns, e);
		if (timer_fd < 0)
			return timer_fd;
	}
	for (;;) {
		/* First the watch, then the look: nothing can come between them unseen. */
		k = watch(watch_fd, r, e);
		if (k == 0)
			k = tell_all(w, r, e);
		if (k != 0 || p[1].revents)
			return k;
		k = watch(watch_fd, r, e); /* it may have gone on to the next file */
		if (k == 0)
			k = tell_all(w, r, e);
		if (k != 0)
			return k;
		if (RETRY_EINTR(poll(p, 2, -1)) < 0)
			return err_sys(e, "cannot wait for events");
		while (read(watch_fd, events, sizeof(events)) > 0)
			;
	}
}

static int events(struct usrct *u, const struct watcher *w, struct err *e)
{
	const struct usrct_events_options *o = w->opts;
	bool ends = o && (o->no_follow || (o->until_ns && o->until_ns <= clock_realtime_ns()));
	bool only_new = !o || (!o->since_ns && !o->until_ns && !o->no_follow);
	struct event_reader reader;
	int r = check_filters(o ? o->filters : NULL, e);

	if (r == 0)
		r = engine_store(u, ends ? STORE_READ : STORE_WRITE, e);
	if (r < 0 || store_dirfd(u->store) < 0)
		return r;
	r = event_reader_open(store_dirfd(u->store), only_new, &reader, e);
	if (r < 0)
		return r;
	r = ends ? tell_all(w, &reader, e) : follow(u, w, &reader, e);
	event_reader_close(&reader);
	return r;
}

int usrct_events(struct usrct *u, const struct usrct_events_options *opts,
                 int (*each)(const struct usrct_event *ev, void *arg), void *arg,
                 struct usrct_err *out)
{
	struct watcher w = { opts, each, arg };
	struct err e = { 0 };
	int r = events(u, &w, &e);

	return r < 0 && e.uct ? engine_fail(out, &e) : r;
}
