/* SPDX-License-Identifier: Apache-2.0 */
/* launch - the launcher's own state, from its start until it is a monitor */
#pragma once

#include "container/backend.h"
#include "container/journal.h"
#include "container/spec.h"
#include "container/state.h"
#include "container/sync.h"
#include "launch/plan.h"
#include "launch/secrets.h"
#include "network/uplink.h"

#include <stdbool.h>

/* Of the cgroup in which the container's is made. */
enum group_parent { PARENT_UNKNOWN, PARENT_NONE, PARENT_FREE, PARENT_BUSY, PARENT_FOUND };

struct launch {
	const char *id;
	struct spec spec;
	struct plan plan;
	struct secrets secrets; /* until the first process has them */
	bool has_userns;        /* LAUNCH_USERNS was given and entered */
	uid_t outer_uid;
	gid_t outer_gid;
	struct id_maps own; /* of the namespace that we entered */
	int join_fd;        /* user namespace of another container, or a pidfd of it; -EBADF */

	pid_t init_pid;
	int init_pidfd, init_sync_fd, mntns_fd;
	int output_fds[2],
		input_fd; /* our ends: stdout, stderr, stdin; [0] alone with a terminal */
	struct uplink uplink;
	struct fuse_server server; /* shows the root, if fuse-overlayfs does */
	int userns_fd;             /* the container's, while that is started with a single id */
	struct journal journal;    /* where its output goes, if not to a file */
	char cgroup[384];          /* the container's; empty: none */
	char cgroup_parent[384];   /* where it is made */
	enum group_parent parent;
	bool has_named_parent; /* --cgroup-parent: made for our containers */

	struct sync_msg start; /* what the engine asked for */
	struct sync_times times[2];
	struct state state;
};

/* logging.c: before the container runs, if that is where its output goes. */
int launch_open_journal(struct launch *l, struct err *e);
/* launch.c: tells those who watch events. */
void launch_event(const struct launch *l, const char *action, const char *const *attributes);
/* volume-events.c: the same for each volume that it has, "mount" or "unmount". */
void launch_volume_events(const struct launch *l, const char *action);
/* monitor.c: looks after the running container until it has ended and everything is put away. */
int monitor_run(struct launch *l);
/* Runs the container once more, from its documents. The caller has put the last run away. */
int launch_again(struct launch *l, struct err *e);
/* Gives back what one run took: its namespaces, its network helper, its cgroup. */
void launch_end_run(struct launch *l);
/* Gives back what a start took: what a run takes, runtime directory, live marker. */
void launch_put_away(struct launch *l);
/* Removes the container itself (--rm): one rename, then the contents. */
void launch_remove_container(struct launch *l, bool contents);

/* tidy.c: comes back if there is nothing to do. */
void launch_tidy(const struct launch *l);

/* What each use of this program begins with. Descriptors from @first_foreign_fd on are closed. */
void launch_guard_self(int first_foreign_fd, const char *name);
/* The program's ends of standard input, output and error in @theirs, ours in @l; with a terminal
 * there are none. */
int launch_make_stdio(struct launch *l, int theirs[3], struct err *e);
/* Frees the documents, but for the facts that a monitor needs of them. */
void launch_shed_documents(struct launch *l);

/* exec.c: argv[2] is LAUNCH_EXEC. */
int exec_main(const char *id);
int exec_read_document(struct spec *ret, struct err *e);
/* unshare.c: argv[2] is LAUNCH_UNSHARE. */
int unshare_main(char **argv);
/* live-mount.c: argv[2] is LAUNCH_MOUNT. */
int live_mount_main(void);
