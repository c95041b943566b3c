/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/process.h"

#include "base/fd.h"
#include "container/mount.h"
#include "container/spec.h"
#include "security/capabilities.h"
#include "security/seccomp.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

void process_reset_signals(void)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} dfl = { 0 }; /* the kernel's struct sigaction, SIG_DFL */
	uint64_t none = 0;

	for (int sig = 1; sig <= 64; sig++)
		(void)syscall(SYS_rt_sigaction, sig, &dfl, NULL,
		              sizeof(dfl.mask)); /* not KILL, STOP */
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

int process_become_root(struct err *e)
{
	/* EINVAL: there is one id, and the document has another number for it. The capabilities
	 * are ours all the same, as long as the program does not run. */
	if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
		return err_sys(e, "cannot become root in the user namespace");
	return 0;
}

int process_take_terminal(int slave_fd, const struct user *u, struct err *e)
{
	if (ioctl(slave_fd, TIOCSCTTY, 0) < 0)
		return err_sys(e, "cannot take the terminal");
	IGNORE(fchown(slave_fd, u->uid, (gid_t)-1)); /* else only this user cannot reopen it */
	for (int fd = 0; fd < 3; fd++)
		if (dup3(slave_fd, fd, 0) < 0)
			return err_sys(e, "cannot set up the terminal");
	return 0;
}

int process_take_pipes(const int stdio[3], const struct user *u, struct err *e)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		/* So that a program of another user may open /dev/stdout again. */
		if (fstat(stdio[fd], &st) == 0 && S_ISFIFO(st.st_mode))
			IGNORE(fchown(stdio[fd], u->uid, (gid_t)-1));
		if (stdio[fd] != fd && dup3(stdio[fd], fd, 0) < 0)
			return err_sys(e, "cannot set up standard input and output");
	}
	return 0;
}

static int set_default(struct strv *env, const char *name, const char *value)
{
	if (strv_env_get(env, name))
		return 0;
	return strv_addf(env, "%s=%s", name, value);
}

static int complete_env(const struct spec *spec, struct process *p)
{
	int r = 0;

	for (char *const *v = spec->env; *v && r == 0; v++)
		r = strchr(*v, '=') ? strv_env_set(&p->env, *v) : 0; /* "NAME" alone says nothing */
	if (r == 0)
		r = set_default(&p->env, "PATH", DEFAULT_PATH);
	if (r == 0)
		r = set_default(&p->env, "HOME", p->user.home);
	if (r == 0 && spec->hostname)
		r = set_default(&p->env, "HOSTNAME", spec->hostname);
	if (r == 0 && spec->terminal)
		r = set_default(&p->env, "TERM", "xterm");
	return r;
}

/* A link of /proc leads to any directory that a descriptor of ours is open for, outside of the
 * container too (CVE-2024-21626), so the way there is looked up below the root and takes none. */
static int enter_cwd(const struct spec *spec, int root_fd, bool makes_cwd, const struct user *u,
                     struct err *e)
{
	_cleanup_close_ int fd = mount_lookup(root_fd, spec->cwd);

	if (fd == -ENOENT && makes_cwd) { /* Docker makes it, and so do we */
		fd = mount_target(root_fd, spec->cwd, MOUNT_TARGET_DIR, e);
		if (fd < 0)
			return err_in(e, fd, "cannot make working directory '%s'", spec->cwd);
		/* It exists; that is enough. */
		IGNORE(fchownat(fd, "", u->uid, u->gid, AT_EMPTY_PATH));
	}
	if (fd < 0)
		return err_set(e, UCT_WORKING_DIRECTORY, fd,
		               "cannot enter working directory '%s': %s", spec->cwd, strerror(-fd));
	if (fchdir(fd) < 0)
		return err_set(e, UCT_WORKING_DIRECTORY, -errno,
		               "cannot enter working directory '%s': %s", spec->cwd,
		               strerror(errno));
	return 0;
}

/* By name, or by the numbers of the document; then the image still knows the home directory. */
static int find_user(const struct spec *spec, int root_fd, struct user *ret, struct err *e)
{
	char numbers[32];
	int r;

	(void)snprintf(numbers, sizeof(numbers), "%u:%u", (unsigned)spec->uid, (unsigned)spec->gid);
	r = user_resolve(root_fd, spec->user ? spec->user : numbers, ret, e);
	if (r == 0)
		r = user_add_groups(ret, spec->groups, spec->n_groups, e);
	if (r == 0 && spec->group_names)
		r = user_add_group_names(root_fd, spec->group_names, ret, e);
	return r;
}

int process_prepare(const struct spec *spec, int root_fd, bool makes_cwd, struct process *ret,
                    struct err *e)
{
	struct process p = { 0 };
	int r;

	r = find_user(spec, root_fd, &p.user, e);
	if (r == 0)
		r = complete_env(spec, &p) < 0 ? err_oom(e) : 0;
	if (r == 0)
		r = enter_cwd(spec, root_fd, makes_cwd, &p.user, e);
	if (r < 0)
		process_done(&p);
	else
		*ret = p;
	return r;
}

static int set_limits(const struct spec *spec, struct err *e)
{
	for (size_t i = 0; i < spec->n_rlimits; i++) {
		const struct spec_rlimit *x = &spec->rlimits[i];
		struct rlimit now;

		if (setrlimit((__rlimit_resource_t)x->resource, &x->limit) == 0)
			continue;
		if (errno == EPERM && getrlimit((__rlimit_resource_t)x->resource, &now) == 0)
			return err_set(e, UCT_ULIMIT, -EPERM,
			               "resource limit %d cannot be raised from %llu to %llu",
			               x->resource, (unsigned long long)now.rlim_max,
			               (unsigned long long)x->limit.rlim_max);
		return err_sys(e, "cannot set resource limit %d", x->resource);
	}
	return 0;
}

int process_set_oom_score(const struct spec *spec, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char text[16];
	int r;

	if (!spec->has_oom_score_adj)
		return 0;
	/* Else our own files in /proc belong to root outside. Nobody in the container looks yet. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return err_sys(e, "cannot set the OOM score");
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot set the OOM score");
	r = fd_write_all(fd, text, (size_t)snprintf(text, sizeof(text), "%d", spec->oom_score_adj));
	if (r == -EACCES || r == -EPERM)
		return err_set(e, UCT_OOM_SCORE, r, "the OOM score cannot be lowered to %d",
		               spec->oom_score_adj);
	return r < 0 ? err_errno(e, r, "cannot set the OOM score to %d", spec->oom_score_adj) : 0;
}

static int capability_mask(char *const *names, uint64_t *ret, struct err *e)
{
	*ret = 0;
	for (; names && *names; names++) {
		uint64_t bit;

		if (capability_parse(*names, &bit) < 0)
			return err_set(e, UCT_BAD_CONFIG, -EINVAL, "capability '%s' is not known",
			               *names);
		*ret |= bit;
	}
	return 0;
}

static int capability_masks(const struct spec *spec, struct capability_sets *ret, struct err *e)
{
	uint64_t *masks[SPEC_CAPABILITY_SETS] = { &ret->bounding, &ret->effective, &ret->permitted,
		                                  &ret->inheritable, &ret->ambient };
	int r = 0;

	for (size_t i = 0; i < SPEC_CAPABILITY_SETS && r == 0; i++)
		r = capability_mask(spec->capabilities[i], masks[i], e);
	return r;
}

static int become_user(const struct user *u, const struct spec *spec, struct err *e)
{
	bool asked = spec->n_groups || spec->group_names;

	/* With one id only, setgroups is denied for good, and there is no group to lose, nor to be
	 * had: those of the image's group file are left out. To keep the caller's groups is to
	 * leave them alone: they have no number here, but they count. */
	if (!spec->keep_groups && setgroups(u->n_groups, u->groups) < 0 &&
	    (errno != EPERM || asked))
		return err_sys(e, "cannot set supplementary groups");
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, "cannot keep capabilities");
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return err_hint(e, err_sys(e, "cannot become group %u", (unsigned)u->gid),
		                "the id must be one that your subordinate ids cover");
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return err_hint(e, err_sys(e, "cannot become user %u", (unsigned)u->uid),
		                "the id must be one that your subordinate ids cover");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return err_sys(e, "cannot stop keeping capabilities");
	return 0;
}

static int load_filter(const struct spec *spec, struct err *e)
{
	const struct sock_filter *program;
	size_t n;

	if (!spec->default_seccomp)
		return 0;
	program = seccomp_default_program(&n);
	return seccomp_load_program(program, n, e);
}

/* Whether there is but one id here: then the kernel has setgroups denied for good, which it checks
 * before it looks at the number (user_namespaces(7)). */
static bool has_one_id(void)
{
	return syscall(SYS_setgroups, (1 << 16) + 1, NULL) < 0 && errno == EPERM;
}

static int load_single_filter(struct err *e)
{
	size_t n;
	const struct sock_filter *program = seccomp_single_program(&n);

	return seccomp_load_program(program, n, e);
}

int process_restrict(const struct spec *spec, const struct process *p, struct err *e)
{
	struct capability_sets sets = { 0 };
	bool is_single = p->user.uid == 0 && has_one_id();
	int r;

	(void)umask(spec->umask);
	r = set_limits(spec, e);
	if (r == 0)
		r = capability_masks(spec, &sets, e);
	if (r == 0)
		r = capabilities_bound(sets.bounding, e);
	if (r == 0 && spec->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_sys(e, "cannot set no_new_privs");
	if (r == 0)
		r = load_filter(spec, e);
	if (r == 0)
		r = become_user(&p->user, spec, e);
	if (r == 0 && is_single)
		r = load_single_filter(e);
	if (r < 0)
		return r;
	/* Like a program that root executes, one of another user starts with none (Docker). */
	if (p->user.uid != 0)
		sets.permitted = sets.effective = sets.ambient;
	return capabilities_apply(&sets, e);
}

static int exec_failed(struct err *e, int errnum, const char *name)
{
	if (errnum == ENOENT || errnum == ENOTDIR) {
		struct stat st;

		/* The kernel says ENOENT also for a missing interpreter of a script or program. */
		if (strchr(name, '/') && stat(name, &st) == 0)
			return err_set(e, UCT_COMMAND_NOT_EXECUTABLE, -errnum,
			               "cannot execute '%s': its interpreter does not exist", name);
		return err_set(e, UCT_COMMAND_NOT_FOUND, -ENOENT,
		               "cannot execute '%s': no such file or directory", name);
	}
	return err_set(e, UCT_COMMAND_NOT_EXECUTABLE, -errnum, "cannot execute '%s': %s", name,
	               strerror(errnum));
}

static bool is_missing(const char *path)
{
	return access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* execvpe(3), but with the container's PATH and without its fallback to a shell. */
int process_exec(const struct spec *spec, const struct process *p, struct err *e)
{
	const char *name = spec->args[0], *path = strv_env_get(&p->env, "PATH");
	int found = ENOENT;
	char buf[4096];

	if (!*name)
		return err_set(e, UCT_COMMAND_NOT_FOUND, -ENOENT, "cannot execute '': empty name");
	if (strchr(name, '/')) {
		(void)execve(name, spec->args, p->env.v);
		return exec_failed(e, errno, name);
	}
	while (path && *path) {
		size_t n = strcspn(path, ":");

		/* Looking costs less than an execve(2) that finds nothing. */
		if (snprintf(buf, sizeof(buf), "%.*s%s%s", (int)n, path, n ? "/" : "", name) <
		            (int)sizeof(buf) &&
		    !is_missing(buf)) {
			(void)execve(buf, spec->args, p->env.v);
			found = errno;
			if (found != EACCES)
				return exec_failed(e, found, buf);
		}
		path += n + (path[n] == ':');
	}
	if (found == EACCES)
		return exec_failed(e, EACCES, name);
	return err_set(e, UCT_COMMAND_NOT_FOUND, -ENOENT, "cannot execute '%s': not found in PATH",
	               name);
}

void process_done(struct process *p)
{
	strv_done(&p->env);
}
