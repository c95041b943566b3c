/* SPDX-License-Identifier: Apache-2.0 */
/* subid - the part of idmap.h that needs libsubid; apart so that few programs link it */
#include "security/idmap.h"

#include "base/host-user.h"

#include <stdio.h>
#if __has_include(<shadow/subid.h>)
#include <shadow/subid.h>
#else
#include <subid.h>
#endif

int id_map_of_user(bool groups, struct id_map *ret, struct err *e)
{
	const char *file = groups ? "/etc/subgid" : "/etc/subuid";
	struct subid_range *ranges = NULL;
	struct host_user own;
	uint32_t next = 1;
	int n;

	if (host_user_own(&own) == 0)
		return err_set(e, UCT_NO_SUBIDS, -ENOENT,
		               "user %u has no name, so no subordinate ids", (unsigned)geteuid());
	/* libsubid logs to stderr unless told otherwise; a missing range is no news to the user. */
	(void)subid_init("usr-ct", fopen("/dev/null", "we"));
	n = groups ? subid_get_gid_ranges(own.name, &ranges)
	           : subid_get_uid_ranges(own.name, &ranges);
	if (n <= 0) {
		free(ranges);
		return err_set(e, UCT_NO_SUBIDS, -ENOENT, "user '%s' has no range in %s", own.name,
		               file);
	}
	*ret = (struct id_map){ .n = 1 };
	ret->extents[0] = (struct id_extent){ 0, groups ? getegid() : geteuid(), 1 };
	for (int i = 0; i < n && ret->n < ID_EXTENTS_MAX; i++) {
		uint32_t count = (uint32_t)MIN(ranges[i].count, 0xfffffffeUL - next);

		ret->extents[ret->n++] =
			(struct id_extent){ next, (uint32_t)ranges[i].start, count };
		next += count;
	}
	free(ranges);
	return 0;
}
