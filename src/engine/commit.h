/* SPDX-License-Identifier: Apache-2.0 */
/* commit - the parts of usrct_container_commit() that have no side effects */
#pragma once

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <usrct/files.h>

/* commit-change.c: carries out one instruction of a Containerfile on the "config" object of an
 * image's configuration. @has_cmd is false at first: a new entry point forgets the old command, but
 * not one that was given here. UCT_BAD_CHANGE. */
int commit_change(json_t *config, const char *instruction, bool *has_cmd, struct err *e);
/* A duration as Go writes it ("1m30s", "500ms"), in nanoseconds; 0 or -EINVAL. */
int commit_parse_duration(const char *text, int64_t *ret_ns);

/* commit-config.c: the new image's configuration. */
struct commit_input {
	const json_t *spec; /* the container's config.json */
	const struct usrct_commit_options *opts;
	const char *diff_id;
	uint64_t now_ns;
};
/* @image is the old image's configuration and becomes the new one's. */
int commit_config(json_t *image, const struct commit_input *in, struct err *e);
/* From the old image's manifest to the new one's; media types become those of the format. */
struct commit_blobs {
	const char *config_digest, *layer_digest;
	uint64_t config_bytes, layer_bytes;
};
int commit_manifest(const json_t *old, const struct commit_blobs *b,
                    enum usrct_manifest_format format, json_t **ret, struct err *e);
