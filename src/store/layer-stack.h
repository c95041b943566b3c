/* SPDX-License-Identifier: Apache-2.0 */
/* layer-stack - the indexes of the layers of one tree, lowest first, in memory; for the helpers */
#pragma once

#include "base/err.h"

struct layer_stack_index {
	char *data;
	size_t n;
};

struct layer_stack {
	struct layer_stack_index *list;
	size_t n;
	uint64_t bytes;
};

/* @list_fd has chain ids, 64 hex digits each (unpack-proto.h); @layers_fd is layers/. Nothing of
 * them is checked: layer_index_open() does that. */
int layer_stack_read(int list_fd, int layers_fd, struct layer_stack *ret, struct err *e);
void layer_stack_done(struct layer_stack *x);

/* The same, one at a time: the next packet from @sock_fd, 1 byte and the descriptor of an index
 * (unpack-proto.h). 1, or 0 after the last one. @ret->data is heap. */
int layer_stack_receive(int sock_fd, struct layer_stack_index *ret, struct err *e);
