/* SPDX-License-Identifier: Apache-2.0 */
/* stopping - the parts of an end: asking for it (stop.c), waiting (endings.h), and what follows */
#pragma once

#include "engine/endings.h"

/* Sends the stop signal. @ret is to be waited for by endings_wait(), then given to stopping_end();
 * where there is nothing to stop it has no target. @opts may be NULL: the container's own. */
int stopping_begin(struct usrct *u, struct target *t, const struct usrct_stop_options *opts,
                   struct ending *ret, struct err *e);
/* The same, and its monitor starts it again at once, whatever the policy and --rm say. */
int stopping_begin_again(struct usrct *u, struct target *t, const struct usrct_stop_options *opts,
                         struct ending *ret, struct err *e);
/* Remembers and tells. */
int stopping_end(struct usrct *u, struct ending *x, struct err *e);
/* kill: a signal; @must_wait is set where its end is certain to come by itself. */
int stopping_kill(struct usrct *u, struct target *t, int signo, bool *must_wait, struct err *e);
