/* SPDX-License-Identifier: Apache-2.0 */
/* registry-options - flags that say how to reach a registry */
#pragma once

#include "base/err.h"
#include "cli/command.h"

#include <usrct/image.h>

struct args;

extern const struct option registry_options[];

/* @ret_text holds what @ret points to; freed by the caller with registry_options_done(). */
int registry_options_take(const struct args *a, struct usrct_registry_options *ret, char **ret_text,
                          struct err *e);
/* Overwrites: there may be a password in it. */
void registry_options_done(char **text);
