/* SPDX-License-Identifier: Apache-2.0 */
/* import - an image of a root file system
 *
 * The archive becomes the blob of the only layer, as it is. It is unpacked as a pulled layer is;
 * then come configuration, manifest and image_put(), as in commit.c.
 */
#include "engine/asking.h"
#include "engine/commit.h"
#include "engine/layering.h"
#include "engine/loading.h"
#include "engine/unpacking.h"

#include "base/clock.h"
#include "base/sbuf.h"
#include "image/config.h"
#include "store/blobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_TYPE   "application/vnd.oci.image.config.v1+json"
#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

struct import {
	struct usrct *u;
	const struct usrct_import_options *opts;
	struct loading job;
	struct load_root_blob blob;
	struct unpack_done done;
	char platform[64], name[600];
	char config[DIGEST_SIZE], manifest[DIGEST_SIZE];
	uint64_t now_ns;
};

static int take_blob(struct import *m, int fd, struct err *e)
{
	union load_packet p;
	int r = loading_start(&m->job, m->u, LOAD_ROOT, fd, NULL, e);

	while (r == 0 && (r = loading_next(&m->job, &p, e)) > 0) {
		r = 0;
		if (p.type == LOAD_ROOT_BLOB)
			m->blob = p.root;
	}
	if (r == 0 && !m->blob.size_bytes)
		r = err_set(e, UCT_INTERNAL, -EPROTO, "the loader did not say ROOT");
	m->blob.digest[sizeof(m->blob.digest) - 1] = '\0';
	m->blob.media_type[sizeof(m->blob.media_type) - 1] = '\0';
	return r;
}

static int make_layer(struct import *m, struct err *e)
{
	_cleanup_close_ int blobs_fd = -EBADF, tmp_fd = -EBADF, fd = -EBADF;
	struct unpacking job = UNPACKING_NONE;
	int r = blob_dirs_open(m->u->store, &blobs_fd, &tmp_fd, e), driver;

	if (r < 0)
		return r;
	fd = openat(blobs_fd, m->blob.digest + 7, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "cannot open blob %s", m->blob.digest);
	r = engine_hold(m->u, e);
	driver = r == 0 ? engine_layer_driver(m->u, e) : r;
	job.has_objects = driver == LAYER_OBJECTS;
	r = driver < 0 ? driver : unpacking_start(m->u, &job, fd, e);
	if (r == 0)
		r = unpacking_finish(&job, e);
	if (r == 0) {
		m->done = job.done;
		r = layer_commit(m->u->store, &job.stage, m->done.diff_id + 7, m->done.diff_id,
		                 m->done.size_bytes, e);
	}
	unpacking_done(&job);
	return r;
}

static int change_config(const struct import *m, json_t *config, struct err *e)
{
	const char *const *change = m->opts->changes;
	bool has_cmd = false;
	int r = 0;

	for (; r == 0 && change && *change; change++)
		r = commit_change(config, *change, &has_cmd, e);
	return r;
}

static int add_document(struct import *m, json_t *doc, char ret_digest[DIGEST_SIZE],
                        uint64_t *ret_bytes, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = doc ? json_print(doc, false, &text, e) : err_oom(e);

	if (r < 0)
		return r;
	*ret_bytes = strlen(text);
	return blob_add(m->u->store, text, strlen(text), ret_digest, e);
}

/* "os/arch[/variant]" */
static json_t *config_of(const struct import *m, const char *created)
{
	char os[64], *arch, *variant;
	json_t *j;

	(void)snprintf(os, sizeof(os), "%s", m->platform);
	arch = strchr(os, '/');
	*arch++ = '\0'; /* platform_parse() has put one there */
	variant = strchr(arch, '/');
	if (variant)
		*variant++ = '\0';
	j = json_pack("{s:s, s:s, s:s, s:{}, s:{s:s, s:[s]}, s:[{s:s, s:s}]}", "created", created,
	              "architecture", arch, "os", os, "config", "rootfs", "type", "layers",
	              "diff_ids", m->done.diff_id, "history", "created", created, "comment",
	              m->opts->message ? m->opts->message : "Imported from -");
	if (variant)
		(void)json_object_set_new(j, "variant", json_string(variant));
	return j;
}

static int make_documents(struct import *m, struct err *e)
{
	_cleanup_json_ json_t *config = NULL, *manifest = NULL;
	char created[RFC3339_SIZE];
	uint64_t bytes = 0;
	int r;

	clock_rfc3339(m->now_ns, created);
	config = config_of(m, created);
	r = change_config(m, json_object_get(config, "config"), e);
	if (r == 0)
		r = add_document(m, config, m->config, &bytes, e);
	if (r < 0)
		return r;
	manifest = json_pack("{s:i, s:s, s:{s:s, s:s, s:I}, s:[{s:s, s:s, s:I}]}", "schemaVersion",
	                     2, "mediaType", MANIFEST_TYPE, "config", "mediaType", CONFIG_TYPE,
	                     "digest", m->config, "size", (json_int_t)bytes, "layers", "mediaType",
	                     m->blob.media_type, "digest", m->blob.digest, "size",
	                     (json_int_t)m->blob.size_bytes);
	return add_document(m, manifest, m->manifest, &bytes, e);
}

static int put(struct import *m, struct err *e)
{
	char chains[1][CHAIN_SIZE], blobs[3][DIGEST_SIZE];
	struct image_row row = { .chains = chains,
		                 .n_chains = 1,
		                 .blobs = blobs,
		                 .n_blobs = 3,
		                 .created_ns = m->now_ns,
		                 .pulled_ns = m->now_ns,
		                 .size_bytes = m->done.size_bytes };

	memcpy(row.id, m->config, sizeof(row.id));
	memcpy(row.manifest, m->manifest, sizeof(row.manifest));
	memcpy(chains[0], m->done.diff_id + 7, CHAIN_SIZE);
	memcpy(blobs[0], m->manifest, DIGEST_SIZE);
	memcpy(blobs[1], m->config, DIGEST_SIZE);
	memcpy(blobs[2], m->blob.digest, DIGEST_SIZE);
	if (syncfs(store_dirfd(m->u->store)) < 0)
		return err_sys(e, "cannot sync the store");
	return image_put(m->u->store, &row, m->name[0] ? m->name : NULL, e);
}

/* Mistakes are told before anything is read. */
static int check(struct import *m, struct err *e)
{
	_cleanup_json_ json_t *config = json_object();
	int r = config ? change_config(m, config, e) : err_oom(e);

	if (r == 0 && m->opts->name && *m->opts->name)
		r = engine_new_name(m->opts->name, m->name, sizeof(m->name), e);
	if (r == 0)
		r = platform_parse(m->opts->platform ? m->opts->platform : platform_native(),
		                   m->platform, sizeof(m->platform), e);
	return r;
}

int engine_import(struct usrct *u, int fd, const struct usrct_import_options *opts,
                  char ret_id[DIGEST_SIZE], struct err *e)
{
	static const struct usrct_import_options none = { .size = sizeof(none) };
	struct import m = { .u = u, .opts = opts ? opts : &none, .job = LOADING_NONE };
	int r = check(&m, e);

	m.now_ns = clock_realtime_ns();
	if (r == 0)
		r = engine_sweep(u, e);
	if (r == 0)
		r = take_blob(&m, fd, e);
	if (r == 0)
		r = make_layer(&m, e);
	if (r == 0)
		r = make_documents(&m, e);
	if (r == 0)
		r = put(&m, e);
	if (r == 0) {
		memcpy(ret_id, m.config, DIGEST_SIZE);
		engine_image_event(u, "import", m.config, m.name[0] ? m.name : m.config);
	}
	loading_done(&m.job);
	return r;
}

/* A file and not a pipe: what breaks off must not look like a short archive. */
int engine_download(struct usrct *u, const char *url, int *ret_fd, struct err *e)
{
	struct fetch_start m = { .flags = FETCH_GET };
	_cleanup_libexec_ struct libexec fetcher = LIBEXEC_NONE;
	_cleanup_close_ int fd = -EBADF;
	struct fetch_row done;
	int r = engine_sweep(u, e);

	if (r < 0)
		return r;
	fd = openat(store_dirfd(u->store), "tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "cannot make a temporary file");
	r = asking_start(&fetcher, &m, url, NULL, &fd, 1, e);
	if (r == 0)
		r = asking_next(&fetcher, &done, sizeof(done), e);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_sys(e, "cannot read a temporary file");
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

int usrct_image_import_url(struct usrct *u, const char *url,
                           const struct usrct_import_options *opts, char **ret_id,
                           struct usrct_err *out)
{
	_cleanup_close_ int fd = -EBADF;
	struct err e = { 0 };
	int r = engine_download(u, url, &fd, &e);

	return r < 0 ? ENGINE_RETURN(r, out, &e) : usrct_image_import(u, fd, opts, ret_id, out);
}

int usrct_image_import(struct usrct *u, int fd, const struct usrct_import_options *opts,
                       char **ret_id, struct usrct_err *out)
{
	char id[DIGEST_SIZE];
	struct err e = { 0 };
	int r = engine_import(u, fd, opts, id, &e);

	if (r == 0 && ret_id) {
		*ret_id = strdup(id);
		r = *ret_id ? 0 : err_oom(&e);
	}
	return ENGINE_RETURN(r, out, &e);
}
