/* SPDX-License-Identifier: Apache-2.0 */
/* volume-events - telling who watches events which volumes a run of the container has, and had */
#include "launch/launch.h"

#include "container/events.h"

#include <string.h>

/* Words as after -v DIR:DIR:, and what --mount calls the same. */
static bool is_read_only(const char *mode)
{
	while (mode && *mode) {
		size_t n = strcspn(mode, ",");

		if ((n == 2 && !memcmp(mode, "ro", n)) || (n == 8 && !memcmp(mode, "readonly", n)))
			return true;
		mode += n + (mode[n] == ',');
	}
	return false;
}

static const char *text_of(const json_t *mount, const char *key)
{
	const char *s = json_string_value(json_object_get(mount, key));

	return s ? s : "";
}

/* Docker's attributes. */
static void tell(const struct launch *l, const char *action, const json_t *mount)
{
	const char *attributes[] = {
		"container",   l->id,
		"driver",      text_of(mount, "driver"),
		"destination", text_of(mount, "destination"),
		"propagation", "",
		"read/write",  is_read_only(text_of(mount, "mode")) ? "false" : "true",
		NULL
	};
	struct event ev = { "volume", action, text_of(mount, "name"), attributes, NULL };

	if (strcmp(action, "mount") != 0)
		attributes[4] = NULL;
	if (*ev.id) /* a full disk must not end a container */
		(void)event_append(LAUNCH_STORE, &ev);
}

void launch_volume_events(const struct launch *l, const char *action)
{
	_cleanup_json_ json_t *doc = NULL;
	const json_t *v;
	size_t i;

	/* While it runs the document is not kept. */
	if (!l->plan.has_volumes ||
	    json_read_at(LAUNCH_CONTAINER, PLAN_FILE, SPEC_MAX_BYTES, &doc, NULL) < 0)
		return;
	json_array_foreach(json_object_get(doc, "mounts"), i, v) tell(l, action, v);
}
