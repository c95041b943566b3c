/* SPDX-License-Identifier: Apache-2.0 */
/* confine - the helper parses what strangers send, so it may touch little: it reads what name
 * resolution and TLS need, and writes below the two directories it was given (Landlock, Linux 5.13;
 * from 5.19 on, since a rename from one directory to another needs LANDLOCK_ACCESS_FS_REFER)
 */
#include "fetch.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* Linux 6.2 */
#endif
enum {
	ABI_REFER = 2,
	ABI_TRUNCATE = 3,
	ABI_NET = 4,   /* Linux 6.7 */
	ABI_SCOPE = 6, /* Linux 6.12 */
};
#define NET_BIND_TCP         (1ULL << 0)
#define SCOPE_ABSTRACT_SOCKS (1ULL << 0)
#define SCOPE_SIGNALS        (1ULL << 1)

/* struct landlock_ruleset_attr of the newest kernel we know; older ones take its beginning. */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

#define READ_ACCESS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_ACCESS                                                                 \
	(READ_ACCESS | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REFER)

static int allow_fd(int ruleset_fd, int fd, uint64_t access, struct err *e)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = fd };

	if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_sys(e, "cannot confine the transfer helper");
	return 0;
}

/* A path that does not exist need not be allowed. */
static int allow_path(int ruleset_fd, const char *path, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (!path || !*path)
		return 0;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	return allow_fd(ruleset_fd, fd,
	                S_ISDIR(st.st_mode) ? READ_ACCESS : LANDLOCK_ACCESS_FS_READ_FILE, e);
}

/* resolv.conf, nsswitch and its modules, certificates; /proc/self for sanitizers and glibc. */
static int allow_all(int ruleset_fd, const struct fetch *f, uint64_t write_access, struct err *e)
{
	const char *const paths[] = {
		"/etc",
		"/usr",
		"/lib",
		"/lib64",
		"/run/systemd/resolve",
		"/run/resolvconf",
		"/run/NetworkManager",
		"/run/nscd",
		"/nix/store",
		"/gnu/store",
		"/dev/urandom",
		"/proc/self",
		"/proc/sys",
		getenv("SSL_CERT_FILE"),
		getenv("SSL_CERT_DIR"),
		f->ref.path, /* of a layout; else empty */
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(paths); i++)
		r = allow_path(ruleset_fd, paths[i], e);
	if (r >= 0 && f->blobs_dirfd >= 0 && !(f->start.flags & FETCH_GET))
		r = allow_fd(ruleset_fd, f->blobs_dirfd, write_access, e);
	if (r >= 0 && f->tmp_dirfd >= 0)
		r = allow_fd(ruleset_fd, f->tmp_dirfd, write_access, e);
	return r;
}

int fetch_confine(const struct fetch *f, struct err *e)
{
	_cleanup_close_ int ruleset_fd = -EBADF;
	uint64_t truncate = 0;
	struct ruleset_attr attr = { 0 };
	size_t size = sizeof(attr.fs);
	long abi;
	int r;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < ABI_REFER)
		return 0; /* not built in, not enabled, or too old to rename between directories */
	if (abi >= ABI_TRUNCATE)
		truncate = LANDLOCK_ACCESS_FS_TRUNCATE;
	/* All rights of the first ABI are the low thirteen bits, without a hole. */
	attr.fs = ((1ULL << 13) - 1) | LANDLOCK_ACCESS_FS_REFER | truncate;
	if (abi >= ABI_NET) {
		attr.net = NET_BIND_TCP;
		size = offsetof(struct ruleset_attr, scoped);
	}
	if (abi >= ABI_SCOPE) {
		attr.scoped = SCOPE_ABSTRACT_SOCKS | SCOPE_SIGNALS;
		size = sizeof(attr);
	}
	ruleset_fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset_fd < 0)
		return err_sys(e, "cannot confine the transfer helper");
	r = allow_all(ruleset_fd, f, WRITE_ACCESS | truncate, e);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset_fd, 0) < 0)
		return err_sys(e, "cannot confine the transfer helper");
	return 0;
}
