/* SPDX-License-Identifier: Apache-2.0 */
/* Three texts, each ended by a NUL: who is asked for, passwd, group. */
#include "container/user.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static char *next_text(const uint8_t **data, size_t *n)
{
	size_t len = strnlen((const char *)*data, *n);
	char *s = strndup((const char *)*data, len);

	len += len < *n;
	*data += len;
	*n -= len;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *who = next_text(&data, &n), *passwd = next_text(&data, &n);
	_cleanup_free_ char *group = next_text(&data, &n);
	struct err e = { 0 };
	struct user u;

	if (!who || !passwd || !group)
		return 0;
	if (user_resolve_text(passwd, group, who, &u, &e) < 0) {
		assert(e.uct == UCT_USER_UNKNOWN);
		return 0;
	}
	assert(u.uid != UINT32_MAX && u.gid != UINT32_MAX && u.n_groups <= USER_GROUPS_MAX);
	for (size_t i = 0; i < u.n_groups; i++)
		assert(u.groups[i] != UINT32_MAX);
	assert(u.home[0] == '/' && strlen(u.home) < sizeof(u.home));
	return 0;
}
