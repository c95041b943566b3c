/* SPDX-License-Identifier: Apache-2.0 */
/* A log is read with whatever a crash, or somebody's editor, left in it. */
#include "container/log.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;

	while (n > 0) {
		struct log_entry x = { 0 };
		ssize_t r = log_parse(text, n, &x);
		size_t used;

		if (r == 0)
			break; /* incomplete: more would be read */
		used = r > 0 ? (size_t)r : x.n;
		assert(used > 0 && used <= n && text[used - 1] == '\n');
		if (r > 0)
			assert(x.data > text && x.data + x.n == text + used - 1);
		else
			assert(r == -EBADMSG);
		text += used;
		n -= used;
	}
	return 0;
}
