/* SPDX-License-Identifier: Apache-2.0 */
/* alloc-failures - the first allocation fails, then the second, and so on until all succeed: each
 * time the result is -ENOMEM and nothing leaks
 *
 * The linker redirects our own calls (-Wl,--wrap); jansson gets its allocator from us.
 */
#include "testing.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "base/strv.h"
#include "container/spec.h"
#include "image/config.h"
#include "launch/plan.h"

static unsigned countdown; /* 0: nothing fails */
static bool has_failed;

static bool is_due(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	has_failed = true;
	return true;
}

/* The names are the linker's. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
#define WRAP(type, name, params, args)     \
	type __real_##name params;         \
	type __wrap_##name params;         \
	type __wrap_##name params          \
	{                                  \
		if (is_due()) {            \
			errno = ENOMEM;    \
			return NULL;       \
		}                          \
		return __real_##name args; \
	}
WRAP(void *, malloc, (size_t n), (n))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t n), (p, n))
WRAP(char *, strdup, (const char *s), (s))
WRAP(char *, strndup, (const char *s, size_t n), (s, n))
/* NOLINTEND(bugprone-reserved-identifier) */

/* jansson's. When its text buffer cannot grow, jansson 2.14 goes on without the byte (lex_save() in
 * load.c) and may then read past the end, which nothing here can help. The buffer doubles from 16
 * bytes, so such sizes never fail. */
static void *malloc_of_jansson(size_t n)
{
	bool may_be_text = n >= 32 && (n & (n - 1)) == 0;

	return may_be_text ? __real_malloc(n) : __wrap_malloc(n);
}

static int grow_sbuf(struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(10000);
	_cleanup_free_ char *s = NULL, *other = NULL;
	int r;

	(void)e;
	for (int i = 0; i < 500; i++)
		sbuf_addf(&b, "%d,", i);
	r = sbuf_take(&b, &s);
	if (r == 0) {
		other = strf("%s/%d", "x", 1);
		r = other ? 0 : -ENOMEM;
	}
	return r;
}

static int grow_strv(struct err *e)
{
	_cleanup_strv_ struct strv s = { 0 }, copy = { 0 };
	int r = 0;

	(void)e;
	for (int i = 0; i < 20 && r == 0; i++)
		r = strv_add(&s, "text");
	if (r == 0)
		r = strv_env_set(&s, "A=1");
	if (r == 0)
		r = strv_env_set(&s, "A=2");
	return r < 0 ? r : strv_copy(&copy, s.v);
}

static int parse_and_print(struct err *e)
{
	static const char text[] =
		"{\"a\":[1,\"two\",{\"b\":null,\"c\":[true,1.5]}],\"d\":\"e\\u00e9\"}";
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *printed = NULL;
	int r = json_parse(text, strlen(text), "it", &j, e);

	return r < 0 ? r : json_print(j, true, &printed, e);
}

static int parse_spec(struct err *e)
{
	static const char text[] =
		"{\"hostname\":\"h\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",\"b\"],"
		"\"env\":[\"A=1\"],\"user\":{\"additionalGids\":[3]},\"rlimits\":[{\"type\":"
		"\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}],\"capabilities\":{\"bounding\":[\"CAP_"
		"KILL\"]}},"
		"\"mounts\":[{\"destination\":\"/p\",\"type\":\"proc\",\"options\":[\"ro\"]},"
		"{\"destination\":\"/q\",\"options\":[\"ro\",\"nodev\"]}],"
		"\"linux\":{\"namespaces\":[{\"type\":\"pid\"}],\"sysctl\":{\"a\":\"b\",\"c\":"
		"\"d\"},"
		"\"maskedPaths\":[\"/m\"],\"readonlyPaths\":[\"/r\"]}}";
	struct spec s;
	int r = spec_parse(text, strlen(text), &s, e);

	if (r == 0)
		spec_done(&s);
	return r;
}

static int parse_plan(struct err *e)
{
	static const char text[] = "{\"version\":1,\"layers\":[\"layers/a/fs\",\"layers/b/fs\"],"
				   "\"network\":\"none\",\"init\":true,\"stopSignal\":3}";
	struct plan p;
	int r = plan_parse(text, strlen(text), &p, e);

	if (r == 0)
		plan_done(&p);
	return r;
}

#define HEX    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define DIGEST "\"digest\":\"sha256:" HEX "\",\"size\":7"

static int parse_manifest(struct err *e)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":"
		"\"application/vnd.oci.image.config.v1+json\"," DIGEST "},\"layers\":["
		"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\"," DIGEST "},"
		"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\"," DIGEST "}]}";
	struct manifest m = { 0 };
	int r = manifest_parse(text, strlen(text), &m, e);

	if (r == 0)
		manifest_done(&m);
	return r;
}

static int parse_config(struct err *e)
{
	static const char text[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2026-01-31T12:34:56Z\","
		"\"config\":{\"User\":\"u\",\"Env\":[\"A=1\",\"B=2\"],\"Entrypoint\":[\"e\"],"
		"\"Cmd\":[\"c\"],\"WorkingDir\":\"/w\",\"Labels\":{\"k\":\"v\"},\"StopSignal\":"
		"\"SIGINT\",\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/v\":{}}},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}}";
	struct image_config c = { 0 };
	int r = image_config_parse(text, strlen(text), &c, e);

	if (r == 0)
		image_config_done(&c);
	return r;
}

static void fail_each(const char *name, int (*run)(struct err *e), bool says_why)
{
	for (unsigned n = 1; n < 10000; n++) {
		struct err e = { 0 };
		int r;

		has_failed = false;
		countdown = n;
		r = run(&e);
		countdown = 0;
		if (!has_failed) {
			if (r != 0)
				fail_msg("%s: %d without a failure: %s", name, r, e.msg);
			assert_true(n > 1); /* it did allocate */
			return;
		}
		if (r != -ENOMEM)
			fail_msg("%s: %d when allocation %u fails: %s", name, r, n, e.msg);
		if (says_why && e.uct != UCT_NO_MEMORY)
			fail_msg("%s: allocation %u gives code %d", name, n, e.uct);
	}
	fail_msg("%s never succeeds", name);
}

static void test_all(void **state)
{
	static const struct {
		const char *name;
		int (*run)(struct err *e);
		bool says_why;
	} cases[] = {
		{ "sbuf", grow_sbuf, false },
		{ "strv", grow_strv, false },
		{ "json", parse_and_print, true },
		{ "spec_parse", parse_spec, true },
		{ "plan_parse", parse_plan, true },
		{ "manifest_parse", parse_manifest, true },
		{ "image_config_parse", parse_config, true },
	};

	(void)state;
	json_set_alloc_funcs(malloc_of_jansson, free);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		fail_each(cases[i].name, cases[i].run, cases[i].says_why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
