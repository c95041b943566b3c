/* SPDX-License-Identifier: Apache-2.0 */
/* template-tree - a template once it is read; only for template*.c */
#pragma once

#include "base/strv.h"
#include "cli/template.h"

struct sbuf;

enum {
	TEMPLATE_MAX_BYTES = 64 << 10,
	TEMPLATE_DEPTH = 64,         /* blocks and parentheses */
	TEMPLATE_VARIABLES = 64,     /* in scope at one time */
	TEMPLATE_ARGUMENTS = 32,     /* of one function */
	TEMPLATE_STEPS = 2000000,    /* of one run */
	TEMPLATE_STRING = 4 << 20,   /* bytes that one function may make */
	TEMPLATE_BYTES_PER_STEP = 64 /* making and printing text is work too */
};

enum node_kind {
	NODE_TEXT,  /* .text */
	NODE_PRINT, /* .pipe */
	NODE_IF,    /* .pipe, .body, .otherwise */
	NODE_RANGE, /* the same */
	NODE_WITH,  /* the same */
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_PIPE,    /* .body: its commands; .slots: variables that it sets */
	NODE_COMMAND, /* .body: operands, the first may be a function */
	NODE_DOT,
	NODE_LITERAL,  /* .value */
	NODE_FUNCTION, /* .function */
	NODE_FIELD,    /* .names, of dot */
	NODE_VARIABLE, /* .slots[0], .names */
	NODE_PAREN,    /* .pipe, .names */
};

enum { SLOT_NONE = -1, SLOT_ROOT = 0 };

struct template_function;

struct node {
	enum node_kind kind;
	size_t at;         /* position in the text, for errors */
	struct node *next; /* in its list */
	struct node *made; /* all nodes, for freeing */
	struct node *pipe, *body, *otherwise;
	char *text;
	size_t text_len;
	json_t *value;
	const struct template_function *function;
	struct strv names;
	int slots[2];
};

struct template
{
	char *text;
	struct node *nodes; /* all that were made */
	struct node *body;
};

/* A function's call. Arguments are borrowed; the result is new, NULL after call_fail(). */
struct call {
	struct machine *m;
	const struct node *at;
	const char *name;
	json_t **args;
	size_t n;
};

struct template_function {
	const char *name;
	size_t min, max;
	json_t *(*run)(struct call *c);
	bool is_lazy; /* and, or: stop at the argument that decides */
};

const struct template_function *template_function_find(const char *name);
const char *const *template_function_names(void); /* for suggestions */

/* The column of a position, in characters from 1, with the line if there are several. */
void template_where(const struct template *t, size_t at, char *buf, size_t size);

/* template.c: for functions. */
json_t *call_fail(const struct call *c, const char *fmt, ...) PRINTF(2, 3);
json_t *call_memory(const struct call *c);
/* A string of what was collected; fails if that did. */
json_t *call_take(const struct call *c, struct sbuf *b);

/* template-value.c: values as Go shows them. */
bool value_is_true(const json_t *v);
void value_print(struct sbuf *b, const json_t *v);
const char *value_kind(const json_t *v); /* "a string" */
void value_quote(struct sbuf *b, const char *s, size_t n);
/* The shortest digits that read back as the same number, as Go's %v. */
void value_print_real(struct sbuf *b, double d);
/* -2 they cannot be compared; else -1, 0, 1; *@ret_unordered: only equality makes sense. */
int value_compare(const json_t *a, const json_t *b, bool *ret_unordered);
/* The bytes of a code point; its length. */
size_t value_utf8(unsigned long code, char buf[4]);
/* The first character's bytes, 1 for what is not UTF-8; *@ret_code is then 0xfffd. */
size_t value_next_char(const char *s, size_t n, unsigned long *ret_code);
size_t value_chars(const char *s, size_t n);

/* template-printf.c */
json_t *template_printf(struct call *c);
