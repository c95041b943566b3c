/* SPDX-License-Identifier: Apache-2.0 */
/* backend-fuse - fuse-overlayfs; backend.h tells whose ids and whose life it has
 *
 * The mount is made here, by fsopen(2), so that neither fusermount3(1) nor a mount point outside
 * the container is needed. libfuse (3.3 and newer) takes "/dev/fd/N" as "it is mounted already".
 *
 * Should: keep the program out of the container's namespaces, but for the user namespace where
 * there is no other. Mustn't: let a second process have the descriptor of /dev/fuse.
 */
#include "container/backends.h"

#include "base/fd.h"
#include "base/proc.h"
#include "base/sbuf.h"
#include "base/strv.h"
#include "container/mount.h"
#include "container/rootfs.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

int mount(const char *source, const char *target, const char *fstype, unsigned long flags,
          const void *data); /* sys/mount.h clashes with linux/mount.h in glibc 2.36 */

enum { DEV_FD = 3, END_MS = 5000, KILL_MS = 2000, OPTIONS_MAX = 120 * 1024 };
enum { PROPAGATE_SLAVE = 1 << 19, PROPAGATE_REC = 16384 };

/* Waits for the program's first answer, and so for its readiness. */
static int look(int root_fd, struct err *e)
{
	struct stat st;

	return fstatat(root_fd, "", &st, AT_EMPTY_PATH) < 0
	               ? err_set(e, UCT_NO_FUSE, -errno, "fuse-overlayfs does not answer: %s",
	                         strerror(errno))
	               : 0;
}

int backend_mount_fuse(const struct backend_root *b, struct err *e)
{
	_cleanup_close_ int dev_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	_cleanup_close_ int fd = -EBADF, target_fd = -EBADF;
	char number[16];
	int r;

	if (dev_fd < 0)
		return err_set(e, UCT_NO_FUSE, -errno, "cannot open '/dev/fuse': %s",
		               strerror(errno));
	(void)snprintf(number, sizeof(number), "fd=%d", dev_fd);
	/* allow_other: whoever is in this user namespace, whatever its id; nobody else is. */
	const char *const config[] = { "source=fuse-overlayfs",
		                       number,
		                       "rootmode=40000",
		                       "user_id=0",
		                       "group_id=0",
		                       "default_permissions",
		                       "allow_other",
		                       NULL };

	target_fd =
		openat(b->container_dirfd, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target_fd < 0)
		return err_sys(e, "cannot open the container's directories");
	fd = mount_new("fuse", config, 0, e);
	if (fd < 0)
		return err_recode(e, fd, UCT_NO_FUSE);
	r = b->serve(b, dev_fd, b->serve_arg, e);
	/* Or the end of the program would not be that of the connection. */
	cleanup_close(&dev_fd);
	dev_fd = -EBADF;
	if (r == 0)
		r = look(fd, e);
	if (r == 0)
		r = mount_attach(fd, target_fd, "fuse-overlayfs", e);
	return r < 0 ? r : TAKE_FD(fd);
}

/* --- the program */

/* In its process. Metadata trees are the kernel's to understand: those layers become one,
 * read-only, in a mount namespace that is the program's alone. */
static int join_layers(const struct backend_root *b, int *ret_container_fd, struct err *e)
{
	_cleanup_layer_fds_ struct layer_fds lower = { 0 }, data = { 0 };
	_cleanup_close_ int base_fd = -EBADF, container_fd = -EBADF;
	struct mount_overlay o = { .upper_fd = -EBADF, .work_fd = -EBADF };
	int r;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, PROPAGATE_REC | PROPAGATE_SLAVE, NULL) < 0)
		return err_sys(e, "cannot make a mount namespace");
	base_fd = rootfs_reopen(b->base_dirfd, e);
	container_fd = base_fd < 0 ? base_fd : rootfs_reopen(b->container_dirfd, e);
	r = MIN(container_fd, 0);
	if (r == 0)
		r = layer_fds_open(base_fd, b->layers, &lower, e);
	if (r == 0)
		r = data_fds_open(base_fd, b->data, &data, e);
	if (r < 0)
		return r;
	o.lower_fds = lower.fds;
	o.n_lower = lower.n;
	o.data_fds = data.fds;
	o.n_data = data.n;
	r = mount_overlay(&o, container_fd, "root", e);
	if (r < 0)
		return err_recode(e, r, UCT_NO_OBJECTS);
	(void)close(r);
	*ret_container_fd = TAKE_FD(container_fd);
	return 0;
}

/* Layers are named from the data directory, where the program starts, and the container's directory
 * by descriptor 4: whatever stands in the path of the store is no option of a mount. */
static int make_options(const struct backend_root *b, struct sbuf *out)
{
	size_t n = 0;

	sbuf_adds(out, "lowerdir=");
	if (b->is_looked_at)
		sbuf_adds(out, "/proc/self/fd/4/upper:");
	while (b->layers[n])
		n++;
	if (b->data && b->data[0])
		sbuf_adds(out, "/proc/self/fd/4/root");
	else
		while (n-- > 0)
			sbuf_addf(out, "%s%s", b->layers[n], n ? ":" : "");
	if (!b->is_looked_at)
		sbuf_adds(out, ",upperdir=/proc/self/fd/4/upper,workdir=/proc/self/fd/4/work");
	if (b->is_volatile)
		sbuf_adds(out, ",volatile");
	if (b->is_brief)
		sbuf_adds(out, ",writeback=0");
	return out->err;
}

static int enter_userns(int fd, struct err *e)
{
	if (fd < 0)
		return 0;
	if (setns(fd, CLONE_NEWUSER) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, "cannot enter the user namespace");
	return 0;
}

static int take_descriptors(int null_fd, int words_fd, int dev_fd, int container_fd)
{
	const int from[] = { null_fd, null_fd, words_fd, dev_fd, container_fd };
	int high[ARRAY_SIZE(from)];

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 64);
		if (high[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if (dup2(high[i], (int)i) < 0)
			return -errno;
	return fd_close_from(ARRAY_SIZE(from));
}

struct serving {
	const struct backend_root *b;
	const char *program, *options;
	int dev_fd, userns_fd, null_fd, words_fd;
};

static int become_server(const struct serving *s, struct err *e)
{
	static char *const env[] = { NULL };
	char dev[] = "/dev/fd/3";
	char *argv[] = { (char *)(uintptr_t) "fuse-overlayfs",
		         (char *)(uintptr_t) "-f",
		         (char *)(uintptr_t) "-o",
		         (char *)(uintptr_t)s->options,
		         dev,
		         NULL };
	int container_fd = s->b->container_dirfd, r = enter_userns(s->userns_fd, e);
	sigset_t none;

	if (r == 0 && s->b->data && s->b->data[0])
		r = join_layers(s->b, &container_fd, e);
	if (r < 0)
		return r;
	(void)setsid();
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (fchdir(s->b->base_dirfd) < 0)
		return err_sys(e, "cannot enter the store");
	r = take_descriptors(s->null_fd, s->words_fd, s->dev_fd, container_fd);
	if (r < 0)
		return err_errno(e, r, "cannot set up descriptors");
	(void)execve(s->program, argv, env);
	return err_sys(e, "cannot run '%s'", s->program);
}

static _Noreturn void run_server(const struct serving *s)
{
	struct err e = { 0 };
	int words_fd = s->words_fd;

	(void)become_server(s, &e);
	/* Descriptor 2 if it came that far: the same file. */
	if (fcntl(words_fd, F_GETFD) < 0)
		words_fd = 2;
	(void)fd_write_all(words_fd, e.msg, strlen(e.msg));
	_exit(127);
}

/* Between the program and a caller that may signal nobody: whichever ends, so does the other. */
static _Noreturn void keep(const struct serving *s, int leash_fd)
{
	pid_t pid = fork();
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int status;

	if (pid == 0)
		run_server(s);
	if (pid < 0 || dup2(leash_fd, 0) < 0 || fd_close_from(1) < 0)
		_exit(127);
	p[1].fd = pidfd_of(pid);
	if (p[1].fd >= 0)
		(void)RETRY_EINTR(poll(p, ARRAY_SIZE(p), -1));
	(void)kill(pid, SIGKILL); /* our own child, not yet reaped: the number is its */
	(void)RETRY_EINTR(waitpid(pid, &status, 0));
	_exit(0);
}

static int spawn(const struct serving *s, struct fuse_server *ret, struct err *e)
{
	int leash[2] = { -EBADF, -EBADF };
	pid_t pid;

	if (s->b->is_brief && pipe2(leash, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		cleanup_close(&leash[1]);
		if (s->b->is_brief)
			keep(s, leash[0]);
		run_server(s);
	}
	cleanup_close(&leash[0]);
	ret->leash_fd = leash[1];
	if (pid < 0)
		return err_sys(e, "cannot fork");
	ret->pid = pid;
	ret->pidfd = pidfd_of(pid);
	return ret->pidfd < 0 ? err_errno(e, ret->pidfd, "cannot watch fuse-overlayfs") : 0;
}

int fuse_server_start(const struct backend_root *b, int dev_fd, int userns_fd,
                      struct fuse_server *ret, struct err *e)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_sbuf_ struct sbuf options = SBUF_INIT(OPTIONS_MAX);
	struct serving s = { .b = b, .dev_fd = dev_fd, .userns_fd = userns_fd, .null_fd = null_fd };
	char path[64];
	int r;

	*ret = (struct fuse_server)FUSE_SERVER_NONE;
	if (proc_find_program("fuse-overlayfs", path, sizeof(path)) < 0)
		return err_set(e, UCT_NO_FUSE, -ENOENT, "fuse-overlayfs is not installed");
	r = make_options(b, &options);
	if (r < 0)
		return err_set(e, UCT_NO_FUSE, r, "too many layers for fuse-overlayfs");
	ret->words_fd = memfd_create("fuse-overlayfs", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (ret->words_fd < 0 || null_fd < 0)
		return err_sys(e, "cannot prepare fuse-overlayfs");
	s.program = path;
	s.options = options.s;
	s.words_fd = ret->words_fd;
	return spawn(&s, ret, e);
}

/* Of the last line it wrote; what does not print is none of ours. */
static void last_words(int fd, char *buf, size_t size)
{
	char text[4096], *at;
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, text, sizeof(text) - 1, MAX(end - (off_t)sizeof(text) + 1, (off_t)0));

	text[MAX(n, (ssize_t)0)] = '\0';
	for (n = n > 0 ? n : 0; n > 0 && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	at = strrchr(text, '\n');
	at = at ? at + 1 : text;
	for (char *c = at; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	(void)snprintf(buf, size, "%.290s", *at ? at : "it was killed");
}

int fuse_server_failed(struct fuse_server *s, int r, struct err *e)
{
	struct pollfd p = { .fd = s->pidfd, .events = POLLIN };
	char words[300];

	if (s->pid == 0)
		return r;
	/* Its descriptors are closed before it can be waited for. */
	if (RETRY_EINTR(poll(&p, 1, r == -ENOTCONN ? KILL_MS : 0)) != 1)
		return r;
	last_words(s->words_fd, words, sizeof(words));
	return err_set(e, UCT_NO_FUSE, -ENOTCONN, "fuse-overlayfs has ended: %s", words);
}

void fuse_server_shut_up(struct fuse_server *s)
{
	if (s->words_fd >= 0)
		(void)fcntl(s->words_fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SEAL);
	cleanup_close(&s->words_fd);
	s->words_fd = -EBADF;
}

static void reap(struct fuse_server *s)
{
	int status;

	cleanup_close(&s->leash_fd);

	if (s->pid > 0)
		(void)RETRY_EINTR(waitpid(s->pid, &status, 0));
	cleanup_close(&s->pidfd);
	cleanup_close(&s->words_fd);
	*s = (struct fuse_server)FUSE_SERVER_NONE;
}

void fuse_server_kill(struct fuse_server *s)
{
	if (s->pid > 0 && s->leash_fd < 0)
		(void)pidfd_signal(s->pidfd, SIGKILL);
	reap(s);
}

void fuse_server_end(struct fuse_server *s)
{
	static const struct {
		int signo, wait_ms;
	} steps[] = { { 0, END_MS }, { SIGTERM, KILL_MS }, { SIGKILL, -1 } };
	struct pollfd p = { .fd = s->pidfd, .events = POLLIN };

	for (size_t i = 0; i < ARRAY_SIZE(steps) && s->pid > 0 && s->pidfd >= 0; i++) {
		if (steps[i].signo)
			(void)pidfd_signal(s->pidfd, steps[i].signo);
		if (RETRY_EINTR(poll(&p, 1, steps[i].wait_ms)) == 1)
			break;
	}
	reap(s);
}
