/* SPDX-License-Identifier: Apache-2.0 */
#include "store/landlock.h"

#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Rights that the build machine's headers may not know; landlock(7). */
#define RIGHTS_1        0x1fffULL /* EXECUTE (1) to MAKE_SYM, Linux 5.13 */
#define RIGHT_EXECUTE   0x1ULL
#define RIGHT_MAKE_SOCK (1ULL << 9)
#define RIGHT_MAKE_BLK  (1ULL << 11)
#define RIGHT_REFER     (1ULL << 13)              /* ABI 2, 5.19 */
#define RIGHT_TRUNCATE  (1ULL << 14)              /* ABI 3, 6.2 */
#define RIGHT_IOCTL_DEV (1ULL << 15)              /* ABI 5, 6.10 */
#define FILE_RIGHTS     (0x6ULL | RIGHT_TRUNCATE) /* WRITE_FILE, READ_FILE */
#define NET_TCP         0x3ULL                    /* ABI 4, 6.7: bind and connect */
#define SCOPES          0x3ULL                    /* ABI 6, 6.12: abstract sockets, signals */

/* The kernel takes a shorter or, if the rest is zero, a longer structure than its own. */
struct ruleset {
	uint64_t fs, net, scoped;
};

int landlock_beneath_all(const int *dirfds, size_t n, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct ruleset rules = { .fs = RIGHTS_1 | RIGHT_REFER };
	long abi;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "cannot give up new privileges");
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	/* ABI 1 forbids every link and rename between directories, which layers are full of. */
	if (abi < 2)
		return 0;
	if (abi >= 3)
		rules.fs |= RIGHT_TRUNCATE;
	if (abi >= 4)
		rules.net = NET_TCP;
	if (abi >= 5)
		rules.fs |= RIGHT_IOCTL_DEV;
	if (abi >= 6)
		rules.scoped = SCOPES;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	if (fd < 0)
		return err_sys(e, "cannot make a Landlock rule set");
	for (size_t i = 0; i < n; i++) {
		struct landlock_path_beneath_attr beneath = {
			.parent_fd = dirfds[i],
			.allowed_access = rules.fs & ~(RIGHT_EXECUTE | RIGHT_MAKE_SOCK |
			                               RIGHT_MAKE_BLK | RIGHT_IOCTL_DEV),
		};
		struct stat st;

		/* What can be done in a directory must not be asked for a file (EINVAL). */
		if (fstat(dirfds[i], &st) == 0 && !S_ISDIR(st.st_mode))
			beneath.allowed_access &= FILE_RIGHTS;
		if (syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
			return err_sys(e, "cannot add a Landlock rule");
	}
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return err_sys(e, "cannot apply the Landlock rules");
	return 1;
}

int landlock_beneath(int dirfd, struct err *e)
{
	return landlock_beneath_all(&dirfd, 1, e);
}
