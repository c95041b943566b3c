/* SPDX-License-Identifier: Apache-2.0 */
/* suggest - what somebody probably meant to type */
#pragma once

#include "cli/command.h"

/* Edits (insert, delete, replace, swap neighbours) from one word to the other; large if either is
 * longer than any name of ours. */
unsigned suggest_distance(const char *a, const char *b);
/* The nearest name, or NULL if none is near enough to be a slip of the fingers. */
const char *suggest_word(const char *typed, const char *const *names);
const char *suggest_option(const struct command *cmd, const char *typed, size_t n);
const char *suggest_command(const char *typed);
/* Of commands of two words, "@first @typed"; gives the second. */
const char *suggest_second(const char *first, const char *typed);
