/* SPDX-License-Identifier: Apache-2.0 */
/* json-text - JSON written without a library, for programs that must stay small */
#pragma once

#include "base/sbuf.h"

/* A string with its quotes. What is no UTF-8 becomes '?', as does NUL, which readers refuse. */
void json_text_add(struct sbuf *b, const char *text, size_t n);
