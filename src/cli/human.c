/* SPDX-License-Identifier: Apache-2.0 */
/* human - sizes, times, ids and names in the form that Docker users read without thinking */
#include "cli/human.h"

#include "base/clock.h"
#include "base/num.h"

#include <string.h>
#include <time.h>
#include <usrct/image.h>

#define NS_PER_S UINT64_C(1000000000)

void human_bytes(uint64_t bytes, char *buf)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double v = (double)bytes;
	size_t i = 0;

	/* 999.5 would be printed as 1e+03. */
	while (v >= (i ? 999.5 : 1000.0) && i + 1 < ARRAY_SIZE(units)) {
		v /= 1000;
		i++;
	}
	(void)snprintf(buf, HUMAN_SIZE, "%.3g%s", v, units[i]);
}

void human_age(uint64_t ns, char *buf)
{
	uint64_t s = ns / NS_PER_S, minutes = s / 60, hours = minutes / 60, days = hours / 24;
	uint64_t n;
	const char *unit;

	if (s < 1) {
		(void)snprintf(buf, HUMAN_SIZE, "Less than a second");
		return;
	}
	if (minutes == 1 || hours == 1) {
		(void)snprintf(buf, HUMAN_SIZE, "About %s", hours ? "an hour" : "a minute");
		return;
	}
	if (s < 60)
		n = s, unit = "second";
	else if (minutes < 60)
		n = minutes, unit = "minute";
	else if (hours < 48)
		n = hours, unit = "hour";
	else if (days < 14)
		n = days, unit = "day";
	else if (days < 60)
		n = days / 7, unit = "week";
	else if (days < 730)
		n = days / 30, unit = "month";
	else
		n = days / 365, unit = "year";
	(void)snprintf(buf, HUMAN_SIZE, "%llu %s%s", (unsigned long long)n, unit,
	               n == 1 ? "" : "s");
}

void human_time(uint64_t realtime_ns, char *buf)
{
	time_t t = (time_t)(realtime_ns / NS_PER_S);
	struct tm tm;

	buf[0] = '\0';
	if (realtime_ns && localtime_r(&t, &tm))
		(void)strftime(buf, HUMAN_SIZE, "%Y-%m-%d %H:%M:%S %z %Z", &tm);
}

void human_time_iso(uint64_t realtime_ns, char *buf)
{
	time_t t = (time_t)(realtime_ns / NS_PER_S);
	struct tm tm;
	size_t n;

	buf[0] = '\0';
	if (!realtime_ns || !localtime_r(&t, &tm))
		return;
	if (tm.tm_gmtoff == 0) {
		(void)strftime(buf, HUMAN_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
		return;
	}
	n = strftime(buf, HUMAN_SIZE, "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (n < 5 || n + 2 > HUMAN_SIZE)
		return;
	memmove(buf + n - 1, buf + n - 2, 3); /* +0100 to +01:00 */
	buf[n - 2] = ':';
}

void human_took(uint64_t ns, char *buf)
{
	uint64_t ms = ns / 1000000, s = ms / 1000;

	if (ms < 1000)
		(void)snprintf(buf, HUMAN_SIZE, "%llums", (unsigned long long)ms);
	else if (s < 60)
		(void)snprintf(buf, HUMAN_SIZE, "%llu.%llus", (unsigned long long)s,
		               (unsigned long long)(ms % 1000 / 100));
	else
		(void)snprintf(buf, HUMAN_SIZE, "%llum%02llus", (unsigned long long)(s / 60),
		               (unsigned long long)(s % 60));
}

const char *human_id(const char *id, bool truncated, char buf[72])
{
	if (!truncated)
		return id;
	if (strncmp(id, "sha256:", 7) == 0)
		id += 7;
	(void)snprintf(buf, 72, "%.*s", SHORT_ID_CHARS, id);
	return buf;
}

const char *human_image(const char *name)
{
	return usrct_image_familiar(name);
}

static uint64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	default:
		return 0;
	}
}

/* "1h30m": numbers, each with its unit. */
static int parse_duration(const char *s, uint64_t *ret_s)
{
	uint64_t total = 0, n, unit;
	char digits[11];
	size_t len;

	if (!*s)
		return -EINVAL;
	while (*s) {
		len = strspn(s, "0123456789");
		unit = unit_seconds(s[len]);
		if (len == 0 || len >= sizeof(digits) || unit == 0)
			return -EINVAL;
		memcpy(digits, s, len);
		digits[len] = '\0';
		if (parse_u64(digits, &n) < 0)
			return -EINVAL;
		total += n * unit; /* ten digits of days fit easily */
		s += len + 1;
	}
	*ret_s = total;
	return 0;
}

/* Dates without a zone are meant in the user's own. */
static int parse_local(const char *s, uint64_t *ret_ns)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
		                             "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d" };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(s, forms[i], &tm);
		time_t t;

		if (!end || *end)
			continue;
		t = mktime(&tm);
		if (t < 0)
			return -EINVAL;
		*ret_ns = (uint64_t)t * NS_PER_S;
		return 0;
	}
	return -EINVAL;
}

/* "1700000000", "1700000000.5" */
static int parse_unix(const char *s, uint64_t *ret_ns)
{
	size_t whole = strspn(s, "0123456789"), digits = 0;
	uint64_t n, fraction = 0;
	char text[24];

	if (whole >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, whole);
	text[whole] = '\0';
	if (parse_u64(text, &n) < 0 || n >= UINT64_MAX / NS_PER_S)
		return -EINVAL;
	if (s[whole] == '.')
		for (const char *p = s + whole + 1; digits < 9; digits++, p += *p ? 1 : 0)
			fraction = fraction * 10 + (uint64_t)(*p ? *p - '0' : 0);
	if (s[whole] && (s[whole] != '.' || !s[whole + 1] ||
	                 s[whole + 1 + strspn(s + whole + 1, "0123456789")]))
		return -EINVAL;
	*ret_ns = n * NS_PER_S + fraction;
	return 0;
}

int parse_when(const char *s, uint64_t now_ns, uint64_t *ret_realtime_ns)
{
	uint64_t n;

	if (clock_parse_rfc3339(s, ret_realtime_ns) == 0 || parse_local(s, ret_realtime_ns) == 0 ||
	    parse_unix(s, ret_realtime_ns) == 0)
		return 0;
	if (parse_duration(s, &n) < 0)
		return -EINVAL;
	/* 0 would mean "no bound"; a duration before 1970 means everything. */
	*ret_realtime_ns = n < now_ns / NS_PER_S ? now_ns - n * NS_PER_S : 1;
	return 0;
}
