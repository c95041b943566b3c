/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpacking.h"

#include "base/sbuf.h"
#include "base/sock.h"

#include <signal.h>
#include <string.h>

/* Far more than any sane layer; a decompression bomb stops here. */
static const uint64_t layer_max_bytes = 64ULL << 30;
static const uint64_t layer_max_entries = 10000000;

static int spawn(struct unpacking *x, struct err *e)
{
	_cleanup_free_ char *path = strf("%s/usr-ct-unpack", proc_helper_dir());
	char *argv[] = { (char *)(uintptr_t) "usr-ct-unpack", NULL };
	_cleanup_close_ int theirs = -EBADF;
	int pair[2], r;

	if (!path)
		return err_oom(e);
	r = sock_pair(pair, e);
	if (r < 0)
		return r;
	x->sock_fd = pair[0];
	theirs = pair[1];

	struct spawn_fd fds = { theirs, 3 };
	struct spawn s = { .path = path, .argv = argv, .env = environ, .fds = &fds, .n_fds = 1 };

	x->pidfd = proc_spawn(&s, NULL, e);
	return MIN(x->pidfd, 0);
}

int unpacking_start(struct usrct *u, struct unpacking *ret, int stream_fd, struct err *e)
{
	struct unpack_start m = {
		.type = UNPACK_START,
		.flags = u->is_single_id ? UNPACK_FLAG_SINGLE_ID : 0,
		.max_bytes = layer_max_bytes,
		.max_entries = layer_max_entries,
	};
	int fds[3], r;

	r = layer_stage(u->store, &ret->stage, e);
	if (r == 0)
		r = spawn(ret, e);
	if (r < 0)
		return r;
	fds[0] = stream_fd;
	fds[1] = ret->stage.dirfd;
	fds[2] = u->held.userns_fd;
	r = sock_send_fds(ret->sock_fd, &m, sizeof(m), fds, u->is_single_id ? 2 : 3);
	return r < 0 ? err_errno(e, r, "cannot talk to the unpacker") : 0;
}

int unpacking_finish(struct unpacking *x, struct err *e)
{
	union {
		struct unpack_done done;
		struct unpack_fail fail;
	} m;
	ssize_t n = sock_recv(x->sock_fd, &m, sizeof(m), NULL, 0);
	int status;

	(void)pidfd_wait(x->pidfd, &status); /* it leaves after its answer */
	cleanup_close(&x->pidfd);
	x->pidfd = -EBADF;
	if (n == sizeof(m.fail) && m.fail.type == UNPACK_FAIL && m.fail.e.code < 0) {
		if (e)
			*e = m.fail.e;
		return m.fail.e.code;
	}
	if (n != sizeof(m.done) || m.done.type != UNPACK_DONE)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE, "the unpacker ended unexpectedly");
	x->done = m.done;
	x->done.diff_id[sizeof(x->done.diff_id) - 1] = '\0';
	return 0;
}

void unpacking_done(struct unpacking *x)
{
	int status;

	cleanup_close(&x->sock_fd);
	if (x->pidfd >= 0) {
		(void)pidfd_signal(x->pidfd, SIGKILL); /* our child: it may have ended already */
		(void)pidfd_wait(x->pidfd, &status);
		cleanup_close(&x->pidfd);
	}
	layer_stage_done(&x->stage);
	*x = (struct unpacking)UNPACKING_NONE;
}
