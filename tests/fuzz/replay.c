/* SPDX-License-Identifier: Apache-2.0 */
/* replay - runs a fuzz target over every file of the directories given, as an ordinary test */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The input is copied to memory of exactly its size, so that a sanitizer sees one byte too far. */
static int replay_file(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *data;
	int r = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		data = malloc((size_t)st.st_size);
		if ((data || st.st_size == 0) &&
		    read(fd, data, (size_t)st.st_size) == (ssize_t)st.st_size) {
			(void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size); /* always 0 */
			r = 0;
		}
		free(data);
	}
	(void)close(fd);
	return r;
}

static int replay_directory(const char *path, unsigned *count)
{
	DIR *d = opendir(path);
	struct dirent *de;
	int r = 0;

	if (!d)
		return -1;
	while ((de = readdir(d))) {
		if (de->d_name[0] == '.')
			continue;
		if (replay_file(dirfd(d), de->d_name) < 0)
			r = -1;
		else
			++*count;
	}
	(void)closedir(d);
	return r;
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	for (int i = 1; i < argc; i++)
		if (replay_directory(argv[i], &count) < 0) {
			perror(argv[i]);
			return 1;
		}
	printf("%u inputs\n", count);
	return count == 0;
}
