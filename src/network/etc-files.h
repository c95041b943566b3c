/* SPDX-License-Identifier: Apache-2.0 */
/* etc-files - writes /etc/hosts, /etc/resolv.conf and /etc/hostname of a container
 *
 * The launcher does it each time a user starts the container, so that a laptop that changed
 * networks resolves names again, and while the engine still writes to its index.
 */
#pragma once

#include "base/json.h"
#include "network/uplink.h"

/* An address in "hosts" that stands for one of this machine. */
#define ETC_HOST_GATEWAY "host-gateway"

struct etc {
	/* As engine/etc.h puts it together: lists of texts "hosts" ("ADDRESS\tNAME NAME"), "dns",
	 * "search" and "options". NULL: nothing. */
	const json_t *wishes;
	enum network_kind network;
	const char *hostname, *domainname; /* "" if there is none */
};
/* Writes the files into @container_dirfd, or into "etc" there: so did earlier versions. */
int etc_write(const struct etc *etc, int container_dirfd, struct err *e);

/* For tests: the contents. @host: the host's own file. */
int etc_hosts(const struct etc *etc, const char *host, char **ret, struct err *e);
int etc_resolv_conf(const struct etc *etc, const char *host, char **ret, struct err *e);
