/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "image/reference.h"

#include <stdio.h>
#include <string.h>

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX
#define A32    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A128   A32 A32 A32 A32
#define A256   A128 A128

static void test_good(void **state)
{
	static const struct {
		const char *text, *host, *name, *tag, *digest;
	} cases[] = {
		{ "debian", "docker.io", "library/debian", "latest", "" },
		{ "debian:12", "docker.io", "library/debian", "12", "" },
		{ "me/app", "docker.io", "me/app", "latest", "" },
		{ "docker.io/debian", "docker.io", "library/debian", "latest", "" },
		{ "index.docker.io/debian", "docker.io", "library/debian", "latest", "" },
		{ "registry-1.docker.io/a/b:c", "docker.io", "a/b", "c", "" },
		{ "DOCKER.io/debian", "docker.io", "library/debian", "latest", "" },
		{ "Quay.IO/a/b", "quay.io", "a/b", "latest", "" },
		{ "localhost/x", "localhost", "x", "latest", "" },
		{ "localhost:5000", "docker.io", "library/localhost", "5000", "" },
		{ "localhost:5000/x:y", "localhost:5000", "x", "y", "" },
		{ "LocalHost/x", "localhost", "x", "latest", "" },
		{ "127.0.0.1:80/a/b/c/d", "127.0.0.1:80", "a/b/c/d", "latest", "" },
		{ "[::1]:5000/a", "[::1]:5000", "a", "latest", "" },
		{ "[2001:db8::2]/a:t", "[2001:db8::2]", "a", "t", "" },
		{ "a.b/c@" DIGEST, "a.b", "c", "", DIGEST },
		{ "a.b:1/c:d@" DIGEST, "a.b:1", "c", "d", DIGEST },
		{ "debian@" DIGEST, "docker.io", "library/debian", "", DIGEST },
		{ "a__b/c.d/e-f/g---h/i_j", "docker.io", "a__b/c.d/e-f/g---h/i_j", "latest", "" },
		{ "x:_A.-z9", "docker.io", "library/x", "_A.-z9", "" },
		{ "x:" A128, "docker.io", "library/x", A128, "" },
		{ "a/" HEX, "docker.io", "a/" HEX, "latest", "" },
		{ "xn--a.b/c", "xn--a.b", "c", "latest", "" },
		{ "docker://debian", "docker.io", "library/debian", "latest", "" },
		{ "docker://a.b:1/c:d", "a.b:1", "c", "d", "" },
		{ "dir:1", "docker.io", "library/dir", "1", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reference r;
		struct err e = { 0 };

		if (reference_parse(cases[i].text, &r, &e) < 0)
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_int_equal(r.kind, REFERENCE_REGISTRY);
		assert_string_equal(r.host, cases[i].host);
		assert_string_equal(r.name, cases[i].name);
		assert_string_equal(r.tag, cases[i].tag);
		assert_string_equal(r.digest, cases[i].digest);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "it is empty" },
		{ "Foo", "repository name must be lower case" },
		{ "Host/x", "repository name must be lower case" },
		{ "a/Foo:x", "repository name must be lower case" },
		{ ":tag", "the repository name is empty" },
		{ "x:", "the tag after ':' is empty" },
		{ "x:-a", "a tag must start with" },
		{ "x:a b", "a tag may only have" },
		{ "x:" A128 "a", "the tag has more than 128" },
		{ "x:a:b", "not allowed" },
		{ "a//b", "empty component" },
		{ "a/b/", "empty component" },
		{ "/a", "the host before '/' is empty" },
		{ "a/-b", "must start with" },
		{ "a/b-", "must end with" },
		{ "a/b-/c", "must end with" },
		{ "a..b", "one separator" },
		{ "a___b", "one separator" },
		{ "a._b", "one separator" },
		{ "a b", "a character that is not allowed" },
		{ "a\nb", "a character that is not allowed" },
		{ "h.x/" A256, "more than 255" },
		{ A256, "more than 255" },
		{ A32 A32 A32 A32 A32 A32 A32 "/"
		                              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  NULL },
		{ HEX, "are an id, not a name" },
		{ "a.b:0/x", "the port must be" },
		{ "a.b:65536/x", "the port must be" },
		{ "a.b:/x", "the port must be" },
		{ "a.b:+80/x", "the port must be" },
		{ "a..b/x", "empty label" },
		{ "-a.b/x", "must not start or end with '-'" },
		{ "a-.b/x", "must not start or end with '-'" },
		{ "a_.b/x", "a character that is not allowed" },
		{ "user@host.x/y", "digest after '@'" },
		{ "[::1/x", "IPv6" },
		{ "[::g]/x", "IPv6" },
		{ "[::1]x/x:y", "after ']' only a port" },
		{ "https://a.b/c", "URL scheme" },
		{ "x@sha512:" HEX, "only sha256" },
		{ "x@sha256:abc", "64 hex digits" },
		{ "x@sha256:ABCDEF6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		  "lower-case" },
		{ "x@" DIGEST "@" DIGEST, "64 hex digits" },
		{ "x@", "digest after '@'" },
		{ "docker://https://a.b/c", "URL scheme" },
		{ "docker://", "it is empty" },
		{ "docker-archive:/tmp/x.tar", "load takes archives in" },
		{ "docker-archive:x", "load takes archives in" },
		{ "docker-daemon:x:1", "load takes archives in" },
		{ "dir:./x", "load takes archives in" },
		{ "oci:", "directory after 'oci:' is empty" },
		{ "oci:/x:", "tag after ':' is empty" },
		{ "oci:/x:a b", "not allowed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reference r;
		struct err e = { 0 };
		int n = reference_parse(cases[i].text, &r, &e);

		if (!cases[i].why) { /* just long enough */
			assert_int_equal(n, 0);
			continue;
		}
		if (n != -EINVAL || e.uct != UCT_BAD_REFERENCE || !strstr(e.msg, cases[i].why))
			fail_msg("'%s': %d, '%s' lacks '%s'", cases[i].text, n, e.msg,
			         cases[i].why);
		assert_null(strchr(e.msg, '\n'));
		assert_int_equal(reference_parse(cases[i].text, &r, NULL), -EINVAL);
	}
}

static void test_layout(void **state)
{
	struct reference r;
	char name[512];

	(void)state;
	assert_int_equal(reference_parse("oci:/a/B c:debian:12", &r, NULL), 0);
	assert_int_equal(r.kind, REFERENCE_LAYOUT);
	assert_string_equal(r.path, "/a/B c");
	assert_string_equal(r.tag, "debian:12");
	assert_int_equal(reference_full_name(&r, name, sizeof(name), NULL), 0);
	assert_string_equal(name, "docker.io/library/debian:12");
	assert_int_equal(reference_parse("oci:dir", &r, NULL), 0);
	assert_string_equal(r.path, "dir");
	assert_string_equal(r.tag, "");
	assert_int_equal(reference_full_name(&r, name, sizeof(name), NULL), 0);
	assert_string_equal(name, "");
	assert_int_equal(reference_parse("oci:dir:UPPER", &r, NULL), 0);
	assert_int_equal(reference_full_name(&r, name, sizeof(name), NULL), -EINVAL);
	assert_int_equal(reference_parse("oci:dir:oci:x", &r, NULL), 0);
	assert_int_equal(reference_full_name(&r, name, sizeof(name), NULL), -EINVAL);
}

static void test_names(void **state)
{
	static const struct {
		const char *text, *full, *familiar;
	} cases[] = {
		{ "debian", "docker.io/library/debian:latest", "debian:latest" },
		{ "a/b:c", "docker.io/a/b:c", "a/b:c" },
		{ "docker.io/library/a/b:c", "docker.io/library/a/b:c", "library/a/b:c" },
		{ "q.io/a:b@" DIGEST, "q.io/a:b", "q.io/a:b" },
		{ "q.io/a@" DIGEST, "q.io/a@" DIGEST, "q.io/a@" DIGEST },
		/* Without its host it would name another registry. */
		{ "docker.io/localhost/b:c", "docker.io/localhost/b:c", "docker.io/localhost/b:c" },
		{ "docker.io/library/oci", "docker.io/library/oci:latest",
		  "docker.io/library/oci:latest" },
		{ "docker.io/x.y/b:c", "docker.io/x.y/b:c", "docker.io/x.y/b:c" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reference r, again;
		char full[512], familiar[512];

		assert_int_equal(reference_parse(cases[i].text, &r, NULL), 0);
		assert_int_equal(reference_full_name(&r, full, sizeof(full), NULL), 0);
		assert_string_equal(full, cases[i].full);
		reference_familiar(full, familiar, sizeof(familiar));
		assert_string_equal(familiar, cases[i].familiar);
		/* What people read means the same when they write it. */
		assert_int_equal(reference_parse(familiar, &again, NULL), 0);
		assert_string_equal(again.host, r.host);
		assert_string_equal(again.name, r.name);
		assert_int_equal(reference_full_name(&r, full, 5, NULL), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
