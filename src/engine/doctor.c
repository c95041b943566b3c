/* SPDX-License-Identifier: Apache-2.0 */
/* doctor - find out by trying whether this machine can run containers, and what to do if not
 *
 * Each check is one function that fills a verdict. Nothing is changed: what is made for trying dies
 * with the process that tries, or never gets a name.
 */
#include "engine/engine.h"

#include "engine/backends.h"
#include "engine/home.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/host-user.h"
#include "base/libexec.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "cgroup/cgroup.h"
#include "engine/scope.h"
#include "engine/subid-file.h"
#include "network/uplink.h"
#include "security/probe-proto.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Images use ids up to 65535, nobody's among them. */
enum { SUBID_FILE_MAX = 1 << 20, IDS_OF_IMAGES = 65535 };

struct verdict {
	enum usrct_check_state state;
	bool needs_admin;
	char reason[256], fix[512];
};

struct examination {
	struct usrct *u;
	void (*found)(const struct usrct_check *c, void *arg);
	void *arg;
	int probes[PROBE_COUNT]; /* 0 works, -errno, 1 unknown */
};

PRINTF(3, 4)
static void ok(struct verdict *v, enum usrct_check_state state, const char *fmt, ...)
{
	va_list ap;

	v->state = state;
	va_start(ap, fmt);
	(void)vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
	va_end(ap);
}

static void fix(struct verdict *v, bool needs_admin, const char *text)
{
	v->needs_admin = needs_admin;
	(void)snprintf(v->fix, sizeof(v->fix), "%s", text);
}

static void run_probes(struct examination *x)
{
	_cleanup_libexec_ struct libexec probe = LIBEXEC_NONE;
	struct probe_result m;

	for (size_t i = 0; i < PROBE_COUNT; i++)
		x->probes[i] = 1;
	if (libexec_start("probe", &probe, NULL) < 0)
		return;
	while (sock_recv(probe.sock_fd, &m, sizeof(m), NULL, 0) == sizeof(m))
		if (m.id < PROBE_COUNT)
			x->probes[m.id] = m.error;
}

static void read_setting(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : fd_read_full(fd, buf, size - 1);

	buf[MAX(n, (ssize_t)0)] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

/* The setting that most likely forbids user namespaces here. */
static void explain_userns(struct verdict *v)
{
	char value[32];

	read_setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", value,
	             sizeof(value));
	if (!strcmp(value, "1")) {
		fix(v, true, "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
		return;
	}
	read_setting("/proc/sys/kernel/unprivileged_userns_clone", value, sizeof(value));
	if (!strcmp(value, "0")) {
		fix(v, true, "sysctl -w kernel.unprivileged_userns_clone=1");
		return;
	}
	fix(v, true, "sysctl -w user.max_user_namespaces=28633");
}

static void check_userns(struct examination *x, struct verdict *v)
{
	int r = x->probes[PROBE_USERNS] ? x->probes[PROBE_USERNS] : x->probes[PROBE_NAMESPACES];

	if (r == 0) {
		ok(v, USRCT_CHECK_OK, "user, mount, pid, ipc, uts, network and cgroup namespaces");
		return;
	}
	ok(v, USRCT_CHECK_FAIL, "cannot make namespaces: %s",
	   r == 1 ? "usr-ct-probe did not run" : strerror(-r));
	explain_userns(v);
}

static void check_overlay(struct examination *x, struct verdict *v)
{
	int r = x->probes[PROBE_OVERLAY];
	enum mount_backend backend;

	if (r == 0)
		ok(v, USRCT_CHECK_OK, "overlayfs works in a user namespace%s%s",
		   x->probes[PROBE_OVERLAY_FD] == 0 ? ", layers by descriptor" : "",
		   x->probes[PROBE_DATA_ONLY] == 0 ? ", data-only layers" : "");
	else if (engine_backend(x->u, "fuse-overlayfs", &backend, NULL) == 0)
		ok(v, USRCT_CHECK_NOTE,
		   "overlayfs in a user namespace: %s; fuse-overlayfs is used, which is slower",
		   r > 0 ? "not tried" : strerror(-r));
	else
		ok(v, USRCT_CHECK_FAIL,
		   "overlayfs in a user namespace: %s; nor can fuse-overlayfs be used",
		   r > 0 ? "not tried" : strerror(-r));
	if (r != 0)
		fix(v, true, "modprobe overlay   # needs Linux 5.11 or newer");
}

static void check_kernel(struct examination *x, struct verdict *v)
{
	int r = MIN(x->probes[PROBE_MOUNT_API], x->probes[PROBE_OPENAT2]);

	r = MIN(r, x->probes[PROBE_SECCOMP]);
	if (r < 0) {
		ok(v, USRCT_CHECK_FAIL, "mount_setattr, openat2 or seccomp: %s", strerror(-r));
		fix(v, true, "# install Linux 5.12 or newer");
	} else if (x->probes[PROBE_LANDLOCK] < 0) {
		ok(v, USRCT_CHECK_NOTE, "no Landlock: helpers are confined by seccomp alone");
		fix(v, true, "# boot with lsm=landlock,... or a kernel that has it");
	} else {
		ok(v, USRCT_CHECK_OK, "mount API, openat2, seccomp, Landlock");
	}
}

/* Whose files ours would be as well. */
static bool find_overlap(const struct examination *x, struct verdict *v)
{
	static const char *const files[] = { "/etc/subuid", "/etc/subgid" };
	const struct id_maps *held = &x->u->held.maps;
	struct host_user own;
	bool has_name = host_user_own(&own);
	char other[SUBID_NAME_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = NULL;

		if (file_read_at(AT_FDCWD, files[i], SUBID_FILE_MAX, &text, NULL, NULL) < 0 ||
		    !subid_overlaps(text, has_name ? own.name : "", geteuid(),
		                    i ? &held->gids : &held->uids, other))
			continue;
		ok(v, USRCT_CHECK_NOTE,
		   "'%s' has some of your subordinate ids in %s: files of containers belong to "
		   "both",
		   other, files[i]);
		fix(v, true, "# give each user ranges of its own in /etc/subuid and /etc/subgid");
		return true;
	}
	return false;
}

static void check_mapped(const struct examination *x, struct verdict *v)
{
	const struct id_maps *held = &x->u->held.maps;
	uint64_t n = MIN(id_map_count(&held->uids), id_map_count(&held->gids));

	if (find_overlap(x, v))
		return;
	if (n > IDS_OF_IMAGES) {
		ok(v, USRCT_CHECK_OK,
		   "subordinate ids are mapped by newuidmap and newgidmap: %llu uids, %llu gids",
		   (unsigned long long)id_map_count(&held->uids),
		   (unsigned long long)id_map_count(&held->gids));
		return;
	}
	ok(v, USRCT_CHECK_NOTE, "%llu subordinate ids: images that use more cannot be had",
	   (unsigned long long)n - 1);
	fix(v, true, "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$USER\"");
}

static void check_ids(struct examination *x, struct verdict *v)
{
	struct err e = { 0 };
	int r = engine_hold(x->u, &e);

	if (r == 0 && !x->u->is_single_id) {
		check_mapped(x, v);
	} else if (r == 0) {
		ok(v, USRCT_CHECK_NOTE, "no subordinate ids: containers have a single user");
		fix(v, true,
		    "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$USER\"");
	} else {
		ok(v, USRCT_CHECK_FAIL, "%.255s", e.msg);
		fix(v, true,
		    e.uct == UCT_NO_NEWUIDMAP
		            ? "apt-get install uidmap   # Fedora, Arch: shadow-utils"
		            : "# see usr-ct explain UCT-1704");
	}
}

static void check_network(struct examination *x, struct verdict *v)
{
	enum network_kind kind = NETWORK_NONE;

	(void)x;
	if (network_choose(NULL, &kind, NULL) < 0) {
		ok(v, USRCT_CHECK_FAIL, "neither slirp4netns nor pasta is installed");
		fix(v, true, "apt-get install slirp4netns   # or passt, in every distribution");
	} else if (access("/dev/net/tun", R_OK | W_OK) < 0) {
		ok(v, USRCT_CHECK_FAIL, "%s is there, but /dev/net/tun: %s", network_name(kind),
		   strerror(errno));
		fix(v, true, "modprobe tun; chmod 666 /dev/net/tun");
	} else {
		ok(v, USRCT_CHECK_OK, "%s, /dev/net/tun", network_name(kind));
	}
}

static void check_fuse(struct examination *x, struct verdict *v)
{
	(void)x;
	if (access("/dev/fuse", R_OK | W_OK) == 0) {
		ok(v, USRCT_CHECK_OK, "/dev/fuse can be opened");
		return;
	}
	ok(v, USRCT_CHECK_NOTE, "/dev/fuse: %s; programs in containers cannot use FUSE",
	   strerror(errno));
	fix(v, true, "modprobe fuse; chmod 666 /dev/fuse");
}

/* Of what limits need, what is not in a cgroup's list of controllers. */
static void missing_controllers(const char *path, char *buf, size_t size)
{
	static const char *const wanted[] = { "cpu", "memory", "pids" };
	char file[4096], have[512], list[520];
	size_t n = 0;

	(void)snprintf(file, sizeof(file), "%s/cgroup.controllers", path);
	read_setting(file, have, sizeof(have));
	(void)snprintf(list, sizeof(list), " %s ", have);
	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		char word[16];

		(void)snprintf(word, sizeof(word), " %s ", wanted[i]);
		if (!strstr(list, word) && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "", wanted[i]);
	}
}

static void tell_controllers(struct verdict *v, const char *what, const char *path)
{
	char missing[64];

	missing_controllers(path, missing, sizeof(missing));
	if (!missing[0]) {
		ok(v, USRCT_CHECK_OK, "%.150s; controllers cpu, memory, pids", what);
		return;
	}
	ok(v, USRCT_CHECK_NOTE, "%.150s; no limits with controller %s", what, missing);
	fix(v, true,
	    "mkdir -p /etc/systemd/system/user@.service.d; printf '[Service]\\nDelegate=cpu cpuset "
	    "io memory pids\\n' >/etc/systemd/system/user@.service.d/delegate.conf; systemctl "
	    "daemon-reload   # then log in again");
}

static void check_cgroup(struct examination *x, struct verdict *v)
{
	char path[3072], what[200];
	bool is_busy = false;

	(void)x;
	if (cgroup_own_path(path, sizeof(path)) < 0) {
		ok(v, USRCT_CHECK_NOTE,
		   "no cgroup v2 here: containers have no cgroup of their own, no limits, no "
		   "pause");
		fix(v, true, "# boot with systemd.unified_cgroup_hierarchy=1");
	} else if (cgroup_delegated(path, sizeof(path), &is_busy) == 0) {
		(void)snprintf(what, sizeof(what), "%.130s is delegated", path);
		tell_controllers(v, what, path);
	} else if (scope_address(what, sizeof(what)) >= 0) {
		(void)snprintf(path, sizeof(path),
		               "/sys/fs/cgroup/user.slice/user-%u.slice/user@%u.service",
		               (unsigned)geteuid(), (unsigned)geteuid());
		tell_controllers(v, "your systemd makes a scope for each container", path);
	} else {
		ok(v, USRCT_CHECK_NOTE,
		   "%.120s is not delegated, and there is no systemd --user to ask: no limits, no "
		   "pause",
		   path);
		fix(v, true, "loginctl enable-linger \"$USER\"");
	}
}

static void check_runtime_dir(struct examination *x, struct verdict *v)
{
	const char *dir = secure_getenv("XDG_RUNTIME_DIR");
	struct err e = { 0 };

	if (engine_runtime_dir(x->u, &e) < 0) {
		ok(v, USRCT_CHECK_FAIL, "%.255s", e.msg);
		fix(v, false, e.hint);
	} else if (!dir || strncmp(dir, x->u->runtime_dir, strlen(dir)) != 0) {
		ok(v, USRCT_CHECK_NOTE, "XDG_RUNTIME_DIR is unusable, so %s is used",
		   x->u->runtime_dir);
		fix(v, false, "log in through ssh or the console rather than su");
	} else {
		ok(v, USRCT_CHECK_OK, "%s", x->u->runtime_dir);
	}
}

/* The store itself, or the nearest directory above it that exists. */
static int open_store_place(const char *path, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s", path);
	for (;;) {
		int fd = open(buf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		char *slash;

		if (fd >= 0)
			return fd;
		slash = strrchr(buf, '/');
		if (!slash || slash == buf)
			return -errno;
		*slash = '\0';
	}
}

/* On a file system that cannot carry containers: where they lie instead. */
static void check_divided(struct examination *x, const char *trouble, struct verdict *v)
{
	struct err e = { 0 };

	if (home_settle(x->u, STORE_READ, &e) < 0) {
		ok(v, USRCT_CHECK_FAIL, "%.255s", e.msg);
		fix(v, false, e.hint);
		return;
	}
	if (x->u->home_dir)
		ok(v, USRCT_CHECK_NOTE, "%.100s is on %s: containers lie in %.100s", x->u->home_dir,
		   trouble, x->u->data_dir);
	else
		ok(v, USRCT_CHECK_NOTE, "%.150s is on %s: containers will lie in a local directory",
		   x->u->data_dir, trouble);
	fix(v, false, "set USRCT_LOCAL_DIR to a directory of yours on a local disk");
}

static void check_store(struct examination *x, struct verdict *v)
{
	char place[4096];
	_cleanup_close_ int fd = open_store_place(x->u->data_dir, place, sizeof(place));
	struct statvfs st = { 0 };
	bool keeps_objects;
	const char *trouble = home_trouble(x->u->data_dir, &keeps_objects);

	if (fd < 0 || fstatvfs(fd, &st) < 0) {
		ok(v, USRCT_CHECK_FAIL, "'%.180s': %s", x->u->data_dir, strerror(errno));
		fix(v, false, "set XDG_DATA_HOME to a directory of yours");
	} else if (faccessat(fd, ".", W_OK, 0) < 0 || st.f_flag & ST_RDONLY) {
		ok(v, USRCT_CHECK_FAIL, "'%.180s': not writable", place);
		fix(v, false, "set XDG_DATA_HOME to a local disk (ext4, xfs, btrfs)");
	} else if (trouble) {
		check_divided(x, trouble, v);
	} else if (st.f_bavail * st.f_frsize < (1ULL << 30) ||
	           (st.f_files && st.f_favail < 50000)) {
		ok(v, USRCT_CHECK_NOTE, "'%.180s' has less than 1 GiB or 50000 files left", place);
		fix(v, false, "free some space: usr-ct rmi removes images");
	} else {
		ok(v, USRCT_CHECK_OK, "%.180s, %llu GiB free", x->u->data_dir,
		   (unsigned long long)(st.f_bavail * st.f_frsize >> 30));
	}
}

static void check_helpers(struct examination *x, struct verdict *v)
{
	static const char *const names[] = { "launch", "hold",  "init", "fetch",
		                             "unpack", "sweep", "probe" };

	(void)x;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = libexec_path(names[i]);

		if (path && access(path, X_OK) == 0)
			continue;
		ok(v, USRCT_CHECK_FAIL, "usr-ct-%s is not in %.180s", names[i], libexec_dir());
		fix(v, false, "reinstall usr-ct (meson install)");
		return;
	}
	ok(v, USRCT_CHECK_OK, "%s", libexec_dir());
}

/* Whether the user's systemd runs from boot to shutdown, logged in or not. */
static bool lingers(void)
{
	const char *user = getenv("USER"); /* a static program has no name service */
	_cleanup_free_ char *path = strf("/var/lib/systemd/linger/%s", user ? user : "");

	return path && user && access(path, F_OK) == 0;
}

/* Containers with a restart policy are started by one unit of the user's systemd, which runs from
 * boot on for users who linger. */
static void check_restart(struct examination *x, struct verdict *v)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *link = NULL;

	(void)x;
	if (access("/run/systemd/system", F_OK) < 0) {
		ok(v, USRCT_CHECK_NOTE, "no systemd here: nobody starts containers after a reboot");
		fix(v, false,
		    "# run at boot: usr-ct start --all --filter should-start-on-boot=true");
		return;
	}
	link = strf("%s%s/systemd/user/default.target.wants/usr-ct-restart.service",
	            config && *config ? config
	            : home            ? home
	                              : "",
	            config && *config ? "" : "/.config");
	if (link && faccessat(AT_FDCWD, link, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		ok(v, USRCT_CHECK_NOTE, "containers with --restart do not start after a reboot");
		fix(v, false, "systemctl --user enable usr-ct-restart");
	} else if (!lingers()) {
		ok(v, USRCT_CHECK_NOTE, "containers with --restart start when you log in");
		fix(v, true, "loginctl enable-linger \"$USER\"   # to start them at boot");
	} else {
		ok(v, USRCT_CHECK_OK, "containers with --restart start at boot");
	}
}

/* A user's systemd, and the scopes of containers with it, ends with the user's last session. */
static void check_logout(struct examination *x, struct verdict *v)
{
	char address[512];

	(void)x;
	if (scope_address(address, sizeof(address)) < 0 || lingers()) {
		ok(v, USRCT_CHECK_OK, "containers go on when you have logged out");
		return;
	}
	ok(v, USRCT_CHECK_NOTE,
	   "your systemd ends when you log out for the last time, and containers with it");
	fix(v, true, "loginctl enable-linger \"$USER\"");
}

static const struct {
	const char *id, *title;
	void (*check)(struct examination *x, struct verdict *v);
} checks[] = {
	{ "helpers", "helper programs", check_helpers },
	{ "userns", "namespaces", check_userns },
	{ "kernel", "kernel interfaces", check_kernel },
	{ "overlay", "layered file systems", check_overlay },
	{ "ids", "user and group ids", check_ids },
	{ "network", "private network", check_network },
	{ "fuse", "FUSE", check_fuse },
	{ "cgroup", "control group", check_cgroup },
	{ "runtime-dir", "runtime directory", check_runtime_dir },
	{ "store", "store", check_store },
	{ "restart", "restart at boot", check_restart },
	{ "logout", "after you have logged out", check_logout },
};

int usrct_doctor(struct usrct *u, void (*found)(const struct usrct_check *c, void *arg), void *arg,
                 struct usrct_err *out)
{
	struct examination x = { .u = u, .found = found, .arg = arg };

	(void)out; /* a failing check is an answer, not an error */
	run_probes(&x);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct verdict v = { 0 };

		checks[i].check(&x, &v);
		struct usrct_check c = { checks[i].id, checks[i].title, v.reason,
			                 v.fix,        v.state,         v.needs_admin };

		found(&c, arg);
	}
	return 0;
}
