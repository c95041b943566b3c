/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/files.h - a container's files: copy, compare, export, commit; containers from files.
 * Since: 0.1
 */
#ifndef USRCT_FILES_H
#define USRCT_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <usrct/error.h>
#include <usrct/image.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;

/**
 * struct usrct_copy_options - how to copy
 * @size:        sizeof(struct usrct_copy_options)
 * @host_path:   the end that is not in the container; NULL: a tar stream
 * @archive:     into a container: keep user and group ids; otherwise all belongs to its root
 * @follow_link: if the source itself is a link, copy what it leads to
 * @stream_fd:   the tar stream, if there is no @host_path
 */
struct usrct_copy_options {
	size_t size;
	const char *host_path;
	bool archive, follow_link;
	int stream_fd;
};

/**
 * struct usrct_copied - what was copied
 * @bytes:   contents of files
 * @entries: files, directories and so on
 * @skipped: devices and sockets, which cannot be copied
 */
struct usrct_copied {
	uint64_t bytes, entries, skipped;
};

/**
 * usrct_copy_from() - copy out of a container, whether it runs or not
 * @path: in the container, from its root; "/." behind a directory means its contents
 * @opts: required; where to
 * @ret:  may be NULL
 *
 * Blocks. What is copied belongs to the caller, without set-uid bits. Docker's rules say what
 * happens for each combination of file and directory (usr-ct-cp(1)).
 *
 * Return: 0, or negative errno: -ENOENT (no such path or container), -ENOTDIR. Since: 0.1
 */
USRCT_API int usrct_copy_from(struct usrct *u, const char *ref, const char *path,
                              const struct usrct_copy_options *opts, struct usrct_copied *ret,
                              struct usrct_err *e);

/**
 * usrct_copy_to() - copy into a container, whether it runs or not
 * @path: in the container, from its root
 * @opts: required; where from. A stream (it may be compressed: gzip, zstd) is unpacked into the
 *        directory @path
 *
 * Return: 0, or negative errno: -ENOENT, -ENOTDIR, -EROFS (that place is read-only). Since: 0.1
 */
USRCT_API int usrct_copy_to(struct usrct *u, const char *ref, const char *path,
                            const struct usrct_copy_options *opts, struct usrct_copied *ret,
                            struct usrct_err *e);

/**
 * struct usrct_place - a path in a container
 * @container: name, id or unique prefix
 * @path:      from its root
 */
struct usrct_place {
	const char *container, *path;
};

/**
 * usrct_copy_between() - copy from one container into another, or to another place of the same
 * @from: as with usrct_copy_from()
 * @to:   as with usrct_copy_to()
 * @opts: required; .host_path and .stream_fd are not used
 *
 * Return: 0, or negative errno: -ENOENT, -ENOTDIR, -EROFS, -EBUSY (the same container, and it does
 * not run). Since: 0.1
 */
USRCT_API int usrct_copy_between(struct usrct *u, const struct usrct_place *from,
                                 const struct usrct_place *to,
                                 const struct usrct_copy_options *opts, struct usrct_copied *ret,
                                 struct usrct_err *e);

/**
 * struct usrct_change - one difference between a container and its image; valid in the callback
 * @kind: 'A' added, 'C' changed, 'D' deleted
 * @path: absolute, any bytes but NUL
 */
struct usrct_change {
	char kind;
	const char *path;
};

/**
 * usrct_image_diff() - what an image's topmost layer changed, sorted by path, as
 * usrct_container_diff() tells it
 * @base: another image, that the whole is compared with instead; NULL: none
 *
 * Files of the same size and time are the same, unless the store knows better (the objects driver).
 * Return: 0, what @each returned, or negative errno: -ENOENT. Since: 0.1
 */
USRCT_API int usrct_image_diff(struct usrct *u, const char *reference, const char *base,
                               int (*each)(const struct usrct_change *c, void *arg), void *arg,
                               struct usrct_err *e);

/**
 * usrct_container_diff() - what a container changed, sorted by path
 * @each: called for each; not 0 ends it, and that is returned
 *
 * Return: 0, what @each returned, or negative errno. Since: 0.1
 */
USRCT_API int usrct_container_diff(struct usrct *u, const char *ref,
                                   int (*each)(const struct usrct_change *c, void *arg), void *arg,
                                   struct usrct_err *e);

/**
 * usrct_container_export() - a container's root file system as a tar stream, without its volumes
 * @fd: where to; borrowed
 *
 * Owners are those inside the container. Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_container_export(struct usrct *u, const char *ref, int fd, struct usrct_err *e);

enum usrct_manifest_format {
	USRCT_MANIFEST_OCI,
	USRCT_MANIFEST_DOCKER, /* version 2, schema 2 */
};

/**
 * struct usrct_commit_options - how to make an image of a container
 * @size:    sizeof(struct usrct_commit_options)
 * @name:    reference of the image; NULL: it has none
 * @author, @message: for its history; may be NULL
 * @changes: instructions of a Containerfile, NULL-terminated, may be NULL
 * @format:  of its manifest
 * @pause:   freeze a running container meanwhile; without a cgroup it is not, unless
 * @must_pause, and then that is an error
 */
struct usrct_commit_options {
	size_t size;
	const char *name, *author, *message;
	const char *const *changes;
	enum usrct_manifest_format format;
	bool pause, must_pause;
};

/**
 * usrct_container_commit() - make an image of what a container changed
 * @opts:   may be NULL
 * @ret_id: receives the image's id; the caller frees it; may be NULL
 *
 * What is mounted in the container is not in the image. Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_container_commit(struct usrct *u, const char *ref,
                                     const struct usrct_commit_options *opts, char **ret_id,
                                     struct usrct_err *e);

/**
 * struct usrct_generate_options - how to make a container from a generator file
 * @size:         sizeof(struct usrct_generate_options)
 * @pull, @pull_options: as in struct usrct_create_options
 * @force:        recreate: also if it runs; it is killed once the new one is complete, which is
 *                started then
 */
struct usrct_generate_options {
	size_t size;
	enum usrct_pull_policy pull;
	const struct usrct_pull_options *pull_options;
	bool force;
};

/**
 * usrct_container_generate() - make a container as a generator file says (docs/generator.md)
 * @file:   path; sources of copies are relative to its directory
 * @opts:   may be NULL
 * @ret_id: receives the full id; the caller frees it; may be NULL
 *
 * The file is kept beside the container. Return: 0, or negative errno: -EINVAL (the file is not
 * right; the message has line and column), -EEXIST (name taken). Since: 0.1
 */
USRCT_API int usrct_container_generate(struct usrct *u, const char *file,
                                       const struct usrct_generate_options *opts, char **ret_id,
                                       struct usrct_err *e);

/**
 * usrct_container_recreate() - make a container anew from the generator file that was kept
 * @opts:   may be NULL
 * @ret_id: receives the new id; the caller frees it; may be NULL
 *
 * What the old one wrote is gone. If anything fails the old one stays as it was.
 *
 * Return: 0, or negative errno: -EBUSY (it runs), -ENODATA (not from a file). Since: 0.1
 */
USRCT_API int usrct_container_recreate(struct usrct *u, const char *ref,
                                       const struct usrct_generate_options *opts, char **ret_id,
                                       struct usrct_err *e);

#ifdef __cplusplus
}
#endif
#endif
