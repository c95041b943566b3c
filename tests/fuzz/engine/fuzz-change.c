/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/commit.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* One instruction a line, as several --change. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_json_ json_t *config = json_object();
	_cleanup_free_ char *text = strndup((const char *)data, n);
	bool has_cmd = false;

	for (char *line = text, *next; line; line = next) {
		struct err e = { 0 };

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (commit_change(config, line, &has_cmd, &e) < 0)
			assert(e.uct == UCT_BAD_CHANGE || e.uct == UCT_NO_MEMORY);
	}
	assert(json_is_object(config));
	return 0;
}
