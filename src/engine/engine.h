/* SPDX-License-Identifier: Apache-2.0 */
/* engine - what the use cases share: the handle, where things are, and the user's namespace */
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "container/state.h"
#include "security/hold.h"
#include "store/containers.h"
#include "store/layers.h"

#include <dirent.h>
#include <stdbool.h>
#include <usrct/usrct.h>

struct usrct {
	char *data_dir, *runtime_dir;
	char *home_dir;      /* where the store was wanted, if it does not lie there (home.h) */
	char *notice;        /* for the user, once; NULL */
	bool is_settled;     /* home_settle() is done */
	struct store *store; /* opened at the first need */
	bool store_writes;
	int runtime_dirfd; /* -EBADF until needed */
	/* Given out by the holder; asked for once. */
	struct hold_given held;
	bool has_asked_holder, is_single_id;
	int asking_fd;            /* it was asked, and not heard yet; -EBADF */
	enum layer_driver driver; /* for new layers; chosen once */
	bool has_chosen_driver;
	bool made_volumes; /* with a container: they may be there to be removed when it ends */
};

/* Copies our error into the public one and returns its code. */
int engine_fail(struct usrct_err *out, const struct err *e);
#define ENGINE_RETURN(r, out, e) ((r) < 0 ? engine_fail((out), (e)) : (r))

int engine_store(struct usrct *u, enum store_mode mode, struct err *e);
int engine_runtime_dir(struct usrct *u, struct err *e);
/* The user's namespace and the sealed launcher. Without subordinate ids: is_single_id, and the
 * namespace is -EBADF. */
int engine_hold(struct usrct *u, struct err *e);
/* It will be asked for: the holder may answer while other things are done. */
void engine_hold_soon(struct usrct *u);

/* A container that was named by the user. */
struct target {
	struct container_row row;
	int dirfd; /* containers/ID */
	struct state state;
	bool removes_volumes; /* engine_remove(): anonymous ones go with it */
};
#define TARGET_NONE             \
	{                       \
		.dirfd = -EBADF \
	}
void target_done(struct target *t);
#define _cleanup_target_ _cleanup_(target_done)
/* UCT_CONTAINER_UNKNOWN, UCT_CONTAINER_AMBIGUOUS. */
int target_open(struct usrct *u, const char *ref, enum store_mode mode, struct target *ret,
                struct err *e);

/* sweep.c: remove what the dead left, everywhere. Every writing call begins with it. */
int engine_sweep(struct usrct *u, struct err *e);
/* For who makes a container: leaves to container_publish() what that does, and to monitors what
 * they are at. */
int engine_sweep_beside_create(struct usrct *u, struct err *e);
/* A store_remove_fn: by ourselves, or in the user's namespace where ids are foreign. */
int engine_remove_tree(int dirfd, const char *name, void *usrct, struct err *e);
/* Lets usr-ct-sweep do one thing (store/sweep-proto.h). */
struct sweep_start;
struct sweep_done;
int engine_ask_sweeper(struct usrct *u, const struct sweep_start *m, int dirfd, bool in_namespace,
                       struct sweep_done *ret, struct err *e);
/* The same in the user's namespace, with one or two directories. */
int engine_ask_sweeper_with(struct usrct *u, const struct sweep_start *m, const int *dirfds,
                            size_t n, struct sweep_done *ret, struct err *e);
/* The directory with an entry for each container that has, or had, a monitor: 1; 0 there is none.
 */
int engine_open_live(struct usrct *u, DIR **ret, struct err *e);
/* Ends and removes what only a monitor would have: its network helper, its cgroup. */
void engine_put_away(const struct state *s);

/* image.c: by reference, id or prefix of an id; 1 found, 0 not. */
int engine_find_image(struct usrct *u, const char *text, struct image_row *ret, struct err *e);
/* image.c: all of the config of the image @id; the caller frees it. */
int engine_image_config(struct usrct *u, const char *id, json_t **ret, struct err *e);
/* The same of the manifest with that digest. */
int engine_image_manifest(struct usrct *u, const char *digest, json_t **ret, struct err *e);
/* The same, and UCT_IMAGE_UNKNOWN where there is none. */
int engine_need_image(struct usrct *u, const char *text, struct image_row *ret, struct err *e);
/* What the index calls it, "host/name:tag" or "host/name@digest"; -errno, and @buf is "": no name.
 */
int engine_image_key(const char *text, char *buf, size_t size);
/* The full form of a name that an image is to have. */
int engine_new_name(const char *text, char *buf, size_t size, struct err *e);
/* The same for a name in an archive, which others wrote: short ones are docker.io's. */
int engine_archive_name(const char *text, char *buf, size_t size, struct err *e);
int engine_pull(struct usrct *u, const char *reference, const struct usrct_pull_options *opts,
                char ret_id[DIGEST_SIZE], struct err *e);

/* An image whose blobs are in the store: layers from them, and the row. @name: full, or NULL. */
int engine_pull_stored(struct usrct *u, const char *digest, const char *name,
                       char ret_id[DIGEST_SIZE], struct err *e);
/* What a URL has, in a file without a name. */
int engine_download(struct usrct *u, const char *url, int *ret_fd, struct err *e);
/* From a tar archive of a root file system. */
int engine_import(struct usrct *u, int fd, const struct usrct_import_options *opts,
                  char ret_id[DIGEST_SIZE], struct err *e);
/* rootfs.c: an image without a name of a directory or a tar archive. */
int rootfs_image(struct usrct *u, const char *path, struct image_row *ret, struct err *e);
int engine_remove_image(struct usrct *u, const char *text, bool force, struct err *e);

/* image-wish.c: when the container @id is gone, its image shall go too, unless others use it. */
int image_wish_removal(struct usrct *u, const char *id, const char *image, struct err *e);
/* Grants the wishes of containers that are gone. Cheap when there are none. */
void image_grant_wishes(struct usrct *u);
/* start.c: in the background. */
int engine_start_quietly(struct usrct *u, const char *ref, struct err *e);

/* wait.c: a socket to its monitor (container/attach.h), HELLO was said; -errno: there is none. */
int engine_monitor(struct usrct *u, const char *id, uint32_t wants);
/* An enum attach_op; its result, or -errno: there is no monitor to ask. */
int engine_control(struct usrct *u, const struct target *t, uint32_t op);
/* The same over a socket of engine_monitor(). */
int engine_control_by(int fd, uint32_t op);
/* Until it has ended and its state is final. 1 ended, 0 time is up. timeout_ms < 0: no
 * limit. */
int engine_wait_end(struct usrct *u, const struct target *t, int timeout_ms, struct err *e);
/* The same, and how; -1 if there was no monitor to tell. */
int engine_wait_exit(struct usrct *u, const struct target *t, int timeout_ms, int *ret_exit_code,
                     struct err *e);
/* condition.c: until it runs; -ENOENT: it was removed. */
int engine_wait_running(struct usrct *u, struct target *t, int timeout_ms, struct err *e);
/* Until whoever starts it has done so, or has given up: 1 it runs; 0 it does not, and our @t->dirfd
 * has the lock, so that nobody else starts it. */
int engine_wait_start(struct usrct *u, struct target *t, struct err *e);
int engine_stop(struct usrct *u, struct target *t, int timeout_s, struct err *e);
int engine_stop_with(struct usrct *u, struct target *t, const struct usrct_stop_options *opts,
                     struct err *e);
int engine_signal(struct usrct *u, const struct target *t, int signo, struct err *e);
/* pause.c: whether its processes are frozen, and letting them go on after a signal. */
bool engine_is_paused(const struct state *s);
void engine_thaw(const struct state *s);
int engine_remove(struct usrct *u, struct target *t, bool force, struct err *e);

/* events.c: what happened, for whoever watches. @attributes: NAME, VALUE, ..., NULL; may be NULL.
 */
void engine_event(struct usrct *u, const struct target *t, const char *action,
                  const char *const *attributes);
void engine_image_event(struct usrct *u, const char *action, const char *id, const char *name);

/* signals.c */
int signal_parse(const char *text, int *ret); /* "TERM", "SIGTERM", "15"; -EINVAL */

/* Steps of a start, for --timing. */
struct stopwatch {
	const struct usrct_start_options *opts;
	uint64_t began_ns, last_ns;
};
void stopwatch_init(struct stopwatch *w, const struct usrct_start_options *opts);
void stopwatch_step(struct stopwatch *w, const char *step);
