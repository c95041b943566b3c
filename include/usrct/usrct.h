/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/usrct.h - the handle that every call takes; includes the other headers. Since: 0.1 */
#ifndef USRCT_USRCT_H
#define USRCT_USRCT_H

#include <usrct/container.h>
#include <usrct/error.h>
#include <usrct/events.h>
#include <usrct/exec.h>
#include <usrct/files.h>
#include <usrct/image.h>
#include <usrct/limits.h>
#include <usrct/mount.h>
#include <usrct/policy.h>
#include <usrct/stats.h>
#include <usrct/system.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;

/**
 * struct usrct_options - where things are; every member may be NULL or 0
 * @size:        sizeof(struct usrct_options)
 * @data_dir:    the store; default $XDG_DATA_HOME/usr-ct, else ~/.local/share/usr-ct
 * @runtime_dir: sockets; default $XDG_RUNTIME_DIR/usr-ct, else /run/user/UID/usr-ct, else a 0700
 *               directory below /tmp
 *
 * Only the defaults read the environment. Strings are copied.
 */
struct usrct_options {
	size_t size;
	const char *data_dir;
	const char *runtime_dir;
};

/**
 * usrct_open() - make a handle
 * @opts: may be NULL
 * @ret:  receives the handle; free it with usrct_close()
 * @e:    filled on failure; may be NULL
 *
 * Cheap: nothing is created or opened before a call needs it. A handle belongs to one thread at a
 * time; several handles may be used side by side, also in several processes.
 *
 * Return: 0, or negative errno. Since: 0.1
 */
USRCT_API int usrct_open(const struct usrct_options *opts, struct usrct **ret, struct usrct_err *e);

/**
 * usrct_close() - release a handle; NULL is fine. Containers go on. Since: 0.1
 */
USRCT_API void usrct_close(struct usrct *u);

/**
 * usrct_notice() - something the user should be told once; NULL: nothing
 *
 * A sentence about what a call with @u has decided, such as where containers lie if the home cannot
 * carry them. Valid until usrct_close(). Since: 0.1
 */
USRCT_API const char *usrct_notice(const struct usrct *u);

/**
 * usrct_version() - the library's version, as "0.1.0"; static. Since: 0.1
 */
USRCT_API const char *usrct_version(void);

#ifdef __cplusplus
}
#endif
#endif
