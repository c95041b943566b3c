/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "store/file-capability.h"

#include <errno.h>
#include <string.h>

static const uint8_t v2[FILE_CAPABILITY_V2] = {
	1, 0, 0, 2, 0, 4
}; /* effective; net_bind_service */
static const uint8_t v3[FILE_CAPABILITY_V3] = { 1, 0, 0, 3, 0, 4, [20] = 0x39, 0x30 };

static void test_becomes_version_3(void **state)
{
	uint8_t got[FILE_CAPABILITY_V3];

	(void)state;
	assert_int_equal(file_capability_for(v2, sizeof(v2), 12345, got), 0);
	assert_memory_equal(got, v3, sizeof(v3));
	/* Another root. */
	assert_int_equal(file_capability_for(v3, sizeof(v3), 0, got), 0);
	assert_memory_equal(got, v3, 20);
	assert_int_equal(got[20], 0);
}

static void test_refuses_others(void **state)
{
	static const uint8_t v1[12] = { 1, 0, 0, 1 };
	uint8_t got[FILE_CAPABILITY_V3];

	(void)state;
	assert_int_equal(file_capability_for(v1, sizeof(v1), 0, got), -EINVAL);
	assert_int_equal(file_capability_for(v3, 20, 0, got), -EINVAL);
	assert_int_equal(file_capability_for("", 0, 0, got), -EINVAL);
	assert_int_equal(file_capability_for(NULL, -1, 0, got), -EINVAL);
}

static void test_becomes_plain(void **state)
{
	uint8_t value[FILE_CAPABILITY_V3];

	(void)state;
	memcpy(value, v3, sizeof(v3));
	assert_int_equal(file_capability_plain(value, sizeof(v3)), sizeof(v2));
	assert_memory_equal(value, v2, sizeof(v2));
	assert_int_equal(file_capability_plain(value, sizeof(v2)), sizeof(v2));
	assert_memory_equal(value, v2, sizeof(v2));
	assert_int_equal(file_capability_plain(value, -1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_becomes_version_3),
		cmocka_unit_test(test_refuses_others),
		cmocka_unit_test(test_becomes_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
