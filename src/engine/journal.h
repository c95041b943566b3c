/* SPDX-License-Identifier: Apache-2.0 */
/* journal - read back what container/journal.c gave to the systemd journal */
#pragma once

#include "engine/engine.h"

/* What each line begins with: before the time, and after it. */
struct journal_form {
	const char *prefix, *details;
};
/* UCT_JOURNAL_UNREADABLE without journalctl, or if it refuses. */
int journal_show(struct usrct *u, const struct target *t, const struct usrct_logs_options *opts,
                 const struct journal_form *form, const int out_fds[2], struct err *e);
