/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include "base/clock.h"
#include "cli/human.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int args_when(const struct args *a, const char *name, uint64_t *ret_ns, struct err *e)
{
	const char *s = args_string(a, name);
	int r;

	*ret_ns = 0;
	if (!s || parse_when(s, clock_realtime_ns(), ret_ns) == 0)
		return 0;
	r = err_set(e, UCT_BAD_VALUE, -EINVAL, "--%s takes a time, not '%s'", name, s);
	return err_hint(e, r, "write it as 10m, 2h30m, 2026-01-31 or 2026-01-31T12:34:56Z");
}

void local_time(uint64_t realtime_ns, char *buf)
{
	time_t sec = (time_t)(realtime_ns / 1000000000);
	struct tm tm = { 0 };
	long zone;
	size_t n;

	(void)localtime_r(&sec, &tm);
	zone = tm.tm_gmtoff / 60;
	n = strftime(buf, LOCAL_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(buf + n, LOCAL_TIME_SIZE - n, ".%09u",
	                      (unsigned)(realtime_ns % 1000000000));
	if (zone == 0)
		(void)snprintf(buf + n, LOCAL_TIME_SIZE - n, "Z");
	else
		(void)snprintf(buf + n, LOCAL_TIME_SIZE - n, "%c%02ld:%02ld", zone < 0 ? '-' : '+',
		               labs(zone) / 60, labs(zone) % 60);
}
