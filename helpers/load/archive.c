/* SPDX-License-Identifier: Apache-2.0 */
/* archive - takes a tar stream apart: each file becomes a blob under its digest, before it is known
 * what it is, since manifests often come last and a stream is read once. What no image turns out to
 * need is garbage for the next collection.
 *
 * libarchive with tar and with compressions that it has inside: none that would start a program.
 */
#include "load.h"

#include "base/array.h"
#include "base/fd.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 18, ENTRIES_MAX = 65536, NAME_BYTES = 4096, LINKS_MAX = 8 };
enum { KEPT_MAX_BYTES = 32 << 20 };

enum load_compression magic_compression(const unsigned char magic[4])
{
	if (magic[0] == 0x1f && magic[1] == 0x8b)
		return LOAD_GZIP;
	return magic[0] == 0x28 && magic[1] == 0xb5 ? LOAD_ZSTD : LOAD_PLAIN;
}

void archive_end(struct archive **a)
{
	if (*a)
		(void)archive_read_free(*a); /* reading is over */
	*a = NULL;
}

int archive_fails(struct archive *a, struct err *e)
{
	const char *why = archive_error_string(a);

	if (archive_errno(a) == ENOMEM)
		return err_oom(e);
	return NO_ARCHIVE(e, "cannot read the archive: %s", why ? why : "it is damaged");
}

int archive_begin(struct load *l, bool raw, struct archive **ret, struct err *e)
{
	_cleanup_archive_ struct archive *a = archive_read_new();

	if (!a)
		return err_oom(e);
	if (raw ? archive_read_support_format_raw(a) != ARCHIVE_OK
	        : archive_read_support_format_tar(a) != ARCHIVE_OK)
		return archive_fails(a, e);
	/* ARCHIVE_WARN: that library was built without one of them, and would start a program. */
	(void)archive_read_support_filter_none(a);
	if (archive_read_support_filter_gzip(a) < ARCHIVE_WARN ||
	    archive_read_support_filter_bzip2(a) < ARCHIVE_WARN ||
	    archive_read_support_filter_xz(a) < ARCHIVE_WARN ||
	    archive_read_support_filter_zstd(a) < ARCHIVE_WARN)
		return archive_fails(a, e);
	if (archive_read_open_fd(a, l->input_fd, PIECE_BYTES) != ARCHIVE_OK)
		return archive_fails(a, e);
	*ret = TAKE_PTR(a);
	return 0;
}

/* --- names */

/* Joins and straightens: no "." and "..", no slash at the beginning; -EINVAL if it leads out. */
static int straighten(const char *dir, size_t dir_len, const char *path, char *buf, size_t size)
{
	size_t n = 0;

	if (*path == '/')
		dir_len = 0;
	if (dir_len >= size)
		return -EINVAL;
	memcpy(buf, dir, dir_len);
	n = dir_len;
	while (*path) {
		size_t part = strcspn(path, "/");

		if (part == 2 && !strncmp(path, "..", 2)) {
			if (n == 0)
				return -EINVAL;
			while (n > 0 && buf[--n] != '/')
				;
		} else if (part && !(part == 1 && *path == '.')) {
			if (n + part + 2 > size)
				return -EINVAL;
			if (n)
				buf[n++] = '/';
			memcpy(buf + n, path, part);
			n += part;
		}
		path += part + (path[part] == '/');
	}
	buf[n] = '\0';
	return 0;
}

struct entry *entry_find(const struct load *l, const char *name)
{
	char straight[NAME_BYTES];
	const char *wanted = straight;

	if (straighten("", 0, name, straight, sizeof(straight)) < 0)
		return NULL;
	for (int links = 0; links < LINKS_MAX; links++) {
		struct entry *found = NULL;

		/* The last one of a name counts, as for whoever unpacks a tar. */
		for (size_t i = l->n_entries; i > 0 && !found; i--)
			if (!strcmp(l->entries[i - 1].name, wanted))
				found = &l->entries[i - 1];
		if (!found || !found->target)
			return found;
		wanted = found->target;
	}
	return NULL;
}

struct entry *entry_of_blob(const struct load *l, const char *digest)
{
	for (size_t i = 0; i < l->n_entries; i++)
		if (!strcmp(l->entries[i].digest, digest))
			return &l->entries[i];
	return NULL;
}

void entries_drop(struct load *l)
{
	for (size_t i = 0; i < l->n_entries; i++) {
		free(l->entries[i].name);
		free(l->entries[i].target);
		free(l->entries[i].text);
	}
	free(l->entries);
	l->entries = NULL;
	l->n_entries = l->cap_entries = l->kept_bytes = 0;
}

/* What stays in memory until the archive ends. */
static int count_kept(struct load *l, size_t n, struct err *e)
{
	l->kept_bytes += n;
	return l->kept_bytes > KEPT_MAX_BYTES
	               ? NO_ARCHIVE(e, "names and documents of the archive have more than %d bytes",
	                            KEPT_MAX_BYTES)
	               : 0;
}

static int entry_new(struct load *l, const char *name, struct entry **ret, struct err *e)
{
	char straight[NAME_BYTES];
	struct entry *x;

	if (straighten("", 0, name, straight, sizeof(straight)) < 0)
		return NO_ARCHIVE(e, "the archive has a name that leads out of it");
	if (l->n_entries == ENTRIES_MAX)
		return NO_ARCHIVE(e, "the archive has more than %d entries", ENTRIES_MAX);
	if (array_grow(&l->entries, l->n_entries, &l->cap_entries, sizeof(*l->entries)) < 0)
		return err_oom(e);
	x = &l->entries[l->n_entries];
	*x = (struct entry){ .name = strdup(straight) };
	if (!x->name)
		return err_oom(e);
	l->n_entries++;
	*ret = x;
	return count_kept(l, strlen(straight), e);
}

/* --- contents */

static bool is_document(const char *name)
{
	static const char *const names[] = { "manifest.json", "index.json",   "oci-layout",
		                             "repositories",  "layout.proto", "VERSION",
		                             "json" };
	const char *slash = strrchr(name, '/');

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(slash ? slash + 1 : name, names[i]))
			return true;
	return false;
}

static int keep_text(struct load *l, struct archive *a, struct entry *x, struct err *e)
{
	ssize_t n = 0;
	char *text;

	x->text = calloc(1, MANIFEST_MAX_BYTES + 1);
	if (!x->text)
		return err_oom(e);
	while (x->text_len < MANIFEST_MAX_BYTES &&
	       (n = archive_read_data(a, x->text + x->text_len, MANIFEST_MAX_BYTES - x->text_len)) >
	               0)
		x->text_len += (size_t)n;
	if (n < 0)
		return archive_fails(a, e);
	if (x->text_len == MANIFEST_MAX_BYTES)
		return NO_ARCHIVE(e, "'%.60s' in the archive is too large", x->name);
	text = realloc(x->text, x->text_len + 1);
	x->text = text ? text : x->text;
	return count_kept(l, x->text_len, e);
}

static int keep_blob(struct load *l, struct archive *a, struct spool *s, struct err *e)
{
	_cleanup_free_ char *piece = malloc(PIECE_BYTES);
	int r = spool_begin(s, l, e);
	ssize_t n = 0;

	if (r == 0 && !piece)
		r = err_oom(e);
	while (r == 0 && (n = archive_read_data(a, piece, PIECE_BYTES)) > 0)
		r = spool_add(s, piece, (size_t)n, e);
	if (r == 0 && n < 0)
		r = archive_fails(a, e);
	return r == 0 ? spool_end(s, e) : r;
}

static int take_file(struct load *l, struct archive *a, struct entry *x, struct err *e)
{
	_cleanup_spool_ struct spool s = { .fd = -EBADF };
	int r;

	if (is_document(x->name))
		return keep_text(l, a, x, e);
	r = keep_blob(l, a, &s, e);
	if (r < 0)
		return r;
	memcpy(x->digest, s.digest, sizeof(x->digest));
	memcpy(x->magic, s.magic, sizeof(x->magic));
	x->size_bytes = s.size_bytes;
	return 0;
}

/* docker save wrote links where a layer came twice. */
static int take_link(struct load *l, struct entry *x, const char *target, bool is_hard,
                     struct err *e)
{
	char straight[NAME_BYTES];
	const char *slash = strrchr(x->name, '/');
	size_t dir_len = is_hard || !slash ? 0 : (size_t)(slash - x->name);

	if (straighten(x->name, dir_len, target, straight, sizeof(straight)) < 0)
		return NO_ARCHIVE(e, "the archive has a link that leads out of it");
	x->target = strdup(straight);
	return x->target ? count_kept(l, strlen(straight), e) : err_oom(e);
}

static int take_entry(struct load *l, struct archive *a, struct archive_entry *ae, struct err *e)
{
	const char *name = archive_entry_pathname(ae);
	const char *hard = archive_entry_hardlink(ae), *soft = archive_entry_symlink(ae);
	struct entry *x;
	int r;

	if (!hard && archive_entry_filetype(ae) != AE_IFREG &&
	    archive_entry_filetype(ae) != AE_IFLNK)
		return 0;
	if (!name || !*name)
		return NO_ARCHIVE(e, "the archive has an entry without a name");
	r = entry_new(l, name, &x, e);
	if (r < 0)
		return r;
	if (hard || archive_entry_filetype(ae) == AE_IFLNK)
		return take_link(l, x, hard ? hard : soft ? soft : "", hard != NULL, e);
	return take_file(l, a, x, e);
}

int archive_take_apart(struct load *l, struct err *e)
{
	_cleanup_archive_ struct archive *a = NULL;
	struct archive_entry *ae;
	int r = archive_begin(l, false, &a, e), rc;

	while (r == 0) {
		rc = archive_read_next_header(a, &ae);
		if (rc == ARCHIVE_EOF)
			break;
		r = rc < ARCHIVE_WARN ? archive_fails(a, e) : take_entry(l, a, ae, e);
	}
	return r;
}

/* --- a root file system */

int archive_send_root(struct load *l, const struct spool *s, struct err *e)
{
	static const char *const suffixes[] = {
		[LOAD_PLAIN] = "", [LOAD_GZIP] = "+gzip", [LOAD_ZSTD] = "+zstd"
	};
	struct load_root_blob m = { .type = LOAD_ROOT_BLOB, .size_bytes = s->size_bytes };

	memcpy(m.digest, s->digest, sizeof(m.digest));
	(void)snprintf(m.media_type, sizeof(m.media_type),
	               "application/vnd.oci.image.layer.v1.tar%s",
	               suffixes[magic_compression(s->magic)]);
	return load_send(l, &m, sizeof(m), e);
}

/* What is left of the input after the bytes that were looked at. */
static int copy_input(struct load *l, const void *head, size_t n_head, struct spool *s,
                      struct err *e)
{
	_cleanup_free_ char *piece = malloc(PIECE_BYTES);
	int r = piece ? spool_begin(s, l, e) : err_oom(e);
	ssize_t n;

	if (r == 0)
		r = spool_add(s, head, n_head, e);
	while (r == 0) {
		n = fd_read_full(l->input_fd, piece, PIECE_BYTES);
		if (n < 0)
			return err_errno(e, (int)n, "cannot read the archive");
		if (n == 0)
			break;
		r = spool_add(s, piece, (size_t)n, e);
	}
	return r == 0 ? spool_end(s, e) : r;
}

/* Layers are not compressed with xz or bzip2, so these are unpacked here. A pipe has given its
 * first bytes by then; they go back in front of it. */
struct rest {
	int fd;
	const void *head;
	size_t n_head;
	char buf[PIECE_BYTES];
};

static ssize_t read_rest(struct archive *a, void *arg, const void **ret)
{
	struct rest *x = arg;
	ssize_t n = (ssize_t)x->n_head;

	*ret = x->head;
	x->n_head = 0;
	if (n)
		return n;
	*ret = x->buf;
	n = fd_read_full(x->fd, x->buf, sizeof(x->buf));
	if (n < 0)
		archive_set_error(a, (int)-n, "cannot read");
	return n < 0 ? -1 : n;
}

static int unpack_input(struct load *l, const void *head, size_t n_head, struct spool *s,
                        struct err *e)
{
	_cleanup_archive_ struct archive *a = archive_read_new();
	_cleanup_free_ struct rest *rest = calloc(1, sizeof(*rest));
	struct archive_entry *ae;

	if (!a || !rest)
		return err_oom(e);
	*rest = (struct rest){ .fd = l->input_fd, .head = head, .n_head = n_head };
	if (archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(a) < ARCHIVE_WARN ||
	    archive_read_support_filter_bzip2(a) < ARCHIVE_WARN ||
	    archive_read_open(a, rest, NULL, read_rest, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(a, &ae) != ARCHIVE_OK)
		return archive_fails(a, e);
	return keep_blob(l, a, s, e);
}

int archive_take_root(struct load *l, struct err *e)
{
	_cleanup_spool_ struct spool s = { .fd = -EBADF };
	unsigned char head[512];
	ssize_t n = fd_read_full(l->input_fd, head, sizeof(head));
	int r;

	if (n < 0)
		return err_errno(e, (int)n, "cannot read the archive");
	if (n < (ssize_t)sizeof(head) && !(n > 3 && head[0] == 0x1f) &&
	    !(n > 3 && head[0] == 0x28) && !(n > 3 && (head[0] == 0xfd || head[0] == 'B')))
		return NO_ARCHIVE(e, "there is no archive, only %zd bytes", n);
	if (!memcmp(head,
	            "\xfd"
	            "7zXZ",
	            5) ||
	    !memcmp(head, "BZh", 3))
		r = unpack_input(l, head, (size_t)n, &s, e);
	else
		r = copy_input(l, head, (size_t)n, &s, e);
	return r == 0 ? archive_send_root(l, &s, e) : r;
}
