/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-unpack - unpacks one layer for the engine; see store/unpack-proto.h */
#include "base/fd.h"
#include "base/sock.h"
#include "store/enter.h"
#include "store/layer-index.h"
#include "store/meta-tree.h"
#include "store/unpack-proto.h"
#include "store/unpack.h"

#include <fcntl.h>
#include <locale.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SOCKET_FD = 3 };
enum { FD_STREAM, FD_DIRECTORY, FD_USERNS, FD_OBJECTS, N_FDS };

static int receive(struct unpack_start *ret, int fds[N_FDS], struct err *e)
{
	ssize_t n = sock_recv(SOCKET_FD, ret, sizeof(*ret), fds, N_FDS);

	if (n < 0)
		return err_errno(e, (int)n, "cannot receive START");
	/* They come without gaps. */
	if (n == sizeof(*ret) && ret->flags & UNPACK_FLAG_SINGLE_ID) {
		fds[FD_OBJECTS] = fds[FD_USERNS];
		fds[FD_USERNS] = -EBADF;
	}
	if (n != sizeof(*ret) || ret->type != UNPACK_START || fds[FD_STREAM] < 0 ||
	    fds[FD_DIRECTORY] < 0 ||
	    (ret->flags & (UNPACK_FLAG_OBJECTS | UNPACK_FLAG_TREE) && fds[FD_OBJECTS] < 0))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the unpacker was started wrongly");
	return 0;
}

static int prepare(const struct unpack_start *start, const int fds[N_FDS], struct err *e)
{
	int dirfds[2] = { fds[FD_DIRECTORY], fds[FD_OBJECTS] }, r = 0;

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
	return unpack_confine(dirfds, start->flags & UNPACK_FLAG_OBJECTS ? 2 : 1,
	                      /* is_layer= */ true, e);
}

struct index {
	char *data;
	size_t n;
};

struct indexes {
	struct index *list;
	size_t n;
	uint64_t bytes;
};

static int read_index(int layers_fd, const char *chain, struct indexes *x, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[UNPACK_CHAIN_BYTES + 16];
	struct index *one = &x->list[x->n];
	struct stat st;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%.64s/" LAYER_INDEX_FILE, chain);
	if (strspn(path, "0123456789abcdef") != UNPACK_CHAIN_BYTES)
		return err_set(e, UCT_INTERNAL, -EPROTO, "the unpacker was started wrongly");
	fd = openat(layers_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open the index of layer '%.64s'", chain);
	x->bytes += (uint64_t)st.st_size;
	if (!S_ISREG(st.st_mode) || x->bytes > LAYER_INDEX_BYTES_MAX)
		return err_set(e, UCT_INDEX_DAMAGED, -EUCLEAN,
		               "the index of layer '%.64s' is no file or too large", chain);
	one->data = malloc((size_t)st.st_size + 1);
	if (!one->data)
		return err_oom(e);
	x->n++;
	n = fd_read_full(fd, one->data, (size_t)st.st_size);
	one->n = (size_t)MAX(n, (ssize_t)0);
	return n < 0 ? err_errno(e, (int)n, "cannot read the index of layer '%.64s'", chain) : 0;
}

/* Before we are confined: it is the last that is opened by name elsewhere. */
static int read_indexes(const int fds[N_FDS], struct indexes *ret, struct err *e)
{
	_cleanup_free_ char *chains = malloc((size_t)UNPACK_CHAIN_BYTES * UNPACK_LAYERS_MAX);
	ssize_t n;
	int r = 0;

	ret->list = calloc(UNPACK_LAYERS_MAX, sizeof(*ret->list));
	if (!chains || !ret->list)
		return err_oom(e);
	n = fd_read_full(fds[FD_STREAM], chains, (size_t)UNPACK_CHAIN_BYTES * UNPACK_LAYERS_MAX);
	if (n < 0)
		return err_errno(e, (int)n, "cannot read the list of layers");
	for (ssize_t at = 0; at + UNPACK_CHAIN_BYTES <= n && r == 0; at += UNPACK_CHAIN_BYTES)
		r = read_index(fds[FD_OBJECTS], chains + at, ret, e);
	(void)close(fds[FD_OBJECTS]);
	return r;
}

static int build_tree(const struct unpack_start *start, const int fds[N_FDS],
                      const struct indexes *x, struct err *e)
{
	const struct meta_tree_owners how = {
		.single_id = start->flags & UNPACK_FLAG_SINGLE_ID,
		.maps = start->flags & UNPACK_FLAG_MAPPED ? &start->maps : NULL,
	};
	int r = 0;

	for (size_t i = 0; i < x->n && r == 0; i++)
		r = meta_tree_add(x->list[i].data, x->list[i].n, fds[FD_DIRECTORY], &how, e);
	return r < 0 ? r : meta_tree_add_mount_points(fds[FD_DIRECTORY], &how, e);
}

static int serve(struct unpack_result *ret, struct err *e)
{
	struct unpack_start start = { 0 };
	struct indexes indexes = { 0 }; /* freed by our end */
	int fds[N_FDS], r;

	r = receive(&start, fds, e);
	if (r == 0 && start.flags & UNPACK_FLAG_TREE)
		r = read_indexes(fds, &indexes, e);
	if (r == 0)
		r = prepare(&start, fds, e);
	if (r < 0)
		return r;
	if (start.flags & UNPACK_FLAG_TREE)
		return build_tree(&start, fds, &indexes, e);
	struct unpack_job job = {
		.stream_fd = fds[FD_STREAM],
		.dirfd = fds[FD_DIRECTORY],
		.single_id = start.flags & UNPACK_FLAG_SINGLE_ID,
		.has_objects = start.flags & UNPACK_FLAG_OBJECTS,
		.keeps_tree = start.flags & UNPACK_FLAG_KEEP_TREE,
		.objects_dirfd = fds[FD_OBJECTS],
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
		(void)snprintf(done.diff_id, sizeof(done.diff_id), "%s", result.diff_id);
		r = sock_send(SOCKET_FD, &done, sizeof(done));
	}
	/* Not exit(3): nothing is left to flush, and exit handlers meet the filter. */
	_exit(r < 0 || fail.e.code ? 1 : 0);
}
