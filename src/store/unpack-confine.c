/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-confine - what is left to the unpacker and the packer if their input takes them over
 *
 * Landlock: files below one directory only. seccomp: a list of what unpacking needs, a thread
 * among it; no new sockets, programs, processes, namespaces, mounts or tracing. Capabilities: those
 * over the user's own mapped ids only. Memory: a limit, since a bomb is cheaper to write than to
 * unpack.
 */
#include "store/landlock.h"
#include "store/unpack.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { FILES_MAX = 256, PACK_FILES_MAX = 65536 };
#define MEMORY_MAX (1ULL << 30)

static int limit(int what, rlim_t max, struct err *e)
{
	struct rlimit l = { max, max };

	return setrlimit((__rlimit_resource_t)what, &l) < 0 ? err_sys(e, "cannot set a limit") : 0;
}

/* Whoever has no capabilities (single-id mode) loses nothing here. */
static int drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct now[2], keep[2] = { { 0 } };
	const uint32_t wanted = 1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE |
	                        1u << CAP_DAC_READ_SEARCH | 1u << CAP_FOWNER | 1u << CAP_FSETID |
	                        1u << CAP_SETFCAP;

	if (syscall(SYS_capget, &head, now) < 0)
		return err_sys(e, "cannot read capabilities");
	keep[0].effective = keep[0].permitted = now[0].permitted & wanted;
	if (syscall(SYS_capset, &head, keep) < 0)
		return err_sys(e, "cannot drop capabilities");
	return 0;
}

static const int allowed[] = {
	/* data */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(ftruncate),
	SCMP_SYS(close),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(fcntl),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(eventfd2),
	/* files and directories */
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(mkdirat),
	SCMP_SYS(mknodat),
	SCMP_SYS(symlinkat),
	SCMP_SYS(linkat),
	SCMP_SYS(unlinkat),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(getdents64),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(fstatfs),
	SCMP_SYS(readlinkat),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat),
	SCMP_SYS(fchown),
	SCMP_SYS(fchownat),
	SCMP_SYS(utimensat),
	SCMP_SYS(fsetxattr),
	SCMP_SYS(fgetxattr),
	SCMP_SYS(flistxattr),
	SCMP_SYS(fremovexattr),
	/* the end of a child that was there before */
	SCMP_SYS(wait4),
	/* memory and the C library */
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(tgkill),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity), /* pthread_getattr_np(3), which sanitizers call in a thread */
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(prlimit64),
	SCMP_SYS(sysinfo),
	/* 32-bit names of the above */
	SCMP_SYS(mmap2),
	SCMP_SYS(_llseek),
	SCMP_SYS(fstat64),
	SCMP_SYS(fstatat64),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(fcntl64),
	SCMP_SYS(utimensat_time64),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(futex_time64),
	SCMP_SYS(ppoll_time64),
};

/* The thread that decompresses (unpack-ahead.h), but no process and no namespace. The C library
 * takes clone(2), whose flags can be seen, where there is no clone3(2). */
static int allow_threads(scmp_filter_ctx ctx)
{
	const uint64_t looked_at = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_NEWNS |
	                           CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
	                           CLONE_NEWPID | CLONE_NEWNET;
	const uint64_t wanted = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND;
#if defined(__s390x__) || defined(__s390__) || defined(__CRIS__)
	const unsigned int flags_at = 1;
#else
	const unsigned int flags_at = 0;
#endif
	const struct scmp_arg_cmp flags = { flags_at, SCMP_CMP_MASKED_EQ, looked_at, wanted };
	int r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &flags);

	return r < 0 ? r : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int filter_calls(struct err *e)
{
	/* An error rather than death: a C library of next year may try something new first. */
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(allowed) && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	if (r == 0) /* a reflink, for whole copies */
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		                     SCMP_A1(SCMP_CMP_EQ, FICLONE));
	if (r == 0)
		r = allow_threads(ctx);
	/* Calls come in millions: have them found by binary search (libseccomp 2.5). */
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r < 0 ? err_errno(e, r, "cannot load the system call filter") : 0;
}

/* One descriptor for each level of a tree, several where layers are compared. */
static int allow_files(struct err *e)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return err_sys(e, "cannot read a limit");
	return limit(RLIMIT_NOFILE, MIN(l.rlim_max, (rlim_t)PACK_FILES_MAX), e);
}

int unpack_confine(const int *dirfds, size_t n, bool is_layer, struct err *e)
{
	int r;

	r = limit(RLIMIT_CORE, 0, e);
	if (r == 0)
		r = is_layer ? limit(RLIMIT_NOFILE, FILES_MAX, e) : allow_files(e);
#ifdef UNPACK_LIMIT_MEMORY /* not in sanitized builds, which reserve terabytes */
	if (r == 0)
		r = limit(RLIMIT_AS, MEMORY_MAX, e);
#endif
	if (r == 0)
		r = landlock_beneath_all(dirfds, n, e);
	if (r >= 0)
		r = drop_capabilities(e);
	return r < 0 ? r : filter_calls(e);
}
