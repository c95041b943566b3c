/* SPDX-License-Identifier: Apache-2.0 */
/* config - manifests, indexes and image configurations: hostile JSON in, checked structs out
 *
 * Sources: OCI image specification 1.1 (manifest.md, image-index.md, config.md), Docker image
 * manifest version 2 schema 2.
 */
#pragma once

#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>

enum { MANIFEST_MAX_BYTES = 4 << 20, CONFIG_MAX_BYTES = 8 << 20, IMAGE_LAYERS_MAX = 1024 };

struct descriptor {
	char media_type[128];
	char digest[72];
	uint64_t size_bytes;
};

struct manifest {
	struct descriptor config;
	struct descriptor *layers; /* lowest first */
	size_t n_layers;
};
/* UCT_BAD_MANIFEST, also for what is valid but cannot be run: an index, schema 1, an artifact,
 * foreign or encrypted layers. */
int manifest_parse(const char *json, size_t n, struct manifest *ret, struct err *e);
void manifest_done(struct manifest *m);
#define _cleanup_manifest_ _cleanup_(manifest_done)

/* Whether the document is an index; then which of its manifests fits the platform. 1 it is an index
 * and @ret is filled (it may name another index), 0 it is none, -ENOENT (UCT_NO_PLATFORM). */
int index_choose(const char *json, size_t n, const char *platform, struct descriptor *ret,
                 struct err *e);

/* HEALTHCHECK of a Containerfile; 0: not said. */
struct image_health {
	struct strv test; /* "CMD", argument ...; "CMD-SHELL", text; "NONE"; empty: not said */
	uint64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns, retries;
};

struct image_config {
	char os[32], architecture[32], variant[32]; /* "": not said */
	uint64_t created_ns;                        /* 0: unknown */
	char *user, *workdir, *stop_signal;         /* NULL: not said */
	struct strv entrypoint, cmd;
	struct strv env;      /* each NAME=VALUE, each NAME once */
	struct strv volumes;  /* paths */
	struct strv labels;   /* KEY=VALUE */
	char (*diff_ids)[72]; /* lowest first */
	size_t n_diff_ids;
	struct image_health health;
};
int image_config_parse(const char *json, size_t n, struct image_config *ret, struct err *e);
void image_config_done(struct image_config *c);
#define _cleanup_image_config_ _cleanup_(image_config_done)
/* Manifest and config must tell of the same number of layers. */
int image_check_layers(const struct manifest *m, const struct image_config *c, struct err *e);

/* "os/arch[/variant]" as a user may write it ("linux/x86_64", "arm64") -> the spelling of image
 * indexes. UCT_BAD_VALUE. */
int platform_parse(const char *text, char *buf, size_t size, struct err *e);
/* "linux/amd64" and so on, for this machine. */
const char *platform_native(void);
