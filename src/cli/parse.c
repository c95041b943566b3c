/* SPDX-License-Identifier: Apache-2.0 */
/* parse - words of a command line to flags and arguments, as a command's table entry says */
#include "cli/parse.h"

#include "base/num.h"
#include "base/sbuf.h"
#include "cli/suggest.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

void parser_init(struct parser *p, const struct command *cmd, struct args *args)
{
	*args = (struct args){ .cmd = cmd };
	*p = (struct parser){ .args = args };
}

void args_done(struct args *a)
{
	free(a->values);
	free(a->words);
	*a = (struct args){ 0 };
}

int parse_bool(const char *s, bool *ret)
{
	/* Those that Docker's flags know. */
	static const char *const yes[] = { "true", "1", "t", "T", "TRUE", "True" };
	static const char *const no[] = { "false", "0", "f", "F", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(s, yes[i]) == 0 || strcmp(s, no[i]) == 0) {
			*ret = s[0] == yes[i][0];
			return 0;
		}
	}
	return -EINVAL;
}

/* Makes room for one more element of @size bytes; the array grows by doubling. */
static int grow(void **array, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 16;
	void *bigger;

	if (n < *cap)
		return 0;
	bigger = reallocarray(*array, want, size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*cap = want;
	return 0;
}

static int add_word(struct args *a, const char *word, struct err *e)
{
	void *array = a->words;
	int r = grow(&array, a->n_words + 1, &a->cap_words, sizeof(*a->words));

	a->words = array;
	if (r < 0)
		return err_oom(e);
	a->words[a->n_words++] = word;
	a->words[a->n_words] = NULL;
	return 0;
}

static int bad_enum(const struct option *o, const char *shown, const char *value, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(256);
	const char *near = suggest_word(value, o->values);
	int r;

	for (const char *const *v = o->values; *v; v++)
		sbuf_addf(&b, "%s%s", v == o->values ? "" : v[1] ? ", " : " or ", *v);
	r = err_set(e, UCT_BAD_VALUE, -EINVAL, "%s takes %s, not '%s'", shown, b.s ? b.s : "",
	            value);
	return near ? err_hint(e, r, "did you mean '%s'?", near)
	            : err_hint(e, r, "see usr-ct COMMAND --help");
}

static int check_value(const struct args *a, const struct option *o, const char *shown,
                       const char *value, struct err *e)
{
	uint32_t number;
	bool on;
	int r = 0;

	if (o->kind == OPTION_FLAG && parse_bool(value, &on) < 0)
		r = err_set(e, UCT_BAD_VALUE, -EINVAL, "%s is a switch: true or false, not '%s'",
		            shown, value);
	else if (o->kind == OPTION_LIMIT && strcmp(value, "-1") == 0)
		return 0;
	else if ((o->kind == OPTION_NUMBER || o->kind == OPTION_LIMIT) &&
	         (parse_u32(value, &number) < 0 || number > INT_MAX))
		r = err_set(e, UCT_BAD_VALUE, -EINVAL, "%s takes a number, not '%s'", shown, value);
	else if (o->kind == OPTION_ENUM) {
		for (const char *const *v = o->values; *v; v++)
			if (strcmp(*v, value) == 0)
				return 0;
		return bad_enum(o, shown, value, e);
	}
	return r < 0 ? err_hint(e, r, "see usr-ct %s --help", a->cmd->name) : 0;
}

/* @shown: the flag as the user wrote it. */
static int add_value(struct args *a, const struct option *o, const char *shown, const char *value,
                     struct err *e)
{
	void *array = a->values;
	int r = check_value(a, o, shown, value, e);

	if (r < 0)
		return r;
	r = grow(&array, a->n_values, &a->cap_values, sizeof(*a->values));
	a->values = array;
	if (r < 0)
		return err_oom(e);
	a->values[a->n_values++] = (struct arg_value){ o, value };
	return 0;
}

static const struct foreign_option *find_foreign(const struct command *cmd, const char *name,
                                                 size_t n, char letter)
{
	const struct foreign_option *f = cmd->foreign;

	for (; f && f->name; f++)
		if (letter ? f->letter == letter
		           : strlen(f->name) == n && !strncmp(f->name, name, n))
			return f;
	return NULL;
}

/* The reason helps more than a guess. */
static int refuse_foreign(const struct foreign_option *f, struct err *e)
{
	int r = err_set(e, UCT_FLAG_REFUSED, -EOPNOTSUPP, "--%s: %s", f->name, f->why);

	return f->hint ? err_hint(e, r, "%s", f->hint) : r;
}

/* Without it or with this value, all stays the same. */
static bool is_harmless(const struct foreign_option *f, const char *value)
{
	size_t n = strlen(value);

	if (!f->harmless || !n)
		return f->harmless != NULL;
	for (const char *w = f->harmless; *w; w += strcspn(w, " "), w += strspn(w, " "))
		if (strcspn(w, " ") == n && !strncmp(w, value, n))
			return true;
	return false;
}

static bool is_foreign_switch(const struct foreign_option *f)
{
	return f->harmless && !strncmp(f->harmless, "false", 5);
}

/* A flag that others have: refused, ignored, or its value comes next. */
static int feed_foreign(struct parser *p, const struct foreign_option *f, const char *value,
                        struct err *e)
{
	if (value)
		return is_harmless(f, value) ? 0 : refuse_foreign(f, e);
	if (!f->harmless || is_foreign_switch(f))
		return refuse_foreign(f, e);
	p->pending_foreign = f;
	return 0;
}

static int unknown_flag(const struct command *cmd, const char *name, size_t n, struct err *e)
{
	const char *near = suggest_option(cmd, name, n);
	int r;

	r = err_set(e, UCT_USAGE, -EINVAL, "unknown flag '--%.*s' for %s", (int)n, name, cmd->name);
	return near ? err_hint(e, r, "did you mean '--%s'?", near)
	            : err_hint(e, r, "see usr-ct %s --help", cmd->name);
}

static int feed_long(struct parser *p, const char *word, struct err *e)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t n = equals ? (size_t)(equals - name) : strlen(name);
	const struct option *o = command_option(p->args->cmd, name, n);
	const struct foreign_option *f = o ? NULL : find_foreign(p->args->cmd, name, n, 0);
	char shown[64];

	if (f)
		return feed_foreign(p, f, equals ? equals + 1 : NULL, e);
	if (!o && n == 4 && strncmp(name, "help", n) == 0) {
		p->wants_help = true;
		return 0;
	}
	if (!o)
		return unknown_flag(p->args->cmd, name, n, e);
	if (!equals && o->kind != OPTION_FLAG) {
		p->pending = o;
		return 0;
	}
	(void)snprintf(shown, sizeof(shown), "--%.*s", (int)n, name);
	return add_value(p->args, o, shown, equals ? equals + 1 : "true", e);
}

static int unknown_letter(const struct parser *p, const char *letter, const char *word,
                          struct err *e)
{
	const struct command *cmd = p->args->cmd;
	const struct foreign_option *f = find_foreign(cmd, NULL, 0, *letter);
	bool alone = word[2] == '\0';
	int r;

	if (f)
		return refuse_foreign(f, e);
	r = err_set(e, UCT_USAGE, -EINVAL, "unknown flag '-%c'%s%s%s for %s", *letter,
	            alone ? "" : " in '", alone ? "" : word, alone ? "" : "'", cmd->name);

	/* -name for --name is the commonest slip. */
	if (!alone && command_option(cmd, word + 1, strcspn(word + 1, "=")))
		return err_hint(e, r, "did you mean '-%s'?", word);
	return err_hint(e, r, "see usr-ct %s --help", cmd->name);
}

/* "-it", "-eA=1", "-e=A=1", "-e" */
static int feed_letters(struct parser *p, const char *word, struct err *e)
{
	const struct option *o;
	char shown[3] = "-x";
	const char *rest;
	int r;

	for (const char *l = word + 1; *l; l++) {
		o = command_letter(p->args->cmd, *l);
		if (!o && *l == 'h') {
			p->wants_help = true;
			continue;
		}
		if (!o)
			return unknown_letter(p, l, word, e);
		shown[1] = *l;
		rest = l[1] == '=' ? l + 2 : l + 1;
		if (o->kind != OPTION_FLAG && l[1] == '\0') {
			p->pending = o;
			return 0;
		}
		if (o->kind != OPTION_FLAG || l[1] == '=')
			return add_value(p->args, o, shown, rest, e);
		r = add_value(p->args, o, shown, "true", e);
		if (r < 0)
			return r;
	}
	return 0;
}

int parser_feed(struct parser *p, const char *word, struct err *e)
{
	const struct foreign_option *f = p->pending_foreign;
	const struct option *o = p->pending;
	char shown[64];
	int r;

	if (f) {
		p->pending_foreign = NULL;
		return is_harmless(f, word) ? 0 : refuse_foreign(f, e);
	}
	if (o) {
		p->pending = NULL;
		(void)snprintf(shown, sizeof(shown), "--%s", o->name);
		return add_value(p->args, o, shown, word, e);
	}
	if (p->only_words || word[0] != '-' || word[1] == '\0') {
		r = add_word(p->args, word, e);
		if (p->args->cmd->passes_rest)
			p->only_words = true;
		return r;
	}
	if (strcmp(word, "--") == 0) {
		p->only_words = true;
		return 0;
	}
	return word[1] == '-' ? feed_long(p, word, e) : feed_letters(p, word, e);
}

static int usage_hint(const struct command *cmd, int r, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(256);

	command_add_usage(&b, cmd);
	return err_hint(e, r, "usage: %s", b.s ? b.s : "");
}

int parser_end(const struct parser *p, struct err *e)
{
	const struct args *a = p->args;
	const struct positional *next;
	size_t n_words = a->n_words;
	int r;

	if (p->pending_foreign)
		return refuse_foreign(p->pending_foreign, e);
	if (p->pending) {
		r = err_set(e, UCT_USAGE, -EINVAL, "flag '--%s' needs a value (%s)",
		            p->pending->name, p->pending->metavar);
		return err_hint(e, r, "see usr-ct %s --help", a->cmd->name);
	}
	if (parse_is_unnamed(a))
		n_words++; /* it stands for one */
	next = command_arg(a->cmd, n_words);
	if (next && !next->optional && (!next->many || n_words <= (size_t)(next - a->cmd->args))) {
		r = err_set(e, UCT_USAGE, -EINVAL, "%s needs %s %s", a->cmd->name,
		            strchr("AEIOU", next->metavar[0]) ? "an" : "a", next->metavar);
		return usage_hint(a->cmd, r, e);
	}
	if (n_words > 0 && !command_arg(a->cmd, n_words - 1)) {
		for (size_t i = n_words - a->n_words; i < n_words; i++)
			if (!command_arg(a->cmd, i)) {
				r = err_set(e, UCT_USAGE, -EINVAL,
				            "unexpected argument '%s' for %s",
				            a->words[i - (n_words - a->n_words)], a->cmd->name);
				return usage_hint(a->cmd, r, e);
			}
	}
	return 0;
}

bool parse_is_unnamed(const struct args *a)
{
	return a->cmd->takes_latest &&
	       (args_flag(a, "latest") ||
	        (command_option(a->cmd, "cidfile", strlen("cidfile")) && args_has(a, "cidfile")));
}

/* The last value of an option. A name that the command does not have is our bug. */
static const char *last_value(const struct args *a, const char *name)
{
	const struct option *o = command_option(a->cmd, name, strlen(name));

	assert(o);
	for (size_t i = a->n_values; i > 0; i--)
		if (a->values[i - 1].option == o)
			return a->values[i - 1].value;
	return NULL;
}

bool args_has(const struct args *a, const char *name)
{
	return last_value(a, name) != NULL;
}

bool args_flag(const struct args *a, const char *name)
{
	const char *v = last_value(a, name);
	bool on = false;

	return v && parse_bool(v, &on) == 0 && on;
}

const char *args_string(const struct args *a, const char *name)
{
	return last_value(a, name);
}

int args_number(const struct args *a, const char *name, int unset)
{
	const char *v = last_value(a, name);
	uint32_t n = 0;

	return v && parse_u32(v, &n) == 0 ? (int)n : unset;
}

const char *args_nonempty(const struct args *a, const char *name)
{
	const char *v = args_string(a, name);

	return v && *v ? v : NULL;
}

int args_limit(const struct args *a, const char *name, int unset)
{
	const char *v = last_value(a, name);

	return v && strcmp(v, "-1") == 0 ? INT_MAX : args_number(a, name, unset);
}

int args_list(const struct args *a, const char *name, const char ***ret)
{
	const struct option *o = command_option(a->cmd, name, strlen(name));
	const char **list;
	size_t n = 0;

	assert(o);
	*ret = NULL;
	if (!args_has(a, name))
		return 0;
	list = calloc(a->n_values + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < a->n_values; i++)
		if (a->values[i].option == o)
			list[n++] = a->values[i].value;
	*ret = list;
	return 0;
}
