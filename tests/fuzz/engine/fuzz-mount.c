/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mount-parse.h"

#include "container/overlay.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

typedef int (*parse_fn)(const char *text, struct mount_spec *ret, struct err *e);

static void check(parse_fn parse, const char *text)
{
	struct mount_spec m = { 0 };
	struct err e = { 0 };
	int r = parse(text, &m, &e);

	if (r < 0) {
		assert(e.uct && e.msg[0]);
	} else {
		/* Below the root, and nowhere else. */
		assert(m.target && m.target[0] == '/' && m.target[1]);
		assert(!strstr(m.target, "/../") && !strstr(m.target, "//"));
		assert(!m.subpath || (m.subpath[0] != '/' && !strstr(m.subpath, "..")));
		assert(!m.upperdir == !m.workdir);
	}
	mount_spec_done(&m);
}

/* A line each, as values of -v, --mount and --tmpfs, and as lowerdir= of an overlay. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *text = strndup((const char *)data, n);

	for (char *line = text, *next; line; line = next) {
		_cleanup_strv_ struct strv lower = { 0 }, below = { 0 };

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		check(mount_parse_volume, line);
		check(mount_parse_mount, line);
		check(mount_parse_tmpfs, line);
		if (overlay_split(line, &lower, &below) == 0)
			assert(lower.n && lower.v[0][0] == '/');
	}
	return 0;
}
