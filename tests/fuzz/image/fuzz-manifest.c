/* SPDX-License-Identifier: Apache-2.0 */
#include "image/config.h"
#include "image/digest.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_manifest_ struct manifest m = { 0 };
	struct descriptor d;
	struct err e = { 0 };

	if (index_choose((const char *)data, n, "linux/arm/v7", &d, &e) == 1)
		assert(digest_is_valid(d.digest));
	if (manifest_parse((const char *)data, n, &m, &e) < 0) {
		assert(e.uct == UCT_BAD_MANIFEST || e.uct == UCT_NO_MEMORY);
		return 0;
	}
	assert(digest_is_valid(m.config.digest));
	for (size_t i = 0; i < m.n_layers; i++)
		assert(digest_is_valid(m.layers[i].digest));
	return 0;
}
