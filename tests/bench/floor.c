/* SPDX-License-Identifier: Apache-2.0 */
/* floor - what a pull cannot do without, and nothing else; started by tests/bench/floor
 *
 * Usage: floor LAYOUT DIR plain|objects
 *
 * For each layer: its blob over a TCP connection on loopback, SHA-256 of it and a file that keeps
 * it; decompressed by the libraries that usr-ct has; SHA-256 of the tar, for objects that of each
 * file's contents beside it; a file with the contents of each file, for objects another one with
 * size, two attributes and a time. No names, links, owners or modes, no checks, no confinement, no
 * other process, no index, no database. Prints the CPU time of this process: whoever sends is
 * another, as the registry is.
 */
#include "store/sha256.h"

#include <err.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <zstd.h>

enum { PIECE = 64 << 10, BLOCK = 256 << 10, TAR = 512, SIZE_AT = 124, TYPE_AT = 156 };

struct walk {
	struct sha256 tar, content;
	bool has_objects;
	uint8_t header[TAR];
	size_t n_header;
	uint64_t left, padding; /* of the current entry */
	int fd, dirfd;
	unsigned n_files;
	char name[32];
};

static void create(struct walk *w, uint64_t size)
{
	if (w->n_files % 256 == 0) {
		(void)snprintf(w->name, sizeof(w->name), "%u", w->n_files / 256);
		if (mkdirat(w->dirfd, w->name, 0700) < 0)
			err(1, "mkdirat");
	}
	(void)snprintf(w->name, sizeof(w->name), "%u/%u", w->n_files / 256, w->n_files % 256);
	w->n_files++;
	w->fd = openat(w->dirfd, w->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (w->fd < 0)
		err(1, "openat");
	w->left = size;
	w->padding = -size % TAR;
	(void)sha256_start(&w->content);
}

/* In the metadata tree. */
static void point(const struct walk *w, off_t size)
{
	static const char to[] = "/ab/cdefghijklmnopqrstuvwxyz0123";
	const struct timespec times[2] = { { 0, UTIME_OMIT }, { 1, 0 } };
	char name[40];
	int fd;

	(void)snprintf(name, sizeof(name), "%s.tree", w->name);
	fd = openat(w->dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, size) < 0 || fsetxattr(fd, "user.metacopy", "", 0, 0) < 0 ||
	    fsetxattr(fd, "user.redirect", to, sizeof(to) - 1, 0) < 0 || futimens(fd, times) < 0)
		err(1, "a file of the tree");
	(void)close(fd);
}

static void finish(struct walk *w, off_t size)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT }, { 1, 0 } };
	uint8_t digest[SHA256_SIZE];

	if (w->has_objects) {
		(void)sha256_finish(&w->content, digest);
		if (fsetxattr(w->fd, "user.digest", digest, sizeof(digest), 0) < 0)
			err(1, "fsetxattr");
		point(w, size);
	} else if (futimens(w->fd, times) < 0) {
		err(1, "futimens");
	}
	(void)close(w->fd);
}

/* Contents of a file; the tar's own bytes up to here go along where that is free. */
static void put(struct walk *w, const uint8_t *p, size_t n, struct sha256_waiting *tar)
{
	if (w->has_objects)
		(void)sha256_add_both(&w->content, p, n, tar);
	if (write(w->fd, p, n) != (ssize_t)n)
		err(1, "write");
	w->left -= n;
	if (w->left == 0)
		finish(w, lseek(w->fd, 0, SEEK_CUR));
}

static void read_header(struct walk *w)
{
	uint64_t size = 0;
	char type = (char)w->header[TYPE_AT];

	w->n_header = 0;
	for (int i = 0; i < 11; i++)
		size = size << 3 | (w->header[SIZE_AT + i] & 7);
	if ((type == '0' || type == '\0') && size > 0)
		create(w, size);
	else /* what follows GNU's long names */
		w->padding = (size + TAR - 1) / TAR * TAR;
}

static void take(struct walk *w, const uint8_t *p, size_t n)
{
	struct sha256_waiting tar = { &w->tar, p, n };

	while (n > 0) {
		size_t part;

		if (w->left) {
			part = MIN(n, (size_t)w->left);
			put(w, p, part, &tar);
		} else if (w->padding) {
			part = MIN(n, (size_t)w->padding);
			w->padding -= part;
		} else {
			part = MIN(n, TAR - w->n_header);
			memcpy(w->header + w->n_header, p, part);
			w->n_header += part;
			if (w->n_header == TAR)
				read_header(w);
		}
		p += part;
		n -= part;
	}
	(void)sha256_add(&w->tar, tar.data, tar.n);
}

static void unpack_gzip(struct walk *w, const uint8_t *in, size_t n)
{
	static struct inflate_state st;
	static uint8_t out[BLOCK];

	isal_inflate_init(&st);
	st.crc_flag = ISAL_GZIP;
	st.next_in = (uint8_t *)(uintptr_t)in;
	st.avail_in = (uint32_t)n;
	do {
		st.next_out = out;
		st.avail_out = sizeof(out);
		if (isal_inflate(&st) != 0)
			errx(1, "isal_inflate");
		take(w, out, sizeof(out) - st.avail_out);
	} while (st.block_state != ISAL_BLOCK_FINISH);
}

static void unpack_zstd(struct walk *w, const uint8_t *p, size_t n)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = { p, n, 0 };
	static uint8_t buf[BLOCK];

	while (in.pos < in.size) {
		ZSTD_outBuffer out = { buf, sizeof(buf), 0 };

		if (ZSTD_isError(ZSTD_decompressStream(z, &out, &in)))
			errx(1, "ZSTD_decompressStream");
		take(w, buf, out.pos);
	}
	(void)ZSTD_freeDStream(z);
}

static pid_t send_file(const char *path, const struct sockaddr_in *to)
{
	pid_t pid = fork();
	ssize_t n = 1;

	if (pid == 0) {
		int s = socket(AF_INET, SOCK_STREAM, 0), fd = open(path, O_RDONLY);

		if (fd < 0 || connect(s, (const struct sockaddr *)to, sizeof(*to)) < 0)
			err(1, "%s", path);
		while (n > 0)
			n = sendfile(s, fd, NULL, BLOCK);
		_exit(n < 0);
	}
	return pid;
}

/* Returns the file in memory: that is cheaper than to read it, and than to have kept it all. */
static uint8_t *receive(int s, int fd, size_t size)
{
	static uint8_t piece[PIECE];
	uint8_t *all, digest[SHA256_SIZE];
	struct sha256 x;
	size_t have = 0;
	ssize_t n;

	(void)sha256_init(&x, sha256_is_fast(), NULL);
	(void)sha256_start(&x);
	while (have < size && (n = recv(s, piece, sizeof(piece), 0)) > 0) {
		(void)sha256_add(&x, piece, (size_t)n);
		if (write(fd, piece, (size_t)n) != n)
			err(1, "write");
		have += (size_t)n;
	}
	(void)sha256_finish(&x, digest);
	all = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (have != size || all == MAP_FAILED)
		errx(1, "the blob is not as long as it should be");
	return all;
}

static void pull(const char *path, size_t size, struct walk *w)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int l = socket(AF_INET, SOCK_STREAM, 0), fd, s;
	uint8_t *blob, digest[SHA256_SIZE];
	char name[32];

	if (bind(l, (struct sockaddr *)&a, len) < 0 || listen(l, 1) < 0 ||
	    getsockname(l, (struct sockaddr *)&a, &len) < 0)
		err(1, "listen");
	pid_t pid = send_file(path, &a);

	s = accept(l, NULL, NULL);
	(void)snprintf(name, sizeof(name), "blob%u", w->n_files);
	fd = openat(w->dirfd, name, O_RDWR | O_CREAT | O_EXCL, 0600);
	blob = receive(s, fd, size);
	(void)close(s);
	(void)close(l);
	(void)close(fd);
	(void)waitpid(pid, NULL, 0);
	(void)sha256_start(&w->tar);
	w->left = w->padding = w->n_header = 0;
	(blob[0] == 0x1f ? unpack_gzip : unpack_zstd)(w, blob, size);
	(void)sha256_finish(&w->tar, digest);
	(void)munmap(blob, size);
}

int main(int argc, char **argv)
{
	struct walk w = { .fd = -1 };
	struct rusage u;
	struct stat st;
	char path[512];

	if (argc < 4)
		errx(2, "usage: floor LAYOUT DIR plain|objects, names of blobs on standard input");
	w.has_objects = !strcmp(argv[3], "objects");
	w.dirfd = open(argv[2], O_RDONLY | O_DIRECTORY);
	(void)sha256_init(&w.tar, sha256_is_fast(), NULL);
	(void)sha256_init(&w.content, sha256_is_fast(), NULL);
	while (scanf("%80s", path + 400) == 1) {
		(void)snprintf(path, 400, "%.250s/blobs/sha256/%s", argv[1], path + 400);
		if (stat(path, &st) < 0)
			err(1, "%s", path);
		pull(path, (size_t)st.st_size, &w);
	}
	(void)getrusage(RUSAGE_SELF, &u);
	printf("%s %s: %.2f s of CPU (%.2f user, %.2f system), %u files\n", argv[1], argv[3],
	       (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
	       (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6,
	       (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6, w.n_files);
	return 0;
}
