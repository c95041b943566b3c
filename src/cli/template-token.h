/* SPDX-License-Identifier: Apache-2.0 */
/* template-token - the words between {{ and }}; only for template-*.c */
#pragma once

#include "base/err.h"
#include "cli/template-tree.h"

enum token_kind {
	TOKEN_END, /* }} */
	TOKEN_DOT,
	TOKEN_FIELD,    /* .name */
	TOKEN_VARIABLE, /* $ or $name */
	TOKEN_WORD,
	TOKEN_LITERAL, /* .value */
	TOKEN_PIPE,
	TOKEN_COMMA,
	TOKEN_DECLARE, /* := */
	TOKEN_ASSIGN,  /* = */
	TOKEN_OPEN,
	TOKEN_CLOSE,
};

struct token {
	enum token_kind kind;
	size_t at;
	bool is_spaced;   /* white space stands before it */
	const char *name; /* within the text */
	size_t len;
	json_t *value; /* owned */
};

struct reader {
	struct template *t;
	const char *s;
	size_t n, pos;
	unsigned flags;
	struct token tok;
	bool trims_next; /* the action that was read last ends in -}} */
	unsigned depth, loops;
	struct strv variables; /* by slot */
	struct err *e;
};

/* Reads the next into r->tok. At the end of an action the position is behind it. */
int token_next(struct reader *r);
/* "a string", "'|'": what r->tok is, for errors. */
void token_name(const struct reader *r, char *buf, size_t size);
/* UCT_TEMPLATE, with column @at in front of the text. */
int reader_fail(struct reader *r, size_t at, const char *fmt, ...) PRINTF(3, 4);
