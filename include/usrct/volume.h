/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/volume.h - named directories that outlive containers. Since: 0.1 */
#ifndef USRCT_VOLUME_H
#define USRCT_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <usrct/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;

/**
 * struct usrct_volume_options - a volume that shall be made; lists are NULL-terminated, may be NULL
 * @size:    sizeof(struct usrct_volume_options)
 * @name:    NULL: 64 hexadecimal digits are made up
 * @driver:  "local"; NULL: the same
 * @options: "KEY=VALUE": none, or type=tmpfs with o=size=... and its like, or type=none, o=bind and
 *           device=DIRECTORY
 * @labels:  "KEY=VALUE"
 * @ignore:  it is no error that the volume exists
 */
struct usrct_volume_options {
	size_t size;
	const char *name, *driver;
	const char *const *options, *const *labels;
	bool ignore;
};

/**
 * usrct_volume_create() - make a volume
 * @ret_name: receives its name; the caller frees it; may be NULL
 *
 * Return: 0, or negative errno: -EEXIST, -EINVAL (name), -EOPNOTSUPP (driver or option). Since: 0.1
 */
USRCT_API int usrct_volume_create(struct usrct *u, const struct usrct_volume_options *opts,
                                  char **ret_name, struct usrct_err *e);

/**
 * struct usrct_volume - one volume; @labels, @options: NULL-terminated "KEY=VALUE"
 * @mountpoint: where its files are; empty for one in memory
 * @is_anonymous: made for a container that named none
 */
struct usrct_volume {
	const char *name, *driver, *mountpoint;
	const char *const *labels, *const *options;
	uint64_t created_ns;
	bool is_anonymous;
};

/**
 * usrct_volume_list() - volumes by name
 * @filters: "KEY=VALUE", NULL-terminated, may be NULL. Keys: name (regular expression), dangling
 *           (true: no container has it), label, label!, opt, driver, scope, anonymous, since,
 * after, until
 * @ret:     receives an array that the caller frees with usrct_volume_list_free()
 *
 * Takes no lock. Return: 0 or negative errno: -EINVAL (a filter). Since: 0.1
 */
USRCT_API int usrct_volume_list(struct usrct *u, const char *const *filters,
                                struct usrct_volume **ret, size_t *ret_n, struct usrct_err *e);
USRCT_API void usrct_volume_list_free(struct usrct_volume *list, size_t n);

/**
 * usrct_volume_inspect() - everything known of a volume, as one JSON object, Docker's names
 * @ret_json: receives heap text that the caller frees
 *
 * Return: 0, or negative errno: -ENOENT. Since: 0.1
 */
USRCT_API int usrct_volume_inspect(struct usrct *u, const char *name, char **ret_json,
                                   struct usrct_err *e);

/**
 * usrct_volume_remove() - remove a volume with all that is in it
 *
 * Return: 0, or negative errno: -ENOENT, -EBUSY (a container has it). Since: 0.1
 */
USRCT_API int usrct_volume_remove(struct usrct *u, const char *name, struct usrct_err *e);

/**
 * usrct_volume_export() - what is in a volume as a tar stream
 * @fd: where to; borrowed
 *
 * Owners are those inside containers. Return: 0, or negative errno: -ENOENT. Since: 0.1
 */
USRCT_API int usrct_volume_export(struct usrct *u, const char *name, int fd, struct usrct_err *e);

/**
 * usrct_volume_import() - unpack a tar stream, which may be compressed, into a volume that is there
 * @fd: where from; borrowed
 *
 * What the volume has already stays, unless the archive has the same name. Links of the archive or
 * the volume lead nowhere outside of it. Return: 0, or negative errno: -ENOENT. Since: 0.1
 */
USRCT_API int usrct_volume_import(struct usrct *u, const char *name, int fd, struct usrct_err *e);

/**
 * usrct_volume_snapshot() - another volume with the same contents
 * @opts: of the new one; .options must be empty. Labels are those of the source, and these
 *
 * File systems that can (btrfs, xfs) share the contents until one of the two is written to. A file
 * that a container writes to meanwhile may be caught halfway. Return: 0, or negative errno. Since:
 * 0.1
 */
USRCT_API int usrct_volume_snapshot(struct usrct *u, const char *name,
                                    const struct usrct_volume_options *opts, char **ret_name,
                                    struct usrct_err *e);

/**
 * usrct_volume_pruned() - tell whoever watches events that unused volumes were removed
 * @reclaimed_bytes: what they took on the disk
 *
 * Cannot fail: an event that finds no room is lost. Since: 0.1
 */
USRCT_API void usrct_volume_pruned(struct usrct *u, uint64_t reclaimed_bytes);

/**
 * usrct_volume_reload() - make the index fit the directories that are there
 * @each: called for each volume that was found (@is_added) or had vanished; may be NULL
 *
 * Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_volume_reload(struct usrct *u,
                                  void (*each)(const char *name, bool is_added, void *arg),
                                  void *arg, struct usrct_err *e);

#ifdef __cplusplus
}
#endif

#endif
