/* SPDX-License-Identifier: Apache-2.0 */
/* replay - runs a fuzz target over every file of a directory, so that what a fuzzer found once
 * stays found with any compiler. Usage: fuzz-x DIRECTORY */
#include "base/file.h"

#include <dirent.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 16 << 20 };

int main(int argc, char **argv)
{
	struct dirent *de;
	unsigned n = 0;
	DIR *d = argc == 2 ? opendir(argv[1]) : NULL;

	if (!d) {
		(void)fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	while ((de = readdir(d))) {
		_cleanup_free_ char *text = NULL;
		size_t len = 0;
		struct err e;

		if (de->d_name[0] == '.')
			continue;
		if (file_read_at(dirfd(d), de->d_name, INPUT_MAX, &text, &len, &e) < 0) {
			(void)fprintf(stderr, "%s\n", e.msg);
			return 1;
		}
		(void)LLVMFuzzerTestOneInput((const uint8_t *)text, len);
		n++;
	}
	(void)closedir(d);
	(void)printf("%u inputs\n", n);
	return n == 0;
}
