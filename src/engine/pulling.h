/* SPDX-License-Identifier: Apache-2.0 */
/* pulling - one pull at work; only for pull.c, pull-fetcher.c and pull-layers.c */
#pragma once

#include "engine/engine.h"
#include "engine/unpacking.h"
#include "image/fetch-proto.h"
#include "store/claims.h"

struct pull_layer {
	struct fetch_info info;
	bool had, begun, got, unpacked, committed;
	bool is_repair;    /* it is here, but not the blob that it has in this image */
	bool is_elsewhere; /* another pull has the claim on its blob */
	bool is_put_off;   /* all is well with it, but it needs those below (unpacking_settle()) */
	struct unpacking job;
};

struct pull {
	struct usrct *u;
	const char *stored, *stored_name; /* of engine_pull_stored() */
	const struct usrct_pull_options *opts;
	struct libexec fetcher;
	struct fetch_resolved image;
	struct pull_layer *layers; /* n_layers of them */
	size_t n_layers, running;
	uint64_t size_bytes;
	struct claims claims;
	bool has_objects; /* new layers are of the objects driver */
	bool no_mirrors, is_mirrors_fault;
	struct sharing sharing;
	struct unpacking tree; /* the image's metadata tree, from the lowest layer on */
	size_t n_in_tree;
};

union pull_packet {
	struct fetch_resolved resolved;
	struct fetch_info info;
	struct fetch_layer_state state;
	struct fetch_fail fail;
};

void pull_report(const struct pull *p, enum usrct_pull_event event, const struct pull_layer *l,
                 uint64_t done_bytes, const char *text);

/* pull-fetcher.c: asks for an image; fills @p->image and the layers' .info. Both block. */
int pull_ask(struct pull *p, const char *reference, struct err *e);
int pull_resolve(struct pull *p, struct err *e);
/* The fetcher's next packet and its length; FAIL becomes our error. Blocks. */
int pull_next_packet(struct pull *p, void *buf, size_t size, struct err *e);

/* pull-layers.c: marks the layers that are here, and those that a directory for all users of the
 * machine has. */
int pull_find_had(struct pull *p, struct err *e);
int pull_adopt_shared(struct pull *p, struct err *e);
/* All others are here and committed afterwards. Blocks. */
int pull_transfer(struct pull *p, struct err *e);
/* The metadata tree that has grown beside goes into its place, if it is the one that the image's
 * only path names. */
int pull_finish_tree(struct pull *p, const struct strv *paths, struct err *e);
