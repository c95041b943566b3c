/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "container/event-reader.h"
#include "container/events.h"

#include <sys/stat.h>

static const char id[] = "0123456789abcdef";

static void append(int dirfd, const char *action)
{
	static const char *const attributes[] = { "exitCode", "3", NULL };
	struct event ev = { "container", action, id, attributes, NULL };

	assert_int_equal(event_append(dirfd, &ev), 0);
}

static void append_text(int dirfd, const char *text)
{
	int fd = openat(dirfd, EVENTS_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void expect(struct event_reader *r, const char *action)
{
	_cleanup_event_record_ struct event_record x = { 0 };

	assert_int_equal(event_reader_next(r, &x, NULL), 1);
	assert_string_equal(x.action, action);
}

static void expect_none(struct event_reader *r)
{
	_cleanup_event_record_ struct event_record x = { 0 };

	assert_int_equal(event_reader_next(r, &x, NULL), 0);
}

static void test_write_read(void **state)
{
	static const char *const odd[] = { "a\"b\\", "x\n\x01y\xff\xc3\xa4", NULL };
	_cleanup_event_record_ struct event_record x = { 0 };
	struct event ev = { "image", "pull", "alpine:latest", odd, "{\"name\":\"a\"}\n" };
	struct event_reader r;
	struct scratch s;

	(void)state;
	scratch_make(&s);
	assert_int_equal(event_append(-EBADF, &ev), 0);
	assert_int_equal(event_append(s.fd, &ev), 0);
	assert_int_equal(event_reader_open(s.fd, false, &r, NULL), 0);
	assert_int_equal(event_reader_next(&r, &x, NULL), 1);
	assert_string_equal(x.type, "image");
	assert_string_equal(x.action, "pull");
	assert_string_equal(x.id, "alpine:latest");
	assert_true(x.time_ns > 1000000000);
	assert_string_equal(json_string_value(json_object_get(x.attributes, "name")), "a");
	assert_string_equal(json_string_value(json_object_get(x.attributes, "a\"b\\")),
	                    "x\n\x01y?\xc3\xa4");
	expect_none(&r);
	append(s.fd, "later");
	expect(&r, "later");
	expect_none(&r);
	event_reader_close(&r);
	assert_int_equal(event_reader_open(s.fd, true, &r, NULL), 0);
	expect_none(&r);
	append(s.fd, "last");
	expect(&r, "last");
	event_reader_close(&r);
	assert_int_equal(unlinkat(s.fd, EVENTS_FILE, 0), 0);
	scratch_done(&s);
}

/* What a kill -9 or a full disk leaves. */
static void test_torn(void **state)
{
	struct event_reader r;
	struct scratch s;

	(void)state;
	scratch_make(&s);
	assert_int_equal(event_reader_open(s.fd, false, &r, NULL), 0);
	expect_none(&r);
	append(s.fd, "one");
	append_text(s.fd, "{\"Type\":\"container\",\"Act");
	append(s.fd, "two");
	append_text(s.fd, "\n\n[]\nnonsense\n{}\n");
	append(s.fd, "three");
	expect(&r, "one");
	expect(&r, "two");
	expect(&r, "three");
	for (int i = 0; i < 3000; i++)
		append_text(s.fd, "one line much longer than any of ours is ... ");
	append(s.fd, "four");
	expect(&r, "four");
	expect_none(&r);
	event_reader_close(&r);
	assert_int_equal(unlinkat(s.fd, EVENTS_FILE, 0), 0);
	scratch_done(&s);
}

static void grow(int dirfd)
{
	int fd = openat(dirfd, EVENTS_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, EVENTS_MAX_BYTES), 0);
	(void)close(fd);
}

static void test_rotation(void **state)
{
	struct event_reader r, old;
	struct scratch s;
	struct stat st;

	(void)state;
	scratch_make(&s);
	append(s.fd, "first");
	assert_int_equal(event_reader_open(s.fd, false, &r, NULL), 0);
	expect(&r, "first");
	append(s.fd, "second");
	grow(s.fd); /* zeros: not a line */
	append(s.fd, "third");
	assert_int_equal(fstatat(s.fd, EVENTS_OLD_FILE, &st, 0), 0);
	expect(&r, "second");
	expect(&r, "third");
	expect_none(&r);
	/* Another reader finds both. */
	assert_int_equal(event_reader_open(s.fd, false, &old, NULL), 0);
	expect(&old, "first");
	expect(&old, "second");
	expect(&old, "third");
	/* Two rotations while one does not read. */
	grow(s.fd);
	append(s.fd, "fourth");
	grow(s.fd);
	append(s.fd, "fifth");
	expect(&r, "fourth");
	expect(&r, "fifth");
	expect(&old, "fourth");
	event_reader_close(&r);
	event_reader_close(&old);
	assert_int_equal(unlinkat(s.fd, EVENTS_FILE, 0), 0);
	assert_int_equal(unlinkat(s.fd, EVENTS_OLD_FILE, 0), 0);
	scratch_done(&s);
}

static void test_actor(void **state)
{
	char *labels[] = { (char *)(uintptr_t) "tier=front \"x\"",
		           (char *)(uintptr_t) "name=not this", (char *)(uintptr_t) "flag", NULL };
	_cleanup_event_record_ struct event_record x = { 0 };
	struct event_reader r;
	struct scratch s;

	(void)state;
	scratch_make(&s);
	assert_int_equal(event_actor_write(s.fd, "web", "alpine", labels, NULL), 0);
	assert_int_equal(event_actor_rename(s.fd, "w\"eb2", NULL), 0);
	assert_int_equal(event_container(s.fd, s.fd, id, "start", NULL), 0);
	assert_int_equal(event_reader_open(s.fd, false, &r, NULL), 0);
	assert_int_equal(event_reader_next(&r, &x, NULL), 1);
	assert_string_equal(x.id, id);
	assert_int_equal(json_object_size(x.attributes), 4);
	assert_string_equal(json_string_value(json_object_get(x.attributes, "name")), "w\"eb2");
	assert_string_equal(json_string_value(json_object_get(x.attributes, "image")), "alpine");
	assert_string_equal(json_string_value(json_object_get(x.attributes, "tier")),
	                    "front \"x\"");
	assert_string_equal(json_string_value(json_object_get(x.attributes, "flag")), "");
	event_reader_close(&r);
	assert_int_equal(unlinkat(s.fd, EVENT_ACTOR_FILE, 0), 0);
	/* One of an earlier version. */
	assert_int_equal(event_container(s.fd, s.fd, id, "start", NULL), 0);
	assert_int_equal(event_actor_rename(s.fd, "new", NULL), 0);
	assert_int_equal(unlinkat(s.fd, EVENTS_FILE, 0), 0);
	scratch_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_read),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_actor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
