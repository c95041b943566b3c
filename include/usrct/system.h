/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/system.h - about this machine and this installation. Since: 0.1 */
#ifndef USRCT_SYSTEM_H
#define USRCT_SYSTEM_H

#include <usrct/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;

/**
 * usrct_info() - the store, the drivers in use, counts, versions, as one JSON object
 * @ret_json: receives heap text that the caller frees
 *
 * Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_info(struct usrct *u, char **ret_json, struct usrct_err *e);

enum usrct_check_state {
	USRCT_CHECK_OK,
	USRCT_CHECK_NOTE, /* works, but less well than it could */
	USRCT_CHECK_FAIL, /* something will not work */
};

/**
 * struct usrct_check - one line of doctor; strings are valid during the callback only
 * @id:     stable short name, such as "userns"
 * @title:  what was tried
 * @reason: what was found, one line
 * @fix:    what to do; empty when @state is OK; may be several lines, pasteable
 * @needs_admin: the fix needs root
 */
struct usrct_check {
	const char *id, *title, *reason, *fix;
	enum usrct_check_state state;
	int needs_admin;
};

/**
 * usrct_doctor() - try what containers need on this machine
 * @found: called once per check, in a fixed order
 *
 * Read-only; takes less than a second. Return: 0, also when checks fail. Since: 0.1
 */
USRCT_API int usrct_doctor(struct usrct *u, void (*found)(const struct usrct_check *c, void *arg),
                           void *arg, struct usrct_err *e);

#ifdef __cplusplus
}
#endif
#endif
