/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct explain - what an error code means; and the same for all codes, as docs/errors.md */
#include "cli/cli.h"

#include "base/num.h"
#include "base/sbuf.h"

#include <strings.h>

enum { TEXT_MAX_BYTES = 1 << 20, WIDTH_MAX = 90 };

/* "1201", "UCT-1201", "uct1201" */
static int parse_code(const char *s, int *ret)
{
	uint32_t n;

	if (strncasecmp(s, "UCT", 3) == 0)
		s += s[3] == '-' ? 4 : 3;
	if (parse_u32(s, &n) < 0 || n > 9999)
		return -EINVAL;
	*ret = (int)n;
	return 0;
}

static void add_explanation(struct sbuf *b, const struct term *t, const struct usrct_explanation *x)
{
	size_t columns = MIN((size_t)t->columns, (size_t)WIDTH_MAX);

	sbuf_addf(b, "%sUCT-%d%s  %s\n\n", term_style(t, STYLE_HEADING), x->number,
	          term_style(t, STYLE_PLAIN), x->title);
	text_wrap(b, x->explain, 0, 0, columns);
	sbuf_addc(b, '\n');
	if (!x->hint[0])
		return;
	sbuf_addf(b, "\n%shint:%s ", term_style(t, STYLE_HINT), term_style(t, STYLE_PLAIN));
	text_wrap(b, x->hint, 6, 6, columns);
	sbuf_addc(b, '\n');
}

static int list_codes(struct cli *c)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEXT_MAX_BYTES);
	size_t n;
	const struct usrct_explanation *x = usrct_explain_all(&n);

	for (size_t i = 0; i < n; i++)
		sbuf_addf(&b, "UCT-%d  %s\n", x[i].number, x[i].title);
	return cli_print(c, &b);
}

static int explain_one(struct cli *c, const char *word, bool is_first)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEXT_MAX_BYTES);
	const struct usrct_explanation *x = NULL;
	struct err e;
	int number;

	if (parse_code(word, &number) == 0)
		x = usrct_explain(number);
	if (!x) {
		(void)err_set(&e, UCT_UNKNOWN_CODE, -ENOENT, "no such error code: '%s'", word);
		return cli_fail_local(c, &e);
	}
	if (!is_first)
		sbuf_addc(&b, '\n');
	add_explanation(&b, &c->out, x);
	return cli_print(c, &b);
}

static int explain(struct cli *c, const struct args *a)
{
	struct err e;
	int status = 0, r;

	if (args_flag(a, "list"))
		return list_codes(c);
	if (a->n_words == 0) {
		r = err_set(&e, UCT_USAGE, -EINVAL, "explain needs a CODE or --list");
		(void)err_hint(&e, r, "codes stand at the end of error messages, as in (UCT-1202)");
		return cli_fail_local(c, &e);
	}
	for (size_t i = 0; i < a->n_words; i++)
		status |= explain_one(c, a->words[i], i == 0);
	return status;
}

/* By hundreds, as base/err-codes.h orders them. */
static const char *section_title(int hundred)
{
	static const char *const titles[] = {
		[10] = "General",
		[11] = "Command line",
		[12] = "Images and registries",
		[13] = "The store",
		[14] = "Containers",
		[15] = "Starting, and the kernel",
		[16] = "Network",
		[17] = "User ids and namespaces",
		[18] = "Resource control",
	};

	return hundred >= 0 && (size_t)hundred < ARRAY_SIZE(titles) && titles[hundred]
	               ? titles[hundred]
	               : "Others";
}

static int errors_md(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEXT_MAX_BYTES);
	size_t n;
	const struct usrct_explanation *x = usrct_explain_all(&n);

	(void)a;
	sbuf_adds(&b, "<!-- Made by `usr-ct __errors-md > docs/errors.md`; do not edit. -->\n"
	              "# Error codes\n\n"
	              "Messages of usr-ct end with a code such as `(UCT-1202)`. A code keeps its "
	              "meaning for ever. `usr-ct explain UCT-1202` prints the same text.\n");
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || x[i].number / 100 != x[i - 1].number / 100)
			sbuf_addf(&b, "\n## %s\n", section_title(x[i].number / 100));
		sbuf_addf(&b, "\n### UCT-%d: %s\n\n%s\n", x[i].number, x[i].title, x[i].explain);
		if (x[i].hint[0])
			sbuf_addf(&b, "\n**What to do:** %s.\n", x[i].hint);
	}
	return cli_print(c, &b);
}

const struct command cmd_explain = {
	.name = "explain",
	.group = GROUP_SYSTEM,
	.summary = "Say what an error code means and what to do",
	.args = (const struct positional[]){ { "CODE", COMPLETE_CODE, true, true }, { NULL } },
	.options = (const struct option[]){ { "list", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "List all codes" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "The code of a message that ends with (UCT-1202)",
	                                        "usr-ct explain 1202" },
	                                      { NULL, NULL } },
	.handler = explain,
};

const struct command cmd_errors_md = {
	.name = "__errors-md",
	.group = GROUP_SYSTEM,
	.summary = "Print docs/errors.md",
	.handler = errors_md,
	.hidden = true,
};
