/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "base/num.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

int signal_parse(const char *text, int *ret)
{
	uint32_t n;

	if (parse_u32(text, &n) == 0) {
		if (n < 1 || n > 64)
			return -EINVAL;
		*ret = (int)n;
		return 0;
	}
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (int sig = 1; sig < 32; sig++) {
		const char *name = sigabbrev_np(sig);

		if (name && !strcasecmp(name, text)) {
			*ret = sig;
			return 0;
		}
	}
	/* RTMIN+N, as the kernel counts, from 34 (the two below are glibc's own) */
	if (!strncasecmp(text, "RTMIN", 5)) {
		n = 0;
		if (text[5] && (text[5] != '+' || parse_u32(text + 6, &n) < 0 || n > 30))
			return -EINVAL;
		*ret = 34 + (int)n;
		return 0;
	}
	return -EINVAL;
}
