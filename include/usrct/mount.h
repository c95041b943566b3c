/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/mount.h - change what is mounted in a container that runs. Since: 0.2 */
#ifndef USRCT_MOUNT_H
#define USRCT_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <usrct/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;

/**
 * struct usrct_mount_options - how to change mounts
 * @size: sizeof(struct usrct_mount_options)
 * @once: do not remember it: the next start has what was there before
 */
struct usrct_mount_options {
	size_t size;
	bool once;
};

/**
 * usrct_mount_add() - mount a file or directory of the caller's in a running container
 * @spec: "SOURCE:TARGET[:OPTIONS]" as in usrct_create_options.volumes; a missing target is made
 * @opts: may be NULL
 *
 * The processes of the container see it from then on, and it is there again after the next start.
 * Links in the target are followed below the container's root. It may be paused.
 *
 * Return: 0, or negative errno: -ESRCH (it does not run), -EBUSY (something is mounted there),
 * -EPERM (not there: /, /proc, /sys, /dev). Since: 0.2
 */
USRCT_API int usrct_mount_add(struct usrct *u, const char *ref, const char *spec,
                              const struct usrct_mount_options *opts, struct usrct_err *e);

/**
 * usrct_mount_swap() - replace what is mounted at a place
 *
 * As usrct_mount_add(), for a target that has a mount. From Linux 6.5 on there is no moment at
 * which neither of the two is there. Return: as above, -ENOENT (nothing is mounted there).
 */
USRCT_API int usrct_mount_swap(struct usrct *u, const char *ref, const char *spec,
                               const struct usrct_mount_options *opts, struct usrct_err *e);

/**
 * usrct_mount_remove() - take a mount out of a running container
 * @target: absolute path in the container
 *
 * What is open there stays so, and keeps it alive. Return: as above, -ENOENT (nothing is mounted
 * there).
 */
USRCT_API int usrct_mount_remove(struct usrct *u, const char *ref, const char *target,
                                 const struct usrct_mount_options *opts, struct usrct_err *e);

/**
 * struct usrct_mount - one mount of a container that a user asked for
 * @options: divided by commas, may be ""
 * @is_kept: it is there after the next start, too
 * @is_mounted: it is there now
 */
struct usrct_mount {
	const char *target, *source, *type, *options;
	bool is_kept, is_mounted;
};

/**
 * usrct_mount_list() - mounts of a container beside those that each container has
 * @ret: receives an array that the caller frees with usrct_mount_list_free()
 *
 * The source of one that is not kept is its path within its file system. Takes no lock.
 */
USRCT_API int usrct_mount_list(struct usrct *u, const char *ref, struct usrct_mount **ret,
                               size_t *ret_n, struct usrct_err *e);
USRCT_API void usrct_mount_list_free(struct usrct_mount *list, size_t n);

#ifdef __cplusplus
}
#endif
#endif
