/* SPDX-License-Identifier: Apache-2.0 */
/* tidy - what clang's analyzer cannot see from one file; put in front of each by tidy.sh
 *
 * Functions that fail return what err_set() and its like return, and that is never 0. Without
 * knowing it the analyzer follows paths on which a call failed and its caller thinks it did not,
 * and reports results that were "never written". A macro's own name is not expanded again.
 */
#pragma once

#include "base/err.h"

#define err_set(e, uct, r, ...) ((void)err_set(e, uct, r, __VA_ARGS__), -22)
#define err_sys(e, ...)         ((void)err_sys(e, __VA_ARGS__), -5)
#define err_errno(e, r, ...)    ((void)err_errno(e, r, __VA_ARGS__), -5)
#define err_in(e, r, ...)       ((void)err_in(e, r, __VA_ARGS__), -5)
#define err_hint(e, r, ...)     ((void)err_hint(e, r, __VA_ARGS__), -5)
#define err_recode(e, r, uct)   ((void)err_recode(e, r, uct), -5)
#define err_oom(e)              ((void)err_oom(e), -12)
