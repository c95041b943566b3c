/* SPDX-License-Identifier: Apache-2.0 */
#include "container/spec.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_ids(const struct spec *s)
{
	assert(s->uid != UINT32_MAX && s->gid != UINT32_MAX);
	assert(s->n_groups <= SPEC_GROUPS_MAX && s->n_rlimits <= SPEC_RLIMITS_MAX);
	for (size_t i = 0; i < s->n_groups; i++)
		assert(s->groups[i] != UINT32_MAX);
	assert((s->umask & ~0777U) == 0);
	assert(s->oom_score_adj >= -1000 && s->oom_score_adj <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = { 0 };
	struct spec s;

	if (spec_parse((const char *)data, n, &s, &e) < 0) {
		assert(e.code < 0 && e.msg[0]);
		return 0;
	}
	check_ids(&s);
	assert(s.args[0] && s.cwd[0] == '/' && s.n_mounts <= SPEC_MOUNTS_MAX);
	for (size_t i = 0; i < s.n_mounts; i++)
		assert(s.mounts[i].target[0] == '/' && s.mounts[i].type && s.mounts[i].options);
	for (size_t i = 0; i < SPEC_CAPABILITY_SETS; i++)
		assert(s.capabilities[i]);
	spec_done(&s);
	return 0;
}
