/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "security/userns-wish.h"

#include <string.h>

static const struct id_maps held = {
	.uids = { { { 0, 1000, 1 }, { 1, 100000, 65536 } }, 2 },
	.gids = { { { 0, 100, 1 }, { 1, 100000, 10 }, { 11, 500000, 70000 } }, 3 },
};

static void test_modes(void **state)
{
	static const struct {
		const char *text;
		enum userns_mode mode;
		uint32_t uid, gid, size;
	} good[] = {
		{ NULL, USERNS_DEFAULT, 0, 0, 0 },
		{ "", USERNS_DEFAULT, 0, 0, 0 },
		{ "private", USERNS_DEFAULT, 0, 0, 0 },
		{ "host", USERNS_HOST_ROOT, 0, 0, 0 },
		{ "host-root", USERNS_HOST_ROOT, 0, 0, 0 },
		{ "keep-id", USERNS_KEEP_ID, 0, 0, 0 },
		{ "keep-id:uid=7,gid=8", USERNS_KEEP_ID, 7, 8, 0 },
		{ "keep-id:size=10,uid=7", USERNS_KEEP_ID, 7, 0, 10 },
		{ "auto", USERNS_AUTO, 0, 0, 0 },
		{ "auto:size=8192,uidmapping=5:0:1", USERNS_AUTO, 0, 0, 8192 },
		{ "nomap", USERNS_NOMAP, 0, 0, 0 },
		{ "container:web", USERNS_CONTAINER, 0, 0, 0 },
	};
	static const char *const bad[] = {
		"hosts",
		"host:uid=1",
		"keep-id:uid",
		"keep-id:uid=",
		"keep-id:uid=x",
		"keep-id:uid=4294967295",
		"keep-id:size=0",
		"keep-id:uidmapping=1:2:3",
		"keep-id:uid=1,",
		"auto:uid=5",
		"auto:uidmapping=5",
		"auto:uidmapping=5:@0:1",
		"auto:uidmapping=5:0:1,uidmapping=5:1:1",
		"container:",
		"ns:/proc/1/ns/user",
		":",
	};
	struct userns_wish w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(userns_wish_parse(good[i].text, &w, NULL), 0);
		assert_int_equal(w.mode, good[i].mode);
		assert_int_equal(w.uid, good[i].uid);
		assert_int_equal(w.gid, good[i].gid);
		assert_int_equal(w.size, good[i].size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = { 0 };

		assert_true(userns_wish_parse(bad[i], &w, &e) < 0);
		assert_true(e.uct == UCT_BAD_VALUE || e.uct == UCT_VALUE_REFUSED);
		assert_true(e.hint[0] != '\0');
	}
}

static void test_lines(void **state)
{
	static const struct {
		const char *text;
		struct id_wish w;
	} good[] = {
		{ "0:1", { false, true, true, false, 0, 1, 1 } },
		{ "0:1:10", { false, true, true, false, 0, 1, 10 } },
		{ "+1000:0", { true, true, true, false, 1000, 0, 1 } },
		{ "u+5:@1000:1", { true, true, false, true, 5, 1000, 1 } },
		{ "g5:6:7", { false, false, true, false, 5, 6, 7 } },
		{ "ug5:6:7", { false, true, true, false, 5, 6, 7 } },
	};
	static const char *const bad[] = {
		"",      "5",       "5:",     ":5",      "5:6:",
		"5:6:0", "5:6:7:8", "a:1",    "++1:2",   "uu1:2",
		"-1:2",  "@1:2",    "1:2:@3", "1:@@2",   "4294967295:1",
		"1:2 ",  " 1:2",    "1:-2:1", "1:2:1.5", "99999999999:1"
	};
	struct id_wish w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(id_wish_parse(good[i].text, &w), 0);
		assert_memory_equal(&w, &good[i].w, sizeof(w));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(id_wish_parse(bad[i], &w), -EINVAL);
}

static void expect(const struct id_map *m, const char *text)
{
	char buf[512] = "";

	for (size_t i = 0; i < m->n; i++) {
		size_t n = strlen(buf);

		(void)snprintf(buf + n, sizeof(buf) - n, "%s%u:%u:%u", i ? "," : "",
		               m->extents[i].inside, m->extents[i].outside, m->extents[i].count);
	}
	assert_string_equal(buf, text);
}

static void test_build(void **state)
{
	static const struct {
		const char *uidmap, *gidmap, *uids, *gids;
	} good[] = {
		{ "0:1:1000", NULL, "0:1:1000", "0:1:1000" },
		{ NULL, "0:1:1000", "0:1:1000", "0:1:1000" },
		{ "0:1:1000,1000:0:1", "0:0:5", "0:1:1000,1000:0:1", "0:0:5" },
		{ "+1000:0", NULL, "0:1:1000,1000:0:1,1001:1001:64536",
		  "0:1:1000,1000:0:1,1001:1001:69010" },
		{ "+u1000:0", NULL, "0:1:1000,1000:0:1,1001:1001:64536", "0:0:70011" },
		{ "0:@1000", "0:@100,7:@500000:5", "0:0:1", "0:0:1,7:11:5" },
		{ "1:@100000:65536,0:0", "0:0", "0:0:65537", "0:0:1" },
	};
	static const struct {
		const char *uidmap;
		int uct;
	} bad[] = {
		{ "0:0:65538", UCT_MAP_NOT_YOURS },   { "0:@5", UCT_MAP_NOT_YOURS },
		{ "0:@1000:2", UCT_MAP_NOT_YOURS },   { "0:0,0:1", UCT_BAD_MAP },
		{ "0:0,1:0", UCT_BAD_MAP },           { "0:0,", UCT_BAD_MAP },
		{ "nonsense", UCT_BAD_MAP },          { "0:4294967294:9", UCT_BAD_MAP },
		{ "0:@100009:2", UCT_MAP_NOT_YOURS }, /* gids: two ranges */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const char *const u[] = { good[i].uidmap, NULL }, *const g[] = { good[i].gidmap,
			                                                         NULL };
		struct id_maps m;

		assert_int_equal(id_wishes_build(good[i].uidmap ? u : NULL,
		                                 good[i].gidmap ? g : NULL, &held, &m, NULL),
		                 0);
		expect(&m.uids, good[i].uids);
		expect(&m.gids, good[i].gids);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *const u[] = { bad[i].uidmap, NULL };
		struct err e = { 0 };
		struct id_maps m;

		assert_true(id_wishes_build(u, NULL, &held, &m, &e) < 0);
		assert_int_equal(e.uct, bad[i].uct);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
