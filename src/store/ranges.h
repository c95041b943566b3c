/* SPDX-License-Identifier: Apache-2.0 */
/* ranges - which ids containers with ranges of their own (--userns auto) have taken
 *
 * A row names its container and the stage that the container is made in. It counts as long as one
 * of the two directories exists, so that nobody has to give a range back: rm, rm by a monitor and
 * the kill of a maker all end it by themselves.
 */
#pragma once

#include "store/containers.h"

/* Takes the lowest free @count ids of [@first, @end) for the container @id. UCT_NO_FREE_IDS. */
int range_take(struct store *s, const char *id, const struct container_stage *stage,
               const uint32_t bounds[2], uint32_t count, uint32_t *ret_first, struct err *e);
