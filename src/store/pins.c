/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pins.h"
#include "store/db.h"

#include "base/file.h"
#include "base/num.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

bool tmp_name_parse(const char *name, struct proc_id *ret, bool *ret_is_pull)
{
	char buf[STORE_NAME_MAX], *field[4];
	uint32_t pid;
	size_t n = strlen(name);

	if (n >= sizeof(buf))
		return false;
	memcpy(buf, name, n + 1);
	/* From the end: the kind may hold dashes itself. */
	for (int i = 3; i > 0; i--) {
		char *dash = strrchr(buf, '-');

		if (!dash)
			return false;
		*dash = '\0';
		field[i] = dash + 1;
	}
	if (parse_u32(field[1], &pid) < 0 || pid == 0 || pid > INT32_MAX ||
	    parse_u64(field[2], &ret->unique) < 0)
		return false;
	ret->pid = (pid_t)pid;
	if (ret_is_pull)
		*ret_is_pull = !strcmp(buf, "pull");
	return true;
}

bool tmp_is_in_use(int tmp_dirfd, const char *name, const struct proc_id *maker)
{
	_cleanup_close_ int fd = -EBADF;

	if (proc_is_alive(maker))
		return true;
	/* The number means nothing to a process in another PID namespace (a development container
	 * with the same home directory), and a helper may outlive its engine. Both are seen by the
	 * lock that store_tmp_dir() put on the directory's open file. */
	fd = openat(tmp_dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

void collect_mark(struct store *s)
{
	/* Without the mark, garbage stays until the next image is deleted: nothing worse. */
	int fd = openat(s->dirfd, COLLECT_MARK, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	cleanup_close(&fd);
}

int pin_take(struct store *s, struct err *e)
{
	int r;

	if (s->pin_fd >= 0 || s->mode != STORE_WRITE)
		return 0;
	s->pin_fd = store_tmp_dir(s, "pull", s->pin, e);
	if (s->pin_fd < 0)
		return s->pin_fd;
	r = db_lock_pass(s, e);
	if (r < 0)
		pin_drop(s, true);
	return r;
}

int store_pin(struct store *s, struct err *e)
{
	char name[STORE_NAME_MAX];
	int fd = store_tmp_dir(s, "pull", name, e), r;

	if (fd < 0)
		return fd;
	r = db_lock_pass(s, e);
	if (r == 0)
		return fd;
	(void)tree_remove_at(s->dirfd, name, NULL);
	(void)close(fd);
	return r;
}

void pin_drop(struct store *s, bool is_complete)
{
	if (s->pin_fd < 0)
		return;
	if (!is_complete)
		collect_mark(s);
	(void)tree_remove_at(s->dirfd, s->pin, NULL); /* or the sweep after our death does it */
	(void)close(s->pin_fd);
	s->pin_fd = -EBADF;
	s->pin[0] = '\0';
}

static bool is_held(struct store *s, const char *but)
{
	bool held = false, is_pull;
	struct proc_id maker;
	struct dirent *de;
	DIR *d;
	int fd;

	fd = openat(s->dirfd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		cleanup_close(&fd);
		return true; /* not knowing, keep everything */
	}
	while (!held && (de = readdir(d)))
		held = strcmp(de->d_name, but) != 0 &&
		       tmp_name_parse(de->d_name, &maker, &is_pull) && is_pull &&
		       tmp_is_in_use(fd, de->d_name, &maker);
	(void)closedir(d);
	return held;
}

bool pin_is_held(struct store *s)
{
	return is_held(s, "");
}

bool pin_is_held_by_others(struct store *s)
{
	return is_held(s, s->pin[0] ? s->pin + strlen("tmp/") : "");
}
