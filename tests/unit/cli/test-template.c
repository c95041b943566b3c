/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/template.h"

#include <string.h>

static const char data_text[] =
	"{\"Name\":\"web\",\"ID\":\"0123456789abcdef\",\"N\":42,\"Neg\":-7,\"F\":1.5,\"On\":true,"
	"\"Off\":false,\"None\":null,\"Empty\":\"\",\"Utf\":\"h\\u00e9llo\","
	"\"List\":[\"a\",\"b\",\"c\"],\"Nums\":[1,2,3],\"No\":[],"
	"\"Labels\":{\"b\":\"2\",\"a\":\"1\",\"com.x/y\":\"dots\"},\"Map\":{},"
	"\"State\":{\"Status\":\"running\",\"Pid\":7,\"Health\":{\"Log\":[{\"Exit\":0},{\"Exit\":3}"
	"]}"
	"},\"Nets\":{\"n1\":{\"IP\":\"10.0.0.1\"}},\"Deep\":{\"k\":{\"k\":{\"k\":[[1],[2,[3]]]}}}}";

static int run(const char *text, unsigned flags, char **ret, struct err *e)
{
	_cleanup_json_ json_t *root = json_loads(data_text, 0, NULL);
	_cleanup_json_ json_t *extra = json_pack("{ss}", "Alias", "other");
	_cleanup_json_ json_t *methods =
		json_pack("{s{ss}}", "Label", "com.example.build-id", "17");
	const struct template_data data = { .root = root, .extra = extra, .methods = methods };
	_cleanup_sbuf_ struct sbuf out = SBUF_INIT(100000);
	_cleanup_template_ struct template *t = NULL;
	int r;

	assert_non_null(root);
	*e = (struct err){ 0 };
	*ret = NULL;
	r = template_compile(text, 0, flags, &t, e);
	if (r == 0)
		r = template_run(t, &data, &out, e);
	if (r < 0)
		return r;
	assert_int_equal(sbuf_take(&out, ret), 0);
	return 0;
}

struct vector {
	const char *text, *out;
};

static void expect_all(const struct vector *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *got = NULL;
		struct err e;

		if (run(v[i].text, 0, &got, &e) < 0)
			fail_msg("%s: %s", v[i].text, e.msg);
		if (strcmp(got, v[i].out) != 0)
			fail_msg("%s: got '%s', not '%s'", v[i].text, got, v[i].out);
	}
}

static void fields(void **state)
{
	static const struct vector table[] = {
		{ "", "" },
		{ "plain } text {", "plain } text {" },
		{ "{{.Name}}", "web" },
		{ "{{ .Name }}-{{.N}}", "web-42" },
		{ "{{.State.Status}}/{{.State.Pid}}", "running/7" },
		{ "{{$.Name}} {{$.State.Pid}}", "web 7" },
		{ "{{(.State).Pid}} {{(index .Nets \"n1\").IP}}", "7 10.0.0.1" },
		{ "{{.F}} {{.Neg}} {{.On}} {{.Off}}", "1.5 -7 true false" },
		{ "{{.None}}", "<no value>" },
		{ "{{.None.Deeper}}", "<no value>" },
		{ "{{.Labels.a}} {{.Labels.zzz}}", "1 <no value>" },
		{ "{{.List}} {{.Nums}} {{.No}}", "[a b c] [1 2 3] []" },
		{ "{{.Labels}} {{.Map}}", "map[a:1 b:2 com.x/y:dots] map[]" },
		{ "{{.Deep.k.k.k}}", "[[1] [2 [3]]]" },
		{ "{{.Alias}}", "other" },
		{ "{{.Label \"com.example.build-id\"}}|{{.Label \"none\"}}", "17|" },
		{ "{{\"com.example.build-id\" | .Label}}", "17" },
		{ "{{with .State}}{{.Pid}}{{end}}", "7" },
		{ "{{with .None}}x{{else}}y{{end}}", "y" },
		{ "{{with .None}}x{{else with .Name}}{{.}}{{end}}", "web" },
		{ "{{range .State.Health.Log}}{{.Exit}};{{end}}", "0;3;" },
	};

	(void)state;
	expect_all(table, ARRAY_SIZE(table));
}

static void literals(void **state)
{
	static const struct vector table[] = {
		{ "{{\"a\\tb\\n\\\"q\\\" \\u00e9\\x41\\101\"}}", "a\tb\n\"q\" \303\251AA" },
		{ "{{`raw \\n \"x\" }}`}}", "raw \\n \"x\" }}" },
		{ "{{\"}}\"}}", "}}" },
		{ "{{'a'}} {{'\\n'}} {{'\303\251'}}", "97 10 233" },
		{ "{{12}} {{-3}} {{0x1f}} {{0b11}} {{0o17}} {{017}} {{1_000}}",
		  "12 -3 31 3 15 15 1000" },
		{ "{{1.5}} {{1e3}} {{.5}} {{1e21}} {{0.00001}} {{100000.0}}",
		  "1.5 1000 0.5 1e+21 1e-05 100000" },
		{ "{{true}} {{false}}", "true false" },
		{ "a {{- \" b \" -}} c", "a b c" },
		{ "x \n {{- /* gone */ -}} \n y", "xy" },
		{ "{{/* a comment */}}z", "z" },
		{ "{{.N -}}  !", "42!" },
		{ "{{\"a\"}}{{\n\"b\"\n}}", "ab" },
	};

	(void)state;
	expect_all(table, ARRAY_SIZE(table));
}

static void control(void **state)
{
	static const struct vector table[] = {
		{ "{{if .On}}y{{end}}{{if .Off}}n{{end}}", "y" },
		{ "{{if .Empty}}1{{else if .None}}2{{else if .No}}3{{else}}4{{end}}", "4" },
		{ "{{if .Off}}1{{else if .On}}2{{else}}3{{end}}!", "2!" },
		{ "{{range .List}}<{{.}}>{{end}}", "<a><b><c>" },
		{ "{{range .No}}x{{else}}empty{{end}}", "empty" },
		{ "{{range $v := .List}}{{$v}}{{end}}", "abc" },
		{ "{{range $i, $v := .List}}{{$i}}{{$v}} {{end}}", "0a 1b 2c " },
		{ "{{range $k, $v := .Labels}}{{$k}}={{$v}},{{end}}", "a=1,b=2,com.x/y=dots," },
		{ "{{range .List}}{{$.Name}}{{end}}", "webwebweb" },
		{ "{{range $i, $_ := .List}}{{if $i}},{{end}}{{.}}{{end}}", "a,b,c" },
		{ "{{range .Nums}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}}", "13" },
		{ "{{range .Nums}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}", "1" },
		{ "{{range 3}}{{.}}{{end}}", "012" },
		{ "{{range .List}}{{range $.Nums}}{{.}}{{end}};{{end}}", "123;123;123;" },
		{ "{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}", "12" },
		{ "{{$x := 1}}{{if .On}}{{$x = 2}}{{$y := 3}}{{$x}}{{$y}}{{end}}{{$x}}", "232" },
		{ "{{$x := 1}}{{if .On}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21" },
		{ "{{if $x := .Name}}{{$x}}{{end}}", "web" },
		{ "{{$s := .State}}{{$s.Pid}}", "7" },
		{ "{{with $x := 5}}{{$x}}{{.}}{{end}}", "55" },
	};

	(void)state;
	expect_all(table, ARRAY_SIZE(table));
}

static void functions(void **state)
{
	static const struct vector table[] = {
		{ "{{json .Labels}}", "{\"b\":\"2\",\"a\":\"1\",\"com.x/y\":\"dots\"}" },
		{ "{{json .Name}} {{json .List}} {{json .None}}",
		  "\"web\" [\"a\",\"b\",\"c\"] null" },
		{ "{{.Name | upper}} {{upper \"x\"}} {{\"ABC\" | lower}}", "WEB X abc" },
		{ "{{title \"the quick fox\"}}", "The Quick Fox" },
		{ "{{join .List \", \"}}|{{join .No \",\"}}", "a, b, c|" },
		{ "{{split \"a:b:\" \":\"}} {{index (split \"x/y\" \"/\") 1}}", "[a b ] y" },
		{ "{{split \"h\303\251\" \"\"}}", "[h \303\251]" },
		{ "{{truncate .ID 4}} {{truncate .Utf 2}} {{truncate .Name 9}}",
		  "0123 h\303\251 web" },
		{ "{{slice .ID 0 3}} {{slice .ID 13}} {{slice .List 1}}", "012 def [b c]" },
		{ "[{{pad .Name 1 2}}][{{pad .Empty 3 3}}]", "[ web  ][]" },
		{ "{{len .Name}} {{len .List}} {{len .Labels}} {{len .Utf}}", "3 3 3 6" },
		{ "{{index .List 1}} {{index .Labels \"com.x/y\"}}", "b dots" },
		{ "[{{index .Labels \"none\"}}][{{index .Map \"none\"}}]", "[][]" },
		{ "{{index .Nets \"no\"}}", "<no value>" },
		{ "{{index .Deep \"k\" \"k\" \"k\" 1 0}}", "2" },
		{ "{{index .Name 0}}", "119" },
		{ "{{eq .Name \"web\"}} {{eq .N 1 42}} {{ne .N 42}} {{eq .N 42.0}}",
		  "true true false true" },
		{ "{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge \"b\" \"a\"}}", "true true false true" },
		{ "{{eq .None nil}} {{eq .Name nil}} {{eq true .On}}", "true false true" },
		{ "{{and .On .Name}} {{and .Off .Name}} {{or .Empty .Name}} {{or .Off .Empty}}",
		  "web false web " },
		{ "{{and .Off (index .No 5)}} {{or 1 (index .No 5)}}", "false 1" },
		{ "{{not .On}} {{not .Empty}} {{.On | not}}", "false true false" },
		{ "{{if and (eq .Name \"web\") (gt .N 40)}}yes{{end}}", "yes" },
		{ "{{print 1 2}} {{print \"a\" 1 \"b\"}} {{print .None}}", "1 2 a1b <nil>" },
		{ "{{println \"a\" 1}}{{println}}", "a 1\n\n" },
		{ "{{html \"<a href='x'>&\"}}", "&lt;a href=&#39;x&#39;&gt;&amp;" },
		{ "{{urlquery \"a b&c/d\"}}", "a+b%26c%2Fd" },
		{ "{{.Name | printf \"%s-%s\" \"x\" | upper}}", "X-WEB" },
		{ "{{(split .Name \"e\") | len}}", "2" },
	};

	(void)state;
	expect_all(table, ARRAY_SIZE(table));
}

static void printf_verbs(void **state)
{
	static const struct vector table[] = {
		{ "{{printf \"%s|%5s|%-5s|%.2s|%5.1s\" \"abc\" \"ab\" \"ab\" \"abc\" \"xyz\"}}",
		  "abc|   ab|ab   |ab|    x" },
		{ "{{printf \"%q %x %X % x %#x\" \"a\\\"\\n\" \"hi\" \"hi\" \"hi\" \"hi\"}}",
		  "\"a\\\"\\n\" 6869 6869 68 69 0x6869" },
		{ "{{printf \"%d|%5d|%-5d|%05d|%+d|% d\" 42 42 42 42 42 42}}",
		  "42|   42|42   |00042|+42| 42" },
		{ "{{printf \"%05d %d\" -42 -9223372036854775807}}", "-0042 -9223372036854775807" },
		{ "{{printf \"%x %X %#x %o %#o %b %c %U %q\" 255 255 255 8 8 5 233 233 65}}",
		  "ff FF 0xff 10 010 101 \303\251 U+00E9 'A'" },
		{ "{{printf \"%v %v %v %v\" .List .Labels true 1.25}}",
		  "[a b c] map[a:1 b:2 com.x/y:dots] true 1.25" },
		{ "{{printf \"%t %5t|%-6t|\" true false true}}", "true false|true  |" },
		{ "{{printf \"%f %.2f %8.3f %-8.1f| %e %g %+.1f %08.2f\" 1.5 1.005 3.14159 2.0 "
		  "12345.678 0.0001 2.0 -1.5}}",
		  "1.500000 1.00    3.142 2.0     | 1.234568e+04 0.0001 +2.0 -0001.50" },
		{ "{{printf \"%q\" .List}} {{printf \"%d\" .Nums}} {{printf \"%3d\" .Nums}}",
		  "[\"a\" \"b\" \"c\"] [1 2 3] [  1   2   3]" },
		{ "{{printf \"%*d|%-*d|\" 5 1 3 2}}", "    1|2  |" },
		{ "{{printf \"100%% %5s\" .Utf}}", "100% h\303\251llo" },
		{ "{{printf \"%6s|%-6s|\" .Utf .Utf}}", " h\303\251llo|h\303\251llo |" },
		{ "{{printf \"%d\" \"x\"}} {{printf \"%s\" 5}} {{printf \"%d\"}}",
		  "%!d(string=x) %!s(int=5) %!d(MISSING)" },
		{ "{{printf \"%s\" \"a\" \"b\" 1}}", "a%!(EXTRA string=b, int=1)" },
		{ "{{printf \"%z %\" 1}}", "%!z(int=1) %!(NOVERB)" },
		{ "{{printf \"%v %s\" nil nil}}", "<nil> %!s(<nil>)" },
	};

	(void)state;
	expect_all(table, ARRAY_SIZE(table));
}

static void escapes(void **state)
{
	_cleanup_free_ char *with = NULL, *without = NULL;
	struct err e;

	(void)state;
	assert_int_equal(run("{{.Name}}\\t\\n\\x{{\"\\\\t\"}}", TEMPLATE_ESCAPES, &with, &e), 0);
	assert_string_equal(with, "web\t\n\\x\\t");
	assert_int_equal(run("{{.Name}}\\t", 0, &without, &e), 0);
	assert_string_equal(without, "web\\t");
}

struct mistake {
	const char *text, *msg;
	int uct;
};

static void expect_mistakes(const struct mistake *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *got = NULL;
		struct err e;

		if (run(v[i].text, 0, &got, &e) == 0)
			fail_msg("%s gives '%s'", v[i].text, got);
		assert_string_equal(e.msg, v[i].msg);
		assert_int_equal(e.uct, v[i].uct);
		assert_int_equal(e.kind, ERR_USAGE);
	}
}

static void mistakes(void **state)
{
	static const struct mistake table[] = {
		{ "{{", "bad template at column 3: the action has no '}}'", UCT_TEMPLATE },
		{ "ab{{.Name", "bad template at column 10: the action has no '}}'", UCT_TEMPLATE },
		{ "{{}}", "bad template at column 3: a field, value or function is expected",
		  UCT_TEMPLATE },
		{ "h\303\251{{.Name}", "bad template at column 10: '}}' is expected, not '}'",
		  UCT_TEMPLATE },
		{ "x\ny{{.}", "bad template at line 2, column 5: '}}' is expected, not '}'",
		  UCT_TEMPLATE },
		{ "{{if .On}}", "bad template at column 3: this block has no {{end}}",
		  UCT_TEMPLATE },
		{ "{{end}}", "bad template at column 3: 'end' without a block", UCT_TEMPLATE },
		{ "{{else}}", "bad template at column 3: 'else' without a block", UCT_TEMPLATE },
		{ "{{if .On}}{{else}}{{else}}{{end}}", "bad template at column 21: a second 'else'",
		  UCT_TEMPLATE },
		{ "{{if}}{{end}}",
		  "bad template at column 5: a field, value or function is expected, not '}}'",
		  UCT_TEMPLATE },
		{ "{{Name}}", "bad template at column 3: there is no function 'Name'",
		  UCT_TEMPLATE },
		{ "{{$x}}", "bad template at column 3: variable '$x' is not defined",
		  UCT_TEMPLATE },
		{ "{{if .On}}{{$x := 1}}{{end}}{{$x}}",
		  "bad template at column 31: variable '$x' is not defined", UCT_TEMPLATE },
		{ "{{\"abc}}", "bad template at column 3: the string has no closing quote",
		  UCT_TEMPLATE },
		{ "{{.Name | }}",
		  "bad template at column 11: a field, value or function is expected, not '}}'",
		  UCT_TEMPLATE },
		{ "{{.Name | \"x\"}}",
		  "bad template at column 11: a function is expected after '|'", UCT_TEMPLATE },
		{ "{{len}}", "bad template at column 3: len takes 1 argument, not 0",
		  UCT_TEMPLATE },
		{ "{{eq 1}}", "bad template at column 3: eq takes at least 2 arguments, not 1",
		  UCT_TEMPLATE },
		{ "{{(.Name}}",
		  "bad template at column 9: an argument, '|' or ')' is expected, not '}}'",
		  UCT_TEMPLATE },
		{ "{{.Name)}}",
		  "bad template at column 8: an argument, '|' or '}}' is expected, not ')'",
		  UCT_TEMPLATE },
		{ "{{break}}", "bad template at column 3: outside of a range", UCT_TEMPLATE },
		{ "{{template \"x\"}}",
		  "bad template at column 3: templates within templates are not known here",
		  UCT_TEMPLATE },
		{ "{{/* x}}", "bad template at column 3: the comment has no end", UCT_TEMPLATE },
		{ "{{12x}}", "bad template at column 3: '12x' is not a number", UCT_TEMPLATE },
		{ "{{\"a\"\"b\"}}", "bad template at column 6: a space is missing here",
		  UCT_TEMPLATE },
	};

	(void)state;
	expect_mistakes(table, ARRAY_SIZE(table));
}

static void failures(void **state)
{
	static const struct mistake table[] = {
		{ "{{.Nmae}}", "template, column 3: there is no field '.Nmae'",
		  UCT_TEMPLATE_FIELD },
		{ "x{{.State.Statsu}}", "template, column 4: there is no field '.Statsu'",
		  UCT_TEMPLATE_FIELD },
		{ "{{.Name.X}}", "template, column 3: a string has no field '.X'",
		  UCT_TEMPLATE_VALUE },
		{ "{{index .List 9}}",
		  "template, column 3: index: index 9 is out of range, there are 3",
		  UCT_TEMPLATE_VALUE },
		{ "{{len 3}}", "template, column 3: len: a number has no length",
		  UCT_TEMPLATE_VALUE },
		{ "{{range .Name}}{{end}}", "template, column 3: range cannot go over a string",
		  UCT_TEMPLATE_VALUE },
		{ "{{eq .Name 1}}",
		  "template, column 3: eq: a string and a number cannot be compared",
		  UCT_TEMPLATE_VALUE },
		{ "{{lt true false}}",
		  "template, column 3: lt: a bool and a bool cannot be compared",
		  UCT_TEMPLATE_VALUE },
		{ "{{upper .N}}",
		  "template, column 3: upper: argument 1 is a number, a string is needed",
		  UCT_TEMPLATE_VALUE },
		{ "{{.Name \"x\"}}", "template, column 3: '.Name' takes no argument",
		  UCT_TEMPLATE_VALUE },
		{ "{{slice .ID 3 1}}",
		  "template, column 3: slice: the end 1 comes before the begin 3",
		  UCT_TEMPLATE_VALUE },
	};

	(void)state;
	expect_mistakes(table, ARRAY_SIZE(table));
}

static void near_names(void **state)
{
	static const struct vector table[] = {
		{ "{{.name}}", "did you mean '.Name'?" },
		{ "{{.Sttae}}", "did you mean '.State'?" },
		{ "{{.Alais}}", "did you mean '.Alias'?" },
		{ "{{uper .Name}}", "did you mean 'upper'? A field is written with a dot: .uper" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *got = NULL;
		struct err e;

		assert_true(run(table[i].text, 0, &got, &e) < 0);
		assert_string_equal(e.hint, table[i].out);
	}
}

/* Nothing that a template says makes it run, nest or write for ever. */
static void limits(void **state)
{
	static const char *const endless[] = {
		"{{range 100000}}{{range 100000}}{{range 100000}}{{end}}{{end}}{{end}}",
		"{{$x := \"0123456789\"}}{{range 100}}{{$x = printf \"%s%s\" $x $x}}{{end}}",
		"{{range 1000000}}{{json $}}{{end}}",
		"{{range 1000000}}{{printf \"%10000s\" \"\"}}{{end}}",
	};
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1 << 20), v = SBUF_INIT(1 << 20);
	struct err e;
	char *got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(endless); i++) {
		assert_true(run(endless[i], 0, &got, &e) < 0);
		assert_int_equal(e.uct, UCT_TEMPLATE_VALUE);
	}
	for (int i = 0; i < 10000; i++)
		sbuf_adds(&b, i < 5000 ? "{{if 1}}" : "{{(");
	assert_true(run(b.s, 0, &got, &e) < 0);
	assert_int_equal(e.uct, UCT_TEMPLATE);
	for (int i = 0; i < 100; i++)
		sbuf_addf(&v, "{{$v%d := 1}}", i);
	assert_true(run(v.s, 0, &got, &e) < 0);
	assert_non_null(strstr(e.msg, "more than 64 variables"));
}

static void what_is_used(void **state)
{
	_cleanup_template_ struct template *some = NULL, *all = NULL, *list = NULL;

	(void)state;
	assert_int_equal(
		template_compile("{{if .A}}{{$.B}}{{(len .C.D)}}{{end}}", 0, 0, &some, NULL), 0);
	assert_true(template_uses(some, "A"));
	assert_true(template_uses(some, "B"));
	assert_true(template_uses(some, "D"));
	assert_false(template_uses(some, "E"));
	assert_false(template_uses_all(some));
	assert_false(template_is_for_list(some));
	assert_int_equal(template_compile("{{json .}}", 0, 0, &all, NULL), 0);
	assert_true(template_uses_all(all));
	assert_int_equal(template_compile("{{range .}}{{.A}}{{end}}", 0, 0, &list, NULL), 0);
	assert_true(template_is_for_list(list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),       cmocka_unit_test(literals),
		cmocka_unit_test(control),      cmocka_unit_test(functions),
		cmocka_unit_test(printf_verbs), cmocka_unit_test(escapes),
		cmocka_unit_test(mistakes),     cmocka_unit_test(failures),
		cmocka_unit_test(near_names),   cmocka_unit_test(limits),
		cmocka_unit_test(what_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
