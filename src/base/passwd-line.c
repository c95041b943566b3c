/* SPDX-License-Identifier: Apache-2.0 */
#include "base/passwd-line.h"

#include <string.h>

const char *passwd_field(const char *line, unsigned i, size_t *ret_n)
{
	for (; i > 0; i--) {
		line += strcspn(line, ":\n");
		line += *line == ':';
	}
	*ret_n = strcspn(line, ":\n");
	return line;
}
