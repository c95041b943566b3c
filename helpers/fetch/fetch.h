/* SPDX-License-Identifier: Apache-2.0 */
/* fetch - what the files of usr-ct-fetch share; the protocol stands in image/fetch-proto.h */
#pragma once

#include "image/config.h"
#include "image/fetch-proto.h"
#include "image/source.h"

struct layer;

struct fetch {
	int sock_fd, blobs_dirfd, tmp_dirfd;
	struct fetch_start start;
	struct reference ref;
	char platform[64];
	struct source *source;
	struct manifest manifest;
	struct layer *layers; /* wanted and not yet done */
};

/* Sends one message; waits while the engine is slow. */
int fetch_send(const struct fetch *f, const void *msg, size_t n, struct err *e);
/* The same for what may get lost. */
void fetch_send_if_room(const struct fetch *f, const void *msg, size_t n);

/* Steps 2 and 3: finds manifest and config, makes them blobs and tells of them. */
int fetch_resolve(struct fetch *f, struct err *e);

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
