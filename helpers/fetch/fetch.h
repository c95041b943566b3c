/* SPDX-License-Identifier: Apache-2.0 */
/* fetch - what the files of usr-ct-fetch share; the protocol stands in image/fetch-proto.h */
#pragma once

#include "image/config.h"
#include "image/fetch-proto.h"
#include "image/policy.h"
#include "image/registries.h"

struct layer;
struct push_mount;

/* Whom to ask, each in the ways it may be reached. All are opened before we confine ourselves:
 * certificates and passwords are out of reach after that. */
struct attempt {
	struct source *source;
	bool is_mirror;
	bool is_tried;
};
enum { ATTEMPTS_MAX = 2 * PLACES_MAX };

struct fetch {
	struct attempt attempts[ATTEMPTS_MAX];
	size_t n_attempts;
	int sock_fd, blobs_dirfd, tmp_dirfd;
	struct fetch_start start;
	struct reference ref;
	char platform[64];
	struct source *source; /* of attempts[attempt] */
	size_t attempt, resolved_attempt;
	struct manifest manifest;
	struct layer *layers; /* wanted and not yet done */
	char *basic;          /* of SECRET, a secret */
	struct policy policy; /* signatures that it takes */
	struct push_mount *mounts;
	size_t n_mounts;
	bool has_mounts; /* they come once, however many ways to the registry are tried */
};

/* Sends one message; waits while the engine is slow. */
int fetch_send(const struct fetch *f, const void *msg, size_t n, struct err *e);
/* The same for what may get lost. */
void fetch_send_if_room(const struct fetch *f, const void *msg, size_t n);

/* Steps 2 and 3: finds manifest and config, makes them blobs and tells of them. */
int fetch_resolve(struct fetch *f, struct err *e);

/* Whether the policy's signatures are there: of the manifest, or of what names it (both are
 * digests). UCT_IMAGE_UNSIGNED. */
int fetch_check_signed(const struct fetch *f, const char *manifest, const char *named,
                       struct err *e);

/* What is not a pull; each sends its last message. */
int fetch_push(struct fetch *f, struct err *e);
int fetch_login(struct fetch *f, struct err *e);
int fetch_search(struct fetch *f, struct err *e);
int fetch_list(struct fetch *f, struct err *e);
int fetch_get(struct fetch *f, struct err *e); /* into f->blobs_dirfd, which is a file then */

/* After @r from f->source: whether there is somebody else to ask, who is f->source then. */
bool fetch_fall_back(struct fetch *f, int r);

/* Steps 4 to 6. Takes @pipe_fd in any case. */
int layer_want(struct fetch *f, const struct fetch_layer *want, int pipe_fd, struct err *e);
/* Feeds pipes, verifies, reports. Returns whether it wants to be called again at once. */
int layers_move(struct fetch *f, struct err *e);
/* How many descriptors layers_poll() may fill in. */
size_t layers_poll_max(const struct fetch *f);
size_t layers_poll(const struct fetch *f, struct pollfd *fds);
void layers_drop(struct fetch *f); /* with their temporary files */

/* Gives up what a transfer does not need. A kernel that cannot is no error. */
int fetch_confine(const struct fetch *f, struct err *e);
