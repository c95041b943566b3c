/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/engine.h"

int engine_create(struct usrct *u, const struct usrct_create_options *o, struct stopwatch *w,
                  char ret_id[CONTAINER_ID_SIZE], struct err *e);
/* The caller's options as far as it knew them, with what follows from them. */
struct usrct_create_options engine_options(const struct usrct_create_options *o);
