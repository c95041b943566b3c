/* SPDX-License-Identifier: Apache-2.0 */
/* uplink - a program that connects a container's network namespace with the outside, unprivileged
 *
 * slirp4netns(1): 4 ms to start, 0.5 MB. pasta(1): faster transfers, 35 ms and 29 MB (version of
 * 2023). Either copies packets between a tap device inside and ordinary sockets outside. Ports and
 * user networks will be further ways to connect; they take the same arguments.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

enum network_kind { NETWORK_NONE, NETWORK_HOST, NETWORK_SLIRP4NETNS, NETWORK_PASTA };

/* "none", "host", "private", "slirp4netns", "pasta", "private:slirp4netns", "private:pasta"; NULL
 * and "private": whichever program is there, slirp4netns first. UCT_NO_NETWORK_HELPER. */
int network_choose(const char *text, enum network_kind *ret, struct err *e);
const char *network_name(enum network_kind kind);
int network_parse_name(const char *name, enum network_kind *ret);

struct uplink {
	pid_t pid; /* our child; 0: none */
	int ready_fd, exit_fd;
	int words_fd; /* what it says on stderr; read only where it fails */
};
#define UPLINK_NONE                        \
	{                                  \
		0, -EBADF, -EBADF, -EBADF, \
	}

/* The namespaces to connect, as descriptors: the container's first process lets nobody look into
 * its /proc directory by then. */
struct uplink_target {
	int userns_fd, netns_fd;
};
/* Starts the program. Returns at once. */
int uplink_start(enum network_kind kind, const struct uplink_target *target, struct uplink *ret,
                 struct err *e);
/* Blocks until packets flow; UCT_NETWORK_FAILED if the program ended before. */
int uplink_wait(enum network_kind kind, struct uplink *u, struct err *e);
/* Ends it. */
void uplink_stop(struct uplink *u);

/* resolv.conf(5) for inside, from the host's. @ret is heap. */
int network_resolv_conf(enum network_kind kind, const char *host_text, char **ret, struct err *e);
/* Brings up the loopback device of the calling process' own network namespace. */
int network_loopback_up(struct err *e);
