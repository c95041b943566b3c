/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/loading.h"

#include "base/proc.h"
#include "base/sock.h"
#include "image/config.h"
#include "store/blobs.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* As much as one layer may have (unpacking.c), times a few. */
static const uint64_t contents_max_bytes = 256ULL << 30;

/* Not the handle's own store: each image that is put ends the handle's pin, and the next one's
 * blobs would be garbage. */
static int send_start(struct loading *l, enum load_op op, int input_fd, const char *platform,
                      struct err *e)
{
	struct load_start m = { .type = LOAD_START,
		                .op = (uint32_t)op,
		                .compression = (uint32_t)l->compression,
		                .max_bytes = contents_max_bytes };
	_cleanup_close_ int blobs_fd = -EBADF, tmp_fd = -EBADF;
	int fds[3], r;

	if (snprintf(m.platform, sizeof(m.platform), "%s",
	             platform ? platform : platform_native()) >= (int)sizeof(m.platform))
		return err_set(e, UCT_BAD_VALUE, -ENAMETOOLONG, "the platform is too long");
	r = blob_dirs_open(l->keep, &blobs_fd, &tmp_fd, e);
	if (r == 0)
		r = store_tmp_prefix(l->keep, "blob", m.tmp_prefix, sizeof(m.tmp_prefix), e);
	if (r < 0)
		return r;
	fds[0] = blobs_fd;
	fds[1] = tmp_fd;
	fds[2] = input_fd;
	r = sock_send_fds(l->program.sock_fd, &m, sizeof(m), fds, 3);
	return r < 0 ? err_errno(e, r, "cannot talk to the loader") : 0;
}

int loading_start(struct loading *l, struct usrct *u, enum load_op op, int input_fd,
                  const char *platform, struct err *e)
{
	char checked[64];
	int r = 0;

	l->u = u;
	if (platform)
		r = platform_parse(platform, checked, sizeof(checked), e);
	if (r == 0)
		r = store_open(u->data_dir, STORE_WRITE, &l->keep, e);
	if (r == 0)
		r = libexec_start("load", &l->program, e);
	return r < 0 ? r : send_start(l, op, input_fd, platform ? checked : NULL, e);
}

int loading_next(struct loading *l, union load_packet *ret, struct err *e)
{
	ssize_t n = sock_recv(l->program.sock_fd, ret, sizeof(*ret), NULL, 0);
	static const size_t sizes[] = {
		[LOAD_PROGRESS] = sizeof(struct load_progress),
		[LOAD_IMAGE] = sizeof(struct load_image),
		[LOAD_ROOT_BLOB] = sizeof(struct load_root_blob),
		[LOAD_DONE] = sizeof(struct load_progress),
		[LOAD_FAIL] = sizeof(struct load_fail),
	};

	if (n == 0 || n == -ECONNRESET)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE, "the loader ended unexpectedly");
	if (n < (ssize_t)sizeof(uint32_t) || ret->type >= ARRAY_SIZE(sizes) ||
	    (size_t)n != sizes[ret->type])
		return err_set(e, UCT_INTERNAL, -EPROTO, "the loader said something odd");
	if (ret->type != LOAD_FAIL || ret->fail.e.code >= 0)
		return ret->type != LOAD_DONE;
	if (e)
		*e = ret->fail.e;
	return ret->fail.e.code;
}

void loading_done(struct loading *l)
{
	if (l->program.pidfd >= 0) /* our child: it may have ended already */
		(void)pidfd_signal(l->program.pidfd, SIGKILL);
	libexec_done(&l->program);
	store_close(l->keep);
	*l = (struct loading)LOADING_NONE;
}
