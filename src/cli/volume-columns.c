/* SPDX-License-Identifier: Apache-2.0 */
/* volume-columns - the fields of volumes, with Docker's and podman's names */
#include "cli/volumes.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/human.h"

#include <string.h>

static const struct usrct_volume *volume(const void *row)
{
	return row;
}

json_t *volume_map(const char *const *list)
{
	json_t *map = json_object();

	for (; map && list && *list; list++) {
		size_t n = strcspn(*list, "=");
		_cleanup_free_ char *key = strndup(*list, n);

		if (!key || json_object_set_new(map, key,
		                                json_string((*list)[n] ? *list + n + 1 : "")) < 0) {
			json_decref(map);
			return NULL;
		}
	}
	return map;
}

static json_t *name(const void *row)
{
	return json_string(volume(row)->name);
}

static json_t *driver(const void *row)
{
	return json_string(volume(row)->driver);
}

static json_t *scope(const void *row)
{
	(void)row;
	return json_string("local");
}

static json_t *mountpoint(const void *row)
{
	return json_string(volume(row)->mountpoint);
}

static json_t *labels(const void *row)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1 << 20);

	sbuf_adds(&b, "");
	for (const char *const *l = volume(row)->labels; l && *l; l++)
		sbuf_addf(&b, "%s%s", b.len ? "," : "", *l);
	return b.err ? NULL : json_string(b.s);
}

static json_t *options(const void *row)
{
	return volume_map(volume(row)->options);
}

static json_t *not_known(const void *row)
{
	(void)row;
	return json_string("N/A");
}

static json_t *created_at(const void *row)
{
	return json_time(volume(row)->created_ns);
}

static json_t *is_anonymous(const void *row)
{
	return json_boolean(volume(row)->is_anonymous);
}

const struct column volume_columns[] = {
	{ "Availability", "AVAILABILITY", not_known, false },
	{ "Driver", "DRIVER", driver, false },
	{ "Group", "GROUP", not_known, false },
	{ "Labels", "LABELS", labels, false },
	{ "Links", "LINKS", not_known, false },
	{ "Mountpoint", "MOUNTPOINT", mountpoint, false },
	{ "Name", "VOLUME NAME", name, false },
	{ "Scope", "SCOPE", scope, false },
	{ "Size", "SIZE", not_known, false },
	{ "Status", "STATUS", not_known, false },
	{ "Anonymous", "ANONYMOUS", is_anonymous, true },
	{ "CreatedAt", "CREATED AT", created_at, true },
	{ "Options", "OPTIONS", options, true },
	{ NULL, NULL, NULL, false },
};
