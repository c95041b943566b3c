/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/format.h"

#include <string.h>

static const struct format_field fields[] = {
	{ "ID", "CONTAINER ID" }, { "Names", "NAMES" }, { "Size", "SIZE" }, { NULL, NULL }
};

static char *print(const char *text, bool no_heading, bool raw, int n_rows)
{
	const struct format_options opts = { .text = text,
		                             .table = "{{.ID}}\\t{{.Names}}",
		                             .fields = fields,
		                             .no_heading = no_heading,
		                             .raw = raw };
	_cleanup_json_ json_t *extra = json_pack("{ss}", "Id", "full");
	_cleanup_json_ json_t *methods = json_pack("{s{ss}}", "Label", "a.b-c", "v");
	static const char *const names[] = { "web", "a-long-name", "h\303\251" };
	_cleanup_sbuf_ struct sbuf out = SBUF_INIT(100000);
	_cleanup_format_ struct format *f = NULL;
	struct err e = { 0 };
	char *s = NULL;
	int r = format_compile(&opts, &f, &e);

	for (int i = 0; r == 0 && i < n_rows; i++)
		r = format_row(f, json_pack("{s:s, s:s}", "ID", "0123456789ab", "Names", names[i]),
		               extra, methods, &e);
	if (r == 0)
		r = format_end(f, &out, &e);
	if (r < 0)
		return strdup(e.msg);
	assert_int_equal(sbuf_take(&out, &s), 0);
	return s;
}

static void forms(void **state)
{
	static const struct {
		const char *text;
		bool no_heading;
		const char *out;
	} table[] = {
		{ NULL, false,
		  "CONTAINER ID   NAMES\n0123456789ab   web\n0123456789ab   a-long-name\n"
		  "0123456789ab   h\303\251\n" },
		{ "table", true,
		  "0123456789ab   web\n0123456789ab   a-long-name\n0123456789ab   h\303\251\n" },
		{ "table {{.Names}}\\t{{.ID}}", false,
		  "NAMES         CONTAINER ID\nweb           0123456789ab\n"
		  "a-long-name   0123456789ab\nh\303\251            0123456789ab\n" },
		{ "table {{upper .Names}}\\t{{.Id}}\\t{{.Label \"a.b-c\"}}", false,
		  "NAMES         ID        b c\nWEB           full      v\n"
		  "A-LONG-NAME   full      v\nH\303\251            full      v\n" },
		{ "table {{slice .ID 0 3}}|{{truncate .Names 2}}", false,
		  "CONTAINER ID|NAMES\n012|we\n012|a-\n012|h\303\251\n" },
		{ "{{.Names}}", false, "web\na-long-name\nh\303\251\n" },
		{ "{{.Names}}\\t{{.ID}}\\n", false,
		  "web\t0123456789ab\n\na-long-name\t0123456789ab\n\nh\303\251\t0123456789ab\n\n" },
		{ "json", false,
		  "{\"ID\":\"0123456789ab\",\"Names\":\"web\"}\n"
		  "{\"ID\":\"0123456789ab\",\"Names\":\"a-long-name\"}\n"
		  "{\"ID\":\"0123456789ab\",\"Names\":\"h\303\251\"}\n" },
		{ "{{range .}}{{.Names}},{{.Id}} {{end}}", false,
		  "web,full a-long-name,full h\303\251,full \n" },
		{ "{{range .}}{{.Names}}\\n{{end}}", false, "web\na-long-name\nh\303\251\n" },
		{ "{{.Nmaes}}", false, "template, column 3: there is no field '.Nmaes'" },
		{ "table {{.Names}}\\t{{.Nope}}", false,
		  "template, column 21: there is no field '.Nope'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *got = print(table[i].text, table[i].no_heading, false, 3);

		assert_string_equal(got, table[i].out);
	}
}

static void no_rows(void **state)
{
	_cleanup_free_ char *table = print(NULL, false, false, 0);
	_cleanup_free_ char *none = print("table", true, false, 0);
	_cleanup_free_ char *text = print("{{.Names}}", false, false, 0);
	_cleanup_free_ char *list = print("{{range .}}x{{end}}", false, false, 0);

	(void)state;
	assert_string_equal(table, "CONTAINER ID   NAMES\n");
	assert_string_equal(none, "");
	assert_string_equal(text, "");
	assert_string_equal(list, "");
}

/* inspect: \t is not a tab, and no table. */
static void raw(void **state)
{
	_cleanup_free_ char *got = print("{{.Names}}\\t", false, true, 1);

	(void)state;
	assert_string_equal(got, "web\\t\n");
}

static void needs(void **state)
{
	static const struct {
		const char *text;
		bool id, size, extra;
	} table[] = {
		{ NULL, true, false, false },        { "json", true, true, false },
		{ "{{.Size}}", false, true, false }, { "{{json .}}", true, true, false },
		{ "{{.Id}}", false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct format_options opts = { .text = table[i].text, .table = "{{.ID}}" };
		_cleanup_format_ struct format *f = NULL;

		assert_int_equal(format_compile(&opts, &f, NULL), 0);
		assert_int_equal(format_needs(f, "ID", true), table[i].id);
		assert_int_equal(format_needs(f, "Size", true), table[i].size);
		assert_int_equal(format_needs(f, "Id", false), table[i].extra);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(no_rows),
		cmocka_unit_test(raw),
		cmocka_unit_test(needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
