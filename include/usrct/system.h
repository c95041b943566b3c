/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/system.h - about this machine and this installation. Since: 0.1 */
#ifndef USRCT_SYSTEM_H
#define USRCT_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/**
 * usrct_disk_usage() - what the store takes on disk, as one JSON object
 * @ret_json: receives heap text that the caller frees
 *
 * {"LayersSize": ..., "Images": [{"Id", "RepoTags", "Created", "Size", "SharedSize", "UniqueSize",
 * "Containers"}], "Containers": [{"Id", "Names", "Image", "Command", "Created", "State",
 * "SizeRw"}], "Volumes": [{"Name", "Links", "DiskSize"}], "BuildCache": [], "VolumesDisk",
 * "VolumesReclaimable", "ImagesDisk", "ImagesReclaimable", "ContainersDisk",
 * "ContainersReclaimable", "Total"}. Sizes are bytes as du(1) counts them. Looks at every file;
 * takes no lock.
 *
 * Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_disk_usage(struct usrct *u, char **ret_json, struct usrct_err *e);

/**
 * usrct_disk_total() - what the whole store takes, as du(1) counts
 * @ret_bytes: 0 if there is no store yet
 *
 * Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_disk_total(struct usrct *u, uint64_t *ret_bytes, struct usrct_err *e);

/**
 * usrct_disk_reclaimable() - what would be free again if these things were removed
 * @images:     ids ("sha256:..."), NULL-terminated; may be NULL
 * @containers: full ids, NULL-terminated; may be NULL
 * @ret_bytes:  as du(1) would say before and after, but for the index
 *
 * With any image, what a collection would remove besides is counted too. Return: 0; -EBUSY: images
 * are being pulled or built, so nobody can tell; or another negative errno. Since: 0.1
 */
USRCT_API int usrct_disk_reclaimable(struct usrct *u, const char *const *images,
                                     const char *const *containers, uint64_t *ret_bytes,
                                     struct usrct_err *e);

/**
 * usrct_prepare() - make the directories of the store and the runtime directory, and the index
 *
 * Nothing needs this: every call makes what it needs. It shows early whether that will work.
 * Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_prepare(struct usrct *u, struct usrct_err *e);

/**
 * struct usrct_unshare_options - a command, and the ids it is to see
 * @size:    sizeof(struct usrct_unshare_options)
 * @command: program, looked for in PATH, and arguments; NULL-terminated
 * @userns, @uidmaps, @gidmaps: as for a container; NULL: root is the caller, the subordinate ids
 *           follow
 */
struct usrct_unshare_options {
	size_t size;
	const char *const *command;
	const char *userns;
	const char *const *uidmaps, *const *gidmaps;
};

/**
 * usrct_unshare() - become a command in the user namespace that containers are made in
 *
 * Replaces the calling process, as execve(2) does: descriptors that are not close-on-exec stay
 * open. If the command cannot be executed, it is too late to return: the process says why on
 * standard error and ends with 126 or 127.
 *
 * Return: only negative errno. Since: 0.2
 */
USRCT_API int usrct_unshare(struct usrct *u, const struct usrct_unshare_options *opts,
                            struct usrct_err *e);

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

/**
 * usrct_tidy() - put right what killed programs have left, as each call that writes does first
 *
 * Return: 0, or negative errno. Since: 0.1
 */
USRCT_API int usrct_tidy(struct usrct *u, struct usrct_err *e);

/**
 * struct usrct_system_check_options - how to look at the store
 * @size:     sizeof(struct usrct_system_check_options)
 * @repair:   put right what can be, and remove what belongs to nobody
 * @quick:    sizes and labels of objects and blobs, not their contents
 * @progress: called with what is looked at next; may be NULL
 * @arg:      given to @progress
 */
struct usrct_system_check_options {
	size_t size;
	bool repair, quick;
	void (*progress)(const char *what, void *arg);
	void *arg;
};

/**
 * usrct_system_check() - compare everything in the store with everything else
 * @opts:     may be NULL
 * @ret_json: receives heap text that the caller frees
 *
 * {"Sound", "Repair", "Checked": {"Images", "Layers", "Objects", "ObjectBytes", "Blobs",
 * "BlobBytes", "Trees", "TreeFiles", "Containers"}, "Problems": [{"Kind", "Name", "Layer",
 * "Images", "Reason", "State"}], "Leaks": [{"Kind", "Path", "Bytes", "State"}], "LeakedBytes",
 * "PullAgain": [names], "Notes"}. Kind of a problem: row, layer, index, object, blob, tree, image,
 * container. State: found, repaired, pull (the image must be pulled again), kept (see Reason).
 *
 * Runs beside containers and pulls, and may be interrupted. Never removes what a container wrote.
 * Return: 0, also when something is wrong, or negative errno. Since: 0.1
 */
USRCT_API int usrct_system_check(struct usrct *u, const struct usrct_system_check_options *opts,
                                 char **ret_json, struct usrct_err *e);

/* One step of usrct_system_migrate(): "layer" or "image", its name, and which of how many. */
struct usrct_migrate_progress {
	const char *kind, *name;
	size_t i, n;
};

/**
 * struct usrct_migrate_options - how to convert a store
 * @size:     sizeof(struct usrct_migrate_options)
 * @to:       "objects" or "plain"; NULL: what new layers are stored as
 * @progress: called before each step; strings are valid during the call; may be NULL
 * @arg:      given to @progress
 */
struct usrct_migrate_options {
	size_t size;
	const char *to;
	void (*progress)(const struct usrct_migrate_progress *p, void *arg);
	void *arg;
};

/**
 * usrct_system_migrate() - convert all layers to one storage driver, in place
 * @opts:     may be NULL
 * @ret_json: receives heap text that the caller frees
 *
 * {"To", "Converted": layers, "Containers": whose documents were changed, "Skipped": [{"Layer",
 * "Image", "Reason"}], "Running": [names of containers that keep the old form], "Kept": [names of
 * those whose id map or back end needs it]}. May be killed at
 * any time, and run again. Return: 0 or negative errno: -ENOTSUP (the driver does not work here).
 * Since: 0.1
 */
USRCT_API int usrct_system_migrate(struct usrct *u, const struct usrct_migrate_options *opts,
                                   char **ret_json, struct usrct_err *e);

#ifdef __cplusplus
}
#endif
#endif
