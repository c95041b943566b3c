/* SPDX-License-Identifier: Apache-2.0 */
#include "container/mountinfo.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
	       s[2] <= '7';
}

/* proc_pid_mountinfo(5): "\040" is a space. In place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; out++)
		if (s[0] == '\\' && is_octal(s + 1)) {
			*out = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*out = *s++;
		}
	*out = '\0';
}

int mountinfo_parse(char *line, struct mountinfo *ret)
{
	char *save = NULL, *field[6] = { 0 };
	size_t n = 0;

	for (char *f = strtok_r(line, " ", &save); f && n < 6; f = strtok_r(NULL, " ", &save))
		field[n++] = f;
	if (n < 6 || field[4][0] != '/')
		return -EINVAL;
	unescape(field[3]);
	unescape(field[4]);
	*ret = (struct mountinfo){ field[3], field[4], field[5] };
	return 0;
}
