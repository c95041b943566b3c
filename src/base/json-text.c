/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-text.h"

/* Length of the UTF-8 character in the @n bytes at @s, 0 if it is none. */
static size_t utf8_length(const unsigned char *s, size_t n)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (len > n || (s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4)
		return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

void json_text_add(struct sbuf *b, const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	sbuf_addc(b, '"');
	while (n > 0 && !b->err) {
		size_t len = utf8_length(s, n);

		if (*s == '"' || *s == '\\')
			sbuf_addf(b, "\\%c", *s);
		else if (*s && (*s < 0x20 || *s == 0x7f))
			sbuf_addf(b, "\\u%04x", *s);
		else if (*s && len)
			sbuf_add(b, s, len);
		else
			sbuf_addc(b, '?');
		len = len ? len : 1;
		s += len;
		n -= len;
	}
	sbuf_addc(b, '"');
}
