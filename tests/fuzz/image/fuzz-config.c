/* SPDX-License-Identifier: Apache-2.0 */
#include "image/config.h"
#include "image/digest.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_image_config_ struct image_config c = { 0 };
	struct err e = { 0 };

	if (image_config_parse((const char *)data, n, &c, &e) < 0) {
		assert(e.uct == UCT_BAD_MANIFEST || e.uct == UCT_NO_MEMORY);
		return 0;
	}
	for (size_t i = 0; i < c.n_diff_ids; i++)
		assert(digest_is_valid(c.diff_ids[i]));
	for (size_t i = 0; i < c.env.n; i++)
		assert(strchr(c.env.v[i], '=') > c.env.v[i]);
	return 0;
}
