/* SPDX-License-Identifier: Apache-2.0 */
/* privileges - what --cap-add, --cap-drop, --security-opt and --privileged come to */
#pragma once

#include "base/json.h"
#include "base/strv.h"

#include <usrct/container.h>

struct privileges {
	uint64_t bounding, ambient; /* capabilities, as bits */
	bool no_new_privileges, is_unfiltered, is_unmasked;
	struct strv masked, protected; /* paths: hidden, read-only */
	struct strv unmask;            /* paths that were asked for */
	struct strv proc_options;      /* of /proc's mount */
};

int privileges_choose(const struct usrct_create_options *o, struct privileges *ret, struct err *e);
void privileges_done(struct privileges *p);
/* The OCI object. @is_root: the program starts as root of the container. */
json_t *privileges_capabilities(const struct privileges *p, bool is_root);
