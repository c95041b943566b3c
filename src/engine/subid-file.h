/* SPDX-License-Identifier: Apache-2.0 */
/* subid-file - what /etc/subuid and /etc/subgid say of others, for doctor */
#pragma once

#include "base/id-map.h"

enum { SUBID_NAME_SIZE = 64 };

/* The first line of @text (NAME:FIRST:COUNT) that is not of @name, nor of the number @id, and has
 * some of the outside ids of @held, but for the first of them, which is the user himself: true, and
 * whose it is. Lines that cannot be understood are passed over, as newuidmap(1) does. */
bool subid_overlaps(const char *text, const char *name, uint32_t id, const struct id_map *held,
                    char ret_other[SUBID_NAME_SIZE]);
