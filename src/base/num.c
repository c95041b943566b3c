/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include <string.h>
#include <strings.h>

static int parse_base(const char *s, unsigned base, const char **end, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p = s;

	for (; *p >= '0' && *p < (char)('0' + (int)base); p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (v > (UINT64_MAX - digit) / base)
			return -ERANGE;
		v = v * base + digit;
	}
	if (p == s)
		return -EINVAL;
	*end = p;
	*ret = v;
	return 0;
}

int parse_u64(const char *s, uint64_t *ret)
{
	const char *end;
	uint64_t v;
	int r = parse_base(s, 10, &end, &v);

	if (r < 0 || *end)
		return r < 0 ? r : -EINVAL;
	*ret = v;
	return 0;
}

int parse_u32(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = parse_u64(s, &v);

	if (r < 0)
		return r;
	if (v > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)v;
	return 0;
}

int parse_oct(const char *s, uint32_t *ret)
{
	const char *end;
	uint64_t v;
	int r = parse_base(s, 8, &end, &v);

	if (r < 0 || *end)
		return r < 0 ? r : -EINVAL;
	if (v > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)v;
	return 0;
}

int parse_size(const char *s, uint64_t *ret_bytes)
{
	static const char units[] = "bkmgtp";
	const char *end, *unit;
	uint64_t v;
	unsigned shift = 0;
	int r = parse_base(s, 10, &end, &v);

	if (r < 0)
		return r;
	if (*end) {
		char lower = (char)(*end | 0x20);

		unit = strchr(units, lower);
		if (!unit)
			return -EINVAL;
		shift = (unsigned)(unit - units) * 10;
		end++;
		if (shift && *end && strcasecmp(end, "b") != 0 && strcasecmp(end, "ib") != 0)
			return -EINVAL;
		if (!shift && *end)
			return -EINVAL;
	}
	if (shift && v > UINT64_MAX >> shift)
		return -ERANGE;
	*ret_bytes = v << shift;
	return 0;
}
