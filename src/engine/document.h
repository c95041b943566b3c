/* SPDX-License-Identifier: Apache-2.0 */
/* document - from an image's config and the user's options to an OCI runtime document and a plan */
#pragma once

#include "base/json.h"
#include "image/config.h"
#include "network/uplink.h"

#include <usrct/container.h>

struct create_hook;

struct document {
	const struct usrct_create_options *opts;
	const struct image_config *image;
	const char *id;
	const char *container_dir; /* absolute, as it will be named */
	enum network_kind network;
	const struct create_hook *hook; /* engine/create.h; may be NULL */
	struct strv args;               /* made by document_args() */
};

/* ENTRYPOINT and CMD as Docker joins them; UCT_NO_COMMAND if nothing is left. */
int document_args(struct document *d, struct err *e);
/* config.json */
int document_spec(const struct document *d, json_t **ret, struct err *e);
/* launch.json; @layers are paths below the data directory, lowest first. */
int document_plan(const struct document *d, const struct strv *layers, json_t **ret, struct err *e);
/* mounts.c: adds the standard mounts, then the user's. */
int document_mounts(const struct document *d, json_t *ret_array, struct err *e);
