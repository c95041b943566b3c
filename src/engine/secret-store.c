/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/secret-store.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "base/strv.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <usrct/secret.h>

#define SECRET_DIR "secrets"
enum { SECRET_ID_SIZE = 26, SECRET_NAME_MAX = 240, META_MAX = 1 << 20 };

/* --- files */

static bool is_name(const char *s)
{
	size_t n = strlen(s);

	if (!isalnum((unsigned char)s[0]) || n > SECRET_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("_.-", s[i]))
			return false;
	return true;
}

static bool is_id(const char *s)
{
	return strlen(s) == SECRET_ID_SIZE - 1 &&
	       strspn(s, "0123456789abcdef") == SECRET_ID_SIZE - 1;
}

/* -ENOENT without an error: there are none. */
static int open_dir(struct usrct *u, bool will_write, struct err *e)
{
	int r = engine_store(u, will_write ? STORE_WRITE : STORE_READ, e), fd;

	if (r < 0)
		return r;
	if (store_dirfd(u->store) < 0)
		return -ENOENT;
	if (will_write) {
		r = dir_make_at(store_dirfd(u->store), SECRET_DIR "/data", 0700, e);
		if (r < 0)
			return r;
	}
	fd = openat(store_dirfd(u->store), SECRET_DIR,
	            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : err_sys(e, "cannot open the secrets");
	if (will_write && RETRY_EINTR(flock(fd, LOCK_EX)) < 0) {
		r = err_sys(e, "cannot lock the secrets");
		(void)close(fd);
		return r;
	}
	return fd;
}

/* --- one secret */

struct secret_meta {
	char *name;
	json_t *doc;
};

static const char *text_of(const struct secret_meta *m, const char *key)
{
	const char *s = json_string_value(json_object_get(m->doc, key));

	return s ? s : "";
}

static const char *id_of(const struct secret_meta *m)
{
	const char *id = text_of(m, "id");

	return is_id(id) ? id : "";
}

static void meta_done(struct secret_meta *m)
{
	free(m->name);
	json_decref(m->doc);
	*m = (struct secret_meta){ 0 };
}
#define _cleanup_meta_ _cleanup_(meta_done)

/* 1, 0 there is none. */
static int read_meta(int dirfd, const char *name, struct secret_meta *ret, struct err *e)
{
	_cleanup_free_ char *file = strf("%s.json", name);
	int r = file ? json_read_at(dirfd, file, META_MAX, &ret->doc, e) : err_oom(e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	ret->name = strdup(name);
	return ret->name ? 1 : err_oom(e);
}

struct secret_list {
	struct secret_meta *v;
	size_t n, cap;
};

static void list_done(struct secret_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		meta_done(&l->v[i]);
	free(l->v);
}
#define _cleanup_list_ _cleanup_(list_done)

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct secret_meta *)a)->name, ((const struct secret_meta *)b)->name);
}

static int take_file(int dirfd, const char *file, struct secret_list *l, struct err *e)
{
	size_t n = strlen(file);
	_cleanup_free_ char *name = NULL;
	int r;

	if (n < 6 || strcmp(file + n - 5, ".json") != 0)
		return 0;
	name = strndup(file, n - 5);
	if (!name || array_grow(&l->v, l->n, &l->cap, sizeof(*l->v)) < 0)
		return err_oom(e);
	if (!is_name(name))
		return 0;
	l->v[l->n] = (struct secret_meta){ 0 };
	r = read_meta(dirfd, name, &l->v[l->n], e);
	l->n += r != 0;
	return MIN(r, 0);
}

static int read_all(int dirfd, struct secret_list *ret, struct err *e)
{
	int own = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = own < 0 ? NULL : fdopendir(own);
	struct dirent *de;

	if (!d) {
		r = err_sys(e, "cannot read the secrets");
		cleanup_close(&own);
		return r;
	}
	while (r == 0 && (de = readdir(d)))
		r = take_file(dirfd, de->d_name, ret, e);
	(void)closedir(d);
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return r;
}

/* By name, id or unique beginning of an id: 1, 0. */
static int find(int dirfd, const char *ref, struct secret_meta *ret, struct err *e)
{
	_cleanup_list_ struct secret_list all = { 0 };
	struct secret_meta *found = NULL;
	int r = is_name(ref) ? read_meta(dirfd, ref, ret, e) : 0;

	if (r != 0 || !*ref)
		return r;
	r = read_all(dirfd, &all, e);
	for (size_t i = 0; i < all.n && r == 0; i++) {
		if (strncmp(id_of(&all.v[i]), ref, strlen(ref)) != 0)
			continue;
		if (found)
			return err_set(e, UCT_SECRET_UNKNOWN, -ENOENT,
			               "'%s' is the beginning of several ids of secrets", ref);
		found = &all.v[i];
	}
	if (r < 0 || !found)
		return r;
	*ret = *found;
	*found = (struct secret_meta){ 0 };
	return 1;
}

static int unknown(const char *ref, struct err *e)
{
	return err_set(e, UCT_SECRET_UNKNOWN, -ENOENT, "no secret '%.100s'", ref);
}

/* -ENOENT with an error. */
static int find_or_fail(struct usrct *u, const char *ref, bool will_write,
                        struct secret_meta *ret_meta, int *ret_dirfd, struct err *e)
{
	_cleanup_close_ int dirfd = open_dir(u, will_write, e);
	int r = dirfd == -ENOENT ? 0 : dirfd < 0 ? dirfd : find(dirfd, ref, ret_meta, e);

	if (r <= 0)
		return r == 0 ? unknown(ref, e) : r;
	*ret_dirfd = TAKE_FD(dirfd);
	return 0;
}

int secret_find_value(struct usrct *u, const char *ref, char **ret_path, struct err *e)
{
	_cleanup_close_ int dirfd = open_dir(u, false, e);
	_cleanup_meta_ struct secret_meta m = { 0 };
	int r = dirfd == -ENOENT ? 0 : dirfd < 0 ? dirfd : find(dirfd, ref, &m, e);

	if (r <= 0)
		return r;
	*ret_path = strf("%s/" SECRET_DIR "/data/%s", store_path(u->store), id_of(&m));
	return *ret_path ? 1 : err_oom(e);
}

/* --- create */

static int new_id(char id[SECRET_ID_SIZE], struct err *e)
{
	unsigned char b[SECRET_ID_SIZE / 2];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return err_sys(e, "cannot get random bytes");
	for (size_t i = 0; i + 1 < SECRET_ID_SIZE; i++)
		id[i] = "0123456789abcdef"[b[i / 2] >> (i % 2 * 4) & 15];
	id[SECRET_ID_SIZE - 1] = '\0';
	return 0;
}

static int labels_of(const char *const *list, json_t **ret, struct err *e)
{
	json_t *map = json_object();

	*ret = map;
	for (; list && *list; list++) {
		size_t n = strcspn(*list, "=");
		_cleanup_free_ char *key = strndup(*list, n);

		if (!key || !map)
			return err_oom(e);
		if (!*key ||
		    json_object_set_new(map, key, json_string((*list)[n] ? *list + n + 1 : "")) < 0)
			return err_set(e, UCT_BAD_VALUE, -EINVAL, "'%.60s' is not KEY=VALUE",
			               *list);
	}
	return map ? 0 : err_oom(e);
}

static int check(const struct usrct_secret_options *o, struct err *e)
{
	if (!o->name || !is_name(o->name))
		return err_set(e, UCT_BAD_SECRET, -EINVAL, "'%.100s' is not a name of a secret",
		               o->name ? o->name : "");
	if (o->driver && *o->driver && strcmp(o->driver, "file") != 0)
		return err_hint(e,
		                err_set(e, UCT_VALUE_REFUSED, -EOPNOTSUPP,
		                        "there is no secret driver '%s'", o->driver),
		                "leave --driver out: secrets are kept in files");
	if (!o->data_bytes || o->data_bytes > USRCT_SECRET_MAX_BYTES)
		return err_set(e, UCT_BAD_SECRET, -EINVAL,
		               "secret '%s' has %zu bytes; it must have 1 to %d", o->name,
		               o->data_bytes, USRCT_SECRET_MAX_BYTES);
	return 0;
}

/* Values that no secret names any more. */
static void remove_orphans(int dirfd)
{
	_cleanup_list_ struct secret_list all = { 0 };
	int fd = openat(dirfd, "data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		cleanup_close(&fd);
		return;
	}
	if (read_all(dirfd, &all, NULL) == 0)
		while ((de = readdir(d))) {
			bool is_known = de->d_name[0] == '.' && strlen(de->d_name) < 3;

			for (size_t i = 0; i < all.n && !is_known; i++)
				is_known = !strcmp(id_of(&all.v[i]), de->d_name);
			if (!is_known)
				(void)unlinkat(fd, de->d_name, 0); /* or the next one does */
		}
	(void)closedir(d);
}

static int write_secret(int dirfd, const struct usrct_secret_options *o,
                        const struct secret_meta *old, const char *id, struct err *e)
{
	_cleanup_free_ char *path = strf("data/%s", id), *file = strf("%s.json", o->name);
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *labels = NULL, *doc = NULL;
	json_int_t now = (json_int_t)clock_realtime_ns();
	json_int_t created = json_integer_value(json_object_get(old->doc, "createdNs"));
	int r = path && file ? labels_of(o->labels, &labels, e) : err_oom(e);

	if (r < 0)
		return r;
	doc = json_pack("{s:i, s:s, s:s, s:O, s:I, s:I}", "version", 1, "id", id, "driver", "file",
	                "labels", labels, "createdNs", created ? created : now, "updatedNs", now);
	r = doc ? json_print(doc, false, &text, e) : err_oom(e);
	if (r == 0)
		r = file_write_at(dirfd, path, o->data, o->data_bytes, 0600, true, e);
	return r < 0 ? r : file_write_at(dirfd, file, text, strlen(text), 0600, true, e);
}

static int create(struct usrct *u, const struct usrct_secret_options *o, char id[SECRET_ID_SIZE],
                  struct err *e)
{
	_cleanup_close_ int dirfd = -EBADF;
	_cleanup_meta_ struct secret_meta old = { 0 };
	int r = check(o, e);

	if (r == 0)
		r = dirfd = open_dir(u, true, e);
	if (r >= 0)
		r = read_meta(dirfd, o->name, &old, e);
	if (r < 0)
		return r;
	if (r == 1 && o->ignore && !o->replace) {
		(void)memcpy(id, text_of(&old, "id"),
		             MIN(strlen(text_of(&old, "id")) + 1, (size_t)SECRET_ID_SIZE));
		return 0;
	}
	if (r == 1 && !o->replace)
		return err_set(e, UCT_SECRET_EXISTS, -EEXIST, "secret '%s' exists already",
		               o->name);
	r = new_id(id, e);
	if (r == 0)
		r = write_secret(dirfd, o, &old, id, e);
	remove_orphans(dirfd);
	return r;
}

int usrct_secret_create(struct usrct *u, const struct usrct_secret_options *opts, char **ret_id,
                        struct usrct_err *out)
{
	struct usrct_secret_options o = { 0 };
	char id[SECRET_ID_SIZE] = "";
	struct err e = { 0 };
	int r;

	memcpy(&o, opts, MIN(opts->size, sizeof(o)));
	r = create(u, &o, id, &e);
	if (r == 0 && ret_id) {
		*ret_id = strdup(id);
		r = *ret_id ? 0 : err_oom(&e);
	}
	return ENGINE_RETURN(r, out, &e);
}

/* --- list */

static bool fits(const struct secret_meta *m, const char *filter)
{
	const json_t *labels = json_object_get(m->doc, "labels");
	size_t n = strcspn(filter, "=");
	const char *value = filter + n + 1;
	_cleanup_free_ char *key = NULL;
	const char *have;

	if (!strncmp(filter, "name=", 5))
		return !strncmp(m->name, value, strlen(value));
	if (!strncmp(filter, "id=", 3))
		return !strncmp(id_of(m), value, strlen(value));
	n = strcspn(value, "=");
	key = strndup(value, n);
	have = key ? json_string_value(json_object_get(labels, key)) : NULL;
	return have && (!value[n] || !strcmp(have, value + n + 1));
}

/* Values of one key are alternatives, but for labels. */
static bool fits_all(const struct secret_meta *m, const char *const *filters)
{
	static const char *const keys[] = { "name=", "id=" };

	for (const char *const *f = filters; f && *f; f++)
		if (!strncmp(*f, "label=", 6) && !fits(m, *f))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		bool is_asked = false, is_there = false;

		for (const char *const *f = filters; f && *f; f++)
			if (!strncmp(*f, keys[i], strlen(keys[i]))) {
				is_asked = true;
				is_there = is_there || fits(m, *f);
			}
		if (is_asked && !is_there)
			return false;
	}
	return true;
}

static int check_filters(const char *const *filters, struct err *e)
{
	for (; filters && *filters; filters++)
		if (strncmp(*filters, "name=", 5) != 0 && strncmp(*filters, "id=", 3) != 0 &&
		    strncmp(*filters, "label=", 6) != 0)
			return err_hint(e,
			                err_set(e, UCT_FILTER, -EINVAL,
			                        "secrets cannot be filtered by '%.60s'", *filters),
			                "the keys are name, id and label");
	return 0;
}

static int take(const struct secret_meta *m, struct usrct_secret *ret, struct err *e)
{
	json_t *labels = json_object_get(m->doc, "labels"), *v;
	struct strv list = { 0 };
	const char *key;
	int r = 0;

	json_object_foreach(labels, key, v) if (r == 0 && json_is_string(v)) r =
		strv_addf(&list, "%s=%s", key, json_string_value(v));
	if (r == 0 && !list.v)
		list.v = calloc(1, sizeof(*list.v));
	*ret = (struct usrct_secret){
		.id = strdup(id_of(m)),
		.name = strdup(m->name),
		.driver = strdup("file"),
		.labels = (const char *const *)(uintptr_t)list.v,
		.created_ns = (uint64_t)json_integer_value(json_object_get(m->doc, "createdNs")),
		.updated_ns = (uint64_t)json_integer_value(json_object_get(m->doc, "updatedNs")),
	};
	return r == 0 && ret->id && ret->name && ret->driver && ret->labels ? 0 : err_oom(e);
}

void usrct_secret_list_free(struct usrct_secret *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++) {
		free((void *)(uintptr_t)list[i].id);
		free((void *)(uintptr_t)list[i].name);
		free((void *)(uintptr_t)list[i].driver);
		for (const char *const *s = list[i].labels; s && *s; s++)
			free((void *)(uintptr_t)*s);
		free((void *)(uintptr_t)list[i].labels);
	}
	free(list);
}

static int list(struct usrct *u, const char *const *filters, struct usrct_secret **ret,
                size_t *ret_n, struct err *e)
{
	_cleanup_list_ struct secret_list all = { 0 };
	_cleanup_close_ int dirfd = -EBADF;
	struct usrct_secret *out;
	size_t n = 0;
	int r = check_filters(filters, e);

	if (r == 0)
		r = dirfd = open_dir(u, false, e);
	if (r >= 0)
		r = read_all(dirfd, &all, e);
	if (r < 0 && r != -ENOENT)
		return r;
	out = calloc(all.n + 1, sizeof(*out));
	r = out ? 0 : err_oom(e);
	for (size_t i = 0; i < all.n && r == 0; i++)
		if (fits_all(&all.v[i], filters))
			r = take(&all.v[i], &out[n++], e);
	if (r < 0) {
		usrct_secret_list_free(out, n);
		return r;
	}
	*ret = out;
	*ret_n = n;
	return 0;
}

int usrct_secret_list(struct usrct *u, const char *const *filters, struct usrct_secret **ret,
                      size_t *ret_n, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = list(u, filters, ret, ret_n, &e);

	return ENGINE_RETURN(r, out, &e);
}

/* --- inspect, remove */

static int add_data(json_t *out, int dirfd, const char *id, struct err *e)
{
	_cleanup_free_ char *path = strf("data/%s", id), *data = NULL;
	size_t n = 0;
	json_t *text;
	int r = path ? file_read_at(dirfd, path, USRCT_SECRET_MAX_BYTES, &data, &n, e) : err_oom(e);

	if (r < 0)
		return r;
	text = memchr(data, '\0', n) ? NULL : json_stringn(data, n);
	if (!text) {
		explicit_bzero(data, n);
		return err_set(e, UCT_BAD_SECRET, -EILSEQ,
		               "the value of the secret is no text that could be shown");
	}
	(void)json_object_set_new(out, "SecretData", text);
	explicit_bzero(data, n);
	return 0;
}

static int inspect(struct usrct *u, const char *ref, bool with_data, json_t **ret, struct err *e)
{
	_cleanup_meta_ struct secret_meta m = { 0 };
	_cleanup_close_ int dirfd = -EBADF;
	json_t *labels;
	int r = find_or_fail(u, ref, false, &m, &dirfd, e);

	if (r < 0)
		return r;
	labels = json_object_get(m.doc, "labels");
	*ret = json_pack(
		"{s:s, s:o, s:o, s:{s:s, s:{s:s, s:{}}, s:O?}}", "ID", id_of(&m), "CreatedAt",
		json_time((uint64_t)json_integer_value(json_object_get(m.doc, "createdNs"))),
		"UpdatedAt",
		json_time((uint64_t)json_integer_value(json_object_get(m.doc, "updatedNs"))),
		"Spec", "Name", m.name, "Driver", "Name", "file", "Options", "Labels", labels);
	if (!*ret)
		return err_oom(e);
	return with_data ? add_data(*ret, dirfd, id_of(&m), e) : 0;
}

int usrct_secret_inspect(struct usrct *u, const char *ref, bool with_data, char **ret_json,
                         struct usrct_err *out)
{
	_cleanup_json_ json_t *j = NULL;
	struct err e = { 0 };
	int r = inspect(u, ref, with_data, &j, &e);

	if (r == 0)
		r = json_print(j, true, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}

static int remove_secret(struct usrct *u, const char *ref, char **ret_id, struct err *e)
{
	_cleanup_meta_ struct secret_meta m = { 0 };
	_cleanup_free_ char *file = NULL;
	_cleanup_close_ int dirfd = -EBADF;
	int r = find_or_fail(u, ref, true, &m, &dirfd, e);

	if (r < 0)
		return r;
	file = strf("%s.json", m.name);
	if (!file)
		return err_oom(e);
	if (unlinkat(dirfd, file, 0) < 0)
		return err_sys(e, "cannot remove secret '%s'", m.name);
	remove_orphans(dirfd);
	if (ret_id)
		*ret_id = strdup(id_of(&m));
	return 0;
}

int usrct_secret_remove(struct usrct *u, const char *ref, char **ret_id, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = remove_secret(u, ref, ret_id, &e);

	return ENGINE_RETURN(r, out, &e);
}
