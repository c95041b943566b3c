/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/cgroup.h"
#include "cgroup/usage.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Files of a cgroup, its pressure (PSI), and /proc/PID/cgroup. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *text = strndup((const char *)data, n);
	uint64_t in = 1, out = 1;
	const char *path;
	unsigned percent = 0;

	if (!text)
		return 0;
	(void)usage_keyed(text, "usage_usec");
	(void)usage_keyed(text, "inactive_file");
	usage_io(text, &in, &out);
	if (usage_pressure(text, &percent) == 0)
		assert(percent <= 10099);
	path = cgroup_parse_own(text);
	assert(!path || (path[0] == '/' && !strchr(path, '\n')));
	return 0;
}
