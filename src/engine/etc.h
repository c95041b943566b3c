/* SPDX-License-Identifier: Apache-2.0 */
/* etc - what was asked for /etc/hosts and /etc/resolv.conf of a container
 *
 * It is checked when the container is made, and stands in launch.json as "etc". The files are
 * written at each start (network/etc-files.h).
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
