/* SPDX-License-Identifier: Apache-2.0 */
#include "container/mountinfo.h"

#include "base/macro.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *text = strndup((const char *)data, n);
	char *save = NULL;
	struct mountinfo m;

	if (!text)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t len = strlen(line);

		if (mountinfo_parse(line, &m) < 0)
			continue;
		assert(m.target[0] == '/' && m.options[0]);
		assert(m.root >= line && m.options + strlen(m.options) <= line + len);
	}
	return 0;
}
