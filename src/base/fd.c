/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include "base/num.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/memfd.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3; older kernels say EINVAL */
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

int fd_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t w = RETRY_EINTR(write(fd, p, n));

		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *data, size_t n)
{
	char *p = data;
	size_t got = 0;

	while (got < n) {
		ssize_t r = RETRY_EINTR(read(fd, p + got, n - got));

		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

int fd_set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

int fd_set_cloexec(int fd, int on)
{
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? -errno : 0;
}

/* Where close_range is missing (before Linux 5.9 and 5.11) or a system call filter hides it. */
static int each_from(int first, bool is_close)
{
	DIR *d = opendir("/proc/self/fd");

	if (!d)
		return -errno;
	for (struct dirent *de; (de = readdir(d));) {
		uint32_t fd;

		if (parse_u32(de->d_name, &fd) < 0 || fd < (uint32_t)first || (int)fd == dirfd(d))
			continue;
		if (is_close)
			(void)close((int)fd);
		else
			(void)fd_set_cloexec((int)fd, 1);
	}
	(void)closedir(d);
	return 0;
}

int fd_close_from(int first)
{
	return close_range((unsigned)first, ~0U, 0) == 0 ? 0 : each_from(first, true);
}

int fd_cloexec_from(int first)
{
	return close_range((unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0
	               ? 0
	               : each_from(first, false);
}

int fd_copy_all(int from_fd, int to_fd, struct err *e)
{
	char buf[64 * 1024];
	ssize_t n;
	int r;

	do
		n = RETRY_EINTR(sendfile(to_fd, from_fd, NULL, 0x7ffff000));
	while (n > 0);
	if (n == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return err_sys(e, "cannot copy");
	while ((n = RETRY_EINTR(read(from_fd, buf, sizeof(buf)))) > 0) {
		r = fd_write_all(to_fd, buf, (size_t)n);
		if (r < 0)
			return err_errno(e, r, "cannot write");
	}
	return n < 0 ? err_sys(e, "cannot read") : 0;
}

static int memfd(const char *name, unsigned flag)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flag);

	if (fd < 0 &&
	    errno == EINVAL) /* before 6.3 there was no such flag and all were executable */
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

int fd_wide_pipe(int *ret_read_fd, int *ret_write_fd, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	(void)fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	*ret_read_fd = fds[0];
	*ret_write_fd = fds[1];
	return 0;
}

static int seal(int fd, struct err *e)
{
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_sys(e, "cannot seal memory file");
	return 0;
}

int fd_sealed_memory(const char *name, const void *data, size_t n, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = memfd(name, MFD_NOEXEC_SEAL);
	if (fd < 0)
		return err_sys(e, "cannot make memory file");
	r = fd_write_all(fd, data, n);
	if (r < 0)
		return err_errno(e, r, "cannot fill memory file");
	r = seal(fd, e);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "cannot rewind memory file");
	return TAKE_FD(fd);
}

int fd_sealed_program(int program_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = memfd("usr-ct-program", MFD_EXEC);
	if (fd < 0) {
		r = err_sys(e, "cannot make memory file");
		return r == -EACCES ? err_hint(e, r, "sysctl vm.memfd_noexec must not be 2") : r;
	}
	r = fd_copy_all(program_fd, fd, e);
	if (r < 0)
		return r;
	if (fchmod(fd, 0555) < 0)
		return err_sys(e, "cannot make memory file executable");
	r = seal(fd, e);
	return r < 0 ? r : TAKE_FD(fd);
}
