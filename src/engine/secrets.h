/* SPDX-License-Identifier: Apache-2.0 */
/* secrets - what --secret asks for: where a secret comes from and how the container gets it
 *
 * The value itself stands in no document and in no log. From a file it is read at each start; of a
 * kept secret, or from a variable, the container has a copy with mode 0600 in its directory. The
 * launcher puts it into memory (helpers/launch/secrets.h).
 */
#pragma once

#include "base/json.h"

#include <usrct/container.h>

/* The array "secrets" of launch.json. UCT_NO_SECRET, UCT_BAD_VALUE. */
int secrets_describe(struct usrct *u, const struct usrct_create_options *o, json_t **ret,
                     struct err *e);
/* Keeps the values that come from variables, or are kept by name, in the directory of the container
 * being made. */
int secrets_keep(const json_t *secrets, int container_dirfd, struct err *e);
