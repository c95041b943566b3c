/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detach-keys.h"

#include <string.h>

/* One key of @n bytes; -EINVAL. */
static int parse_key(const char *s, size_t n, char *ret)
{
	static const char special[] = "@[\\]^_";
	const char *at;

	if (n == 1 && (unsigned char)*s < 0x80) {
		*ret = *s;
		return 0;
	}
	if (n != 6 || strncmp(s, "ctrl-", 5) != 0)
		return -EINVAL;
	if (s[5] >= 'a' && s[5] <= 'z') {
		*ret = (char)(s[5] - 'a' + 1);
		return 0;
	}
	at = strchr(special, s[5]);
	if (!at || !s[5])
		return -EINVAL;
	*ret = (char)(at == special ? 0 : 26 + (at - special));
	return 0;
}

int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *e)
{
	const char *s = text ? text : DETACH_KEYS_DEFAULT;
	struct detach_keys k = { .n = 0 };

	while (*s) {
		size_t n = strcspn(s, ",");

		if (k.n == DETACH_KEYS_MAX || parse_key(s, n, &k.keys[k.n]) < 0 ||
		    (s[n] == ',' && !s[n + 1]))
			return err_set(e, UCT_BAD_DETACH_KEYS, -EINVAL,
			               "detach keys '%s' cannot be understood", text);
		k.n++;
		s += n + (s[n] == ',');
	}
	*ret = k;
	return 0;
}

size_t detach_keys_filter(struct detach_keys *k, const char *in, size_t n, char *out,
                          bool *ret_detach)
{
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		/* What is held is a beginning of the keys. If this one does not go on with it, the
		 * least that leaves another beginning is let go. */
		while (k->held && k->keys[k->held] != in[i]) {
			size_t shift = 1;

			while (memcmp(k->keys + shift, k->keys, k->held - shift) != 0)
				shift++;
			memcpy(out + done, k->keys, shift);
			done += shift;
			k->held -= shift;
		}
		if (!k->n || k->keys[k->held] != in[i]) {
			out[done++] = in[i];
			continue;
		}
		if (++k->held == k->n) {
			k->held = 0;
			*ret_detach = true;
			break;
		}
	}
	return done;
}
