/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top-fields.h"

#include "base/sbuf.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* /proc/PID/stat, an empty line, /proc/PID/status: a process chooses its own name in both. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "args",    "capeff", "comm",  "group", "groups",
		                             "hgroups", "nice",   "pcpu",  "pgid",  "pid",
		                             "ppid",    "rss",    "stime", "state", "etime",
		                             "time",    "tty",    "user",  "vsz",   "seccomp" };
	_cleanup_free_ char *stat = strndup((const char *)data, n);
	char *status = stat ? strstr(stat, "\n\n") : NULL;

	if (!status)
		return 0;
	*status = '\0';
	status += 2;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1 << 20);
		const struct top_field *f = top_field(names[i], strlen(names[i]));

		assert(f);
		/* There is no process 0, so that nothing else is read. */
		if (top_field_print_texts(f, 0, stat, status, &b))
			assert(b.err == 0 || b.err == -E2BIG);
	}
	return 0;
}
