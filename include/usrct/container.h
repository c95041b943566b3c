/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/container.h - containers: make, start, watch, stop, remove. Since: 0.1
 *
 * A container is named by its full id, a unique prefix of it, or its name. Calls that take such a
 * @ref fail with -ENOENT (no such container) or -ENOTUNIQ (the prefix fits several).
 */
#ifndef USRCT_CONTAINER_H
#define USRCT_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <usrct/error.h>
#include <usrct/image.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;
struct usrct_limits; /* usrct/limits.h */
struct usrct_policy; /* usrct/policy.h */

/* What a caller stays connected to. */
enum { USRCT_ATTACH_STDIN = 1, USRCT_ATTACH_STDOUT = 2, USRCT_ATTACH_STDERR = 4 };

/**
 * struct usrct_create_options - what to run; lists are NULL-terminated and may be NULL
 * @size:       sizeof(struct usrct_create_options)
 * @image:      reference, id or unique id prefix; required; with @is_rootfs the path of a directory
 *              or tar archive instead, of which the container gets a copy
 * @command:    arguments after the image; NULL or empty: the image's own
 * @name:       NULL: one is made up
 * @hostname:   NULL: the first 12 characters of the id
 * @workdir:    absolute path in the container; NULL: the image's
 * @user:       USER[:GROUP], names or numbers; NULL: the image's
 * @entrypoint: replaces the image's; an empty vector clears it; NULL keeps it
 * @env:        "NAME=VALUE", or "NAME" for the caller's own value
 * @volumes:    "[SOURCE:]TARGET[:OPTIONS]"; a source starting with . or / is a path, else it names
 *              a volume, which is made if it is missing; without one it is an anonymous volume
 * @volumes_from: "CONTAINER[:ro|rw]": all volumes and bind mounts that it has
 * @volume_driver: for volumes that are made; NULL: "local"
 * @tmpfs:      "TARGET[:OPTIONS]" as in mount(8): size, mode, ro, noexec ...
 * @labels:     "KEY=VALUE"
 * @network:    "private[:slirp4netns|pasta]" (default), "none", "host"
 * @stop_signal: name or number; NULL: the image's, else SIGTERM
 * @pull:       whether the image may be fetched
 * @pull_options: progress; may be NULL
 * @tty:        give it a terminal
 * @interactive: keep stdin open
 * @read_only:  its root file system cannot be written to
 * @init:       a small init is process 1 and reaps
 * @auto_remove: it removes itself when it ends
 * @stop_timeout_s: seconds between stop signal and SIGKILL; negative: 10
 * @limits:     what it may use of memory, processors and so on; NULL: no limits
 * @policy:     restart, health checks and log; NULL: those of the image and of usr-ct
 * @annotations: "KEY=VALUE", into the OCI document
 * @mounts:     "type=bind|volume|tmpfs|image|overlay|devpts,source=...,target=...", as Docker's
 *              and podman's --mount
 * @devices:    "PATH[:TARGET[:rw|rwm]]" of device nodes, or of directories of them
 * @secrets:    "NAME", or "id=NAME,src=FILE|env=NAME", then
 * ",type=mount|env,target=,uid=,gid=,mode="
 * @ulimits:    "NAME=SOFT[:HARD]", names as in setrlimit(2) without RLIMIT_, in lower case
 * @sysctls:    "KEY=VALUE", of namespaces that the container has to itself
 * @groups:     supplementary groups by name or number; "keep-groups" alone: the caller's own
 * @cap_add, @cap_drop: capabilities with or without CAP_, or "ALL"
 * @security:   "no-new-privileges", "seccomp=unconfined", "systempaths=unconfined", "mask=PATH" ...
 * @add_hosts:  "NAME:ADDRESS" for /etc/hosts; the address may be "host-gateway"
 * @dns, @dns_search, @dns_options: replace what resolv.conf(5) would get from the host
 * @expose:     "PORT[-PORT][/tcp|udp|sctp]", remembered only
 * @unset_env:  names to leave out of the image's environment
 * @domainname: NIS domain; NULL: none
 * @timezone:   "Area/City" or "local"; NULL: the image's
 * @umask:      octal; NULL: 0022
 * @shm_size:   of /dev/shm in bytes, with a suffix as in "64m"; NULL: 64 MiB
 * @ipc, @pid, @uts, @cgroupns: "private" or "host"; NULL: private; @ipc also "none"
 * @userns:     "host-root", "keep-id[:uid=N,gid=N,size=N]", "auto[:size=N]", "nomap",
 *              "container:NAME"; "host" is "host-root", "private" and NULL the default
 * @uidmaps, @gidmaps: "[FLAGS]INSIDE:OUTSIDE[:COUNT]" instead; @subuidname, @subgidname: whose
 *              ranges; only one's own
 * @cidfile:    receives the id; must not exist
 * @pidfile:    receives the number of the first process at each start, as the caller sees it
 * @image_volumes: what becomes of the volumes an image declares: "anonymous" (also NULL) or "bind":
 *              anonymous volumes; "tmpfs"; "ignore"
 * @oom_score_adj: -1000 to 1000; NULL: as the caller's
 * @attach:     USRCT_ATTACH_*, remembered for inspect
 * @privileged: all capabilities of the user namespace, no filter, nothing masked, your devices
 * @replace:    a container that has the name goes, once the new one is complete
 * @remove_image: after the container, its image goes unless others use it; implies @auto_remove
 * @no_hosts, @no_hostname: leave the image's /etc/hosts, /etc/hostname alone
 * @storage_opts: "size=BYTES" and "upper=memory" (what it writes lies in memory; with
 *              @auto_remove only), "mount_backend=overlay|fuse-overlayfs|copy"
 * @read_only_tmpfs: with @read_only, /run, /tmp and /var/tmp are writable and empty
 * @env_host:   all of the caller's environment, before @env
 * @unset_env_all: nothing of the image's environment
 * @http_proxy: the caller's proxy variables
 * @host_users: users of the machine, by name or number, who get lines in the container's passwd and
 *              group
 * @passwd_entry, @group_entry: the lines of the user who runs the program, with $USERNAME, $UID,
 * $GID, $NAME, $HOME, $SHELL, $GROUPNAME, $USERLIST; NULL: of the usual kind
 * @wants_passwd: such lines also without keep-id, where @user is a number
 * @no_passwd:  no such lines with keep-id
 * @timeout_s:  a run is killed after so many seconds; 0: never
 */
struct usrct_create_options {
	size_t size;
	const char *image;
	const char *const *command;
	const char *name, *hostname, *workdir, *user;
	const char *const *entrypoint;
	const char *const *env;
	const char *const *volumes;
	const char *const *tmpfs;
	const char *const *labels;
	const char *network;
	const char *stop_signal;
	enum usrct_pull_policy pull;
	const struct usrct_pull_options *pull_options;
	bool tty, interactive, read_only, init, auto_remove;
	int stop_timeout_s;
	const struct usrct_limits *limits;
	const struct usrct_policy *policy;
	const char *const *annotations;
	const char *const *mounts;
	const char *const *devices;
	const char *const *secrets;
	const char *const *ulimits;
	const char *const *sysctls;
	const char *const *groups;
	const char *const *cap_add, *const *cap_drop;
	const char *const *security;
	const char *const *add_hosts;
	const char *const *dns, *const *dns_search, *const *dns_options;
	const char *const *expose;
	const char *const *unset_env;
	const char *domainname, *timezone, *umask, *shm_size;
	const char *ipc, *pid, *uts, *cgroupns, *userns;
	const char *cidfile, *pidfile, *image_volumes;
	const int *oom_score_adj;
	unsigned attach;
	bool privileged, replace, remove_image, no_hosts, no_hostname, read_only_tmpfs;
	bool env_host, unset_env_all, http_proxy;
	bool is_rootfs;
	const char *const *uidmaps, *const *gidmaps;
	const char *subuidname, *subgidname;
	const char *const *storage_opts;
	const char *const *volumes_from;
	const char *volume_driver;
	const char *const *host_users;
	const char *passwd_entry, *group_entry;
	bool wants_passwd, no_passwd;
	unsigned timeout_s;
};

/**
 * usrct_container_create() - make a container, not started
 * @ret_id: receives the full id, 64 hexadecimal digits; the caller frees it
 *
 * Blocks while the image is fetched. Nothing half-made is visible to others at any time.
 *
 * Return: 0, or negative errno: -ENOENT (image, source of a volume), -EEXIST (name taken). Since:
 * 0.1
 */
USRCT_API int usrct_container_create(struct usrct *u, const struct usrct_create_options *opts,
                                     char **ret_id, struct usrct_err *e);

/**
 * struct usrct_stdio - the caller's side of an attached container
 * @size:      sizeof(struct usrct_stdio)
 * @stdin_fd:  read and forwarded if the container is interactive; -1: none
 * @stdout_fd: where its standard output goes; with a terminal, all of its output; -1: thrown away
 * @stderr_fd: where its standard error goes
 * @forward_signals: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 that reach the caller
 *             during the call are sent to the container's first process instead; if it has a
 *             terminal they end the call, with 128 + signal as status, and the container goes on
 *
 * @detach_keys: typed in a row at a terminal they end the call and the container goes on: letters
 *             or ctrl-X, divided by commas; NULL: "ctrl-p,ctrl-q"; "": none do
 *
 * Descriptors are borrowed. If the container has a terminal and @stdin_fd is one, it is in raw mode
 * during the call and restored whatever happens, and window sizes follow it.
 */
struct usrct_stdio {
	size_t size;
	int stdin_fd, stdout_fd, stderr_fd;
	bool forward_signals;
	const char *detach_keys;
};

/* One step of a start: its name and how long it took. @process: "client", "launcher", "init". */
struct usrct_timing {
	const char *process;
	const char *step;
	uint64_t start_ns, end_ns; /* since the call began */
};

/**
 * struct usrct_start_options - how to start
 * @size:   sizeof(struct usrct_start_options)
 * @stdio:  attach; the call returns when the container ends. NULL: start in the background
 * @timing: called for each step once it runs; may be NULL
 * @arg:    given to @timing
 * @ret_oom_killed: attached only: whether the kernel killed a process of it for want of memory; may
 *          be NULL
 */
struct usrct_start_options {
	size_t size;
	const struct usrct_stdio *stdio;
	void (*timing)(const struct usrct_timing *t, void *arg);
	void *arg;
	bool *ret_oom_killed;
};

/**
 * usrct_container_start() - start a container that was made or has ended
 * @opts:       may be NULL
 * @ret_status: attached only: exit status as a shell gives it, 0 to 255 (128 + signal); may be NULL
 *
 * Blocks until the program runs, or attached until it ends. If the program cannot be executed the
 * error's number is 1408 (not found) or 1409 (not executable).
 *
 * Return: 0, or negative errno: -EALREADY (it runs). Since: 0.1
 */
USRCT_API int usrct_container_start(struct usrct *u, const char *ref,
                                    const struct usrct_start_options *opts, int *ret_status,
                                    struct usrct_err *e);

/* @e is NULL for a container that was started. */
typedef void (*usrct_started_fn)(const char *id, const struct usrct_err *e, void *arg);

/**
 * usrct_container_start_all() - start in the background all that fit and do not run
 * @filters: as those of a list; NULL: all. should-start-on-boot=true is for always, and for
 *           unless-stopped that the user has not stopped
 * @each:    called for each that was started, or could not be
 *
 * Return: 0 also if some could not be started; negative errno: -EINVAL (an unknown filter). Since:
 * 0.1
 */
USRCT_API int usrct_container_start_all(struct usrct *u, const char *const *filters,
                                        usrct_started_fn each, void *arg, struct usrct_err *e);

/**
 * usrct_container_attach() - the caller's ends become those of a running container
 * @stdio:      as in a start; a @stdin_fd of -1 only looks
 * @ret_status: written when 1 is returned
 *
 * Any number of callers may be attached. What the container printed before is in its log. One that
 * does not read what it gets is disconnected; the container never waits for it.
 *
 * Return: 1 it ended, 0 detached by the keys; negative errno: -ESRCH (not running), -EPIPE (its
 * monitor is gone). Since: 0.1
 */
USRCT_API int usrct_container_attach(struct usrct *u, const char *ref,
                                     const struct usrct_stdio *stdio, int *ret_status,
                                     struct usrct_err *e);

/**
 * usrct_container_run() - create and start in one, cheaper than the two calls
 * @ret_id: may be NULL
 *
 * A container that cannot be started is removed again if @auto_remove, else kept as created.
 */
USRCT_API int usrct_container_run(struct usrct *u, const struct usrct_create_options *create,
                                  const struct usrct_start_options *start, char **ret_id,
                                  int *ret_status, struct usrct_err *e);

enum usrct_state {
	USRCT_CREATED, /* made, never started */
	USRCT_RUNNING,
	USRCT_EXITED,
	USRCT_LOST,       /* runs, but its monitor is gone: no logs, no exit status */
	USRCT_PAUSED,     /* runs, and all its processes are frozen */
	USRCT_RESTARTING, /* has ended; its monitor will start it again in a moment */
};

/**
 * struct usrct_namespaces - the numbers by which lsns(8) and /proc/PID/ns know them; 0: not known,
 * as of what does not run
 */
struct usrct_namespaces {
	uint64_t cgroup, ipc, mnt, net, pid, user, uts;
};

/**
 * struct usrct_container - one container in a list; times are realtime, 0 if not yet
 * @exit_code: 0 to 255; -1 while it is unknown (running, or nobody saw it end)
 * @pid:       first process, as the caller sees it; 0 when not running
 * @is_oom_killed: in its last run the kernel killed a process of it for want of memory
 * @restart_count: how often its restart policy has started it again
 * @labels, @mounts: NULL-terminated; "KEY=VALUE", and what is bound into it. These and
 * @network, @userns (as asked for; empty: not), @cidfile (the file its id was written to; empty:
 *             none): with USRCT_LIST_DOCUMENT, else NULL
 * @health:    "none", "starting", "healthy" or "unhealthy", as the last check of this run or the
 *             last one found it; static
 * @size_rw_bytes, @size_root_bytes: with USRCT_LIST_SIZE: what it wrote, and that with its image
 * @namespaces: with USRCT_LIST_NAMESPACES
 */
struct usrct_container {
	const char *id, *name, *image, *image_id, *command;
	enum usrct_state state;
	uint64_t created_ns, started_ns, finished_ns;
	int exit_code;
	int pid;
	bool is_oom_killed;
	unsigned restart_count;
	bool auto_remove;
	const char *const *labels;
	const char *const *mounts;
	const char *network, *health;
	uint64_t size_rw_bytes, size_root_bytes;
	const char *userns;
	const char *cidfile;
	struct usrct_namespaces namespaces;
};

/* What costs time and is left out unless asked for. */
enum usrct_list_details {
	USRCT_LIST_DOCUMENT = 1,
	USRCT_LIST_SIZE = 2, /* looks at every file that the container has written */
	USRCT_LIST_NAMESPACES = 4,
};

/**
 * struct usrct_list_options - which containers, and what to know of them
 * @size:    sizeof(struct usrct_list_options)
 * @all:     also those that do not run
 * @last:    only the newest so many of those that fit, running or not; 0: no limit
 * @details: of enum usrct_list_details
 * @filters: "KEY=VALUE", NULL-terminated; may be NULL. Keys: id, name, command (regular
 *           expressions), label (KEY or KEY=VALUE), label!, status, exited, ancestor, before,
 * since, until, volume, network, health, restart-policy, publish, is-task. Values of one key are
 *           alternatives (label, before, since, until: all must fit); keys must all fit. status and
 *           exited imply @all
 */
struct usrct_list_options {
	size_t size;
	bool all;
	unsigned last;
	unsigned details;
	const char *const *filters;
};

/**
 * usrct_container_list() - containers, newest first
 * @opts:  may be NULL: those that run
 * @ret:   receives an array that the caller frees with usrct_container_list_free()
 *
 * Takes no lock and never waits; starts no process, except for USRCT_LIST_SIZE, where files of
 * subordinate ids may need one. Return: 0 or negative errno: -EINVAL (a filter). Since: 0.1
 */
USRCT_API int usrct_container_list(struct usrct *u, const struct usrct_list_options *opts,
                                   struct usrct_container **ret, size_t *ret_n,
                                   struct usrct_err *e);
USRCT_API void usrct_container_list_free(struct usrct_container *list, size_t n);

/**
 * usrct_container_inspect() - everything known of a container, as one JSON object, Docker's names
 * @ret_json: receives heap text that the caller frees
 */
USRCT_API int usrct_container_inspect(struct usrct *u, const char *ref, char **ret_json,
                                      struct usrct_err *e);

/**
 * struct usrct_stop_options - how to end a container
 * @size:      sizeof(struct usrct_stop_options)
 * @timeout_s: between signal and SIGKILL; negative: the container's own
 * @signo:     as in signal(7); 0: the container's own
 */
struct usrct_stop_options {
	size_t size;
	int timeout_s, signo;
};

/**
 * usrct_container_stop() - stop signal, wait, SIGKILL
 * @opts: may be NULL: the container's own
 *
 * Blocks until it has ended. A container that does not run is success. Since: 0.1
 */
USRCT_API int usrct_container_stop(struct usrct *u, const char *ref,
                                   const struct usrct_stop_options *opts, struct usrct_err *e);

/* What became of one of several, in the order they were given in; @e is NULL if all went well. */
typedef void (*usrct_done_fn)(const char *ref, const struct usrct_err *e, void *arg);

/**
 * usrct_container_stop_each() - stop several at once: it takes as long as the slowest
 * @refs: names or ids, NULL-terminated
 * @done: called for each, also if it could not be stopped
 *
 * Return: 0 also if some could not be stopped; negative errno. Since: 0.1
 */
USRCT_API int usrct_container_stop_each(struct usrct *u, const char *const *refs,
                                        const struct usrct_stop_options *opts, usrct_done_fn done,
                                        void *arg, struct usrct_err *e);

/**
 * usrct_container_restart() - stop, and start again in the background; what does not run is started
 * @opts: as for usrct_container_stop()
 *
 * One that removes itself at its end is started again by its monitor. Return: 0, or negative errno:
 * -EBUSY (it removes itself, and its monitor is gone). Since: 0.1
 */
USRCT_API int usrct_container_restart(struct usrct *u, const char *ref,
                                      const struct usrct_stop_options *opts, struct usrct_err *e);

/* The same for several at once, as usrct_container_stop_each(). Since: 0.1 */
USRCT_API int usrct_container_restart_each(struct usrct *u, const char *const *refs,
                                           const struct usrct_stop_options *opts,
                                           usrct_done_fn done, void *arg, struct usrct_err *e);

/**
 * usrct_container_rename() - give it another name, whether it runs or not
 * @name: a leading slash is not counted
 *
 * Return: 0, or negative errno: -EEXIST (name taken), -EINVAL (not a name). Since: 0.1
 */
USRCT_API int usrct_container_rename(struct usrct *u, const char *ref, const char *name,
                                     struct usrct_err *e);

/**
 * usrct_container_kill() - send a signal to its first process
 * @signo: as in signal(7)
 *
 * Return: 0, or negative errno: -ESRCH (not running). Since: 0.1
 */
USRCT_API int usrct_container_kill(struct usrct *u, const char *ref, int signo,
                                   struct usrct_err *e);
/* The same for several at once, as usrct_container_stop_each(). Since: 0.1 */
USRCT_API int usrct_container_kill_each(struct usrct *u, const char *const *refs, int signo,
                                        usrct_done_fn done, void *arg, struct usrct_err *e);

/**
 * usrct_container_remove() - remove a container and all it wrote
 * @force: kill it first if it runs; otherwise that is -EBUSY
 */
USRCT_API int usrct_container_remove(struct usrct *u, const char *ref, bool force,
                                     struct usrct_err *e);

/**
 * struct usrct_remove_options - how to remove a container
 * @size:    sizeof(struct usrct_remove_options)
 * @force:   kill it first if it runs
 * @volumes: also anonymous volumes that no other container has
 */
struct usrct_remove_options {
	size_t size;
	bool force, volumes;
};

/* usrct_container_remove_with() - the same with more choice; @opts may be NULL. Since: 0.1 */
USRCT_API int usrct_container_remove_with(struct usrct *u, const char *ref,
                                          const struct usrct_remove_options *opts,
                                          struct usrct_err *e);

/**
 * usrct_container_check() - run a container's health check now
 * @ret_healthy: whether it succeeded
 *
 * Blocks until the check is over. The result counts as any other. Return: 0, or negative errno:
 * -ENODATA (it has no check), -ESRCH (not running), -EBUSY (paused). Since: 0.1
 */
USRCT_API int usrct_container_check(struct usrct *u, const char *ref, bool *ret_healthy,
                                    struct usrct_err *e);

enum usrct_condition {
	USRCT_WAIT_NOT_RUNNING, /* at once if it does not run now, and is not about to be restarted
	                         */
	USRCT_WAIT_NEXT_EXIT,   /* its next end, also if it was not started yet */
	USRCT_WAIT_REMOVED,     /* it exists no more */
	USRCT_WAIT_RUNNING,
	USRCT_WAIT_HEALTHY,
	USRCT_WAIT_UNHEALTHY,
};

/**
 * usrct_container_wait() - until something is so
 * @timeout_ms: negative: no limit
 * @ret_status: exit status, 0 to 255; -1 where there is none, or where nobody saw it end
 *
 * Return: 1 it is so, 0 time is up, negative errno. Since: 0.1
 */
USRCT_API int usrct_container_wait(struct usrct *u, const char *ref, enum usrct_condition condition,
                                   int timeout_ms, int *ret_status, struct usrct_err *e);

/**
 * struct usrct_logs_options - which part of the log
 * @size:       sizeof(struct usrct_logs_options)
 * @follow:     go on until the container ends
 * @timestamps: put the time in front of each line
 * @tail_lines: the last so many lines; negative: all
 * @since_ns, @until_ns: realtime; 0: no bound
 * @details:    after the time: the labels, variables and tag that the container's log options name
 * @prefix:     writes what each line of a container begins with into @buf; may be NULL
 * @gap:        called where entries are missing: more files were rotated away than are kept while
 *              nobody read; may be NULL
 * @arg:        for both
 */
struct usrct_logs_options {
	size_t size;
	bool follow, timestamps;
	int64_t tail_lines;
	uint64_t since_ns, until_ns;
	bool details;
	void (*prefix)(const char *id, const char *name, char *buf, size_t size, void *arg);
	void (*gap)(const char *name, void *arg);
	void *arg;
};

/**
 * usrct_container_logs_each() - the logs of several, by the time of their entries
 * @refs: names or ids, NULL-terminated
 *
 * Return: as usrct_container_logs(), and -EOPNOTSUPP: one that is to be followed is in the journal.
 * Since: 0.1
 */
USRCT_API int usrct_container_logs_each(struct usrct *u, const char *const *refs,
                                        const struct usrct_logs_options *opts, int stdout_fd,
                                        int stderr_fd, struct usrct_err *e);

/**
 * usrct_container_logs() - write what it printed, each stream to its descriptor, byte for byte
 * @opts: may be NULL
 *
 * Return: 0, or negative errno: -EPIPE (the reader left). Since: 0.1
 */
USRCT_API int usrct_container_logs(struct usrct *u, const char *ref,
                                   const struct usrct_logs_options *opts, int stdout_fd,
                                   int stderr_fd, struct usrct_err *e);

#ifdef __cplusplus
}
#endif
#endif
