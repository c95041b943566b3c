/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-unpack - unpacks one layer for the engine; see store/unpack-proto.h */
#include "base/sock.h"
#include "store/enter.h"
#include "store/layer-stack.h"
#include "store/meta-tree.h"
#include "store/unpack-implied.h"
#include "store/unpack-proto.h"
#include "store/unpack.h"

#include <fcntl.h>
#include <locale.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { SOCKET_FD = 3 };
enum { FD_STREAM, FD_DIRECTORY, FD_USERNS, FD_OBJECTS, FD_SHARED };
enum { N_FDS = FD_SHARED + UNPACK_SHARED_MAX };

static int receive(struct unpack_start *ret, int fds[N_FDS], struct err *e)
{
	ssize_t n = sock_recv(SOCKET_FD, ret, sizeof(*ret), fds, N_FDS);

	if (n < 0)
		return err_errno(e, (int)n, "cannot receive START");
	/* They come without gaps. */
	if (n == sizeof(*ret) && ret->flags & UNPACK_FLAG_SINGLE_ID) {
		memmove(fds + FD_OBJECTS, fds + FD_USERNS, (N_FDS - FD_OBJECTS) * sizeof(*fds));
		fds[FD_USERNS] = -EBADF;
	}
	if (n != sizeof(*ret) || ret->type != UNPACK_START || fds[FD_STREAM] < 0 ||
	    fds[FD_DIRECTORY] < 0 || ret->n_shared > UNPACK_SHARED_MAX ||
	    (ret->flags & (UNPACK_FLAG_OBJECTS | UNPACK_FLAG_SETTLE) && fds[FD_OBJECTS] < 0))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the unpacker was started wrongly");
	return 0;
}

static int prepare(const struct unpack_start *start, const int fds[N_FDS], struct err *e)
{
	int dirfds[2 + UNPACK_SHARED_MAX] = { fds[FD_DIRECTORY], fds[FD_OBJECTS] }, r = 0;
	bool needs_second = start->flags & (UNPACK_FLAG_OBJECTS | UNPACK_FLAG_SETTLE);

	if (!(start->flags & UNPACK_FLAG_SINGLE_ID) && fds[FD_USERNS] >= 0)
		r = enter_userns(fds[FD_USERNS], e);
	if (r < 0)
		return r;
	/* The C locale makes libarchive refuse names beyond ASCII. */
	if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "en_US.UTF-8"))
		return err_hint(e, err_set(e, UCT_SYSTEM, -ENOTSUP, "there is no UTF-8 locale"),
		                "install the locale C.UTF-8");
	/* Its configuration file could load modules, and is out of reach once we are confined. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return err_set(e, UCT_SYSTEM, -EIO, "cannot start libcrypto");
	(void)umask(0);
	memcpy(dirfds + 2, fds + FD_SHARED, start->n_shared * sizeof(*fds));
	return unpack_confine(dirfds, needs_second ? 2 + start->n_shared : 1,
	                      /* is_layer= */ !(start->flags & UNPACK_FLAG_SETTLE), e);
}

static int build_tree(const struct unpack_start *start, const int fds[N_FDS], struct err *e)
{
	const struct meta_tree_owners how = {
		.single_id = start->flags & UNPACK_FLAG_SINGLE_ID,
		.maps = start->flags & UNPACK_FLAG_MAPPED ? &start->maps : NULL,
	};
	struct layer_stack_index x;
	int r;

	while ((r = layer_stack_receive(fds[FD_STREAM], &x, e)) == 1) {
		r = meta_tree_add(x.data, x.n, fds[FD_DIRECTORY], &how, e);
		free(x.data);
		if (r < 0)
			break;
	}
	return r < 0 ? r : meta_tree_add_mount_points(fds[FD_DIRECTORY], &how, e);
}

/* Opens what settling looks at, and narrows the descriptor of the store down to its layers. */
static int open_below(int fds[N_FDS], struct implied_below *ret, struct err *e)
{
	struct rlimit l;
	int r, layers_fd;

	/* One for each layer; the usual limit is just about as many as there may be layers. */
	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l); /* then there are fewer */
	}
	r = implied_open(fds[FD_STREAM], fds[FD_OBJECTS], ret, e);
	if (r < 0)
		return r;
	layers_fd = openat(fds[FD_OBJECTS], "layers", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (layers_fd < 0)
		return err_sys(e, "cannot open the layers");
	(void)close(fds[FD_OBJECTS]);
	fds[FD_OBJECTS] = layers_fd;
	return 0;
}

static int serve(struct unpack_result *ret, struct err *e)
{
	struct implied_below below = { 0 }; /* freed by our end */
	struct unpack_start start = { 0 };
	int fds[N_FDS], r;

	r = receive(&start, fds, e);
	/* Before we are confined: it is the last that is opened by name elsewhere. */
	if (r == 0 && start.flags & UNPACK_FLAG_SETTLE)
		r = open_below(fds, &below, e);
	if (r == 0)
		r = prepare(&start, fds, e);
	if (r < 0)
		return r;
	if (start.flags & UNPACK_FLAG_SETTLE)
		return implied_settle(&below, fds[FD_DIRECTORY],
		                      start.flags & UNPACK_FLAG_SINGLE_ID, e);
	if (start.flags & UNPACK_FLAG_TREE)
		return build_tree(&start, fds, e);
	struct unpack_job job = {
		.stream_fd = fds[FD_STREAM],
		.dirfd = fds[FD_DIRECTORY],
		.single_id = start.flags & UNPACK_FLAG_SINGLE_ID,
		.has_objects = start.flags & UNPACK_FLAG_OBJECTS,
		.objects_dirfd = fds[FD_OBJECTS],
		.shared_dirfds = fds + FD_SHARED,
		.n_shared = start.n_shared,
		.max_bytes = start.max_bytes,
		.max_entries = start.max_entries,
	};
	return unpack_layer(&job, ret, e);
}

int main(void)
{
	struct unpack_result result = { 0 };
	struct unpack_fail fail = { .type = UNPACK_FAIL };
	struct unpack_done done = { .type = UNPACK_DONE };
	int r;

	/* Names from an image may hold anything; only bytes that print belong into a message. */
	if (serve(&result, &fail.e) < 0) {
		for (char *p = fail.e.msg; *p; p++)
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				*p = '?';
		r = sock_send(SOCKET_FD, &fail, sizeof(fail));
	} else {
		done.size_bytes = result.size_bytes;
		done.n_entries = result.n_entries;
		done.shared_used = result.shared_used;
		done.n_implied = result.n_implied;
		(void)snprintf(done.diff_id, sizeof(done.diff_id), "%s", result.diff_id);
		r = sock_send(SOCKET_FD, &done, sizeof(done));
	}
	/* Not exit(3): nothing is left to flush, and exit handlers meet the filter. */
	_exit(r < 0 || fail.e.code ? 1 : 0);
}
