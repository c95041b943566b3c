/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blobs.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "base/sha256.h"
#include "store/hex.h"
#include "store/layout.h"
#include "store/pins.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BLOBS_DIR "oci/blobs/sha256"

enum { BLOB_PATH_SIZE = 32 + DIGEST_SIZE };
enum { MANIFEST_MAX = 4 << 20, INDEX_MAX = 64 << 20 };

static int blob_path(char path[BLOB_PATH_SIZE], const char *digest, struct err *e)
{
	if (!is_digest(digest))
		return err_set(e, UCT_BAD_DIGEST, -EINVAL, "'%s' is not a sha256 digest", digest);
	(void)snprintf(path, BLOB_PATH_SIZE, BLOBS_DIR "/%s", digest + strlen("sha256:"));
	return 0;
}

int blob_dirs_open(struct store *s, int *ret_blobs_dirfd, int *ret_tmp_dirfd, struct err *e)
{
	_cleanup_close_ int blobs_fd = -EBADF, tmp_fd = -EBADF;
	int r;

	r = pin_take(s, e);
	if (r == 0)
		r = layout_make(s, e);
	if (r < 0)
		return r;
	blobs_fd = dir_open_at(s->dirfd, BLOBS_DIR, 0700, e);
	if (blobs_fd < 0)
		return blobs_fd;
	/* A duplicate, so that the lock on its open file lives as long as the helper. */
	tmp_fd = fcntl(s->pin_fd, F_DUPFD_CLOEXEC, 3);
	if (tmp_fd < 0)
		return err_sys(e, "cannot keep a temporary directory");
	*ret_blobs_dirfd = TAKE_FD(blobs_fd);
	*ret_tmp_dirfd = TAKE_FD(tmp_fd);
	return 0;
}

int blob_exists(struct store *s, const char *digest)
{
	char path[BLOB_PATH_SIZE];

	if (blob_path(path, digest, NULL) < 0 || pin_take(s, NULL) < 0)
		return 0;
	return faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int blob_read(struct store *s, const char *digest, size_t max_bytes, char **ret, size_t *ret_len,
              struct err *e)
{
	char path[BLOB_PATH_SIZE];
	int r = blob_path(path, digest, e);

	return r < 0 ? r : file_read_at(s->dirfd, path, max_bytes, ret, ret_len, e);
}

int blob_add(struct store *s, const void *data, size_t n, char ret_digest[DIGEST_SIZE],
             struct err *e)
{
	char path[BLOB_PATH_SIZE];
	int r = pin_take(s, e);

	if (r == 0)
		r = layout_make(s, e);
	if (r < 0)
		return r;
	sha256_text(data, n, ret_digest);
	r = blob_path(path, ret_digest, e);
	return r < 0 ? r : file_write_at(s->dirfd, path, data, n, 0644, false, e);
}

int layout_add_blob(struct store *s, const void *data, size_t n, char ret_digest[DIGEST_SIZE],
                    struct err *e)
{
	char path[BLOB_PATH_SIZE];
	int r;

	sha256_text(data, n, ret_digest);
	r = blob_path(path, ret_digest, e);
	if (r < 0 || faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return r;
	return file_write_at(s->dirfd, path, data, n, 0644, false, e);
}

int layout_make(struct store *s, struct err *e)
{
	static const char text[] = "{\"imageLayoutVersion\":\"1.0.0\"}\n";
	int r;

	if (faccessat(s->dirfd, "oci/oci-layout", F_OK, 0) == 0)
		return 0;
	r = dir_make_at(s->dirfd, BLOBS_DIR, 0700, e);
	return r < 0 ? r
	             : file_write_at(s->dirfd, "oci/oci-layout", text, strlen(text), 0644, false,
	                             e);
}

/* Only Docker's schema 2 must name its type in itself; an OCI manifest need not. The search is for
 * a text that stands nowhere else in a manifest, so it needs no JSON parser; a manifest made to
 * deceive it is described wrongly to foreign tools and harms nobody else. */
int layout_manifest_type(struct store *s, const char *digest, const char **ret, uint64_t *ret_bytes,
                         struct err *e)
{
	static const char docker[] = "application/vnd.docker.distribution.manifest.v2+json";
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r;

	r = blob_read(s, digest, MANIFEST_MAX, &text, &n, e);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	*ret = memmem(text, n, docker, strlen(docker))
	               ? docker
	               : "application/vnd.oci.image.manifest.v1+json";
	*ret_bytes = n;
	return 0;
}

/* Names were checked when they were parsed, but this file is for others to read. */
static void add_json_string(struct sbuf *b, const char *s)
{
	sbuf_addc(b, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\' || c < 0x20)
			sbuf_addf(b, "\\u%04x", c);
		else
			sbuf_addc(b, *s);
	}
	sbuf_addc(b, '"');
}

int layout_write(struct store *s, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(INDEX_MAX);
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	const char *separator = "";
	int r;

	r = layout_make(s, e);
	if (r == 0)
		r = db_query(s, &st, e,
		             "SELECT manifest_type, manifest, manifest_bytes, name FROM images"
		             " LEFT JOIN image_names ON image_id = id"
		             " WHERE manifest_type IS NOT NULL ORDER BY name, id",
		             "");
	sbuf_adds(&b,
	          "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
	          "\"manifests\":[");
	while (r == 0 && (r = db_step(s, st, e)) > 0) {
		uint64_t bytes = (uint64_t)sqlite3_column_int64(st, 2);
		const char *type = db_text(st, 0), *digest = db_text(st, 1);
		char twin[DIGEST_SIZE];

		/* Without one it is described as it is, which some programs understand. */
		if (strstr(type, ".docker.") && layout_twin(s, digest, twin, &bytes, NULL) == 0) {
			type = "application/vnd.oci.image.manifest.v1+json";
			digest = twin;
		}
		sbuf_addf(&b, "%s\n{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu",
		          separator, type, digest, (unsigned long long)bytes);
		if (sqlite3_column_type(st, 3) != SQLITE_NULL) {
			sbuf_adds(&b, ",\"annotations\":{\"org.opencontainers.image.ref.name\":");
			add_json_string(&b, db_text(st, 3));
			sbuf_addc(&b, '}');
		}
		sbuf_addc(&b, '}');
		separator = ",";
		r = 0;
	}
	if (r < 0)
		return r;
	sbuf_adds(&b, "]}\n");
	if (b.err)
		return err_errno(e, b.err, "cannot write oci/index.json");
	return file_write_at(s->dirfd, "oci/index.json", b.s, b.len, 0644, false, e);
}
