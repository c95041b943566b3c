/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "container/backend.h"

static void names_go_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < BACKEND_COUNT; i++) {
		enum mount_backend b = BACKEND_COUNT;

		assert_int_equal(backend_parse(backend_name((enum mount_backend)i), &b), 0);
		assert_int_equal(b, i);
	}
}

static void others_are_refused(void **state)
{
	static const char *const names[] = { "", "overlay2", "fuse", "auto", "Overlay", "vfs" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		enum mount_backend b = BACKEND_COPY;

		assert_int_equal(backend_parse(names[i], &b), -EINVAL);
		assert_int_equal(b, BACKEND_COPY);
	}
}

static void a_server_that_never_was_can_be_ended(void **state)
{
	struct fuse_server s = FUSE_SERVER_NONE;

	(void)state;
	assert_int_equal(fuse_server_failed(&s, -EIO, NULL), -EIO);
	fuse_server_shut_up(&s);
	fuse_server_kill(&s);
	fuse_server_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(a_server_that_never_was_can_be_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
