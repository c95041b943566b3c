/* SPDX-License-Identifier: Apache-2.0 */
/* token-answer - what a token service sent, taken apart; private to image/ */
#pragma once

#include "base/err.h"

/* Secrets, for credentials_free(). */
struct token_answer {
	char *authorization; /* value of the header, "Bearer ..." */
	char *refresh;       /* a refresh token for the next time; NULL: none was sent */
};
/* @host is named in errors, which never quote the answer: it holds the token. */
int token_answer_parse(const char *text, size_t n, const char *host, struct token_answer *ret,
                       struct err *e);
