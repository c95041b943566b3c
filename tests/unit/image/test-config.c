/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/sbuf.h"
#include "image/config.h"

#include <stdio.h>
#include <string.h>

#define D(c) "sha256:" c c c c c c c c c c c c c c c c
#define OCI  "application/vnd.oci.image."
#define DCKR "application/vnd.docker."
#define CFG                                \
	"\"config\":{\"mediaType\":\"" OCI \
	"config.v1+json\",\"digest\":\"" D("aaaa") "\",\"size\":7}"
#define LAYER(type, size) \
	"{\"mediaType\":\"" type "\",\"digest\":\"" D("bbbb") "\",\"size\":" size "}"
#define GZIP OCI "layer.v1.tar+gzip"

static void test_manifest_good(void **state)
{
	static const struct {
		const char *json;
		size_t n_layers;
	} cases[] = {
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[" LAYER(GZIP, "5") "]}", 1 },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[],\"annotations\":null}", 0 },
		{ "{\"schemaVersion\":2,\"mediaType\":\"" DCKR "distribution.manifest.v2+json\","
		  "\"config\":{\"mediaType\":\"" DCKR "container.image.v1+json\",\"digest\":\"" D(
			  "aaaa") "\",\"size\":7},\"layers\":[" LAYER(DCKR
		                                                      "image.rootfs.diff.tar.gzip",
		                                                      "0") "," LAYER(GZIP,
		                                                                     "5") "]}",
		  2 },
		{ "{\"schemaVersion\":2," CFG
		  ",\"layers\":[" LAYER(OCI "layer.v1.tar+zstd", "1099511627776") "]}",
		  1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_manifest_ struct manifest m = { 0 };
		struct err e = { 0 };

		if (manifest_parse(cases[i].json, strlen(cases[i].json), &m, &e) < 0)
			fail_msg("%s: %s", cases[i].json, e.msg);
		assert_int_equal(m.n_layers, cases[i].n_layers);
		assert_string_equal(m.config.digest, D("aaaa"));
		assert_int_equal(m.config.size_bytes, 7);
		if (m.n_layers)
			assert_string_equal(m.layers[0].digest, D("bbbb"));
	}
}

static void test_manifest_bad(void **state)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
		{ "", "not valid JSON" },
		{ "[]", "not a JSON object" },
		{ "{\"schemaVersion\":2,\"schemaVersion\":2}", "not valid JSON" },
		{ "{}", "'schemaVersion' is not 2" },
		{ "{\"schemaVersion\":\"2\"}", "not an integer" },
		{ "{\"schemaVersion\":1,\"name\":\"x\",\"fsLayers\":[]}", "schema 1" },
		{ "{\"schemaVersion\":2,\"manifests\":[]}", "it is an index" },
		{ "{\"schemaVersion\":2,\"mediaType\":\"" OCI "index.v1+json\"," CFG
		  ",\"layers\":[]}",
		  "it is an index" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[],\"manifests\":[]}", "both" },
		{ "{\"schemaVersion\":2,\"mediaType\":\"x/y\"," CFG ",\"layers\":[]}",
		  "unknown type 'x/y'" },
		{ "{\"schemaVersion\":2,\"layers\":[]}", "'config' is missing" },
		{ "{\"schemaVersion\":2,\"config\":7,\"layers\":[]}", "is an object" },
		{ "{\"schemaVersion\":2," CFG "}", "'layers' is missing" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":{}}", "'layers' is not an array" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[null]}", "is an object" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[" LAYER(GZIP, "-1") "]}", "negative" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[" LAYER(GZIP, "1.5") "]}",
		  "not an integer" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[" LAYER(GZIP, "1099511627777") "]}",
		  "at most" },
		{ "{\"schemaVersion\":2," CFG
		  ",\"layers\":[" LAYER(GZIP, "99999999999999999999") "]}",
		  "not valid JSON" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[{\"mediaType\":\"" GZIP
		  "\",\"digest\":\"sha256:../x\",\"size\":1}]}",
		  "not a sha256 digest" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[{\"mediaType\":\"" GZIP
		  "\",\"digest\":\"" D("bbbb") "bbbbbbbbb\",\"size\":1}]}",
		  "longer than" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[{\"mediaType\":\"" GZIP
		  "\",\"digest\":\"" D("bbbb") "\"}]}",
		  "'size' is missing" },
		{ "{\"schemaVersion\":2," CFG
		  ",\"layers\":[" LAYER(OCI "layer.nondistributable.v1.tar+gzip", "1") "]}",
		  "foreign" },
		{ "{\"schemaVersion\":2," CFG
		  ",\"layers\":[" LAYER(DCKR "image.rootfs.foreign.diff.tar.gzip", "1") "]}",
		  "foreign" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[" LAYER(GZIP "+encrypted", "1") "]}",
		  "encrypted" },
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[" LAYER("x/y\\n", "1") "]}",
		  "unknown type 'x/y?'" },
		{ "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI
		  "config.v1+json\",\"digest\":\"" D("aaaa") "\",\"size\":8388609},\"layers\":[]}",
		  "at most" },
		{ "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.cncf.helm\","
		  "\"digest\":\"" D("aaaa") "\",\"size\":8},\"layers\":[]}",
		  "not a container image but an artifact" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct manifest m;
		struct err e = { 0 };
		int r = manifest_parse(cases[i].json, strlen(cases[i].json), &m, &e);

		if (r >= 0 || e.uct != UCT_BAD_MANIFEST || !strstr(e.msg, cases[i].why))
			fail_msg("%s: %d UCT-%d '%s' lacks '%s'", cases[i].json, r, e.uct, e.msg,
			         cases[i].why);
	}
}

static void test_manifest_too_many_layers(void **state)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(MANIFEST_MAX_BYTES);
	struct manifest m;
	struct err e = { 0 };

	(void)state;
	sbuf_adds(&b, "{\"schemaVersion\":2," CFG ",\"layers\":[");
	for (int i = 0; i < IMAGE_LAYERS_MAX + 1; i++)
		sbuf_addf(&b, "%s%s", i ? "," : "", LAYER(GZIP, "5"));
	sbuf_adds(&b, "]}");
	assert_int_equal(b.err, 0);
	assert_int_equal(manifest_parse(b.s, b.len, &m, &e), -E2BIG);
	assert_int_equal(e.uct, UCT_BAD_MANIFEST);
	assert_int_equal(manifest_parse(b.s, (size_t)MANIFEST_MAX_BYTES + 1, &m, &e), -EFBIG);
}

#define ENTRY(c, platform) \
	"{\"mediaType\":\"" OCI "manifest.v1+json\",\"digest\":\"" D(c) "\",\"size\":9" platform "}"
#define PLATFORM(arch)   ",\"platform\":{\"os\":\"linux\",\"architecture\":" arch "}"
#define VARIANT(arch, v) PLATFORM("\"" arch "\",\"variant\":\"" v "\"")

static void test_index(void **state)
{
	static const struct {
		const char *manifests, *platform, *digest; /* NULL: none fits */
	} cases[] = {
		{ ENTRY("1111", PLATFORM("\"arm64\"")) "," ENTRY("2222", PLATFORM("\"amd64\"")),
		  "linux/amd64", D("2222") },
		{ ENTRY("1111", PLATFORM("\"amd64\"")) "," ENTRY("2222", PLATFORM("\"amd64\"")),
		  "linux/amd64", D("1111") },
		{ ENTRY("1111", VARIANT("amd64", "v3")), "linux/amd64", NULL },
		{ ENTRY("1111", PLATFORM("\"amd64\"")) "," ENTRY("2222", VARIANT("amd64", "v2")),
		  "linux/amd64/v3", D("2222") },
		{ ENTRY("1111", VARIANT("arm", "v5")) "," ENTRY("2222", VARIANT("arm", "v6")),
		  "linux/arm/v7", D("2222") },
		{ ENTRY("1111", VARIANT("arm", "v7")) "," ENTRY("2222", VARIANT("arm", "v5")),
		  "linux/arm/v6", D("2222") },
		{ ENTRY("1111", VARIANT("arm", "v5")) "," ENTRY("2222", VARIANT("arm", "v7")),
		  "linux/arm", D("2222") },
		{ ENTRY("1111", VARIANT("arm64", "v8")), "linux/arm64", D("1111") },
		{ ENTRY("1111", PLATFORM("\"arm64\"")), "linux/arm64/v8", D("1111") },
		{ ENTRY("1111", PLATFORM("\"arm64\"")), "linux/arm", NULL },
		{ ENTRY("1111", ",\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\"}"),
		  "linux/amd64", NULL },
		{ ENTRY("1111", ",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}"),
		  "unknown/unknown", NULL },
		{ ENTRY("1111", ""), "linux/amd64", D("1111") },
		{ ENTRY("1111", "") "," ENTRY("2222", PLATFORM("\"amd64\"")), "linux/amd64",
		  D("2222") },
		{ ENTRY("1111", ",\"annotations\":{\"vnd.docker.reference.type\":\"x\"}"),
		  "linux/amd64", NULL },
		{ "", "linux/amd64", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct descriptor d = { 0 };
		struct err e = { 0 };
		char json[2048];
		int r, n = snprintf(json, sizeof(json), "{\"schemaVersion\":2,\"manifests\":[%s]}",
		                    cases[i].manifests);

		r = index_choose(json, (size_t)n, cases[i].platform, &d, &e);
		if (r != (cases[i].digest ? 1 : -ENOENT))
			fail_msg("%s on %s: %d %s", json, cases[i].platform, r, e.msg);
		if (cases[i].digest)
			assert_string_equal(d.digest, cases[i].digest);
		else
			assert_int_equal(e.uct, UCT_NO_PLATFORM);
	}
}

static void test_index_bad(void **state)
{
	static const struct {
		const char *json;
		int uct; /* 0: not an index */
	} cases[] = {
		{ "{\"schemaVersion\":2," CFG ",\"layers\":[]}", 0 },
		{ "{}", 0 },
		{ "{\"schemaVersion\":2,\"manifests\":[]," CFG "}", UCT_BAD_MANIFEST },
		{ "{\"mediaType\":\"" OCI "index.v1+json\"}", UCT_BAD_MANIFEST },
		{ "{\"mediaType\":7}", UCT_BAD_MANIFEST },
		{ "{\"manifests\":{}}", UCT_BAD_MANIFEST },
		{ "{\"manifests\":[{}]}", UCT_BAD_MANIFEST },
		{ "{\"manifests\":[" ENTRY("1111", ",\"platform\":7") "]}", UCT_BAD_MANIFEST },
		{ "{\"manifests\":[" ENTRY("1111", PLATFORM("7")) "]}", UCT_BAD_MANIFEST },
		{ "nonsense", UCT_BAD_MANIFEST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct descriptor d;
		struct err e = { 0 };
		int r = index_choose(cases[i].json, strlen(cases[i].json), "linux/amd64", &d, &e);

		if (cases[i].uct ? r >= 0 || e.uct != cases[i].uct : r != 0)
			fail_msg("%s: %d UCT-%d %s", cases[i].json, r, e.uct, e.msg);
	}
}

static void test_config_good(void **state)
{
	static const char json[] =
		"{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\","
		"\"created\":\"2026-01-02T03:04:05Z\",\"config\":{"
		"\"User\":\"1:2\",\"WorkingDir\":\"/w\",\"StopSignal\":\"SIGINT\","
		"\"Entrypoint\":[\"/e\",\"\"],\"Cmd\":null,"
		"\"Env\":[\"A=1\",\"NOTHING\",\"=x\",\"B=\",\"A=2\"],"
		"\"Volumes\":{\"/v\":{}},\"Labels\":{\"k\":\"v=w\"},\"Unknown\":[1]},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D("aaaa") "\"]},"
									     "\"history\":[]}";
	static const char least[] = "{\"rootfs\":{\"diff_ids\":[]},\"config\":null}";
	_cleanup_image_config_ struct image_config c = { 0 }, l = { 0 };
	struct manifest m = { .n_layers = 2 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(image_config_parse(json, strlen(json), &c, &e), 0);
	assert_string_equal(c.os, "linux");
	assert_string_equal(c.variant, "v7");
	assert_int_equal(c.created_ns, 1767323045ULL * 1000000000);
	assert_string_equal(c.user, "1:2");
	assert_string_equal(c.workdir, "/w");
	assert_string_equal(c.stop_signal, "SIGINT");
	assert_int_equal(c.entrypoint.n, 2);
	assert_int_equal(c.cmd.n, 0);
	assert_int_equal(c.env.n, 2);
	assert_string_equal(strv_env_get(&c.env, "A"), "2");
	assert_string_equal(strv_env_get(&c.env, "B"), "");
	assert_string_equal(c.volumes.v[0], "/v");
	assert_string_equal(c.labels.v[0], "k=v=w");
	assert_int_equal(c.n_diff_ids, 1);
	assert_int_equal(image_config_parse(least, strlen(least), &l, &e), 0);
	assert_null(l.user);
	assert_int_equal(l.created_ns, 0);
	assert_int_equal(image_check_layers(&m, &c, &e), -EINVAL);
	assert_int_equal(e.uct, UCT_BAD_MANIFEST);
	m.n_layers = 1;
	assert_int_equal(image_check_layers(&m, &c, &e), 0);
}

static void test_config_bad(void **state)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
		{ "{}", "'rootfs.diff_ids' is missing" },
		{ "7", "not" },
		{ "{\"rootfs\":{\"diff_ids\":7}}", "not an array" },
		{ "{\"rootfs\":{\"diff_ids\":[\"sha256:x\"]}}", "not a sha256 digest" },
		{ "{\"rootfs\":{\"diff_ids\":[7]}}", "not a sha256 digest" },
		{ "{\"os\":7}", "'os' is not a string" },
		{ "{\"architecture\":\"0123456789012345678901234567890123456789\"}", "longer" },
		{ "{\"created\":7}", "not a string" },
		{ "{\"config\":[]}", "not an object" },
		{ "{\"config\":{\"User\":0}}", "not a string" },
		{ "{\"config\":{\"User\":\"a\\u0000b\"}}", "not valid JSON" },
		{ "{\"config\":{\"Entrypoint\":7}}", "not an array of strings" },
		{ "{\"config\":{\"Cmd\":[1]}}", "not an array of strings" },
		{ "{\"config\":{\"Env\":{}}}", "not an array of strings" },
		{ "{\"config\":{\"Volumes\":[]}}", "not an object" },
		{ "{\"config\":{\"Labels\":{\"a\":1}}}", "not a string" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct image_config c;
		struct err e = { 0 };
		int r = image_config_parse(cases[i].json, strlen(cases[i].json), &c, &e);

		if (r >= 0 || e.uct != UCT_BAD_MANIFEST || !strstr(e.msg, cases[i].why))
			fail_msg("%s: %d UCT-%d '%s' lacks '%s'", cases[i].json, r, e.uct, e.msg,
			         cases[i].why);
	}
}

static void test_platform(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} cases[] = {
		{ "linux/amd64", "linux/amd64" },
		{ "linux/x86_64", "linux/amd64" },
		{ "arm64", "linux/arm64" },
		{ "aarch64", "linux/arm64" },
		{ "linux/armhf", "linux/arm/v7" },
		{ "linux/arm/v6", "linux/arm/v6" },
		{ "linux/", NULL },
		{ "", NULL },
		{ "linux/a/b/c", NULL },
		{ "linux/arm/", NULL },
		{ "linux/a b", NULL },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = platform_parse(cases[i].text, buf, sizeof(buf), NULL);

		assert_int_equal(r, cases[i].want ? 0 : -EINVAL);
		if (cases[i].want)
			assert_string_equal(buf, cases[i].want);
	}
	assert_int_equal(platform_parse(platform_native(), buf, sizeof(buf), NULL), 0);
	assert_string_equal(buf, platform_native());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest_good),
		cmocka_unit_test(test_manifest_bad),
		cmocka_unit_test(test_manifest_too_many_layers),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_index_bad),
		cmocka_unit_test(test_config_good),
		cmocka_unit_test(test_config_bad),
		cmocka_unit_test(test_platform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
