/* SPDX-License-Identifier: Apache-2.0 */
/* reclaimable - what a removal would give back, told by the collector itself */
#include "engine/engine.h"

#include "base/sbuf.h"
#include "engine/usage.h"
#include "store/garbage.h"

#include <fcntl.h>
#include <string.h>

struct sum {
	uint64_t bytes;
	struct strv trees; /* to be measured once the lock is released */
};

static int add(enum garbage_kind kind, const char *path, uint64_t disk_bytes, void *arg,
               struct err *e)
{
	struct sum *s = arg;

	s->bytes += disk_bytes;
	return kind < GARBAGE_OBJECT && strv_add(&s->trees, path) < 0 ? err_oom(e) : 0;
}

static int measure(struct usrct *u, const char *path, uint64_t *bytes, struct err *e)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = strndup(path, (size_t)(slash - path));
	_cleanup_close_ int fd = -EBADF;
	struct usage use = { 0 };
	int r;

	if (!dir)
		return err_oom(e);
	fd = openat(store_dirfd(u->store), dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? 0 : usage_of_tree(u, fd, slash + 1, &use, e);
	*bytes += use.disk_bytes;
	return r;
}

static int reclaimable(struct usrct *u, const char *const *images, const char *const *containers,
                       struct sum *s, struct err *e)
{
	const struct garbage_query q = { (char *const *)(uintptr_t)images,
		                         (char *const *)(uintptr_t)containers };
	int r = engine_store(u, STORE_WRITE, e);

	for (size_t i = 0; containers && containers[i] && r == 0; i++)
		r = strv_addf(&s->trees, "containers/%s", containers[i]) < 0 ? err_oom(e) : 0;
	if (r == 0 && images && images[0]) {
		r = garbage_find(u->store, &q, add, s, e);
		if (r == 0)
			return err_set(e, UCT_STORE_BUSY, -EBUSY,
			               "an image is being pulled or built, so nobody can tell");
	}
	for (size_t i = 0; i < s->trees.n && r >= 0; i++)
		r = measure(u, s->trees.v[i], &s->bytes, e);
	return MIN(r, 0);
}

int usrct_disk_reclaimable(struct usrct *u, const char *const *images,
                           const char *const *containers, uint64_t *ret_bytes,
                           struct usrct_err *out)
{
	struct sum s = { 0 };
	struct err e = { 0 };
	int r = reclaimable(u, images, containers, &s, &e);

	strv_done(&s.trees);
	*ret_bytes = s.bytes;
	return ENGINE_RETURN(r, out, &e);
}
