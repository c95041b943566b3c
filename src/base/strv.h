/* SPDX-License-Identifier: Apache-2.0 */
/* strv - a growing NULL-terminated vector of heap strings, as argv and environments are */
#pragma once

#include "base/macro.h"

struct strv {
	char **v; /* NULL, or n strings and a NULL */
	size_t n, cap;
};

int strv_add(struct strv *s, const char *str); /* copies; 0 or -ENOMEM */
int strv_take(struct strv *s, char *str);      /* consumes, also on failure; NULL is -ENOMEM */
int strv_addf(struct strv *s, const char *fmt, ...) PRINTF(2, 3);
int strv_copy(struct strv *s, char *const *from); /* appends; @from may be NULL */
void strv_done(struct strv *s);
#define _cleanup_strv_ _cleanup_(strv_done)

/* Environment semantics: NAME=VALUE replaces an entry with the same NAME. */
int strv_env_set(struct strv *env, const char *assignment);
const char *strv_env_get(const struct strv *env, const char *name);
