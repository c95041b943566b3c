/* SPDX-License-Identifier: Apache-2.0 */
/* candidate - a container that is looked at for a list: what filters and columns ask of it is read
 * when they ask, since a thousand rows are read in the time of a few documents */
#pragma once

#include "engine/engine.h"
#include "engine/filter.h"

#include <jansson.h>

/* How much must have been read before keys can be looked at. */
enum candidate_stage { STAGE_ROW, STAGE_STATE, STAGE_DOCUMENT };

struct candidate {
	struct usrct *u;
	const struct container_row *row;
	int dirfd;          /* containers/ID; -EBADF before STAGE_STATE */
	struct state state; /* from STAGE_STATE on */
	json_t *spec, *plan;
};
#define CANDIDATE_NONE          \
	{                       \
		.dirfd = -EBADF \
	}
void candidate_done(struct candidate *c);
#define _cleanup_candidate_ _cleanup_(candidate_done)

/* 1; 0 the container is gone. */
int candidate_read_state(struct candidate *c, struct err *e);
int candidate_read_documents(struct candidate *c, struct err *e);
/* What ps says of it. */
enum usrct_state candidate_public_state(const struct candidate *c);
/* "none", "starting", "healthy", "unhealthy" */
const char *candidate_health(const struct candidate *c);
/* Its labels, without annotations of ours; new. */
json_t *candidate_labels(const struct candidate *c);
/* Docker's Mounts: what is bound into it, without files of ours; new. */
json_t *candidate_mounts(const struct candidate *c);
/* "private", "none", "host", ...; borrowed. */
const char *candidate_network(const struct candidate *c);
/* "no", "always" ...; borrowed. */
const char *candidate_restart_policy(const struct candidate *c);

/* Those of ps, rm --filter and the like; the argument of filters_prepare() is the struct usrct. */
extern const struct filter_key container_filter_keys[];
