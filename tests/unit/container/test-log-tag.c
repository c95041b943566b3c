/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "container/log-id.h"
#include "container/log-tag.h"

#include <sys/mman.h>
#include <unistd.h>

static const struct log_tag facts = { .id = "0123456789abcdef",
	                              .image = "docker.io/library/alpine",
	                              .image_id = "fedcba9876543210",
	                              .command = "sh -c true" };

static void check(const char *text, int r, const char *expected)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1000);

	assert_int_equal(log_tag_expand(text, &facts, &b), r);
	if (r == 0)
		assert_string_equal(b.s ? b.s : "", expected);
}

static void test_fields(void **state)
{
	(void)state;
	check("", 0, "");
	check("plain", 0, "plain");
	check("{{.ID}}", 0, "0123456789ab");
	check("a {{ .FullID }} b", 0, "a 0123456789abcdef b");
	check("{{.ImageName}}/{{.Name}}/{{.ID}}", 0,
	      "docker.io/library/alpine/{{.Name}}/0123456789ab");
	check("{{.ImageID}} {{.ImageFullID}}", 0, "fedcba987654 fedcba9876543210");
	check("{{.Command}}|{{.DaemonName}}", 0, "sh -c true|usr-ct");
	check("}} {", 0, "}} {");
}

static void test_mistakes(void **state)
{
	(void)state;
	check("{{.Nothing}}", -EINVAL, NULL);
	check("{{.Name", -EINVAL, NULL);
	check("{{}}", -EINVAL, NULL);
	check("{{Name}}", -EINVAL, NULL);
	check("{{.Name x}}", -EINVAL, NULL);
	check("{{.", -EINVAL, NULL);
}

static void test_identity(void **state)
{
	static const char line[] = "2026-01-31T12:34:56.123456789Z stdout F x\n";
	char frame[LOG_ID_FRAME];
	struct log_id a, b, empty;
	bool is_compressed = true;
	int fd = memfd_create("log", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(log_id_read(fd, &empty, &is_compressed), 0);
	assert_false(empty.has_stamp);
	assert_false(is_compressed);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	assert_int_equal(log_id_read(fd, &a, &is_compressed), 0);
	assert_true(a.has_stamp);
	assert_true(log_id_equal(&a, &empty)); /* the same file before its first entry */

	log_id_frame(&a, frame);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, frame, sizeof(frame), 0), sizeof(frame));
	assert_int_equal(log_id_read(fd, &b, &is_compressed), 0);
	assert_true(is_compressed);
	assert_true(log_id_equal(&a, &b));
	b.stamp[5]++;
	assert_false(log_id_equal(&a, &b));
	b = a;
	b.inode++;
	assert_false(log_id_equal(&a, &b));
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
