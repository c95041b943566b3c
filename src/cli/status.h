/* SPDX-License-Identifier: Apache-2.0 */
/* status - a container's state in Docker's words */
#pragma once

#include <usrct/container.h>

enum { STATUS_SIZE = 128 };

/* "Up 3 seconds", "Exited (0) 5 minutes ago", "Created". @buf has STATUS_SIZE bytes. */
void status_text(const struct usrct_container *ct, uint64_t now_ns, char *buf);
/* "running", "exited", "created", "lost" */
const char *status_word(enum usrct_state s);
/* "5 minutes ago" */
void status_ago(uint64_t then_ns, uint64_t now_ns, char *buf);
