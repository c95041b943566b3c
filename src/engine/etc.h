/* SPDX-License-Identifier: Apache-2.0 */
/* etc - /etc/hosts, /etc/resolv.conf and /etc/hostname of a container
 *
 * What was asked for is checked when the container is made, and stands in launch.json as "etc". The
 * files are written at each start, so that a laptop that changed networks resolves names again.
 */
#pragma once

#include "base/json.h"
#include "network/uplink.h"

#include <stdbool.h>
#include <usrct/container.h>

/* --dns none: the image's own file stays. */
bool etc_keeps_resolv_conf(const struct usrct_create_options *o);
/* The object "etc". UCT_BAD_VALUE, UCT_FLAGS_CONFLICT, UCT_NO_HOST_ADDRESS. */
int etc_describe(const struct usrct_create_options *o, enum network_kind network, json_t **ret,
                 struct err *e);

struct etc {
	const json_t *wishes; /* "etc"; NULL: none */
	enum network_kind network;
	const char *hostname, *domainname; /* "" if there is none */
};
/* Writes the files into @container_dirfd, or into "etc" there: so did earlier versions. */
int etc_write(const struct etc *etc, int container_dirfd, struct err *e);

/* For tests: the contents. @host: the host's own file. */
int etc_hosts(const struct etc *etc, const char *host, char **ret, struct err *e);
int etc_resolv_conf(const struct etc *etc, const char *host, char **ret, struct err *e);
