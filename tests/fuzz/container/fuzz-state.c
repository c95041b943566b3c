/* SPDX-License-Identifier: Apache-2.0 */
#include "container/state.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *text = strndup((const char *)data, n);
	struct err e = { 0 };
	struct state s;

	if (!text)
		return 0;
	if (state_parse(text, &s, &e) < 0) {
		assert(e.uct == UCT_STORE_DAMAGED);
		return 0;
	}
	assert(s.status < STATE_LOST && s.init.pid >= 0 && s.monitor.pid >= 0);
	assert(s.exit_code >= -1 && s.exit_code <= 255);
	assert(strlen(s.cgroup) < sizeof(s.cgroup) && strlen(s.error) < sizeof(s.error));
	assert(state_name(s.status));
	return 0;
}
