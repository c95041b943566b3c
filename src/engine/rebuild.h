/* SPDX-License-Identifier: Apache-2.0 */
/* rebuild - finding on disk what a lost index said
 *
 * Images: oci/index.json has names and manifests; if that is lost too, every manifest in oci/blobs
 * is an image without a name. Layers: known by the chain ids that the configurations come to, and
 * there if layers/CHAIN has one of their forms. Containers: containers/ID/actor has name and image,
 * launch.json what they use. Volumes: volumes/NAME/volume.json.
 *
 * What cannot be found again: which digests registries had for an image (the next pull tells), when
 * it was pulled (the time of its manifest is taken), and names that were given after index.json was
 * written for the last time before a kill.
 */
#pragma once

#include "base/array.h"
#include "engine/check.h"
#include "store/rebuild.h"

struct found_image {
	struct image_row row;
	struct strv names;
	char manifest[DIGEST_SIZE];
	bool is_docker; /* of Docker's kind, which oci/index.json names by a twin */
	bool is_listed; /* by oci/index.json */
	bool is_whole;  /* all layers are unpacked; if not, it is unpacked again */
};

struct rebuilding {
	struct checking *c;
	struct usrct *u;
	struct rebuild *b;
	struct found_image *images;
	size_t n_images, cap_images;
	bool has_list; /* oci/index.json could be read */
	size_t n_containers, n_volumes, n_whole;
};

int rebuild_find_images(struct rebuilding *w, struct err *e);
int rebuild_put_images(struct rebuilding *w, struct err *e);
/* The image whose topmost layer is what a list of paths ends with; NULL. */
const struct found_image *rebuild_image_of(const struct rebuilding *w, const json_t *paths);
int rebuild_put_volumes(struct rebuilding *w, struct err *e);
int rebuild_put_containers(struct rebuilding *w, struct err *e);

/* The whole of it. @force: the index can be read, and is damaged. */
int check_rebuild(struct checking *c, bool force, struct err *e);
