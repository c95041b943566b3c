/* SPDX-License-Identifier: Apache-2.0 */
/* save - images as a docker archive, an OCI layout or a directory
 *
 * Blobs go out as they came in, compressed as they are, so that digests stay what they were. A
 * docker archive is what docker writes since version 25: an OCI layout that also has manifest.json
 * and repositories, where older dockers look; save-old.c writes what dockers before that wrote.
 * Order, owners and times are the same each time, so the same images give the same bytes.
 */
#include "engine/saving.h"

#include "base/fd.h"
#include "base/sbuf.h"
#include "image/config.h"
#include "image/reference.h"
#include "store/blobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, PIECE_BYTES = 1 << 18 };

/* --- where it goes */

/* POSIX ustar; sizes beyond 8 GiB in GNU's base 256, which everybody reads. */
static void tar_header(char *h, const char *name, uint64_t size, char type)
{
	unsigned sum = 0;

	memset(h, 0, BLOCK);
	memcpy(h, name, strnlen(name, 100));
	memcpy(h + 100, type == '5' ? "0000755" : "0000644", 8);
	memcpy(h + 108, "0000000", 8);
	memcpy(h + 116, "0000000", 8);
	if (size >> 33) {
		h[124] = (char)0x80;
		for (int i = 0; i < 8; i++)
			h[135 - i] = (char)(size >> (8 * i));
	} else {
		(void)snprintf(h + 124, 12, "%011llo", (unsigned long long)size);
	}
	memcpy(h + 136, "00000000000", 12);
	memset(h + 148, ' ', 8);
	h[156] = type;
	memcpy(h + 257, "ustar", 6);
	h[263] = h[264] = '0';
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 8, "%06o", sum & 0777777);
}

static int write_out(const struct save *s, const void *data, size_t n, struct err *e)
{
	int r = fd_write_all(s->fd, data, n);

	return r < 0 ? err_errno(e, r, "cannot write the archive") : 0;
}

static int pad(const struct save *s, uint64_t size, struct err *e)
{
	static const char zeros[BLOCK];
	size_t rest = (size_t)(size % BLOCK);

	return rest ? write_out(s, zeros, BLOCK - rest, e) : 0;
}

/* Whether it is the first time; layers are shared. */
bool save_is_new(struct save *s, const char *name)
{
	if (json_object_get(s->written, name))
		return false;
	(void)json_object_set_new(s->written, name, json_true());
	return true;
}

int save_dir(struct save *s, const char *name, struct err *e)
{
	char h[BLOCK];

	if (s->is_dir)
		return mkdirat(s->fd, name, 0755) < 0 && errno != EEXIST
		               ? err_sys(e, "cannot make '%s'", name)
		               : 0;
	tar_header(h, name, 0, '5');
	return write_out(s, h, sizeof(h), e);
}

static int open_file(const struct save *s, const char *name, struct err *e)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd < 0 ? err_sys(e, "cannot create '%s'", name) : fd;
}

int save_text(struct save *s, const char *name, const char *text, size_t n, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char h[BLOCK];
	int r;

	if (s->is_dir) {
		fd = open_file(s, name, e);
		r = fd < 0 ? fd : fd_write_all(fd, text, n);
		return fd >= 0 && r < 0 ? err_errno(e, r, "cannot write '%s'", name) : r;
	}
	tar_header(h, name, n, '0');
	r = write_out(s, h, sizeof(h), e);
	if (r == 0)
		r = write_out(s, text, n, e);
	return r == 0 ? pad(s, n, e) : r;
}

int save_json(struct save *s, const char *name, const json_t *j, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = json_print(j, false, &text, e);

	return r < 0 ? r : save_text(s, name, text, strlen(text), e);
}

/* As long as its header says, whatever happens to the file. */
static int stream_blob(const struct save *s, int fd, const char *digest, uint64_t size,
                       struct err *e)
{
	_cleanup_free_ char *piece = malloc(PIECE_BYTES);
	uint64_t left = size;
	int r = piece ? 0 : err_oom(e);
	ssize_t n;

	while (r == 0 && left > 0) {
		n = fd_read_full(fd, piece, MIN(left, (uint64_t)PIECE_BYTES));
		if (n <= 0)
			return err_set(e, UCT_STORE_DAMAGED, -EIO, "cannot read blob %s", digest);
		r = write_out(s, piece, (size_t)n, e);
		left -= (uint64_t)n;
	}
	return r == 0 ? pad(s, size, e) : r;
}

static int put_blob(struct save *s, const char *digest, struct err *e)
{
	bool is_flat = s->format == USRCT_SAVE_DOCKER_DIR;
	char name[128];

	(void)snprintf(name, sizeof(name), "%s%s", is_flat ? "" : "blobs/sha256/", digest + 7);
	return save_is_new(s, name) ? save_blob(s, digest, name, e) : 0;
}

int save_blob(struct save *s, const char *digest, const char *name, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, to_fd = -EBADF;
	char h[BLOCK];
	struct stat st;
	int r;

	fd = openat(s->blobs_fd, digest + 7, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, UCT_STORE_DAMAGED, -ENOENT, "blob %s is not in the store",
		               digest);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open blob %s", digest);
	if (s->is_dir) {
		to_fd = open_file(s, name, e);
		return to_fd < 0 ? to_fd : fd_copy_all(fd, to_fd, e);
	}
	tar_header(h, name, (uint64_t)st.st_size, '0');
	r = write_out(s, h, sizeof(h), e);
	return r == 0 ? stream_blob(s, fd, digest, (uint64_t)st.st_size, e) : r;
}

/* --- what is said of it */

static int read_manifest(struct save *s, const struct image_row *row, char **ret_raw, json_t **ret,
                         uint64_t *ret_bytes, struct err *e)
{
	size_t n = 0;
	int r = blob_read(s->u->store, row->manifest, MANIFEST_MAX_BYTES, ret_raw, &n, e);

	*ret_bytes = n;
	return r < 0 ? r : json_parse(*ret_raw, n, "the image's manifest", ret, e);
}

static int add_to_index(struct save *s, const struct image_row *row, const json_t *manifest,
                        uint64_t bytes, const char *name, struct err *e)
{
	const char *type = json_string_value(json_object_get(manifest, "mediaType"));
	json_t *d = json_pack("{s:s, s:s, s:I}", "mediaType",
	                      type ? type : "application/vnd.oci.image.manifest.v1+json", "digest",
	                      row->manifest, "size", (json_int_t)bytes);

	/* What a layout calls an image need be no name of one. */
	if (d && name && name == s->as)
		(void)json_object_set_new(
			d, "annotations",
			json_pack("{s:s}", "org.opencontainers.image.ref.name", name));
	else if (d && name)
		(void)json_object_set_new(d, "annotations",
		                          json_pack("{s:s, s:s}", "io.containerd.image.name", name,
		                                    "org.opencontainers.image.ref.name", name));
	return json_array_append_new(json_object_get(s->index, "manifests"), d) < 0 ? err_oom(e)
	                                                                            : 0;
}

static json_t *entry_of(const struct save *s, const char *id)
{
	_cleanup_free_ char *path = strf("blobs/sha256/%s", id + 7);
	json_t *j;
	size_t i;

	json_array_foreach(s->list, i,
	                   j) if (path && !strcmp(json_string_value(json_object_get(j, "Config")),
	                                          path)) return j;
	return NULL;
}

static int new_entry(struct save *s, const struct image_row *row, const json_t *manifest,
                     json_t **ret, struct err *e)
{
	json_t *layers = json_array();
	const json_t *layer;
	size_t i;

	json_array_foreach(json_object_get(manifest, "layers"), i, layer)
	{
		const char *digest = json_string_value(json_object_get(layer, "digest"));

		(void)json_array_append_new(
			layers, json_sprintf("blobs/sha256/%s", digest ? digest + 7 : ""));
	}
	*ret = json_pack("{s:o, s:n, s:o}", "Config", json_sprintf("blobs/sha256/%s", row->id + 7),
	                 "RepoTags", "Layers", layers);
	return json_array_append_new(s->list, *ret) < 0 ? err_oom(e) : 0;
}

/* {"busybox": {"latest": "hex"}}, which dockers before 1.10 read. */
void save_name(struct save *s, const char *familiar, const char *top)
{
	const char *colon = strrchr(familiar, ':');
	_cleanup_free_ char *name = colon ? strndup(familiar, (size_t)(colon - familiar)) : NULL;
	json_t *tags;

	if (!name)
		return;
	tags = json_object_get(s->repositories, name);
	if (!tags) {
		tags = json_object();
		(void)json_object_set_new(s->repositories, name, tags);
	}
	(void)json_object_set_new(tags, colon + 1, json_string(top));
}

static int add_to_list(struct save *s, const struct image_row *row, const json_t *manifest,
                       const char *name, struct err *e)
{
	json_t *j = entry_of(s, row->id), *tags;
	char familiar[600];
	int r = j ? 0 : new_entry(s, row, manifest, &j, e);

	if (r < 0 || !name)
		return r;
	tags = json_object_get(j, "RepoTags");
	if (!json_is_array(tags)) {
		tags = json_array();
		(void)json_object_set_new(j, "RepoTags", tags);
	}
	reference_familiar(name, familiar, sizeof(familiar));
	(void)json_array_append_new(tags, json_string(familiar));
	save_name(s, familiar, row->n_chains ? row->chains[row->n_chains - 1] : row->id + 7);
	return 0;
}

static int given_name(const struct save *s, char *buf, size_t size, const char **ret, struct err *e)
{
	bool is_docker = s->format == USRCT_SAVE_DOCKER || s->format == USRCT_SAVE_DOCKER_OLD;

	*ret = is_docker ? buf : s->as;
	return is_docker ? engine_archive_name(s->as, buf, size, e) : 0;
}

static int save_one(struct save *s, const char *text, struct err *e)
{
	_cleanup_json_ json_t *manifest = NULL;
	_cleanup_free_ char *raw = NULL;
	struct image_row row = { 0 };
	char full[600];
	const char *name = NULL;
	uint64_t bytes = 0;
	int r = engine_need_image(s->u, text, &row, e);

	/* Under the name that was given; an id or a digest is none. */
	(void)engine_image_key(text, full, sizeof(full));
	for (char *const *n = row.names; r == 0 && n && *n; n++)
		name = !strcmp(*n, full) ? *n : name;
	if (r == 0 && s->as)
		r = given_name(s, full, sizeof(full), &name, e);
	if (r == 0)
		r = read_manifest(s, &row, &raw, &manifest, &bytes, e);
	if (r == 0 && s->format == USRCT_SAVE_DOCKER_OLD) {
		r = save_old(s, &row, manifest, name, e);
		image_row_done(&row);
		return r;
	}
	if (r == 0)
		r = add_to_index(s, &row, manifest, bytes, name, e);
	if (r == 0)
		r = add_to_list(s, &row, manifest, name, e);
	if (r == 0 && s->format == USRCT_SAVE_DOCKER_DIR) /* the very bytes: it has a digest */
		r = save_text(s, "manifest.json", raw, (size_t)bytes, e);
	for (size_t i = s->format == USRCT_SAVE_DOCKER_DIR; r == 0 && i < row.n_blobs; i++)
		r = put_blob(s, row.blobs[i], e);
	image_row_done(&row);
	return r;
}

static int put_head(struct save *s, struct err *e)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	static const char version[] = "Directory Transport Version: 1.1\n";
	int r;

	if (s->format == USRCT_SAVE_DOCKER_DIR)
		return save_text(s, "version", version, strlen(version), e);
	if (s->format == USRCT_SAVE_DOCKER_OLD)
		return 0;
	r = save_text(s, "oci-layout", layout, strlen(layout), e);
	if (r == 0)
		r = save_dir(s, s->is_dir ? "blobs" : "blobs/", e);
	return r == 0 ? save_dir(s, s->is_dir ? "blobs/sha256" : "blobs/sha256/", e) : r;
}

static int put_tail(struct save *s, struct err *e)
{
	static const char zeros[2 * BLOCK];
	int r = 0;

	if (s->format == USRCT_SAVE_DOCKER_DIR)
		return 0;
	if (s->format != USRCT_SAVE_DOCKER_OLD)
		r = save_json(s, "index.json", s->index, e);
	if (r == 0 && (s->format == USRCT_SAVE_DOCKER || s->format == USRCT_SAVE_DOCKER_OLD)) {
		r = save_json(s, "manifest.json", s->list, e);
		if (r == 0 && json_object_size(s->repositories))
			r = save_json(s, "repositories", s->repositories, e);
	}
	return r == 0 && !s->is_dir ? write_out(s, zeros, sizeof(zeros), e) : r;
}

static int check(struct save *s, size_t n_images, struct err *e)
{
	struct stat st;
	bool wants_dir = s->format == USRCT_SAVE_OCI_DIR || s->format == USRCT_SAVE_DOCKER_DIR;

	if (fstat(s->fd, &st) < 0)
		return err_sys(e, "cannot look at the target");
	s->is_dir = S_ISDIR(st.st_mode);
	if (s->is_dir != wants_dir)
		return err_set(e, UCT_USAGE, -EINVAL, "this format is written to a %s",
		               wants_dir ? "directory" : "file");
	if (s->format == USRCT_SAVE_DOCKER_DIR && n_images > 1)
		return err_set(e, UCT_USAGE, -EINVAL, "a docker-dir has room for one image");
	return 0;
}

static int save(struct save *s, const char *const *images, struct err *e)
{
	_cleanup_close_ int tmp_fd = -EBADF;
	size_t n = 0;
	int r;

	while (images[n])
		n++;
	r = check(s, n, e);
	if (r == 0)
		r = engine_store(s->u, STORE_WRITE, e);
	if (r == 0) /* nobody removes what it consists of meanwhile */
		r = blob_dirs_open(s->u->store, &s->blobs_fd, &tmp_fd, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct image_row row = { 0 };

		r = engine_need_image(s->u, images[i], &row, e); /* before a byte is written */
		image_row_done(&row);
	}
	if (r == 0)
		r = put_head(s, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = save_one(s, images[i], e);
	return r == 0 ? put_tail(s, e) : r;
}

static int save_all(struct usrct *u, const char *const *images, const char *as,
                    enum usrct_save_format format, int fd, struct usrct_err *out)
{
	struct save s = { .u = u,
		          .as = as,
		          .format = format,
		          .fd = fd,
		          .blobs_fd = -EBADF,
		          .index =
		                  json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType",
		                            "application/vnd.oci.image.index.v1+json", "manifests"),
		          .list = json_array(),
		          .repositories = json_object(),
		          .written = json_object() };
	struct err e = { 0 };
	int r = s.index && s.list && s.repositories && s.written ? save(&s, images, &e)
	                                                         : err_oom(&e);

	cleanup_close(&s.blobs_fd);
	json_decref(s.index);
	json_decref(s.list);
	json_decref(s.repositories);
	json_decref(s.written);
	return ENGINE_RETURN(r, out, &e);
}

int usrct_image_save(struct usrct *u, const char *const *images, enum usrct_save_format format,
                     int fd, struct usrct_err *e)
{
	return save_all(u, images, /* as= */ NULL, format, fd, e);
}

int usrct_image_save_as(struct usrct *u, const char *image, const char *name,
                        enum usrct_save_format format, int fd, struct usrct_err *e)
{
	return save_all(u, (const char *const[]){ image, NULL }, name, format, fd, e);
}
