/* SPDX-License-Identifier: Apache-2.0 */
/* ids - which ids a container has
 *
 * The map is chosen when the container is made, and stands in its document: linux.uidMappings and
 * gidMappings, whose outside ids are those of the holder's namespace (security/hold.h). Without
 * them the container has what the holder has: root is the user, the subordinate ids follow.
 *
 * That is the default, but for a user who is not root where a directory of the host is mounted:
 * then this user is the host's, so that files made in that directory are, too. docs/ids.md tells
 * the rest.
 */
#pragma once

#include "base/id-map.h"
#include "base/json.h"
#include "engine/engine.h"

struct document;

struct ids {
	bool is_mapped; /* not as the holder has them */
	struct id_maps maps;
	/* The layers are as by default, and somebody shifts them: the mount (fuse-overlayfs), or a
	 * copy, whose files then have the ids. */
	bool is_shifted, is_copied;
	char label[ID_MAP_LABEL_SIZE]; /* of metadata trees for it, if it is mapped */
};

/* Chooses and fills d->ids, and what follows from it. @stage takes a range of ids with it. */
int ids_choose(struct usrct *u, struct document *d, const struct image_row *image,
               const struct container_stage *stage, struct err *e);
/* The same without a container: for a command (unshare.c). Not mapped: @ret->maps is empty. */
struct usrct_unshare_options;
int ids_choose_bare(struct usrct *u, const struct usrct_unshare_options *o, struct ids *ret,
                    struct err *e);
/* Those of both documents; with the label as of now. UCT_MAP_CHANGED. */
int ids_of_documents(struct usrct *u, const json_t *spec, const json_t *plan, struct ids *ret,
                     struct err *e);
/* The same from the container's directory. */
int ids_of_container(struct usrct *u, int container_dirfd, struct ids *ret, struct err *e);
/* A list for the document. */
json_t *ids_list(const struct id_map *m);
/* As `inspect` tells them: "INSIDE:OUTSIDE:COUNT", with the machine's numbers if @held is given. */
json_t *ids_texts(const struct id_map *m, const struct id_map *held);
