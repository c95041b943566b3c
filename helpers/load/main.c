/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-load - takes image archives apart; the protocol stands in image/load-proto.h
 *
 * It parses what strangers made, so it may open files only below the store's blobs and temporary
 * files (and the layout it reads), and has a limit of memory.
 *
 * Exit status: 0 all was told, 1 FAIL was sent or could not be.
 */
#include "load.h"

#include "base/fd.h"
#include "base/sock.h"
#include "store/landlock.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { SOCK_FD = 3 };
#define MEMORY_MAX (512ULL << 20)

int load_send(const struct load *l, const void *msg, size_t n, struct err *e)
{
	int r = sock_send(l->sock_fd, msg, n);

	return r < 0 ? err_errno(e, r, "cannot report to the engine") : 0;
}

int send_image(struct load *l, const char *manifest, const char *name, struct err *e)
{
	struct load_image m = { .type = LOAD_IMAGE, .number = l->number };

	memcpy(m.manifest, manifest, strlen(manifest) + 1);
	memcpy(m.name, name, strlen(name) + 1);
	l->n_images++;
	return load_send(l, &m, sizeof(m), e);
}

static bool is_text(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

static int receive_start(struct load *l, struct err *e)
{
	struct load_start *m = &l->start;
	int fds[3];
	ssize_t n = sock_recv(l->sock_fd, m, sizeof(*m), fds, 3);

	l->blobs_dirfd = fds[0];
	l->tmp_dirfd = fds[1];
	l->input_fd = fds[2];
	if (n != sizeof(*m) || m->type != LOAD_START ||
	    !is_text(m->platform, sizeof(m->platform)) ||
	    !is_text(m->tmp_prefix, sizeof(m->tmp_prefix)) || !m->tmp_prefix[0] ||
	    strchr(m->tmp_prefix, '/') || l->input_fd < 0)
		return err_set(e, UCT_INTERNAL, -EPROTO, "load: START expected");
	return 0;
}

static int confine(const struct load *l, struct err *e)
{
	const int dirs[] = { l->blobs_dirfd, l->tmp_dirfd, l->input_fd };
	int r = landlock_beneath_all(dirs, l->start.op == LOAD_LAYOUT ? 3 : 2, e);

#ifndef __SANITIZE_ADDRESS__
	struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

	if (r >= 0 && setrlimit(RLIMIT_AS, &memory) < 0)
		r = err_sys(e, "cannot set a limit");
#endif
	return MIN(r, 0);
}

static int load_images(struct load *l, struct err *e)
{
	int r = l->start.op == LOAD_LAYOUT ? 0 : archive_take_apart(l, e);

	if (r == 0) {
		r = layout_images(l, e);
		if (r == -ENOENT && l->start.op == LOAD_LAYOUT)
			r = flat_images(l, e);
		if (r == -ENOENT && l->start.op != LOAD_LAYOUT)
			r = docker_images(l, e);
		if (r == -ENOENT && l->start.op != LOAD_LAYOUT)
			r = old_images(l, e);
	}
	if (r == -ENOENT) {
		r = NO_ARCHIVE(e, "this is neither a docker archive nor an OCI layout");
	} else if (r == 0 && l->n_images == 0) {
		r = NO_ARCHIVE(e, "there is no image in the archive");
	}
	return r;
}

static int load(struct load *l, struct err *e)
{
	const struct load_progress done = { .type = LOAD_DONE };
	int r = receive_start(l, e);

	if (r == 0)
		r = confine(l, e);
	if (r == 0)
		r = l->start.op == LOAD_ROOT      ? archive_take_root(l, e)
		    : l->start.op == LOAD_CONVERT ? archive_convert(l, e)
		                                  : load_images(l, e);
	return r == 0 ? load_send(l, &done, sizeof(done), e) : r;
}

int main(void)
{
	struct load l = {
		.sock_fd = SOCK_FD, .blobs_dirfd = -EBADF, .tmp_dirfd = -EBADF, .input_fd = -EBADF
	};
	struct load_fail fail = { .type = LOAD_FAIL };
	int r;

	(void)signal(SIGPIPE, SIG_IGN); /* an engine that goes away is EPIPE */
	if (fd_set_cloexec(l.sock_fd, 1) < 0) {
		(void)fprintf(stderr, "usr-ct-load: started by usr-ct load, not by hand\n");
		return 1;
	}
	r = load(&l, &fail.e);
	if (r < 0)
		(void)load_send(&l, &fail, sizeof(fail), NULL); /* nobody is left to tell */
	entries_drop(&l);
	return r < 0;
}
