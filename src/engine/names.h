/* SPDX-License-Identifier: Apache-2.0 */
/* names - names for containers that were given none, and rules for those that were */
#pragma once

#include "base/err.h"

enum { MADE_UP_NAME_SIZE = 64 };
int name_make_up(char ret[MADE_UP_NAME_SIZE], struct err *e);
int name_check(const char *name, struct err *e); /* UCT_BAD_NAME */
