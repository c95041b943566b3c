/* SPDX-License-Identifier: Apache-2.0 */
/* err - how every function of ours says what went wrong
 *
 * Control flow is an int: 0 or a value on success, a negative errno on failure. The explanation
 * goes into a caller-owned struct err, which has no pointers: it lives on the stack, is valid
 * after clone(2), and crosses a socket by value. Front ends turn it into text, JSON, exit status.
 *
 * Stable codes (UCT-1201) name a situation that a user can look up with `usr-ct explain`. They
 * live in one table, base/err-codes.h. A failure without one of its own gets the code of its kind.
 */
#pragma once

#include "base/macro.h"

enum err_kind {
	ERR_SYSTEM,      /* a system call or the machine said no */
	ERR_USAGE,       /* the request makes no sense as asked */
	ERR_NOT_FOUND,   /* what was named does not exist */
	ERR_CONFLICT,    /* the state of things forbids it now */
	ERR_DENIED,      /* a permission is missing */
	ERR_UNSUPPORTED, /* this machine cannot do it */
};

enum err_uct {
#define UCT(number, name, kind, title, explain, hint) UCT_##name = (number),
#include "base/err-codes.h"
#undef UCT
};

/* One failure, told once. Filled only when a function fails. */
struct err {
	enum err_kind kind;
	int code;       /* negative errno; what the function returned */
	int uct;        /* stable code; never 0 once filled */
	char msg[512];  /* one line, outermost context first, no full stop */
	char hint[256]; /* what the user can do; may be empty */
};

/* Each returns the negative errno, so that failing is one `return` line. @e may be NULL. */

/* A failure with a stable code; kind and first hint come from the table. @r: negative errno. */
int err_set(struct err *e, enum err_uct uct, int r, const char *fmt, ...) PRINTF(4, 5);
/* The last system call failed; reads errno first of all and appends its text. */
int err_sys(struct err *e, const char *fmt, ...) PRINTF(2, 3);
/* The same for a negative errno at hand. */
int err_errno(struct err *e, int r, const char *fmt, ...) PRINTF(3, 4);
/* Puts context in front of an error that is already there. */
int err_in(struct err *e, int r, const char *fmt, ...) PRINTF(3, 4);
/* Replaces the hint. */
int err_hint(struct err *e, int r, const char *fmt, ...) PRINTF(3, 4);
/* Gives an error that is there a more telling stable code; kind and hint follow unless set. */
int err_recode(struct err *e, int r, enum err_uct uct);
/* Out of memory, in one place. */
int err_oom(struct err *e);

/* The table behind the codes. */
struct err_entry {
	int number;
	const char *name; /* as in the enum, without UCT_ */
	enum err_kind kind;
	const char *title;
	const char *explain; /* several sentences */
	const char *hint;    /* may be "" */
};
const struct err_entry *err_lookup(int number); /* NULL: no such code */
const struct err_entry *err_table(size_t *ret_n);
