/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/processes.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* /proc/PID/stat and /proc/PID/net/dev. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *text = strndup((const char *)data, n);
	struct proc_usage usage = { 0 };
	uint64_t rx, tx;

	if (!text)
		return 0;
	(void)proc_stat_parse(text, &usage);
	proc_net_parse(text, &rx, &tx);
	return 0;
}
