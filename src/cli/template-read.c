/* SPDX-License-Identifier: Apache-2.0 */
/* template-read - a template's text to its tree
 *
 * Recursive descent; every recursion passes enter(), which limits the depth. All nodes hang on the
 * template's list from birth, so that a mistake anywhere needs no clean-up here.
 *
 * Variables get their places at run time now: place 0 is $, each declaration takes the next one,
 * and the end of a block gives those of the block back.
 */
#include "cli/template-token.h"

#include "base/sbuf.h"
#include "cli/suggest.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

static int read_pipe(struct reader *r, enum token_kind end, struct node **ret);
static int read_list(struct reader *r, struct node **ret);
static int read_block(struct reader *r, struct node *n);

static struct node *new_node(struct reader *r, enum node_kind kind, size_t at)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n) {
		(void)err_oom(r->e);
		return NULL;
	}
	*n = (struct node){ .kind = kind, .at = at, .made = r->t->nodes };
	n->slots[0] = n->slots[1] = SLOT_NONE;
	r->t->nodes = n;
	return n;
}

static int enter(struct reader *r, size_t at)
{
	if (++r->depth > TEMPLATE_DEPTH)
		return reader_fail(r, at, "more than %d levels", TEMPLATE_DEPTH);
	return 0;
}

static int unexpected(struct reader *r, const char *wanted)
{
	char got[96];

	token_name(r, got, sizeof(got));
	return reader_fail(r, r->tok.at, "%s is expected, not %s", wanted, got);
}

static bool is_word(const struct reader *r, const char *word)
{
	return r->tok.kind == TOKEN_WORD && r->tok.len == strlen(word) &&
	       memcmp(r->tok.name, word, r->tok.len) == 0;
}

static int expect(struct reader *r, enum token_kind kind, const char *wanted)
{
	return r->tok.kind == kind ? 0 : unexpected(r, wanted);
}

/* ".A.B" directly behind something. */
static int read_names(struct reader *r, struct node *n)
{
	while (r->tok.kind == TOKEN_FIELD && !r->tok.is_spaced) {
		if (strv_take(&n->names, strndup(r->tok.name, r->tok.len)) < 0)
			return err_oom(r->e);
		if (token_next(r) < 0)
			return -EINVAL;
	}
	if (r->tok.kind == TOKEN_DOT && !r->tok.is_spaced)
		return reader_fail(r, r->tok.at, "a field's name is expected after '.'");
	return 0;
}

static int find_variable(struct reader *r)
{
	for (size_t i = r->variables.n; i > 0; i--)
		if (strlen(r->variables.v[i - 1]) == r->tok.len &&
		    memcmp(r->variables.v[i - 1], r->tok.name, r->tok.len) == 0)
			return (int)i - 1;
	return SLOT_NONE;
}

static int read_variable(struct reader *r, struct node *n)
{
	n->slots[0] = find_variable(r);
	if (n->slots[0] == SLOT_NONE)
		return reader_fail(r, r->tok.at, "variable '$%.*s' is not defined",
		                   (int)MIN(r->tok.len, (size_t)64), r->tok.name);
	if (token_next(r) < 0)
		return -EINVAL;
	return read_names(r, n);
}

static int read_function(struct reader *r, struct node *n)
{
	static const char *const blocks[] = { "if",    "range",    "with",   "end",   "else",
		                              "break", "continue", "define", "block", "template" };
	_cleanup_free_ char *name = strndup(r->tok.name, r->tok.len);
	const char *near;
	int rc;

	if (!name)
		return err_oom(r->e);
	n->function = template_function_find(name);
	if (n->function)
		return token_next(r);
	if (strcmp(name, "nil") == 0) {
		n->kind = NODE_LITERAL;
		n->value = json_null();
		return token_next(r);
	}
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		if (strcmp(name, blocks[i]) == 0)
			return reader_fail(r, r->tok.at, "unexpected '%s'", name);
	near = suggest_word(name, template_function_names());
	rc = reader_fail(r, r->tok.at, "there is no function '%.64s'", name);
	return near ? err_hint(r->e, rc, "did you mean '%s'? A field is written with a dot: .%.64s",
	                       near, name)
	            : err_hint(r->e, rc, "a field is written with a dot: .%.64s", name);
}

static int read_paren(struct reader *r, struct node *n)
{
	int rc = enter(r, r->tok.at);

	if (rc == 0)
		rc = token_next(r);
	if (rc == 0)
		rc = read_pipe(r, TOKEN_CLOSE, &n->pipe);
	if (rc == 0)
		rc = token_next(r);
	if (rc == 0)
		rc = read_names(r, n);
	r->depth--;
	return rc;
}

/* 1 one was read, 0 there is none. */
static int read_operand(struct reader *r, struct node **ret)
{
	static const enum node_kind kinds[] = {
		[TOKEN_DOT] = NODE_DOT,           [TOKEN_FIELD] = NODE_FIELD,
		[TOKEN_VARIABLE] = NODE_VARIABLE, [TOKEN_WORD] = NODE_FUNCTION,
		[TOKEN_LITERAL] = NODE_LITERAL,   [TOKEN_OPEN] = NODE_PAREN,
	};
	struct node *n;
	int rc;

	if (r->tok.kind >= ARRAY_SIZE(kinds) || (kinds[r->tok.kind] == NODE_TEXT))
		return 0;
	n = new_node(r, kinds[r->tok.kind], r->tok.at);
	if (!n)
		return -ENOMEM;
	*ret = n;
	switch (r->tok.kind) {
	case TOKEN_FIELD:
		r->tok.is_spaced = false;
		rc = read_names(r, n);
		break;
	case TOKEN_VARIABLE:
		rc = read_variable(r, n);
		break;
	case TOKEN_WORD:
		rc = read_function(r, n);
		break;
	case TOKEN_OPEN:
		rc = read_paren(r, n);
		break;
	case TOKEN_LITERAL:
		n->value = TAKE_PTR(r->tok.value);
		rc = token_next(r);
		break;
	case TOKEN_DOT:
	case TOKEN_END:
	case TOKEN_PIPE:
	case TOKEN_COMMA:
	case TOKEN_DECLARE:
	case TOKEN_ASSIGN:
	case TOKEN_CLOSE:
	default:
		rc = token_next(r);
		break;
	}
	return rc < 0 ? rc : 1;
}

/* What can never work is said now, not only once there is a value. */
static int check_command(struct reader *r, const struct node *command, size_t n, bool is_piped)
{
	const struct node *first = command->body;
	const struct template_function *f = first->function;
	size_t given = n - 1 + is_piped;

	if (n > TEMPLATE_ARGUMENTS)
		return reader_fail(r, command->at, "more than %d arguments",
		                   TEMPLATE_ARGUMENTS - 1);
	if (f && (given < f->min || given > f->max))
		return reader_fail(r, first->at, "%s takes %s%zu argument%s, not %zu", f->name,
		                   f->min == f->max ? ""
		                   : given < f->min ? "at least "
		                                    : "at most ",
		                   given < f->min ? f->min : f->max,
		                   (given < f->min ? f->min : f->max) == 1 ? "" : "s", given);
	if (!f && given > 0 && (first->kind == NODE_LITERAL || first->kind == NODE_DOT))
		return reader_fail(r, first->at,
		                   is_piped ? "a function is expected after '|'"
		                            : "a value takes no arguments");
	return 0;
}

static int read_command(struct reader *r, bool is_piped, struct node **ret)
{
	struct node *command = new_node(r, NODE_COMMAND, r->tok.at), **tail;
	size_t n = 0;
	int rc = 1;

	if (!command)
		return -ENOMEM;
	tail = &command->body;
	while (rc > 0) {
		bool is_glued = n > 0 && !r->tok.is_spaced && r->tok.kind != TOKEN_OPEN;

		rc = read_operand(r, tail);
		if (rc < 0)
			return rc;
		if (rc > 0 && is_glued)
			return reader_fail(r, (*tail)->at, "a space is missing here");
		if (rc > 0) {
			tail = &(*tail)->next;
			n++;
		}
	}
	if (n == 0)
		return unexpected(r, "a field, value or function");
	*ret = command;
	return check_command(r, command, n, is_piped);
}

static int declare(struct reader *r, const struct token *name, int *ret)
{
	if (r->variables.n >= TEMPLATE_VARIABLES)
		return reader_fail(r, name->at, "more than %d variables", TEMPLATE_VARIABLES);
	if (strv_take(&r->variables, strndup(name->name, name->len)) < 0)
		return err_oom(r->e);
	*ret = (int)r->variables.n - 1;
	return 0;
}

/* "$x :=", "$x =", and before a range "$k, $v :=". A pipe may also just begin with a variable: then
 * nothing is consumed. The declared name is not known in its own pipe. */
static int read_targets(struct reader *r, struct token *names, size_t *ret_n, bool *ret_assigns)
{
	struct reader saved = *r;
	size_t n = 0;

	while (r->tok.kind == TOKEN_VARIABLE && n < 2) {
		names[n++] = r->tok;
		if (token_next(r) < 0)
			return -EINVAL;
		if (r->tok.kind != TOKEN_COMMA)
			break;
		if (token_next(r) < 0)
			return -EINVAL;
	}
	if (n > 0 && (r->tok.kind == TOKEN_DECLARE || r->tok.kind == TOKEN_ASSIGN)) {
		*ret_assigns = r->tok.kind == TOKEN_ASSIGN;
		*ret_n = n;
		return token_next(r);
	}
	json_decref(r->tok.value);
	r->tok = saved.tok; /* a variable's: owns no value */
	r->pos = saved.pos;
	r->trims_next = saved.trims_next;
	return 0;
}

static int set_targets(struct reader *r, struct node *pipe, const struct token *names, size_t n,
                       bool assigns)
{
	struct token tok = r->tok;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (names[i].len == 0)
			return reader_fail(r, names[i].at, "'$' cannot be set");
		if (!assigns) {
			rc = declare(r, &names[i], &pipe->slots[i]);
			continue;
		}
		r->tok = names[i];
		pipe->slots[i] = find_variable(r);
		r->tok = tok;
		if (pipe->slots[i] == SLOT_NONE)
			return reader_fail(r, names[i].at, "variable '$%.*s' is not defined",
			                   (int)MIN(names[i].len, (size_t)64), names[i].name);
	}
	return rc;
}

static int read_pipe(struct reader *r, enum token_kind end, struct node **ret)
{
	struct node *pipe = new_node(r, NODE_PIPE, r->tok.at), **tail;
	struct token names[2];
	bool assigns = false;
	size_t n_names = 0;
	int rc;

	if (!pipe)
		return -ENOMEM;
	if (r->tok.kind == TOKEN_VARIABLE) {
		rc = read_targets(r, names, &n_names, &assigns);
		if (rc < 0)
			return rc;
	}
	tail = &pipe->body;
	for (;;) {
		rc = read_command(r, tail != &pipe->body, tail);
		if (rc < 0)
			return rc;
		assert(*tail);
		tail = &(*tail)->next;
		if (r->tok.kind != TOKEN_PIPE)
			break;
		if (token_next(r) < 0)
			return -EINVAL;
	}
	rc = expect(r, end,
	            end == TOKEN_END ? "an argument, '|' or '}}'" : "an argument, '|' or ')'");
	*ret = pipe;
	return rc < 0 ? rc : set_targets(r, pipe, names, n_names, assigns);
}

/* The word "else" is the current token. 1: the rest was read by an "else if" with its {{end}}. */
static int read_else(struct reader *r, struct node *n)
{
	int rc = token_next(r);

	if (rc < 0)
		return rc;
	if (is_word(r, "if") || is_word(r, "with")) {
		n->otherwise = new_node(r, is_word(r, "if") ? NODE_IF : NODE_WITH, r->tok.at);
		rc = n->otherwise ? read_block(r, n->otherwise) : -ENOMEM;
		return rc < 0 ? rc : 1;
	}
	rc = expect(r, TOKEN_END, "'}}', 'if' or 'with'");
	if (rc == 0)
		rc = read_list(r, &n->otherwise);
	if (rc == 0 && is_word(r, "else"))
		rc = reader_fail(r, r->tok.at, "a second 'else'");
	return rc;
}

static int read_branches(struct reader *r, struct node *n)
{
	size_t at = r->tok.at;
	int rc = token_next(r);

	if (rc == 0)
		rc = read_pipe(r, TOKEN_END, &n->pipe);
	if (rc == 0 && n->kind != NODE_RANGE && n->pipe->slots[1] != SLOT_NONE)
		rc = reader_fail(r, n->pipe->at, "only range sets two variables");
	r->loops += n->kind == NODE_RANGE;
	if (rc == 0)
		rc = read_list(r, &n->body);
	r->loops -= n->kind == NODE_RANGE;
	if (rc == 0 && is_word(r, "else"))
		rc = read_else(r, n);
	if (rc != 0)
		return MIN(rc, 0);
	if (!is_word(r, "end"))
		return reader_fail(r, at, "this block has no {{end}}");
	rc = token_next(r);
	return rc < 0 ? rc : expect(r, TOKEN_END, "'}}'");
}

/* After "if", "range", "with"; the word is the current token. */
static int read_block(struct reader *r, struct node *n)
{
	size_t outer = r->variables.n;
	int rc = enter(r, r->tok.at);

	if (rc == 0)
		rc = read_branches(r, n);
	while (r->variables.n > outer) {
		free(r->variables.v[--r->variables.n]);
		r->variables.v[r->variables.n] = NULL;
	}
	r->depth--;
	return rc;
}

static int read_jump(struct reader *r)
{
	if (r->loops == 0)
		return reader_fail(r, r->tok.at, "outside of a range");
	if (token_next(r) < 0)
		return -EINVAL;
	return expect(r, TOKEN_END, "'}}'");
}

/* The first token of the action is current. 1: it ends the list ("else", "end"). */
static int read_action(struct reader *r, struct node **ret)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} words[] = { { "if", NODE_IF },
		      { "range", NODE_RANGE },
		      { "with", NODE_WITH },
		      { "break", NODE_BREAK },
		      { "continue", NODE_CONTINUE } };
	struct node *n;

	if (is_word(r, "else") || is_word(r, "end"))
		return 1;
	if (is_word(r, "define") || is_word(r, "block") || is_word(r, "template"))
		return reader_fail(r, r->tok.at, "templates within templates are not known here");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (is_word(r, words[i].word)) {
			n = *ret = new_node(r, words[i].kind, r->tok.at);
			if (!n)
				return -ENOMEM;
			return n->kind >= NODE_BREAK ? read_jump(r) : read_block(r, n);
		}
	n = *ret = new_node(r, NODE_PRINT, r->tok.at);
	return n ? read_pipe(r, TOKEN_END, &n->pipe) : -ENOMEM;
}

/* "{{/" star ... star "/}}": 1 skipped, 0 it is none. The position is behind "{{" or "{{- ". */
static int skip_comment(struct reader *r)
{
	const char *end;
	size_t from = r->pos, at;

	while (from < r->n && isspace((unsigned char)r->s[from]))
		from++;
	if (r->n - from < 4 || memcmp(r->s + from, "/*", 2) != 0)
		return 0;
	end = memmem(r->s + from + 2, r->n - from - 2, "*/", 2);
	if (!end)
		return reader_fail(r, from, "the comment has no end");
	at = (size_t)(end - r->s) + 2;
	r->pos = at;
	while (r->pos < r->n && isspace((unsigned char)r->s[r->pos]))
		r->pos++;
	r->trims_next = r->pos > at && r->n - r->pos >= 3 && memcmp(r->s + r->pos, "-}}", 3) == 0;
	r->pos += r->trims_next;
	if (r->n - r->pos < 2 || memcmp(r->s + r->pos, "}}", 2) != 0)
		return reader_fail(r, r->pos, "'}}' is expected after a comment");
	r->pos += 2;
	return 1;
}

static int add_text(struct reader *r, const char *s, size_t n, struct node **ret)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_MAX_BYTES);
	struct node *node = new_node(r, NODE_TEXT, (size_t)(s - r->s));

	if (!node)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		char next = i + 1 < n ? s[i + 1] : '\0';

		if ((r->flags & TEMPLATE_ESCAPES) && s[i] == '\\' && (next == 't' || next == 'n')) {
			sbuf_addc(&b, next == 't' ? '\t' : '\n');
			i++;
		} else {
			sbuf_addc(&b, s[i]);
		}
	}
	node->text_len = b.len;
	*ret = node;
	return sbuf_take(&b, &node->text) < 0 ? err_oom(r->e) : 0;
}

/* Text up to the next "{{" or the end, without what the actions around trim. */
static int read_text(struct reader *r, struct node **ret)
{
	const char *from = r->s + r->pos;
	const char *end = memmem(from, r->n - r->pos, "{{", 2);
	size_t n = end ? (size_t)(end - from) : r->n - r->pos;
	bool trims_end;

	r->pos += n + (end ? 2 : 0);
	trims_end = end && r->n - r->pos >= 2 && r->s[r->pos] == '-' &&
	            isspace((unsigned char)r->s[r->pos + 1]);
	r->pos += trims_end;
	while (r->trims_next && n > 0 && isspace((unsigned char)*from))
		from++, n--;
	while (trims_end && n > 0 && isspace((unsigned char)from[n - 1]))
		n--;
	r->trims_next = false;
	return n ? add_text(r, from, n, ret) : 0;
}

static struct node **end_of(struct node **tail)
{
	while (*tail)
		tail = &(*tail)->next;
	return tail;
}

/* Ends at the text's end, or with "else" or "end" as the current token. */
static int read_list(struct reader *r, struct node **ret)
{
	struct node **tail = ret;
	size_t open;
	int rc;

	while (r->pos < r->n) {
		rc = read_text(r, tail);
		if (rc < 0)
			return rc;
		tail = end_of(tail);
		open = r->pos;
		if (r->pos >= r->n && (r->n < 2 || memcmp(r->s + r->n - 2, "{{", 2) != 0)) {
			r->tok.kind = TOKEN_END;
			return 0;
		}
		rc = skip_comment(r);
		if (rc > 0)
			continue;
		if (rc == 0)
			rc = token_next(r);
		if (rc == 0 && r->tok.kind == TOKEN_END)
			rc = reader_fail(r, open, "a field, value or function is expected");
		if (rc == 0)
			rc = read_action(r, tail);
		if (rc != 0)
			return MIN(rc, 0);
		tail = end_of(tail);
	}
	r->tok.kind = TOKEN_END;
	return 0;
}

static int read_all(struct reader *r)
{
	int rc = strv_add(&r->variables, "") < 0 ? err_oom(r->e) : read_list(r, &r->t->body);

	if (rc == 0 && r->tok.kind == TOKEN_WORD)
		rc = reader_fail(r, r->tok.at, "'%.*s' without a block", (int)r->tok.len,
		                 r->tok.name);
	return rc;
}

int template_compile(const char *text, size_t begin, unsigned flags, struct template **ret,
                     struct err *e)
{
	_cleanup_template_ struct template *t = calloc(1, sizeof(*t));
	struct reader r = { .t = t, .n = strlen(text), .pos = begin, .flags = flags, .e = e };
	int rc;

	if (!t || !(t->text = strdup(text)))
		return err_oom(e);
	r.s = t->text;
	if (r.n > TEMPLATE_MAX_BYTES)
		return err_set(e, UCT_TEMPLATE, -EINVAL, "the template has more than %d bytes",
		               TEMPLATE_MAX_BYTES);
	rc = read_all(&r);
	json_decref(r.tok.value);
	strv_done(&r.variables);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(t);
	return 0;
}
