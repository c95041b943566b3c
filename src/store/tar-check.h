/* SPDX-License-Identifier: Apache-2.0 */
/* tar-check - where libarchive takes more than the image specification allows; only for unpack
 *
 * Looks at the headers of a tar stream as it passes, before libarchive sees them, and refuses what
 * umoci and podman refuse, too: types of entries that no layer has (libarchive makes files of
 * them), names with a zero byte (it cuts them off there), and pax or long-name headers of more than
 * a megabyte (it takes their size and more in memory). It keeps no secrets from libarchive and
 * protects nothing else: where it is not sure how long an entry is, it stops looking.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct tar_check {
	uint8_t header[512];
	size_t n_header;
	uint64_t skip; /* bytes of contents that are not looked at */
	char *text;    /* of a pax header; heap */
	size_t n_text, text_size, text_padding;
	uint64_t pax_size; /* what a pax header says of the next entry's; UINT64_MAX: nothing */
	bool is_pax;       /* the text, rather than a long name */
	bool is_extended;  /* more blocks of an old GNU sparse map follow */
	bool has_ended;    /* or is not understood */
};

void tar_check_init(struct tar_check *c);
void tar_check_done(struct tar_check *c);
/* -EBADMSG with UCT_BAD_LAYER, else 0. */
int tar_check_add(struct tar_check *c, const void *data, size_t n, struct err *e);
