/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/generator.h"

#include "base/json-where.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_generator_ struct generator g = { 0 };
	static const size_t way[] = { 1, 0, 2 };
	_cleanup_free_ char *text = strndup((const char *)data, n);
	struct json_place at;
	struct err e = { 0 };

	if (!text)
		return 0;
	n = strlen(text);
	for (size_t i = 0; i <= ARRAY_SIZE(way); i++)
		if (json_where(text, n, way, i, i % 2 == 1, &at) == 0)
			assert(at.line >= 1 && at.column >= 1);
	if (generator_parse("f", text, n, &g, &e) < 0) {
		assert(e.uct == UCT_BAD_GENERATOR && !strncmp(e.msg, "f:", 2));
		return 0;
	}
	assert(g.name && g.image && g.cmd && g.cmd[0] && g.workdir[0] == '/');
	for (size_t i = 0; i < g.n_copies; i++)
		assert(g.copies[i].src[0] && g.copies[i].dst[0] == '/');
	assert(g.limits.memory_bytes >= 0 && g.limits.pids_max >= 0);
	return 0;
}
