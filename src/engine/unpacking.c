/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpacking.h"

#include "base/fd.h"
#include "base/num.h"
#include "base/proc.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "engine/layering.h"
#include "store/shared.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Far more than any sane layer; a decompression bomb stops here. $USRCT_LAYER_MAX_BYTES raises it.
 */
static const uint64_t layer_max_bytes = 64ULL << 30;
static const uint64_t layer_max_entries = 10000000;

static int max_bytes(uint64_t *ret, struct err *e)
{
	const char *text = getenv("USRCT_LAYER_MAX_BYTES");

	*ret = layer_max_bytes;
	if (text && *text && (parse_size(text, ret) < 0 || *ret == 0))
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "USRCT_LAYER_MAX_BYTES is '%.40s', which is no size", text);
	return 0;
}

static int open_apart(const struct unpacking *x, struct err *e)
{
	int fd;

	if (mkdirat(x->stage.dirfd, OBJECT_DIR, 0700) < 0)
		return err_sys(e, "cannot make a directory for objects");
	fd = openat(x->stage.dirfd, OBJECT_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cannot open the directory for objects") : fd;
}

int unpacking_start(struct usrct *u, struct unpacking *ret, int stream_fd, struct err *e)
{
	struct unpack_start m = {
		.type = UNPACK_START,
		.flags = u->is_single_id ? UNPACK_FLAG_SINGLE_ID : 0,
		.max_entries = layer_max_entries,
	};
	_cleanup_close_ int objects_fd = -EBADF;
	int fds[4 + SHARED_DIRS_MAX] = { stream_fd }, n_shared = 0, r;
	size_t n = 2;

	r = max_bytes(&m.max_bytes, e);
	if (r == 0)
		r = layer_stage(u->store, &ret->stage, e);
	if (r == 0 && ret->has_objects) {
		m.flags |= UNPACK_FLAG_OBJECTS;
		r = objects_fd = layer_stage_objects(&ret->stage, ret->parent, engine_map(u), e);
	}
	if (r >= 0 && ret->is_apart) {
		cleanup_close(&objects_fd);
		r = objects_fd = open_apart(ret, e);
	}
	if (r >= 0)
		r = libexec_start("unpack", &ret->program, e);
	if (r < 0)
		return r;
	fds[1] = ret->stage.dirfd;
	if (!u->is_single_id)
		fds[n++] = u->held.userns_fd;
	if (objects_fd >= 0)
		fds[n++] = objects_fd;
	if (ret->sharing && ret->has_objects && !ret->is_apart)
		n_shared = sharing_open_objects(ret->sharing, fds + n, ret->shared_paths, e);
	if (n_shared < 0)
		return n_shared;
	m.n_shared = (uint32_t)n_shared;
	n += m.n_shared;
	r = sock_send_fds(ret->program.sock_fd, &m, sizeof(m), fds, n);
	while (n_shared-- > 0)
		(void)close(fds[--n]);
	return r < 0 ? err_errno(e, r, "cannot talk to the unpacker") : 0;
}

int unpacking_start_tree(struct usrct *u, struct unpacking *ret, const struct id_maps *maps,
                         struct err *e)
{
	struct unpack_start m = {
		.type = UNPACK_START,
		.flags = UNPACK_FLAG_TREE | (u->is_single_id ? UNPACK_FLAG_SINGLE_ID : 0u),
	};
	_cleanup_close_ int theirs_fd = -EBADF;
	int fds[3], pair[2] = { -EBADF, -EBADF }, r;
	size_t n = 2;

	if (maps && !u->is_single_id) {
		m.flags |= UNPACK_FLAG_MAPPED;
		m.maps = *maps;
	}
	r = layer_tree_stage(u->store, &ret->stage, e);
	if (r == 0)
		r = sock_pair(pair, e);
	if (r < 0)
		return r;
	ret->feed_fd = pair[0];
	theirs_fd = pair[1];
	r = libexec_start("unpack", &ret->program, e);
	if (r < 0)
		return r;
	fds[0] = theirs_fd;
	fds[1] = ret->stage.dirfd;
	if (!u->is_single_id)
		fds[n++] = u->held.userns_fd;
	r = sock_send_fds(ret->program.sock_fd, &m, sizeof(m), fds, n);
	return r < 0 ? err_errno(e, r, "cannot talk to the unpacker") : 0;
}

int unpacking_feed_tree(struct usrct *u, struct unpacking *x, const char *chain, struct err *e)
{
	_cleanup_close_ int fd = layer_index_fd(u->store, chain, e);
	int r;

	if (fd < 0)
		return fd;
	r = sock_send_fds(x->feed_fd, "", 1, &fd, 1);
	if (r == -EPIPE || r == -ECONNRESET) /* unpacking_finish() will hear why */
		return 0;
	return r < 0 ? err_errno(e, r, "cannot talk to the unpacker") : 0;
}

static void end_feed(struct unpacking *x)
{
	cleanup_close(&x->feed_fd);
	x->feed_fd = -EBADF;
}

/* The lower directories that a mount of them would have, one a line. */
static int list_below(struct usrct *u, char (*chains)[CHAIN_SIZE], size_t n, struct err *e)
{
	struct image_row row = { .chains = chains, .n_chains = n };
	_cleanup_strv_ struct strv paths = { 0 };
	_cleanup_sbuf_ struct sbuf text = SBUF_INIT((size_t)UNPACK_LAYERS_MAX * 160);
	_cleanup_free_ char *list = NULL;
	int r = engine_layer_paths(u, &row, NULL, &paths, e);

	if (r == 0)
		r = engine_layers_make(u, NULL, paths.v, e);
	for (size_t i = 0; i < paths.n && r == 0; i++)
		sbuf_addf(&text, "%s\n", paths.v[i]);
	if (r < 0)
		return r;
	sbuf_adds(&text, ""); /* of none it is an empty text */
	if (sbuf_take(&text, &list) < 0)
		return err_oom(e);
	return fd_sealed_memory("usr-ct-below", list, strlen(list), e);
}

int unpacking_settle(struct usrct *u, struct unpacking *x, char (*chains)[CHAIN_SIZE], size_t n,
                     struct err *e)
{
	struct unpack_start m = {
		.type = UNPACK_START,
		.flags = UNPACK_FLAG_SETTLE | (u->is_single_id ? UNPACK_FLAG_SINGLE_ID : 0u),
	};
	struct unpack_done done = x->done;
	_cleanup_close_ int list_fd = -EBADF;
	int fds[4], r;
	size_t n_fds = 2;

	if (n == 0 || !done.n_implied || x->stage.driver != LAYER_PLAIN)
		return 0;
	r = list_fd = list_below(u, chains, n, e);
	if (r >= 0)
		r = libexec_start("unpack", &x->program, e);
	if (r < 0)
		return r;
	fds[0] = list_fd;
	fds[1] = x->stage.dirfd;
	if (!u->is_single_id)
		fds[n_fds++] = u->held.userns_fd;
	fds[n_fds++] = store_dirfd(u->store);
	r = sock_send_fds(x->program.sock_fd, &m, sizeof(m), fds, n_fds);
	if (r < 0)
		return err_errno(e, r, "cannot talk to the unpacker");
	r = unpacking_finish(x, e);
	x->done = done; /* what it said of the layer itself */
	return r;
}

static int note_shared(const struct unpacking *x, struct err *e)
{
	char *dirs[SHARED_DIRS_MAX + 1] = { NULL };
	size_t n = 0;

	for (uint32_t i = 0; i < SHARED_DIRS_MAX; i++)
		if (x->done.shared_used & 1u << i && x->shared_paths[i])
			dirs[n++] = (char *)(uintptr_t)x->shared_paths[i];
	return shared_note(&x->stage, dirs, e);
}

int unpacking_finish(struct unpacking *x, struct err *e)
{
	union {
		struct unpack_done done;
		struct unpack_fail fail;
	} m;
	ssize_t n;

	end_feed(x);
	n = sock_recv(x->program.sock_fd, &m, sizeof(m), NULL, 0);
	libexec_done(&x->program); /* it leaves after its answer */
	if (n == sizeof(m.fail) && m.fail.type == UNPACK_FAIL && m.fail.e.code < 0) {
		if (e)
			*e = m.fail.e;
		return m.fail.e.code;
	}
	if (n != sizeof(m.done) || m.done.type != UNPACK_DONE)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE, "the unpacker ended unexpectedly");
	x->done = m.done;
	x->done.diff_id[sizeof(x->done.diff_id) - 1] = '\0';
	return m.done.shared_used ? note_shared(x, e) : 0;
}

void unpacking_done(struct unpacking *x)
{
	if (x->program.pidfd >= 0) /* our child: it may have ended already */
		(void)pidfd_signal(x->program.pidfd, SIGKILL);
	libexec_done(&x->program);
	end_feed(x);
	layer_stage_done(&x->stage);
	*x = (struct unpacking)UNPACKING_NONE;
}
