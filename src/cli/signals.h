/* SPDX-License-Identifier: Apache-2.0 */
/* signals - their names, with and without SIG, and numbers */
#pragma once

#include "base/macro.h"

/* "KILL", "SIGKILL", "kill", "9", "RTMIN+1"; 0 or -EINVAL. */
int signal_parse(const char *s, int *ret);
/* The names without SIG, the usual ones first; NULL beyond the last. */
const char *signal_name(size_t i);
