/* SPDX-License-Identifier: Apache-2.0 */
/* podman-inspect - the fields that podman's inspect has and Docker's has not, and those of Docker
 * for which there is nothing here, so that templates which name them find them */
#pragma once

#include "engine/candidate.h"

/* After all the other fields are there. @t: for its state. */
void podman_inspect_container(const struct candidate *c, const struct target *t, json_t *out);
/* @manifest: the image's; may be NULL. */
void podman_inspect_image(const struct image_row *row, const json_t *manifest, json_t *out);
