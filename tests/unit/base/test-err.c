/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/err.h"

static void test_set(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, UCT_BAD_NAME, -EINVAL, "'%s' is odd", "x"), -EINVAL);
	assert_int_equal(e.code, -EINVAL);
	assert_int_equal(e.uct, UCT_BAD_NAME);
	assert_int_equal(e.kind, ERR_USAGE);
	assert_string_equal(e.msg, "'x' is odd");
	assert_int_equal(err_in(&e, -EINVAL, "cannot make '%s'", "c"), -EINVAL);
	assert_string_equal(e.msg, "cannot make 'c': 'x' is odd");
	assert_int_equal(err_hint(&e, -EINVAL, "try %d", 2), -EINVAL);
	assert_string_equal(e.hint, "try 2");
	/* A code of its own is not replaced. */
	assert_int_equal(err_recode(&e, -EINVAL, UCT_BAD_CONFIG), -EINVAL);
	assert_int_equal(e.uct, UCT_BAD_NAME);
}

static void test_system(void **state)
{
	static const struct {
		int errnum;
		enum err_kind kind;
		enum err_uct uct;
	} cases[] = {
		{ ENOENT, ERR_SYSTEM, UCT_SYSTEM },   { EACCES, ERR_DENIED, UCT_SYSTEM },
		{ EPERM, ERR_DENIED, UCT_SYSTEM },    { ENOSPC, ERR_SYSTEM, UCT_NO_SPACE },
		{ EDQUOT, ERR_SYSTEM, UCT_NO_SPACE }, { ENOMEM, ERR_SYSTEM, UCT_NO_MEMORY },
		{ 123456, ERR_SYSTEM, UCT_SYSTEM },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = { 0 };
		char want[128];

		(void)snprintf(want, sizeof(want), "cannot open 'f': %s",
		               strerror(cases[i].errnum));
		errno = cases[i].errnum;
		assert_int_equal(err_sys(&e, "cannot open '%s'", "f"), -cases[i].errnum);
		assert_string_equal(e.msg, want);
		assert_int_equal(e.uct, cases[i].uct);
		assert_int_equal(e.kind, cases[i].kind);
		assert_int_equal(err_recode(&e, e.code, UCT_BAD_CONFIG), -cases[i].errnum);
		assert_int_equal(e.uct == UCT_BAD_CONFIG, cases[i].uct == UCT_SYSTEM);
	}
	errno = 0; /* a failure that forgot to say why is still one */
	assert_int_equal(err_sys(NULL, "x"), -EIO);
}

static void test_long_and_null(void **state)
{
	struct err e = { 0 };
	char long_text[2000];

	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	(void)err_set(&e, UCT_USAGE, -EINVAL, "%s", long_text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	(void)err_in(&e, -EINVAL, "%s", long_text);
	(void)err_errno(&e, -EIO, "%s", long_text);
	(void)err_hint(&e, -EIO, "%s", long_text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
	assert_int_equal(err_set(NULL, UCT_USAGE, -1, "x"), -1);
	assert_int_equal(err_in(NULL, -2, "x"), -2);
	assert_int_equal(err_hint(NULL, -3, "x"), -3);
	assert_int_equal(err_recode(NULL, -4, UCT_USAGE), -4);
	assert_int_equal(err_oom(NULL), -ENOMEM);
}

/* The numbers are a promise to users: each once, each explained. */
static void test_table(void **state)
{
	size_t n;
	const struct err_entry *t = err_table(&n);
	struct err e;

	(void)state;
	assert_true(n > 10);
	for (size_t i = 0; i < n; i++) {
		assert_true(i == 0 || t[i].number > t[i - 1].number);
		assert_ptr_equal(err_lookup(t[i].number), &t[i]);
		assert_true(t[i].title[0] && t[i].explain[0]);
		assert_true(strlen(t[i].hint) < sizeof(e.hint));
		/* What this machine cannot do needs a way out. */
		assert_true(t[i].kind != ERR_UNSUPPORTED || t[i].hint[0]);
	}
	assert_null(err_lookup(0));
	assert_null(err_lookup(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_long_and_null),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
