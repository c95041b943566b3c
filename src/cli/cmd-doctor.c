/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct doctor - whether this machine has what containers need
 *
 * Lines appear as checks are made. Fixes that the user can make stand below their line; those that
 * need root are gathered at the end in one block, to be sent to whoever may run it.
 */
#include "cli/cli.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/print-json.h"

#include <string.h>

enum { REPORT_MAX_BYTES = 1 << 20, ID_COLUMNS = 16, WIDTH_MAX = 110, N_STATES = 3 };

struct examination {
	struct cli *c;
	struct sbuf admin; /* all fixes that need root */
	json_t *json;      /* NULL: text is wanted */
	unsigned counts[N_STATES];
};

static const char *state_word(enum usrct_check_state s)
{
	static const char *const words[N_STATES] = { "ok", "note", "fail" };

	return words[s];
}

/* Words where output is not for eyes, so that it can be searched. */
static const char *state_mark(const struct term *t, enum usrct_check_state s)
{
	static const char *const signs[N_STATES] = { "✓", "!", "✗" };
	static const char *const words[N_STATES] = { "ok  ", "note", "FAIL" };

	return t->has_utf8 ? signs[s] : words[s];
}

static void add_line(struct sbuf *b, const struct term *t, const struct usrct_check *check)
{
	static const enum style styles[N_STATES] = { STYLE_GOOD, STYLE_WARN, STYLE_ERROR };
	const char *mark = state_mark(t, check->state);
	size_t columns = MIN((size_t)t->columns, (size_t)WIDTH_MAX);
	size_t at = text_columns(mark) + 1 + ID_COLUMNS;
	_cleanup_sbuf_ struct sbuf text = SBUF_INIT(REPORT_MAX_BYTES);

	sbuf_addf(&text, "%s: %s", check->title, check->reason ? check->reason : "");
	sbuf_addf(b, "%s%s%s %-*s", term_style(t, styles[check->state]), mark,
	          term_style(t, STYLE_PLAIN), ID_COLUMNS - 1, check->id);
	sbuf_addc(b, ' ');
	text_wrap(b, text.s ? text.s : "", at, at, columns);
	sbuf_addc(b, '\n');
	if (check->state == USRCT_CHECK_OK || !check->fix || !*check->fix)
		return;
	text_pad(b, at);
	sbuf_addf(b, "%sfix:%s ", term_style(t, STYLE_HINT), term_style(t, STYLE_PLAIN));
	if (check->needs_admin)
		sbuf_adds(b, "needs root, see below");
	else
		text_wrap(b, check->fix, at + 5, at + 5, columns);
	sbuf_addc(b, '\n');
}

static void add_json(struct examination *x, const struct usrct_check *check)
{
	json_t *j =
		json_pack("{ss ss ss ss ss sb}", "id", check->id, "state", state_word(check->state),
	                  "title", check->title, "reason", check->reason ? check->reason : "",
	                  "fix", check->fix ? check->fix : "", "needs_admin", check->needs_admin);

	if (!j || json_array_append_new(x->json, j) < 0)
		x->admin.err = -ENOMEM;
}

static void found(const struct usrct_check *check, void *arg)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(REPORT_MAX_BYTES);
	struct examination *x = arg;

	x->counts[check->state]++;
	if (check->state != USRCT_CHECK_OK && check->needs_admin && check->fix && *check->fix)
		sbuf_addf(&x->admin, "# %s\n%s\n", check->id, check->fix);
	if (x->json) {
		add_json(x, check);
		return;
	}
	add_line(&b, &x->c->out, check);
	(void)cli_print(x->c, &b);
	(void)fflush(x->c->out.f);
}

static void add_summary(struct examination *x, struct sbuf *b)
{
	const struct term *t = &x->c->out;
	const unsigned *n = x->counts;

	if (x->admin.len > 0)
		/* Not indented: a here-document's end must stand at the start of its line. */
		sbuf_addf(b,
		          "\n%sFor your administrator, all in one:%s\n\nsudo sh -eux "
		          "<<'EOF'\n%sEOF\n",
		          term_style(t, STYLE_HEADING), term_style(t, STYLE_PLAIN), x->admin.s);
	sbuf_addf(b, "\n%u checks: %u ok, %u note%s, %u failed\n", n[0] + n[1] + n[2], n[0], n[1],
	          n[1] == 1 ? "" : "s", n[2]);
	if (n[USRCT_CHECK_FAIL] > 0)
		sbuf_adds(b, "Some things will not work here until that is fixed.\n");
	else if (n[USRCT_CHECK_NOTE] > 0)
		sbuf_adds(b, "Containers work here; the notes say what could be better.\n");
	else
		sbuf_adds(b, "Containers work here.\n");
}

static int finish(struct examination *x)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(REPORT_MAX_BYTES);
	int status;

	if (x->admin.err < 0)
		return cli_fail_memory(x->c);
	if (x->json)
		print_json_pretty(&b, json_incref(x->json));
	else
		add_summary(x, &b);
	status = cli_print(x->c, &b);
	return status ? status : x->counts[USRCT_CHECK_FAIL] > 0;
}

static int doctor(struct cli *c, const struct args *a)
{
	_cleanup_json_ json_t *array = args_flag(a, "json") ? json_array() : NULL;
	struct examination x = { .c = c, .admin = SBUF_INIT(REPORT_MAX_BYTES), .json = array };
	struct usrct_err e = { 0 };
	int status;

	if (args_flag(a, "json") && !array)
		return cli_fail_memory(c);
	status = usrct_doctor(c->u, found, &x, &e) < 0 ? cli_fail(c, &e) : finish(&x);
	sbuf_done(&x.admin);
	return status;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.group = GROUP_SYSTEM,
	.summary = "Check whether this machine has what containers need",
	.description =
		"Tries what containers need, one thing after the other, and says of each "
		"what was found and how to mend it. Nothing is changed. Fixes that need root "
		"come as one block, to be pasted or sent to an administrator.",
	.exit_text = "0 if everything needed works, 1 if something failed. Notes do not count.",
	.options = (const struct option[]){ { "json", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Print the findings as a JSON array" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "What fails, for a script",
	                                        "usr-ct doctor --json | jq -r '.[] | "
	                                        "select(.state==\"fail\").id'" },
	                                      { NULL, NULL } },
	.handler = doctor,
	.uses_store = true,
};
