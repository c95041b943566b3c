/* SPDX-License-Identifier: Apache-2.0 */
/* check - everything in the store against everything else
 *
 * While it looks, a pin (store/pins.h) keeps collections away, so that what was there at the
 * beginning stays; containers run, start and end meanwhile, and pulls go on. What is wrong is
 * written down first and put right afterwards, one layer at a time; a kill in between leaves the
 * rest for the next time. The heavy work is that of usr-ct-check and usr-ct-unpack.
 *
 * A problem is an object of the answer: Kind, Name, Reason, State, and if they are known Layer
 * and Images. States: "found"; "repaired"; "pull" (only the registry has it); "kept" (a person
 * must decide, and Reason says what).
 */
#pragma once

#include "base/json.h"
#include "engine/engine.h"
#include "store/check-proto.h"
#include "store/layer-index.h"
#include "store/verify.h"

enum {
	CHECK_LAYER_BAD_OBJECTS = 1,
	CHECK_LAYER_BAD_INDEX = 2,
	CHECK_LAYER_MISSING = 4,
	CHECK_LAYER_NEWER = 8, /* not to be touched */
};

/* That a layer needs an object. */
struct check_need {
	struct object_id id;
	uint32_t layer; /* the number of one of those that do */
};

struct checking {
	struct usrct *u;
	const struct usrct_system_check_options *o;
	struct image_row *images;
	struct layer_row *layers;
	unsigned *bad; /* of each layer, CHECK_LAYER_... */
	size_t n_images, n_layers;
	struct check_need *needs; /* by digest, each once */
	size_t n_needs, cap_needs;
	struct strv bad_trees; /* "layers/CHAIN/meta-MAP" */
	struct strv bad_blobs; /* digests */
	json_t *problems, *leaks, *checked, *pull, *notes;
	uint64_t leaked_bytes;
	bool has_bad_pages; /* of index.db */
};

/* Each looks at one kind of thing. */
int check_indexes(struct checking *c, struct err *e);
int check_objects(struct checking *c, struct err *e);
int check_blobs(struct checking *c, struct err *e);
int check_trees(struct checking *c, struct err *e);
int check_containers(struct checking *c, struct err *e);
int check_volumes(struct checking *c, struct err *e);
int check_shared(struct checking *c, struct err *e);
/* After the others, since what is damaged cannot tell what it needs. */
int check_leaks(struct checking *c, struct err *e);
int check_repair(struct checking *c, struct err *e);
int check_clean(struct checking *c, struct err *e);

/* Writes one down; @layer may be -1. Borrowed; NULL: no memory. */
json_t *check_problem(struct checking *c, const char *kind, const char *name, ssize_t layer,
                      const char *reason);
void check_step(struct checking *c, const char *what);
int check_layer_number(const struct checking *c, const char *chain); /* -1: none */
void check_count(struct checking *c, const char *what, uint64_t n);
/* What an enum check_what means, and an object in the form in which helpers take it. */
const char *check_reason(uint32_t what);
void check_record(uint8_t p[LAYER_INDEX_OBJECT], const struct object_id *id);
/* One helper's work, in several processes if it is worth that. @found gets each finding. */
struct check_request {
	enum check_job job;
	uint32_t flags;
	int dirfd, list_fd, layers_fd;
	bool in_namespace;
	size_t n; /* records of the list */
};
int check_ask(struct usrct *u, const struct check_request *q,
              int (*found)(const struct check_found *f, void *arg), void *arg,
              struct check_done *ret, struct err *e);
