/* SPDX-License-Identifier: Apache-2.0 */
/* measure - the size of a tree, as du(1) and ls(1) would say
 *
 * fts(3) goes down by changing the working directory, so that neither depth nor the length of paths
 * has a limit but memory; this process has nothing else to do.
 */
#include "measure.h"

#include "store/sweep-proto.h"

#include <fts.h>
#include <sys/stat.h>

enum { TRIES_MAX = 10 };

/* Files with several links that were seen: open addressing, a third of it stays empty. */
struct seen {
	struct {
		dev_t dev;
		ino_t ino;
	} * slots;
	size_t n, cap;
};

static size_t slot_of(const struct seen *s, dev_t dev, ino_t ino)
{
	size_t i = (size_t)((ino * UINT64_C(0x9e3779b97f4a7c15)) >> 20 ^ dev) & (s->cap - 1);

	while (s->slots[i].ino && (s->slots[i].ino != ino || s->slots[i].dev != dev))
		i = (i + 1) & (s->cap - 1);
	return i;
}

static int seen_grow(struct seen *s)
{
	struct seen bigger = { .n = s->n, .cap = s->cap ? s->cap * 2 : 1024 };

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i].ino)
			bigger.slots[slot_of(&bigger, s->slots[i].dev, s->slots[i].ino)] =
				s->slots[i];
	free(s->slots);
	*s = bigger;
	return 0;
}

/* 1 it is new, 0 it was seen. */
static int seen_add(struct seen *s, const struct stat *st)
{
	size_t i;

	if (s->n >= s->cap / 3 * 2 && seen_grow(s) < 0)
		return -ENOMEM;
	i = slot_of(s, st->st_dev, st->st_ino);
	if (s->slots[i].ino)
		return 0;
	s->slots[i].dev = st->st_dev;
	s->slots[i].ino = st->st_ino;
	s->n++;
	return 1;
}

static int count(const FTSENT *f, struct seen *seen, struct sweep_done *ret)
{
	const struct stat *st = f->fts_statp;
	int r = 1;

	switch (f->fts_info) {
	case FTS_DNR:
		ret->n_unreadable++;
		return 0;
	case FTS_D:
		ret->disk_bytes += (uint64_t)st->st_blocks * 512;
		return 0;
	case FTS_F:
	case FTS_SL:
	case FTS_SLNONE:
	case FTS_DEFAULT:
		break;
	default: /* a directory again, or what is gone */
		return 0;
	}
	if (st->st_nlink > 1)
		r = seen_add(seen, st);
	if (r <= 0)
		return r;
	ret->disk_bytes += (uint64_t)st->st_blocks * 512;
	if (S_ISREG(st->st_mode) || S_ISLNK(st->st_mode))
		ret->file_bytes += (uint64_t)st->st_size;
	return 0;
}

/* -EAGAIN: a directory went away while we were in it, which fts(3) does not survive. */
static int measure_once(int dirfd, const char *name, struct sweep_done *ret, struct err *e)
{
	char *paths[] = { (char *)(uintptr_t)name, NULL };
	struct seen seen = { 0 };
	FTSENT *entry;
	FTS *fts;
	int r = 0;

	if (fchdir(dirfd) < 0)
		return err_sys(e, "cannot enter the directory of '%s'", name);
	fts = fts_open(paths, FTS_PHYSICAL | FTS_XDEV, NULL);
	if (!fts)
		return err_sys(e, "cannot look into '%s'", name);
	errno = 0;
	while (r >= 0 && (entry = fts_read(fts))) {
		r = count(entry, &seen, ret);
		errno = 0;
	}
	if (r == 0 && errno == ENOENT)
		r = -EAGAIN;
	else if (r == 0 && errno != 0)
		r = err_sys(e, "cannot measure '%s'", name);
	else if (r < 0)
		r = err_oom(e);
	(void)fts_close(fts);
	free(seen.slots);
	return r;
}

/* Others may remove what they like meanwhile. A store that does not stand still for so many tries
 * is being emptied, and as large as what was counted last. */
int measure_tree(int dirfd, const char *name, struct sweep_done *ret, struct err *e)
{
	struct sweep_done before = *ret;
	int r = -EAGAIN;

	for (int i = 0; i < TRIES_MAX && r == -EAGAIN; i++) {
		*ret = before;
		r = measure_once(dirfd, name, ret, e);
	}
	return r == -EAGAIN ? 0 : r;
}
