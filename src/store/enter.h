/* SPDX-License-Identifier: Apache-2.0 */
/* enter - becoming root of the user's namespace; for the helpers */
#pragma once

#include "base/err.h"

/* Joins the namespace and becomes its root, without supplementary groups where that is allowed.
 * The process must have one thread (setns(2)). */
int enter_userns(int userns_fd, struct err *e);
