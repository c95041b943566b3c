/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "container/overlay.h"
#include "container/own-tree.h"

#include <string.h>

static void directories_are_split(void **state)
{
	_cleanup_strv_ struct strv lower = { 0 }, data = { 0 };

	(void)state;
	assert_int_equal(overlay_split("/a:/b\\:c:/d\\\\e::/objects", &lower, &data), 0);
	assert_int_equal(lower.n, 3);
	assert_string_equal(lower.v[0], "/a");
	assert_string_equal(lower.v[1], "/b:c");
	assert_string_equal(lower.v[2], "/d\\e");
	assert_int_equal(data.n, 1);
	assert_string_equal(data.v[0], "/objects");
}

static void wrong_directories(void **state)
{
	static const char *const bad[] = { "", ":", "a", "/a:", "/a:b", "::/a", "/a:::/b", "/a::" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strv_ struct strv lower = { 0 }, data = { 0 };

		if (overlay_split(bad[i], &lower, &data) == 0)
			fail_msg("'%s' is accepted", bad[i]);
	}
}

static void options_are_taken(void **state)
{
	struct overlay_options o = { 0 };

	(void)state;
	assert_int_equal(overlay_take_option("lowerdir=/a", &o), 1);
	assert_int_equal(overlay_take_option("upperdir=/b", &o), 1);
	assert_int_equal(overlay_take_option("lower=/a", &o), 0);
	assert_string_equal(o.lowerdir, "/a");
	assert_string_equal(o.upperdir, "/b");
	assert_null(o.workdir);
}

static void labels(void **state)
{
	static const char contexts[] =
		"process = \"system_u:system_r:container_t:s0\"\ncontent = \"x\"\n"
		"file = \"system_u:object_r:container_file_t:s0\"\n";
	char buf[256];

	(void)state;
	assert_true(own_label_parse(contexts, 'z', 5, buf));
	assert_string_equal(buf, "system_u:object_r:container_file_t:s0");
	assert_true(own_label_parse(contexts, 'Z', 7 + 3 * 1024, buf));
	assert_string_equal(buf, "system_u:object_r:container_file_t:s0:c3,c7");
	assert_true(own_label_parse(contexts, 'Z', 0, buf));
	assert_string_equal(buf, "system_u:object_r:container_file_t:s0:c0,c512");
	assert_false(own_label_parse("", 'z', 0, buf));
	assert_false(own_label_parse("file = \"\"", 'z', 0, buf));
	assert_false(own_label_parse("file", 'z', 0, buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories_are_split),
		cmocka_unit_test(wrong_directories),
		cmocka_unit_test(options_are_taken),
		cmocka_unit_test(labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
