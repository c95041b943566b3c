/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/engine.h"

int engine_create(struct usrct *u, const struct usrct_create_options *o, struct stopwatch *w,
                  char ret_id[CONTAINER_ID_SIZE], struct err *e);
