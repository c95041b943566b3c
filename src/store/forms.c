/* SPDX-License-Identifier: Apache-2.0 */
/* forms - what lies in a layer's directory besides the layer
 *
 * A migration leaves what the layer was under the other driver as long as some container is mounted
 * upon it, and an image that goes may leave a metadata tree in a layer that another image has. The
 * launch documents of the containers say which of these are in use; they are searched as text, and
 * only if there is anything to decide.
 */
#include "store/collect.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "store/hex.h"
#include "store/layers.h"
#include "store/pins.h"
#include "store/trash.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { DOCUMENT_MAX = 16 << 20 };
#define DOCUMENTS_MAX ((size_t)1 << 30)
#define DOCUMENT      "launch.json"

struct forms {
	struct collector *k;
	struct sbuf documents; /* of all containers */
	bool is_read;
	bool is_unknown; /* somebody makes a container, upon whatever */
	char chain[CHAIN_SIZE];
	bool is_objects, is_top; /* of the current layer's row; an image's tree lies there */
};

static DIR *open_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		cleanup_close(&fd);
	return d;
}

static void cleanup_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}
#define _cleanup_dir_ _cleanup_(cleanup_dir)

static bool is_left_out(const struct forms *f, const char *id)
{
	for (char *const *x = f->k->without; x && *x; x++)
		if (!strcmp(*x, id))
			return true;
	return false;
}

static int read_document(struct forms *f, int dirfd, const char *name, struct err *e)
{
	_cleanup_free_ char *path = strf("%s/" DOCUMENT, name), *text = NULL;
	int r = path ? file_read_at(dirfd, path, DOCUMENT_MAX, &text, NULL, e) : err_oom(e);

	if (r == 0)
		sbuf_adds(&f->documents, text);
	return r;
}

/* tmp/ first: a container that is published meanwhile is then found at its place. */
static int read_documents(struct forms *f, struct err *e)
{
	_cleanup_dir_ DIR *tmp = open_dir(f->k->s->dirfd, "tmp");
	_cleanup_dir_ DIR *all = open_dir(f->k->s->dirfd, "containers");
	struct proc_id maker;
	struct dirent *de;
	int r;

	if (!tmp || !all)
		return err_sys(e, "cannot read the directories of '%s'", f->k->s->path);
	while ((de = readdir(tmp)))
		if (!strncmp(de->d_name, "container-", 10) &&
		    read_document(f, dirfd(tmp), de->d_name, NULL) < 0 &&
		    tmp_name_parse(de->d_name, &maker, NULL) &&
		    tmp_is_in_use(dirfd(tmp), de->d_name, &maker))
			f->is_unknown = true;
	while ((de = readdir(all))) {
		if (!is_hex(de->d_name, 64) || is_left_out(f, de->d_name))
			continue;
		r = read_document(f, dirfd(all), de->d_name, e);
		if (r < 0 && r != -ENOENT) /* removed meanwhile */
			return r;
	}
	f->is_read = true;
	return f->documents.err < 0 ? err_oom(e) : 0;
}

/* Whether a container is mounted, or would be, upon a path that begins so: 1 or 0. */
static int is_mentioned(struct forms *f, const char *begin, struct err *e)
{
	int r = f->is_read ? 0 : read_documents(f, e);

	if (r < 0)
		return r;
	return f->is_unknown || (f->documents.s && strstr(f->documents.s, begin));
}

/* Whether some container has a tree of a layer that is plain by now. What the objects of that are
 * is said by the indexes of that layer and all below it, which stay as well. */
static int has_old_tree(struct forms *f, struct err *e)
{
	const char *at;
	int r = is_mentioned(f, "/meta-", e);

	if (r <= 0 || f->is_unknown)
		return r;
	for (at = f->documents.s; (at = strstr(at, "layers/")); at++) {
		enum layer_driver driver;
		char chain[CHAIN_SIZE];

		(void)snprintf(chain, sizeof(chain), "%.64s", at + 7);
		if (strlen(chain) < 64 || strncmp(at + 7 + 64, "/meta-", 6) != 0 ||
		    !is_hex(chain, 64))
			continue;
		r = layer_driver_of(f->k->s, chain, &driver, e);
		if (r < 0 || (r > 0 && driver == LAYER_PLAIN))
			return r;
	}
	return 0;
}

/* One thing in the layer's directory: 1 it is garbage, of @ret; 0. */
static int judge(struct forms *f, const char *name, enum garbage_kind *ret, struct err *e)
{
	char begin[CHAIN_SIZE + STORE_NAME_MAX];
	int r;

	*ret = GARBAGE_FORM;
	if (!strcmp(name, GONE_NAME))
		return 1;
	(void)snprintf(begin, sizeof(begin), "layers/%s/%.64s", f->chain, name);
	if (!strcmp(name, "fs"))
		r = f->is_objects ? is_mentioned(f, begin, e) : 1;
	else if (!strcmp(name, "index") || !strcmp(name, LAYER_SHARED_FILE))
		r = f->is_objects ? 1 : has_old_tree(f, e);
	else if (!strncmp(name, "meta-", 5)) {
		*ret = f->is_objects ? GARBAGE_TREE : GARBAGE_FORM;
		r = f->is_objects && f->is_top ? 1 : is_mentioned(f, begin, e);
	} else
		return 0; /* not ours */
	return r < 0 ? r : !r;
}

static int read_layer(struct forms *f, const char *chain, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = db_query(f->k->s, &st, e,
	                 "SELECT driver, EXISTS (SELECT 1 FROM image_layers a WHERE a.chain = ?1"
	                 " AND NOT EXISTS (SELECT 1 FROM image_layers b JOIN layers l"
	                 " ON l.chain = b.chain WHERE b.image_id = a.image_id AND b.pos = a.pos + 1"
	                 " AND l.driver = 'objects')) FROM layers WHERE chain = ?1",
	                 "s", chain);

	if (r == 0)
		r = db_step(f->k->s, st, e);
	if (r <= 0)
		return r;
	(void)snprintf(f->chain, sizeof(f->chain), "%.64s", chain);
	f->is_objects = !strcmp(db_text(st, 0), layer_driver_name(LAYER_OBJECTS));
	f->is_top = sqlite3_column_int(st, 1) != 0;
	return 1;
}

static int collect_layer(struct forms *f, int layers_fd, struct err *e)
{
	_cleanup_dir_ DIR *d = open_dir(layers_fd, f->chain);
	char path[CHAIN_SIZE + STORE_NAME_MAX];
	enum garbage_kind kind;
	struct dirent *de;
	int r = 0;

	while (d && r >= 0 && (de = readdir(d))) {
		r = judge(f, de->d_name, &kind, e);
		(void)snprintf(path, sizeof(path), "layers/%s/%.64s", f->chain, de->d_name);
		if (r > 0)
			r = collect_directory(f->k, kind, path, e);
	}
	return MIN(r, 0);
}

int forms_collect(struct collector *k, struct err *e)
{
	_cleanup_dir_ DIR *d = open_dir(k->s->dirfd, "layers");
	struct forms f = { .k = k, .documents = SBUF_INIT(DOCUMENTS_MAX) };
	struct dirent *de;
	int r = 0;

	while (d && r >= 0 && (de = readdir(d))) {
		if (!is_hex(de->d_name, 64))
			continue;
		r = read_layer(&f, de->d_name, e);
		if (r > 0)
			r = collect_layer(&f, dirfd(d), e);
	}
	sbuf_done(&f.documents);
	return MIN(r, 0);
}
