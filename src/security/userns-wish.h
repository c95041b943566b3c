/* SPDX-License-Identifier: Apache-2.0 */
/* userns-wish - what the user asks of a container's ids: --userns, --uidmap, --gidmap, as podman
 * has them
 *
 * "Outside" is the namespace of the holder (hold.h), where 0 is the user and 1, 2, ... are the
 * subordinate ids one after the other, whatever numbers the machine gives them.
 */
#pragma once

#include "base/err.h"
#include "base/id-map.h"

enum userns_mode {
	USERNS_DEFAULT,   /* see engine/ids.h */
	USERNS_HOST_ROOT, /* the user is root inside; the rest follows */
	USERNS_KEEP_ID,   /* the user has the same number inside, or the one asked for */
	USERNS_AUTO,      /* a range that no other container has */
	USERNS_NOMAP,     /* all subordinate ids, and not the user */
	USERNS_CONTAINER, /* the namespace of another container */
};

struct userns_wish {
	enum userns_mode mode;
	bool has_uid, has_gid, has_size;
	uint32_t uid, gid, size;
	struct id_maps forced; /* AUTO: uidmapping=, gidmapping= */
	const char *container; /* points into the text */
};
/* NULL and "" are the default. UCT_BAD_VALUE, UCT_VALUE_REFUSED. */
int userns_wish_parse(const char *text, struct userns_wish *ret, struct err *e);

/* One "[FLAGS]INSIDE:OUTSIDE[:COUNT]": + keeps the default map for all other ids, u and g are for
 * uids or gids alone, @ before OUTSIDE makes it a number of the machine's. */
struct id_wish {
	bool extends, for_uids, for_gids, is_host;
	uint32_t inside, outside, count;
};
int id_wish_parse(const char *text, struct id_wish *ret);

/* Both maps from both lists (NULL or NULL-terminated; a line may hold several, divided by commas).
 * A list that is missing is the other one's. UCT_BAD_MAP, UCT_MAP_NOT_YOURS. */
int id_wishes_build(const char *const *uidmaps, const char *const *gidmaps,
                    const struct id_maps *held, struct id_maps *ret, struct err *e);
