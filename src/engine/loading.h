/* SPDX-License-Identifier: Apache-2.0 */
/* loading - an archive in the hands of usr-ct-load */
#pragma once

#include "base/libexec.h"
#include "engine/engine.h"
#include "image/load-proto.h"

struct loading {
	struct usrct *u;
	struct libexec program;
	struct store *keep;                /* its pin holds all blobs until loading_done() */
	enum load_compression compression; /* of LOAD_CONVERT */
};
#define LOADING_NONE                     \
	{                                \
		.program = LIBEXEC_NONE, \
	}

union load_packet {
	uint32_t type;
	struct load_progress progress;
	struct load_image image;
	struct load_root_blob root;
	struct load_fail fail;
};

int loading_start(struct loading *l, struct usrct *u, enum load_op op, int input_fd,
                  const char *platform, struct err *e);
/* The next packet: 1, 0 after DONE; FAIL becomes our error. */
int loading_next(struct loading *l, union load_packet *ret, struct err *e);
void loading_done(struct loading *l);
#define _cleanup_loading_ _cleanup_(loading_done)
