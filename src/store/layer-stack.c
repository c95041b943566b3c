/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layer-stack.h"

#include "base/fd.h"
#include "base/sock.h"
#include "store/layer-index.h"
#include "store/unpack-proto.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* All of an open index; @max_bytes: no larger. */
static int read_all(int fd, uint64_t max_bytes, struct layer_stack_index *ret, struct err *e)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot look at a layer's index");
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > max_bytes)
		return err_set(e, UCT_INDEX_DAMAGED, -EUCLEAN,
		               "a layer's index is no file or too large");
	ret->data = malloc((size_t)st.st_size + 1);
	if (!ret->data)
		return err_oom(e);
	n = fd_read_full(fd, ret->data, (size_t)st.st_size);
	ret->n = (size_t)MAX(n, (ssize_t)0);
	return n < 0 ? err_errno(e, (int)n, "cannot read a layer's index") : 0;
}

static int read_index(int layers_fd, const char *chain, struct layer_stack *x, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[UNPACK_CHAIN_BYTES + 16];
	struct layer_stack_index *one = &x->list[x->n++];
	int r;

	(void)snprintf(path, sizeof(path), "%.64s/" LAYER_INDEX_FILE, chain);
	if (strspn(path, "0123456789abcdef") != UNPACK_CHAIN_BYTES)
		return err_set(e, UCT_INTERNAL, -EPROTO, "a helper was started wrongly");
	fd = openat(layers_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open the index of layer '%.64s'", chain);
	r = read_all(fd, LAYER_INDEX_BYTES_MAX - x->bytes, one, e);
	x->bytes += one->n;
	return r < 0 ? err_in(e, r, "layer '%.64s'", chain) : 0;
}

int layer_stack_receive(int sock_fd, struct layer_stack_index *ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char byte;
	ssize_t n = sock_recv(sock_fd, &byte, sizeof(byte), &fd, 1);
	int r;

	*ret = (struct layer_stack_index){ 0 };
	if (n == 0)
		return 0;
	if (n < 0)
		return err_errno(e, (int)n, "cannot receive the index of a layer");
	if (fd < 0)
		return err_set(e, UCT_INTERNAL, -EPROTO, "a helper was started wrongly");
	r = read_all(fd, LAYER_INDEX_BYTES_MAX, ret, e);
	if (r < 0)
		cleanup_free(&ret->data);
	return r < 0 ? r : 1;
}

int layer_stack_read(int list_fd, int layers_fd, struct layer_stack *ret, struct err *e)
{
	_cleanup_free_ char *chains = malloc((size_t)UNPACK_CHAIN_BYTES * UNPACK_LAYERS_MAX);
	ssize_t n;
	int r = 0;

	ret->list = calloc(UNPACK_LAYERS_MAX, sizeof(*ret->list));
	if (!chains || !ret->list)
		return err_oom(e);
	n = fd_read_full(list_fd, chains, (size_t)UNPACK_CHAIN_BYTES * UNPACK_LAYERS_MAX);
	if (n < 0)
		return err_errno(e, (int)n, "cannot read the list of layers");
	for (ssize_t at = 0; at + UNPACK_CHAIN_BYTES <= n && r == 0; at += UNPACK_CHAIN_BYTES)
		r = read_index(layers_fd, chains + at, ret, e);
	return r;
}

void layer_stack_done(struct layer_stack *x)
{
	while (x->n > 0)
		free(x->list[--x->n].data);
	free(x->list);
	*x = (struct layer_stack){ 0 };
}
