/* SPDX-License-Identifier: Apache-2.0 */
/* secrets - small files in memory that only the container sees, and variables of its program
 *
 * The launcher reads the values when it starts a container, from where launch.json says; the first
 * process writes them into a tmpfs of its own mount namespace, which then becomes read-only. They
 * are wiped from our memory as soon as they are delivered.
 */
#pragma once

#include "base/json.h"
#include "base/strv.h"
#include "container/user.h"

struct secret {
	const char *name, *target; /* in launch.json */
	bool is_env;
	int64_t uid, gid; /* -1: the program's */
	mode_t mode;
	char *data;
	size_t n;
};
struct secrets {
	struct secret *list;
	size_t n;
};

/* @list: the array of launch.json, which must outlive the secrets; NULL: none. Paths are the
 * host's. UCT_NO_SECRET. */
int secrets_read(const json_t *list, int container_dirfd, struct secrets *ret, struct err *e);
/* Only those that are variables: all that a second process of the container needs. They stand in no
 * document, so they are read once more. @ret_plan: launch.json, which must outlive them. */
int secrets_read_env(int container_dirfd, json_t **ret_plan, struct secrets *ret, struct err *e);
/* Mounts the files. In the container's mount namespace, as root of its user namespace. */
int secrets_mount(const struct secrets *s, int root_fd, const struct user *owner, struct err *e);
int secrets_set_env(const struct secrets *s, struct strv *env, struct err *e);
void secrets_done(struct secrets *s);
