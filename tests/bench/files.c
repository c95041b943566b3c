/* SPDX-License-Identifier: Apache-2.0 */
/* files - what a file costs on a file system, however it is kept; started by tests/bench/files
 *
 * Usage: files DIR N [--trees]
 *
 * Does for N files, 50 in a directory, the system calls that usr-ct does, and nothing else. So it
 * is what the kernel asks for, and what usr-ct takes beyond that is its own.
 */
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { PER_DIRECTORY = 50, SIZE_MAX_BYTES = 16384 };

enum kind {
	TREE,   /* of a metadata tree: size, two attributes, time */
	OBJECT, /* contents, digest */
	COPY,   /* contents and time: what a tree without objects would have */
};

static int root_fd, n_files;
static char contents[SIZE_MAX_BYTES];

static void write_contents(int fd, int i, size_t size)
{
	memcpy(contents, &i, size < sizeof(i) ? size : sizeof(i));
	if (write(fd, contents, size) != (ssize_t)size)
		err(1, "write");
}

static void make_file(int dirfd, enum kind kind, int i, size_t size)
{
	static const struct timespec times[2] = { { 0, UTIME_OMIT }, { 1700000000, 5 } };
	char name[32], digest[32] = { 0 };
	int fd;

	(void)snprintf(name, sizeof(name), "file-%08d.txt", i);
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		err(1, "%s", name);
	if (kind == TREE &&
	    (ftruncate(fd, (off_t)size) < 0 ||
	     fsetxattr(fd, "user.overlay.metacopy", "", 0, 0) < 0 ||
	     fsetxattr(fd, "user.overlay.redirect", "/ab/abcdefghijklmnopqrst", 24, 0) < 0))
		err(1, "%s", name);
	if (kind != TREE)
		write_contents(fd, i, size);
	if (kind == OBJECT && fsetxattr(fd, "user.usrct.digest", digest, sizeof(digest), 0) < 0)
		err(1, "%s", name);
	if (kind != OBJECT && futimens(fd, times) < 0)
		err(1, "%s", name);
	(void)close(fd);
}

static double now_us(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static uint64_t sum_bytes; /* nftw(3) passes nothing on */

static int add_blocks(const char *path, const struct stat *st, int what, struct FTW *where)
{
	(void)path;
	(void)what;
	(void)where;
	sum_bytes += (uint64_t)st->st_blocks * 512;
	return 0;
}

/* What du(1) says; without the inodes. */
static uint64_t used_bytes(const char *name)
{
	sum_bytes = 0;
	if (fchdir(root_fd) < 0 || nftw(name, add_blocks, 16, FTW_PHYS) != 0)
		err(1, "%s", name);
	return sum_bytes;
}

/* @is_spread: in a directory that ext4 shall find a place for. */
static int make_top(const char *name, bool is_spread)
{
	int fd, flags = 0;

	if (mkdirat(root_fd, name, 0700) < 0)
		err(1, "%s", name);
	fd = openat(root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", name);
	if (is_spread && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_TOPDIR_FL;
		if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0)
			warn("no such flag here");
	}
	return fd;
}

static void make_files(const char *name, bool is_spread, enum kind kind, size_t size)
{
	int top_fd = make_top(name, is_spread), fs_fd, dir_fd = -1;
	double wall = now_us(CLOCK_MONOTONIC), cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);

	if (mkdirat(top_fd, "fs", 0755) < 0)
		err(1, "fs");
	fs_fd = openat(top_fd, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < n_files; i++) {
		char dir[32];

		if (i % PER_DIRECTORY == 0) {
			(void)snprintf(dir, sizeof(dir), "dir-%06d", i / PER_DIRECTORY);
			if (dir_fd >= 0)
				(void)close(dir_fd);
			if (mkdirat(fs_fd, dir, 0755) < 0)
				err(1, "%s", dir);
			dir_fd = openat(fs_fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		}
		make_file(dir_fd, kind, i, size);
	}
	wall = now_us(CLOCK_MONOTONIC) - wall;
	cpu = now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	(void)close(dir_fd);
	(void)close(fs_fd);
	(void)close(top_fd);
	printf("  %-28s %6.1f us (CPU %.1f)  %6.0f bytes\n", name, wall / n_files, cpu / n_files,
	       (double)used_bytes(name) / n_files);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 1, 500, 4096, 16384 };
	char name[64];

	if (argc < 3)
		errx(2, "usage: files DIR N [--trees]");
	(void)umask(0);
	n_files = atoi(argv[2]);
	root_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0 || n_files <= 0)
		err(1, "%s", argv[1]);
	for (int i = 0; argc > 3 && i < 3; i++) {
		(void)snprintf(name, sizeof(name), "tree-%d", i);
		make_files(name, false, TREE, 500);
	}
	for (size_t i = 0; argc == 3 && i < sizeof(sizes) / sizeof(*sizes); i++) {
		printf("each file of %zu bytes\n", sizes[i]);
		(void)snprintf(name, sizeof(name), "object-%zu", sizes[i]);
		make_files(name, false, OBJECT, sizes[i]);
		(void)snprintf(name, sizeof(name), "tree-%zu", sizes[i]);
		make_files(name, true, TREE, sizes[i]);
		(void)snprintf(name, sizeof(name), "copy-%zu", sizes[i]);
		make_files(name, true, COPY, sizes[i]);
	}
	return 0;
}
