/* SPDX-License-Identifier: Apache-2.0 */
/* resolve - from a reference to manifest and config: index, platform, digests, chain ids */
#include "fetch.h"

#include "base/fd.h"
#include "base/file.h"
#include "image/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* An index may name an index. Nobody needs more levels; a registry could send them for ever. */
enum { INDEX_LEVELS_MAX = 3 };

/* Written here and not by file_write_at(), so that the temporary file lies in tmp/ under the name
 * that store_sweep() knows. */
static int keep_document(const struct fetch *f, const struct document *d, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char tmp[192];
	int r;

	if (d->is_stored)
		return 0;
	(void)snprintf(tmp, sizeof(tmp), "%s%s", f->start.tmp_prefix, d->digest + 7);
	fd = openat(f->tmp_dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_sys(e, "cannot create '%s'", tmp);
	r = fd_write_all(fd, d->text, d->n);
	if (r < 0)
		r = err_errno(e, r, "cannot write blob %s", d->digest);
	else if (renameat(f->tmp_dirfd, tmp, f->blobs_dirfd, d->digest + 7) < 0)
		r = err_sys(e, "cannot put blob %s into place", d->digest);
	if (r < 0)
		(void)unlinkat(f->tmp_dirfd, tmp, 0); /* the first failure is the one to tell */
	return r;
}

/* What is in the store need not come again: 1; 0 it is not there, or damaged. */
static int read_stored(const struct fetch *f, const struct descriptor *d, struct document *ret)
{
	struct document doc = { .is_stored = true };

	if (d->size_bytes > CONFIG_MAX_BYTES ||
	    file_read_at(f->blobs_dirfd, d->digest + 7, (size_t)d->size_bytes, &doc.text, &doc.n,
	                 NULL) < 0 ||
	    digest_of(doc.text, doc.n, doc.digest, NULL) < 0 ||
	    strcmp(doc.digest, d->digest) != 0) {
		document_done(&doc);
		return 0;
	}
	*ret = doc;
	return 1;
}

static int get_manifest(const struct fetch *f, struct document *ret, char ret_named[72],
                        struct err *e)
{
	_cleanup_document_ struct document doc = { 0 };
	struct descriptor chosen;
	int r;

	r = source_manifest(f->source, NULL, &doc, e);
	if (r >= 0)
		memcpy(ret_named, doc.digest, sizeof(doc.digest));
	for (int level = 0; r >= 0 && level < INDEX_LEVELS_MAX; level++) {
		r = index_choose(doc.text, doc.n, f->platform, &chosen, e);
		if (r <= 0)
			break;
		document_done(&doc);
		r = read_stored(f, &chosen, &doc);
		if (r == 0)
			r = source_manifest(f->source, &chosen, &doc, e);
	}
	if (r < 0)
		return r;
	*ret = doc;
	doc = (struct document){ 0 };
	return 0;
}

/* "host/name:tag", or empty: only a digest was asked for, or the layout's tag is no image name. */
static int name_image(const struct fetch *f, char *buf, size_t size, struct err *e)
{
	struct reference named = f->ref;

	buf[0] = '\0';
	memcpy(named.tag, source_tag(f->source), strlen(source_tag(f->source)) + 1);
	/* Beside a digest a tag says nothing: it may mean another image by now. */
	if (!named.tag[0] || (named.kind == REFERENCE_REGISTRY && f->ref.digest[0]))
		return 0;
	if (named.kind == REFERENCE_REGISTRY)
		return reference_full_name(&named, buf, size, e);
	if (reference_full_name(&named, buf, size, NULL) < 0 || strchr(buf, '@'))
		buf[0] = '\0';
	return 0;
}

static int send_resolved(const struct fetch *f, const struct document *manifest,
                         const struct document *config, const char *named, uint64_t created_ns,
                         struct err *e)
{
	struct fetch_resolved m = {
		.type = FETCH_RESOLVED,
		.n_layers = (uint32_t)f->manifest.n_layers,
		.manifest_bytes = manifest->n,
		.config_bytes = config->n,
		.created_ns = created_ns,
	};
	int r = name_image(f, m.name, sizeof(m.name), e);

	if (r < 0)
		return r;
	if (f->ref.kind == REFERENCE_REGISTRY)
		(void)snprintf(m.repository, sizeof(m.repository), "%s/%s", f->ref.host,
		               f->ref.name);
	memcpy(m.named, named, sizeof(m.named));
	memcpy(m.manifest, manifest->digest, sizeof(m.manifest));
	memcpy(m.config, config->digest, sizeof(m.config));
	return fetch_send(f, &m, sizeof(m), e);
}

static int send_infos(const struct fetch *f, const struct image_config *c, struct err *e)
{
	_cleanup_free_ char(*chains)[65] = calloc(c->n_diff_ids + 1, sizeof(*chains));
	int r;

	if (!chains)
		return err_oom(e);
	r = digest_chain_ids((const char(*)[72])c->diff_ids, c->n_diff_ids, chains, e);
	for (size_t i = 0; r >= 0 && i < c->n_diff_ids; i++) {
		struct fetch_info m = {
			.type = FETCH_INFO,
			.index = (uint32_t)i,
			.size_bytes = f->manifest.layers[i].size_bytes,
		};

		memcpy(m.digest, f->manifest.layers[i].digest, sizeof(m.digest));
		memcpy(m.diff_id, c->diff_ids[i], sizeof(m.diff_id));
		memcpy(m.chain, chains[i], sizeof(m.chain));
		r = fetch_send(f, &m, sizeof(m), e);
	}
	return r;
}

static int check_config(const struct fetch *f, const struct image_config *c, struct err *e)
{
	int r = image_check_layers(&f->manifest, c, e);

	if (r < 0)
		return r;
	if (c->os[0] && strcmp(c->os, "linux") != 0)
		return err_set(e, UCT_NO_PLATFORM, -ENOENT,
		               "the image is for another operating system than linux");
	return 0;
}

int fetch_resolve(struct fetch *f, struct err *e)
{
	_cleanup_document_ struct document manifest = { 0 }, config = { 0 };
	_cleanup_image_config_ struct image_config c = { 0 };
	char named[72];
	int r;

	r = get_manifest(f, &manifest, named, e);
	if (r >= 0) /* before anything else of it is read */
		r = fetch_check_signed(f, manifest.digest, named, e);
	if (r >= 0)
		r = manifest_parse(manifest.text, manifest.n, &f->manifest, e);
	if (r >= 0)
		r = read_stored(f, &f->manifest.config, &config);
	if (r == 0)
		r = source_blob(f->source, &f->manifest.config, &config, e);
	if (r >= 0)
		r = image_config_parse(config.text, config.n, &c, e);
	if (r >= 0)
		r = check_config(f, &c, e);
	if (r >= 0)
		r = keep_document(f, &manifest, e);
	if (r >= 0)
		r = keep_document(f, &config, e);
	if (r >= 0)
		r = send_resolved(f, &manifest, &config, named, c.created_ns, e);
	if (r >= 0)
		r = send_infos(f, &c, e);
	return r;
}
