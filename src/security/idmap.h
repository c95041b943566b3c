/* SPDX-License-Identifier: Apache-2.0 */
/* idmap - which ids a user may map, and writing maps */
#pragma once

#include "base/err.h"
#include "base/id-map.h"

#include <sys/types.h>

/* Container root is @own, then the user's subordinate ranges one after the other. Asks libsubid
 * (files, SSSD, ...). -ENOENT (UCT_NO_SUBIDS): there are none. Only programs that link libsubid. */
int id_map_of_user(bool groups, struct id_map *ret, struct err *e);

/* A short name for a pair of maps, the same for the same maps only: 16 hex digits. */
enum { ID_MAP_LABEL_SIZE = 24 };
#define ID_MAP_LABEL_SINGLE "single"
void id_map_label(const struct id_map *uids, const struct id_map *gids,
                  char ret[ID_MAP_LABEL_SIZE]);

/* Reads a map as the kernel shows it: "/proc/self/uid_map" and so on. */
int id_map_read(const char *path, struct id_map *ret, struct err *e);
/* For a namespace nested in one with @parent: the same ids, line by line, because the kernel
 * accepts only extents that lie in one extent of the parent (user_namespaces(7)). */
int id_map_write_nested(pid_t pid, bool groups, const struct id_map *parent, struct err *e);
/* As it stands; its outside ids are those of our own namespace. */
int id_map_write(pid_t pid, bool groups, const struct id_map *map, struct err *e);
/* One id, which is ourselves outside, with setgroups denied. */
int id_map_write_single(pid_t pid, const struct id_maps *maps, struct err *e);
/* Runs newuidmap(1) or newgidmap(1); the only set-uid programs we ever need. */
int id_map_write_privileged(pid_t pid, bool groups, const struct id_map *map, struct err *e);
