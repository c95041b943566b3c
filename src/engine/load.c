/* SPDX-License-Identifier: Apache-2.0 */
/* load - the images of an archive
 *
 * usr-ct-load makes blobs of all that is in it; then each image is pulled from the store itself, so
 * that what is loaded is checked, unpacked and shared as what comes from a registry.
 */
#include "engine/loading.h"

#include "base/array.h"
#include "base/num.h"
#include "base/sbuf.h"
#include "image/reference.h"
#include "store/images.h"

#include <string.h>
#include <sys/stat.h>

struct load {
	struct loading job;
	const struct usrct_load_options *opts;
	struct load_image *images;
	size_t n, cap;
};

static int collect(struct load *l, struct err *e)
{
	union load_packet m;
	int r;

	while ((r = loading_next(&l->job, &m, e)) > 0) {
		if (m.type == LOAD_PROGRESS && l->opts->progress)
			l->opts->progress(m.progress.done_bytes, l->opts->arg);
		if (m.type != LOAD_IMAGE)
			continue;
		m.image.manifest[sizeof(m.image.manifest) - 1] = '\0';
		m.image.name[sizeof(m.image.name) - 1] = '\0';
		if (array_grow(&l->images, l->n, &l->cap, sizeof(*l->images)) < 0)
			return err_oom(e);
		l->images[l->n++] = m.image;
	}
	return r;
}

/* A name of the archive that cannot be one here is as none. */
static void full_name(const struct load_image *image, char *buf, size_t size)
{
	if (!image->name[0] || engine_archive_name(image->name, buf, size, NULL) < 0)
		buf[0] = '\0';
}

/* "@N" */
static int parse_number(const char *only, uint32_t *ret, struct err *e)
{
	return parse_u32(only + 1, ret) < 0
	               ? err_hint(e,
	                          err_set(e, UCT_BAD_REFERENCE, -EINVAL,
	                                  "'%s' is no number of an image in an archive", only),
	                          "count from @0")
	               : 0;
}

/* What is meant by "busybox", "busybox:1", "@0"; or by "1" for lack of anything else: docker and
 * containerd give whole names to what has only a tag for other readers of a layout. */
struct wish {
	const char *only;
	char full[600]; /* what that is as a name; "": nothing */
	uint32_t number;
	bool is_tag;
};

static bool is_wanted(const struct load_image *image, const struct wish *w)
{
	const char *colon = strrchr(image->name, ':');
	char full[600];

	if (*w->only == '@')
		return image->number == w->number;
	if (w->is_tag)
		return colon && !strcmp(colon + 1, w->only);
	full_name(image, full, sizeof(full));
	return !strcmp(image->name, w->only) || (full[0] && !strcmp(full, w->full));
}

static size_t count_wanted(const struct load *l, const struct wish *w)
{
	const struct load_image *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (!is_wanted(&l->images[i], w))
			continue;
		if (first && w->is_tag && first->number != l->images[i].number)
			return 0; /* a tag of several says nothing */
		first = &l->images[i];
		n++;
	}
	return n;
}

/* Keeps what @only means. */
static int choose(struct load *l, const char *only, struct err *e)
{
	struct wish w = { .only = only };
	size_t kept = 0;
	int r = *only == '@' ? parse_number(only, &w.number, e) : 0;

	if (r < 0)
		return r;
	if (*only != '@' && engine_archive_name(only, w.full, sizeof(w.full), NULL) < 0)
		w.full[0] = '\0'; /* what a layout calls it need be no name of ours */
	if (l->images && count_wanted(l, &w) == 0)
		w.is_tag = *only != '@';
	if (!l->images || count_wanted(l, &w) == 0)
		return err_hint(e,
		                err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT,
		                        "the archive has no image '%.200s'", only),
		                "leave it out, and all images of the archive are taken");
	for (size_t i = 0; i < l->n; i++)
		if (is_wanted(&l->images[i], &w))
			l->images[kept++] = l->images[i];
	l->n = kept;
	return 0;
}

static void tell(const struct load *l, const char *id, const char *full)
{
	char familiar[600];

	reference_familiar(full, familiar, sizeof(familiar));
	if (l->opts->loaded)
		l->opts->loaded(id, full[0] ? familiar : NULL, l->opts->arg);
}

static int put(struct load *l, struct err *e)
{
	struct usrct *u = l->job.u;
	char id[DIGEST_SIZE] = "", full[600];
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		const struct load_image *image = &l->images[i];

		full_name(image, full, sizeof(full));
		/* Several names of one image come one after the other. */
		if (i > 0 && full[0] && !strcmp(image->manifest, image[-1].manifest))
			r = MIN(image_tag(u->store, id, full, e), 0);
		else
			r = engine_pull_stored(u, image->manifest, full, id, e);
		if (r < 0)
			return r;
		engine_image_event(u, "load", id, full[0] ? full : id);
		tell(l, id, full);
	}
	return r;
}

static int load(struct usrct *u, int fd, const struct usrct_load_options *given, struct err *e)
{
	struct usrct_load_options opts = { 0 };
	struct load l = { .job = LOADING_NONE, .opts = &opts };
	struct stat st;
	int r = engine_sweep(u, e);

	if (given)
		memcpy(&opts, given, MIN(given->size, sizeof(opts)));
	if (r == 0 && fstat(fd, &st) < 0)
		r = err_sys(e, "cannot look at the archive");
	if (r == 0)
		r = loading_start(&l.job, u, S_ISDIR(st.st_mode) ? LOAD_LAYOUT : LOAD_ARCHIVE, fd,
		                  opts.platform, e);
	if (r == 0)
		r = collect(&l, e);
	if (r == 0 && opts.only && *opts.only)
		r = choose(&l, opts.only, e);
	if (r == 0)
		r = put(&l, e);
	loading_done(&l.job);
	free(l.images);
	return r;
}

int usrct_image_load(struct usrct *u, int fd, const struct usrct_load_options *opts,
                     struct usrct_err *out)
{
	struct err e = { 0 };
	int r = load(u, fd, opts, &e);

	return ENGINE_RETURN(r, out, &e);
}

int usrct_image_load_url(struct usrct *u, const char *url, const struct usrct_load_options *opts,
                         struct usrct_err *out)
{
	_cleanup_close_ int fd = -EBADF;
	struct err e = { 0 };
	int r = engine_download(u, url, &fd, &e);

	return r < 0 ? ENGINE_RETURN(r, out, &e) : usrct_image_load(u, fd, opts, out);
}
