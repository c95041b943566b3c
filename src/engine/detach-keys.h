/* SPDX-License-Identifier: Apache-2.0 */
/* detach-keys - the keys that leave a container, taken out of what a person types */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum { DETACH_KEYS_MAX = 16 };
#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"

struct detach_keys {
	char keys[DETACH_KEYS_MAX];
	size_t n;    /* 0: nothing detaches */
	size_t held; /* so many of them were typed and are kept back */
};

/* "ctrl-p,ctrl-q", "ctrl-@", "a,b"; "" for none, NULL for the default. UCT_BAD_DETACH_KEYS. */
int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *e);
/* Copies input without the keys; @out has room for @n + DETACH_KEYS_MAX bytes. A part of the keys
 * that goes on with something else is delivered with it. Returns the bytes written; *ret_detach
 * once all keys were typed in a row. */
size_t detach_keys_filter(struct detach_keys *k, const char *in, size_t n, char *out,
                          bool *ret_detach);
