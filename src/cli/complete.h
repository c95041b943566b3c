/* SPDX-License-Identifier: Apache-2.0 */
/* complete - what could stand at the cursor
 *
 * `usr-ct __complete SHELL WORD...` prints one candidate per line. WORD... is the command line
 * after the program's name up to the cursor, so that the last word, perhaps empty, is the one to
 * complete. Candidates are whole words.
 *      bash        CANDIDATE                    only those that fit what is typed
 *      zsh, fish   CANDIDATE TAB DESCRIPTION    all; these shells match in their own ways
 * A last line ":file PREFIX" or ":dir PREFIX" asks the shell to add file names or directories,
 * each with PREFIX (such as "--volume=", usually empty) in front.
 *
 * This runs at every press of TAB: nothing is opened unless the place calls for it.
 */
#pragma once

#include "base/macro.h"

struct sbuf;

void complete_answer(const char *shell, const char *const *words, size_t n, struct sbuf *out);
