/* SPDX-License-Identifier: Apache-2.0 */
/* diff - what a container changed, or an image; export - all that a container has */
#include "engine/layering.h"
#include "engine/packing.h"

#include "base/fd.h"
#include "base/strv.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <usrct/files.h>

enum { LIST_MAX_BYTES = 1 << 30 };

/* "A/path": by path, so that a directory stands before what is in it. */
static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a + 1, *(char *const *)b + 1);
}

static int read_changes(int fd, struct strv *ret, struct err *e)
{
	off_t size = lseek(fd, 0, SEEK_END);
	const char *text, *end;
	int r = 0;

	if (size < 0 || size > LIST_MAX_BYTES)
		return err_errno(e, -EFBIG, "cannot read the list of changes");
	if (size == 0)
		return 0;
	text = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return err_sys(e, "cannot read the list of changes");
	end = text + size;
	for (const char *at = text; at < end && r == 0;) {
		size_t n = strnlen(at, (size_t)(end - at));

		if (at + n == end || n < 2)
			r = err_set(e, UCT_INTERNAL, -EPROTO, "the list of changes is malformed");
		else if (strv_add(ret, at) < 0)
			r = err_oom(e);
		at += n + 1;
	}
	(void)munmap((void *)(uintptr_t)text, (size_t)size);
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_path);
	return r;
}

static int diff(struct usrct *u, const char *ref, struct strv *ret, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	_cleanup_packing_ struct packing p = PACKING_NONE;
	_cleanup_close_ int fd = memfd_create("changes", MFD_CLOEXEC);
	struct packing_request q;
	int r;

	if (fd < 0)
		return err_sys(e, "cannot make a memory file");
	r = target_open(u, ref, STORE_READ, &t, e);
	if (r < 0)
		return r;
	packing_of(&t, PACK_DIFF, PACK_TREE_UPPER, fd, &q);
	r = packing_start(u, &q, &p, e);
	if (r == 0)
		r = packing_finish(&p, e);
	return r < 0 ? r : read_changes(fd, ret, e);
}

typedef int change_fn(const struct usrct_change *c, void *arg);

static int tell_each(const struct strv *changes, change_fn *each, void *arg)
{
	int r = 0;

	for (size_t i = 0; i < changes->n && r == 0; i++) {
		struct usrct_change c = { changes->v[i][0], changes->v[i] + 1 };

		r = each(&c, arg);
	}
	return r;
}

int usrct_container_diff(struct usrct *u, const char *ref, change_fn *each, void *arg,
                         struct usrct_err *out)
{
	_cleanup_strv_ struct strv changes = { 0 };
	struct err e = { 0 };
	int r = diff(u, ref, &changes, &e);

	return r < 0 ? engine_fail(out, &e) : tell_each(&changes, each, arg);
}

/* The directories of the image's first @n layers, made where they are not there. */
static int image_layers(struct usrct *u, struct image_row *row, size_t n, struct strv *ret,
                        struct err *e)
{
	size_t all = row->n_chains;
	int r = 0;

	if (n == 0)
		return 0;
	row->n_chains = n;
	r = engine_layer_paths(u, row, NULL, ret, e);
	row->n_chains = all;
	return r < 0 ? r : engine_layers_make(u, NULL, ret->v, e);
}

static int image_diff(struct usrct *u, struct image_row *now, struct image_row *then,
                      struct strv *ret, struct err *e)
{
	_cleanup_strv_ struct strv old = { 0 }, new = { 0 };
	_cleanup_packing_ struct packing p = PACKING_NONE;
	_cleanup_close_ int fd = memfd_create("changes", MFD_CLOEXEC);
	size_t n_then = then ? then->n_chains : now->n_chains - (now->n_chains > 0);
	int r = fd < 0 ? err_sys(e, "cannot make a memory file") : 0;

	if (r == 0)
		r = image_layers(u, now, now->n_chains, &new, e);
	if (r == 0)
		r = image_layers(u, then ? then : now, n_then, &old, e);
	if (r < 0 || (!new.n && !old.n))
		return r;
	r = packing_start_layers(u, &old, &new, fd, &p, e);
	if (r == 0)
		r = packing_finish(&p, e);
	return r < 0 ? r : read_changes(fd, ret, e);
}

int usrct_image_diff(struct usrct *u, const char *reference, const char *base, change_fn *each,
                     void *arg, struct usrct_err *out)
{
	struct image_row now = { 0 }, then = { 0 };
	_cleanup_strv_ struct strv changes = { 0 };
	struct err e = { 0 };
	int r = engine_store(u, STORE_WRITE, &e); /* trees may have to be made */

	if (r == 0)
		r = engine_need_image(u, reference, &now, &e);
	if (r >= 0 && base)
		r = engine_need_image(u, base, &then, &e);
	if (r >= 0)
		r = image_diff(u, &now, base ? &then : NULL, &changes, &e);
	image_row_done(&now);
	image_row_done(&then);
	return r < 0 ? engine_fail(out, &e) : tell_each(&changes, each, arg);
}

static int export(struct usrct *u, const char *ref, int fd, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	_cleanup_packing_ struct packing p = PACKING_NONE;
	struct packing_request q;
	int r = target_open(u, ref, STORE_WRITE, &t, e);

	if (r < 0)
		return r;
	packing_of(&t, PACK_EXPORT, PACK_TREE_BARE, fd, &q);
	r = packing_start(u, &q, &p, e);
	if (r == 0)
		r = packing_finish(&p, e);
	if (r == 0)
		engine_event(u, &t, "export", NULL);
	return r;
}

int usrct_container_export(struct usrct *u, const char *ref, int fd, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0)
		r = export(u, ref, fd, &e);
	return ENGINE_RETURN(r, out, &e);
}
