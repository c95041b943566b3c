/* SPDX-License-Identifier: Apache-2.0 */
/* log-tag - the tag of a log (--log-opt tag=TEXT): text with {{.Name}} and its like in it
 *
 * What is known when a container is made is put in then, and the name, which may change, when the
 * tag is used.
 */
#pragma once

#include "base/err.h"
#include "base/sbuf.h"

/* What is NULL is left as it stands. */
struct log_tag {
	const char *id, *name, *image, *image_id, *command;
};

/* Adds the text to @b. -EINVAL: a field that there is not, or braces that are not closed. */
int log_tag_expand(const char *text, const struct log_tag *facts, struct sbuf *b);
