/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-check - compares objects, blobs and trees with what they should be; store/check-proto.h */
#include "base/sock.h"
#include "store/check-files.h"
#include "store/check-tree.h"
#include "store/enter.h"
#include "store/layer-index.h"
#include "store/unpack.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { SOCKET_FD = 3 };
enum { FD_DIRECTORY, FD_LIST, FD_USERNS, FD_LAYERS, N_FDS };

static int receive(struct check_start *ret, int fds[N_FDS], struct err *e)
{
	ssize_t n = sock_recv(SOCKET_FD, ret, sizeof(*ret), fds, N_FDS);

	if (n < 0)
		return err_errno(e, (int)n, "cannot receive START");
	/* They come without gaps. */
	if (n == sizeof(*ret) && ret->job == CHECK_TREE && ret->flags & CHECK_SINGLE_ID) {
		fds[FD_LAYERS] = fds[FD_USERNS];
		fds[FD_USERNS] = -EBADF;
	}
	if (n != sizeof(*ret) || ret->type != CHECK_START || fds[FD_DIRECTORY] < 0 ||
	    fds[FD_LIST] < 0 || ret->n_parts == 0 || (ret->job == CHECK_TREE && fds[FD_LAYERS] < 0))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the checker was started wrongly");
	return 0;
}

static int say(const struct check_found *found, void *arg)
{
	(void)arg;
	return sock_send(SOCKET_FD, found, sizeof(*found));
}

static int do_tree(const struct check_start *start, const int fds[N_FDS],
                   const struct layer_stack *layers, struct check_done *done, struct err *e)
{
	struct check_found found = { .type = CHECK_FOUND, .what = CHECK_DIFFERS };
	int r = check_tree(start, fds[FD_DIRECTORY], layers, found.where, done, e);

	return r > 0 ? say(&found, NULL) : r;
}

static int do_files(const struct check_start *start, const int fds[N_FDS], struct check_done *done,
                    struct err *e)
{
	struct stat st;
	void *list;

	if (fstat(fds[FD_LIST], &st) < 0)
		return err_sys(e, "cannot look at the list");
	if (st.st_size < LAYER_INDEX_OBJECT)
		return 0;
	list = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fds[FD_LIST], 0);
	if (list == MAP_FAILED)
		return err_sys(e, "cannot read the list");
	return check_files(start, fds[FD_DIRECTORY],
	                   &(struct check_list){ list, (size_t)st.st_size }, say, NULL, done, e);
}

static int serve(struct check_done *done, struct err *e)
{
	struct layer_stack layers = { 0 }; /* freed by our end */
	struct check_start start = { 0 };
	int fds[N_FDS], r;

	r = receive(&start, fds, e);
	/* The last that is opened by name elsewhere. */
	if (r == 0 && start.job == CHECK_TREE)
		r = layer_stack_read(fds[FD_LIST], fds[FD_LAYERS], &layers, e);
	if (r == 0 && fds[FD_USERNS] >= 0)
		r = enter_userns(fds[FD_USERNS], e);
	if (r == 0 && OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		r = err_set(e, UCT_SYSTEM, -EIO, "cannot start libcrypto");
	if (r == 0)
		r = unpack_confine(&fds[FD_DIRECTORY], 1, /* is_layer= */ false, e);
	if (r < 0)
		return r;
	return start.job == CHECK_TREE ? do_tree(&start, fds, &layers, done, e)
	                               : do_files(&start, fds, done, e);
}

int main(void)
{
	struct check_done done = { .type = CHECK_DONE };
	struct check_fail fail = { .type = CHECK_FAIL };
	int r;

	if (serve(&done, &fail.e) < 0)
		r = sock_send(SOCKET_FD, &fail, sizeof(fail));
	else
		r = sock_send(SOCKET_FD, &done, sizeof(done));
	/* Not exit(3): nothing is left to flush, and exit handlers meet the filter. */
	_exit(r < 0 || fail.e.code ? 1 : 0);
}
