/* SPDX-License-Identifier: Apache-2.0 */
/* banned - functions that have no place here; included into every file by the compiler (-include)
 *
 * Unbounded copies, parsers without errors, functions with hidden static state, dup(2), which
 * forgets close-on-exec, and what loads modules (base/host-user.h). The headers that declare them
 * come first, or the poison would hit them.
 */
#pragma once

#include <grp.h>
#include <pwd.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* glibc's fortified headers make macros of these for clang. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atoll strtol strtoul strtoll
#pragma GCC poison strtoull sscanf gets dup tmpnam tempnam mktemp localtime gmtime ctime asctime
#pragma GCC poison system
#pragma GCC poison getpwuid getpwnam getgrgid getgrnam getpwuid_r getpwnam_r getgrgid_r getgrnam_r
