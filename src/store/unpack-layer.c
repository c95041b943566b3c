/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-layer - the loop over the archive */
#include "base/file.h"
#include "store/tar-check.h"
#include "store/unpack-entry.h"
#include "store/unpack-implied.h"
#include "store/unpack-stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* libarchive pulls; what goes wrong below it must not be reworded by it. */
struct source {
	struct stream *stream;
	bool is_layer;
	struct tar_check check;
	struct err e;
	int r;
};

static la_ssize_t give_block(struct archive *a, void *data, const void **ret)
{
	struct source *src = data;
	ssize_t n = stream_next(src->stream, ret, &src->e);
	int r = n > 0 && src->is_layer ? tar_check_add(&src->check, *ret, (size_t)n, &src->e) : 0;

	n = r < 0 ? r : n;
	if (n < 0) {
		src->r = (int)n;
		archive_set_error(a, EIO, "stream");
		return -1;
	}
	return n;
}

static void cleanup_archive(struct archive **a)
{
	if (*a)
		(void)archive_read_free(*a); /* its errors were told when they happened */
}

static int open_archive(struct archive **ret, struct source *src, struct err *e)
{
	__attribute__((cleanup(cleanup_archive))) struct archive *a = archive_read_new();

	if (!a)
		return err_oom(e);
	/* No filter but the implied "none": compression is ours. No other format either, each is a
	 * parser of foreign bytes. */
	if (archive_read_support_format_tar(a) != ARCHIVE_OK)
		return err_set(e, UCT_INTERNAL, -EINVAL, "libarchive cannot read tar");
	if (archive_read_open(a, src, NULL, give_block, NULL) != ARCHIVE_OK) {
		if (src->r < 0) {
			if (e)
				*e = src->e;
			return src->r;
		}
		return BAD_LAYER(e, "cannot open the archive: %s", archive_error_string(a));
	}
	*ret = TAKE_PTR(a);
	return 0;
}

/* A warning is an error: it once meant thousands of entries dropped in silence, since libarchive
 * could not convert their names. */
static int archive_failure(struct archive *a, const struct source *src, struct err *e)
{
	const char *why = archive_error_string(a);

	if (src->r < 0) {
		if (e)
			*e = src->e;
		return src->r;
	}
	return BAD_LAYER(e, "the archive is damaged: %s", why ? why : "no reason given");
}

/* The one warning that is none: a name in a pax header that is not UTF-8, which libarchive then
 * takes byte by byte, as everybody does. Names of owners do not count anyway. */
static bool is_about_name(struct archive *a)
{
	const char *why = archive_error_string(a);
	size_t n = why ? strcspn(why, " ") : 0;

	return n > 4 && !strncmp(why + n - 4, "name", 4) &&
	       !strncmp(why + n, " can't be converted from ", 25);
}

static int unpack_entries(struct unpacker *u, struct source *src, struct err *e)
{
	struct archive_entry *ae;
	int rc, r;

	while ((rc = archive_read_next_header(u->archive, &ae)) == ARCHIVE_OK ||
	       (rc == ARCHIVE_WARN && src->r == 0 && is_about_name(u->archive))) {
		if (u->result->n_entries++ >= u->job->max_entries)
			return BAD_LAYER(e, "the archive has more than %llu entries",
			                 (unsigned long long)u->job->max_entries);
		r = unpack_entry(u, ae, e);
		if (r < 0 && src->r < 0) { /* the data ended, and this is why */
			if (e)
				*e = src->e;
			return src->r;
		}
		if (r < 0)
			return r;
		if (u->ends_in_padding && src->r == 0)
			return 0;
	}
	return rc == ARCHIVE_EOF ? 0 : archive_failure(u->archive, src, e);
}

/* The digest is that of the whole tar, also of what tar programs ignore after its end. */
static int drain(struct stream *st, struct err *e)
{
	const void *p;
	ssize_t n;

	do
		n = stream_next(st, &p, e);
	while (n > 0);
	return (int)n;
}

/* @is_layer: into a root of its own. */
static int begin(struct unpacker *u, struct stream *stream, struct err *e)
{
	const struct unpack_job *job = u->job;
	int r;

	if (!u->is_layer)
		return tree_attach(&u->tree, job->dirfd, job->single_id, e);
	if (!job->has_objects)
		return tree_open(&u->tree, job->dirfd, "fs", job->single_id, e);
	r = draft_init(&u->draft, e);
	if (r == 0)
		r = object_writer_new(job->objects_dirfd, job->dirfd, &u->objects, e);
	if (r < 0)
		return r;
	object_writer_share(u->objects, job->shared_dirfds, job->n_shared);
	object_writer_hash_with(u->objects, stream);
	return 0;
}

static int finish(struct unpacker *u, struct err *e)
{
	int r = 0;

	if (u->objects) {
		u->result->shared_used = object_writer_shared(u->objects);
		return layer_index_write(&u->notes, &u->draft, u->job->dirfd, e);
	}
	if (u->is_layer)
		r = implied_write(&u->tree, u->job->dirfd, &u->result->n_implied, e);
	return r < 0 ? r : tree_seal(&u->tree, e);
}

static void unpacker_done(struct unpacker *u)
{
	object_writer_free(u->objects);
	cleanup_close(&u->try_fd);
	layer_notes_done(&u->notes);
	draft_done(&u->draft);
	tree_done(&u->tree);
}

static int unpack(const struct unpack_job *job, bool is_layer, struct unpack_result *ret,
                  struct err *e)
{
	_cleanup_stream_ struct stream *stream = NULL;
	__attribute__((cleanup(cleanup_archive))) struct archive *a = NULL;
	struct source src = { .is_layer = is_layer };
	struct unpacker *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return err_oom(e);
	*ret = (struct unpack_result){ 0 };
	*u = (struct unpacker){ .job = job, .result = ret, .is_layer = is_layer, .try_fd = -EBADF };
	tar_check_init(&src.check);
	r = stream_new(job->stream_fd, job->max_bytes, &stream, e);
	if (r == 0) {
		src.stream = stream;
		r = open_archive(&a, &src, e);
	}
	u->archive = a;
	if (r == 0)
		r = begin(u, stream, e);
	if (r == 0)
		r = unpack_entries(u, &src, e);
	if (r == 0)
		r = drain(stream, e);
	if (r == 0)
		r = finish(u, e);
	if (r == 0)
		r = stream_digest(stream, ret->diff_id, e);
	tar_check_done(&src.check);
	unpacker_done(u);
	free(u);
	return r;
}

int unpack_layer(const struct unpack_job *job, struct unpack_result *ret, struct err *e)
{
	return unpack(job, true, ret, e);
}

int unpack_into(const struct unpack_job *job, struct unpack_result *ret, struct err *e)
{
	return unpack(job, false, ret, e);
}
