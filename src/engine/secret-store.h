/* SPDX-License-Identifier: Apache-2.0 */
/* secret-store - secrets that the user keeps: DATA/secrets/
 *
 *	NAME.json	id, labels, times; replaced as a whole
 *	data/ID		the value, 0600; written before NAME.json names it, never changed
 *
 * Whoever changes something has a flock on the directory. A value that nothing names, which a kill
 * can leave, is removed by the next of them.
 */
#pragma once

#include "engine/engine.h"

/* Absolute path of the value of a secret by name, id or its beginning: 1, 0 there is none. */
int secret_find_value(struct usrct *u, const char *ref, char **ret_path, struct err *e);
