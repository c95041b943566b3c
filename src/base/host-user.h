/* SPDX-License-Identifier: Apache-2.0 */
/* host-user - users and groups of the machine, by name or number
 *
 * getpwuid(3) and its like load the modules of nsswitch.conf(5), which ends in a crash where a
 * program is statically linked. So /etc/passwd and /etc/group are read, and who is not there is
 * asked for with getent(1), which knows what directories (LDAP, systemd) have.
 */
#pragma once

#include "base/err.h"

enum { HOST_USER_FIELD = 256 };

struct host_user {
	char name[HOST_USER_FIELD], gecos[HOST_USER_FIELD], home[HOST_USER_FIELD],
		shell[HOST_USER_FIELD]; /* cut if longer */
	uint32_t uid, gid;
};

/* 1 found; 0 there is none, or nobody could tell. Blocks as long as a directory service does. */
int host_user_find(const char *name_or_number, struct host_user *ret);
/* The one who runs this program. */
int host_user_own(struct host_user *ret);
/* The group's name; 1 or 0. */
int host_group_name(uint32_t gid, char ret[HOST_USER_FIELD]);
/* The line of @text whose name or number (of decimal digits) is @key; for tests. Heap or NULL. */
char *host_user_line(const char *text, const char *key);
