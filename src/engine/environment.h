/* SPDX-License-Identifier: Apache-2.0 */
/* environment - the variables a container starts with */
#pragma once

#include "base/err.h"
#include "base/strv.h"

#include <usrct/container.h>

/* @image: NAME=VALUE each. Later ones win: the image's, proxies, the caller's, the options'. */
int environment_merge(const struct usrct_create_options *o, char *const *image, struct strv *ret,
                      struct err *e);
