/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inspect-fields.h"

#include "base/json.h"
#include "base/macro.h"

#include <string.h>

enum kind { NIL, LIST, MAP, TEXT, NO, ZERO };

struct field {
	const char *in, *name; /* @in: NULL is the container itself */
	enum kind kind;
};

static const struct field fields[] = {
	{ NULL, "SizeRw", NIL },
	{ NULL, "SizeRootFs", NIL },
	{ NULL, "ImageManifestDescriptor", NIL },
	{ NULL, "ExecIDs", LIST },
	{ "State", "Health", NIL },
	{ "State", "Checkpointed", NO },
	{ "State", "CheckpointLog", TEXT },
	{ "State", "CheckpointPath", TEXT },
	{ "State", "Restored", NO },
	{ "State", "RestoreLog", TEXT },
	{ "Config", "Healthcheck", NIL },
	{ "Config", "StartupHealthCheck", NIL },
	{ "Config", "StopTimeout", NIL },
	{ "Config", "OnBuild", LIST },
	{ "Config", "Shell", LIST },
	{ "Config", "Secrets", LIST },
	{ "Config", "MacAddress", TEXT },
	{ "Config", "Timezone", TEXT },
	{ "Config", "NetworkDisabled", NO },
	{ "Config", "ArgsEscaped", NO },
	{ "Config", "SystemdMode", NO },
	{ "HostConfig", "Init", NIL },
	{ "HostConfig", "PidsLimit", NIL },
	{ "HostConfig", "MemorySwappiness", NIL },
	{ "HostConfig", "IDMappings", NIL },
	{ "HostConfig", "BlkioWeightDevice", LIST },
	{ "HostConfig", "BlkioDeviceReadBps", LIST },
	{ "HostConfig", "BlkioDeviceReadIOps", LIST },
	{ "HostConfig", "BlkioDeviceWriteBps", LIST },
	{ "HostConfig", "BlkioDeviceWriteIOps", LIST },
	{ "HostConfig", "DeviceCgroupRules", LIST },
	{ "HostConfig", "DeviceRequests", LIST },
	{ "HostConfig", "Links", LIST },
	{ "HostConfig", "Mounts", LIST },
	{ "HostConfig", "VolumesFrom", LIST },
	{ "HostConfig", "CgroupConf", MAP },
	{ "HostConfig", "KernelMemoryTCP", ZERO },
	{ "HostConfig", "IntelRdtClosID", TEXT },
};

static json_t *empty(enum kind kind)
{
	switch (kind) {
	case LIST:
		return json_array();
	case MAP:
		return json_object();
	case TEXT:
		return json_string("");
	case NO:
		return json_false();
	case ZERO:
		return json_integer(0);
	case NIL:
	default:
		return json_null();
	}
}

/* podman 4 and before: another name, and there without a check, too. */
static void add_healthcheck(json_t *state)
{
	json_t *health = json_object_get(state, "Health");

	if (json_is_object(health))
		(void)json_object_set(state, "Healthcheck", health);
	else
		(void)json_object_set_new(
			state, "Healthcheck",
			json_pack("{s:s, s:i, s:[]}", "Status", "", "FailingStreak", 0, "Log"));
}

void inspect_fields_add(json_t *object)
{
	json_t *state = json_object_get(object, "State");

	if (!json_is_object(state) || !json_object_get(object, "HostConfig"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];
		json_t *in = f->in ? json_object_get(object, f->in) : object;
		const json_t *there = json_object_get(in, f->name);

		if (in && (!there || json_is_null(there)))
			(void)json_object_set_new(in, f->name, empty(f->kind));
	}
	add_healthcheck(state);
}
