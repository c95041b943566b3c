/* SPDX-License-Identifier: Apache-2.0 */
/* mount-add - from the words of a mount to an entry of the OCI document, and what comes with it
 *
 * Sources are found, named volumes made if they are missing, images looked up. Anonymous volumes
 * are made together with the container (store/containers.h).
 */
#pragma once

#include "base/json.h"
#include "engine/mount-spec.h"
#include "engine/volumes.h"

struct ids;
struct usrct_create_options;

struct mount_plan {
	struct usrct *u;
	const struct usrct_create_options *opts; /* NULL: for a container that runs */
	const struct ids *ids;                   /* the container's; with @opts */
	const char *container_dir;               /* absolute, as it will be named; or NULL */
	json_t *list;                            /* the document's mounts */
	json_t *described; /* launch.json: what the user asked for, in the words of inspect */
	json_t *images;    /* launch.json: for each mounted image the paths of its layers */
	struct container_use *uses;
	size_t n_uses, cap_uses;
	struct strv names; /* that uses point to */
	unsigned n_overlays;
};
void mount_plan_done(struct mount_plan *p);
#define _cleanup_mount_plan_ _cleanup_(mount_plan_done)
int mount_plan_init(struct mount_plan *p, struct usrct *u, struct err *e);

/* UCT_BAD_MOUNT, UCT_MOUNT_SOURCE, UCT_VALUE_REFUSED and more. */
int mount_add(struct mount_plan *p, struct mount_spec *m, struct err *e);
int mount_add_volume(struct mount_plan *p, const char *text, struct err *e); /* -v */
int mount_add_mount(struct mount_plan *p, const char *text, struct err *e);
int mount_add_tmpfs(struct mount_plan *p, const char *text, struct err *e);
/* All that another container has: "CONTAINER[:ro|rw]". Not where something is already. */
int mount_add_from(struct mount_plan *p, const char *text, struct err *e);
bool mount_has_target(const json_t *list, const char *target);

/* Shallow targets first, so that none is covered by a later one; UCT_BAD_MOUNT if two are the
 * same. */
int mounts_sort(json_t *list, struct err *e);

/* Before each start: empty directories for what overlays write. */
int mounts_make_places(struct usrct *u, int container_dirfd, const json_t *plan, struct err *e);
