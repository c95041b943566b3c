/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/error.h - what a failing call says. Since: 0.1 */
#ifndef USRCT_ERROR_H
#define USRCT_ERROR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define USRCT_API __attribute__((visibility("default")))

enum usrct_err_kind {
	USRCT_ERR_SYSTEM,      /* a system call or the machine said no */
	USRCT_ERR_USAGE,       /* the request makes no sense as asked */
	USRCT_ERR_NOT_FOUND,   /* what was named does not exist */
	USRCT_ERR_CONFLICT,    /* the state of things forbids it now */
	USRCT_ERR_DENIED,      /* a permission is missing */
	USRCT_ERR_UNSUPPORTED, /* this machine cannot do it */
};

/**
 * struct usrct_err - one failure, told once
 * @kind:   what a program may branch on
 * @code:   negative errno, the value the call returned
 * @number: stable code, shown as UCT-1201; usrct_explain() describes it
 * @msg:    one line, outermost context first, no full stop
 * @hint:   what the user can do about it; may be empty
 *
 * The caller owns it; it holds no pointers. Calls fill it on failure only.
 */
struct usrct_err {
	enum usrct_err_kind kind;
	int code;
	int number;
	char msg[512];
	char hint[256];
};

/**
 * struct usrct_explanation - the entry behind a stable code; static, not to be freed
 */
struct usrct_explanation {
	int number;
	const char *title;
	const char *explain;
	const char *hint; /* may be "" */
};

/**
 * usrct_explain() - look a stable code up
 * @number: such as 1201
 *
 * Return: the entry, or NULL if there is no such code. Never blocks. Since: 0.1
 */
USRCT_API const struct usrct_explanation *usrct_explain(int number);

/**
 * usrct_explain_all() - the whole table, ordered by number
 * @ret_n: receives the number of entries
 *
 * Return: the first entry. Never blocks. Since: 0.1
 */
USRCT_API const struct usrct_explanation *usrct_explain_all(size_t *ret_n);

#ifdef __cplusplus
}
#endif
#endif
