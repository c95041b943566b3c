/* SPDX-License-Identifier: Apache-2.0 */
/* container-columns - the fields of a container in ps, with Docker's and podman's names */
#include "cli/container-columns.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/human.h"
#include "cli/status.h"
#include "cli/term.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { COMMAND_COLUMNS = 20, MOUNT_COLUMNS = 15, TEXT_MAX_BYTES = 4 << 20 };

#define NS_PER_S UINT64_C(1000000000)

static const struct usrct_container *container(const void *row)
{
	return ((const struct container_view *)row)->ct;
}

static json_t *text_of(struct sbuf *b)
{
	return b->err ? NULL : json_stringn_nocheck(b->s ? b->s : "", b->len);
}

static json_t *seconds(uint64_t ns)
{
	return json_integer((json_int_t)(ns / NS_PER_S));
}

/* A command is text from an image: what could steer the terminal is written out. */
json_t *container_command(const void *row)
{
	_cleanup_sbuf_ struct sbuf cut = SBUF_INIT(TEXT_MAX_BYTES), b = SBUF_INIT(TEXT_MAX_BYTES);
	const struct container_view *v = row;

	if (v->truncated)
		text_clip(&cut, v->ct->command, COMMAND_COLUMNS);
	else
		sbuf_adds(&cut, v->ct->command);
	sbuf_addc(&b, '"');
	for (const char *s = cut.s ? cut.s : ""; *s; s++) {
		if (*s == '"' || *s == '\\')
			sbuf_addf(&b, "\\%c", *s);
		else if (*s == '\n' || *s == '\t')
			sbuf_adds(&b, *s == '\n' ? "\\n" : "\\t");
		else if (iscntrl((unsigned char)*s))
			sbuf_addf(&b, "\\x%02x", (unsigned char)*s);
		else
			sbuf_addc(&b, *s);
	}
	sbuf_addc(&b, '"');
	return cut.err ? NULL : text_of(&b);
}

static json_t *created_at(const void *row)
{
	char text[HUMAN_SIZE];

	human_time(container(row)->created_ns, text);
	return json_string(text);
}

static json_t *running_for(const void *row)
{
	const struct container_view *v = row;
	char text[STATUS_SIZE];

	status_ago(v->ct->created_ns, v->now_ns, text);
	return json_string(text);
}

static json_t *id(const void *row)
{
	const struct container_view *v = row;
	char text[72];

	return json_string(human_id(v->ct->id, v->truncated, text));
}

static json_t *full_id(const void *row)
{
	return json_string(container(row)->id);
}

static json_t *image(const void *row)
{
	return json_string(human_image(container(row)->image));
}

static json_t *image_id(const void *row)
{
	const struct container_view *v = row;
	char text[72];

	return json_string(human_id(v->ct->image_id, v->truncated, text));
}

static json_t *labels(const void *row)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEXT_MAX_BYTES);
	const char *const *l = container(row)->labels;

	for (size_t i = 0; l && l[i]; i++)
		sbuf_addf(&b, "%s%s", i ? "," : "", l[i]);
	return text_of(&b);
}

unsigned container_n_volumes(const struct usrct_container *ct)
{
	const char *const *m = ct->mounts;
	unsigned n = 0;

	for (; m && *m; m++)
		n += **m != '/'; /* a path is no volume */
	return n;
}

static json_t *local_volumes(const void *row)
{
	char text[HUMAN_SIZE];

	(void)snprintf(text, sizeof(text), "%u", container_n_volumes(container(row)));
	return json_string(text);
}

static json_t *mounts(const void *row)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEXT_MAX_BYTES);
	const struct container_view *v = row;
	const char *const *m = v->ct->mounts;

	for (size_t i = 0; m && m[i]; i++) {
		if (i)
			sbuf_addc(&b, ',');
		if (v->truncated)
			text_clip(&b, m[i], MOUNT_COLUMNS);
		else
			sbuf_adds(&b, m[i]);
	}
	return text_of(&b);
}

static json_t *names(const void *row)
{
	return json_string(container(row)->name);
}

static json_t *userns(const void *row)
{
	const char *mode = container(row)->userns;

	return json_string(mode ? mode : "");
}

static json_t *cidfile(const void *row)
{
	const char *path = container(row)->cidfile;

	return json_string(path ? path : "");
}

static json_t *number(uint64_t n)
{
	char text[HUMAN_SIZE];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	return json_string(n ? text : "");
}

#define NAMESPACE(name)                                         \
	static json_t *ns_##name(const void *row)               \
	{                                                       \
		return number(container(row)->namespaces.name); \
	}
NAMESPACE(cgroup)
NAMESPACE(ipc)
NAMESPACE(mnt)
NAMESPACE(net)
NAMESPACE(pid)
NAMESPACE(user)
NAMESPACE(uts)

/* Under the names that podman's have. */
static json_t *namespaces(const void *row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "Cgroup", ns_cgroup(row), "IPC",
	                 ns_ipc(row), "MNT", ns_mnt(row), "NET", ns_net(row), "PIDNS", ns_pid(row),
	                 "User", ns_user(row), "UTS", ns_uts(row));
}

static json_t *networks(const void *row)
{
	const char *network = container(row)->network;

	return json_string(network ? network : "");
}

static json_t *empty(const void *row)
{
	(void)row;
	return json_string("");
}

static json_t *size(const void *row)
{
	const struct container_view *v = row;
	char own[HUMAN_SIZE], all[HUMAN_SIZE], text[2 * HUMAN_SIZE + 16];

	human_bytes(v->ct->size_rw_bytes, own);
	human_bytes(v->ct->size_root_bytes, all);
	if (v->has_size)
		(void)snprintf(text, sizeof(text), "%s (virtual %s)", own, all);
	else
		(void)snprintf(text, sizeof(text), "0B");
	return json_string(text);
}

static json_t *state(const void *row)
{
	enum usrct_state s = container(row)->state;

	/* Docker has no word for "lost"; a script that waits for "running" is right to see it. */
	return json_string(status_word(s == USRCT_LOST ? USRCT_RUNNING : s));
}

static json_t *status(const void *row)
{
	const struct container_view *v = row;
	char text[STATUS_SIZE];

	status_text(v->ct, v->now_ns, text);
	return json_string(text);
}

static json_t *auto_remove(const void *row)
{
	return json_boolean(container(row)->auto_remove);
}

static json_t *exit_code(const void *row)
{
	return json_integer(MAX(container(row)->exit_code, 0));
}

static json_t *exited(const void *row)
{
	return json_boolean(container(row)->state == USRCT_EXITED);
}

static json_t *exited_at(const void *row)
{
	return seconds(container(row)->finished_ns);
}

static json_t *started_at(const void *row)
{
	return seconds(container(row)->started_ns);
}

static json_t *pid(const void *row)
{
	return json_integer(container(row)->pid);
}

static json_t *restarts(const void *row)
{
	return json_integer(container(row)->restart_count);
}

static json_t *health(const void *row)
{
	const char *text = container(row)->health;

	return json_string(text ? text : "none");
}

static json_t *no(const void *row)
{
	(void)row;
	return json_false();
}

const struct column container_columns[] = {
	{ "Command", "COMMAND", container_command, false },
	{ "CreatedAt", "CREATED AT", created_at, false },
	{ "ID", "CONTAINER ID", id, false },
	{ "Image", "IMAGE", image, false },
	{ "Labels", "LABELS", labels, false },
	{ "LocalVolumes", "LOCAL VOLUMES", local_volumes, false },
	{ "Mounts", "MOUNTS", mounts, false },
	{ "Names", "NAMES", names, false },
	{ "Networks", "NETWORKS", networks, false },
	{ "Ports", "PORTS", empty, false }, /* none can be published yet */
	{ "RunningFor", "CREATED", running_for, false },
	{ "Size", "SIZE", size, false },
	{ "State", "STATE", state, false },
	{ "Status", "STATUS", status, false },
	{ "AutoRemove", "AUTOREMOVE", auto_remove, true },
	{ "CGROUPNS", "CGROUPNS", ns_cgroup, true },
	{ "CIDFile", "CIDFILE", cidfile, true },
	{ "Created", "CREATED", running_for, true },
	{ "CreatedHuman", "CREATED", running_for, true },
	{ "ExitCode", "EXIT CODE", exit_code, true },
	{ "Exited", "EXITED", exited, true },
	{ "ExitedAt", "EXITED AT", exited_at, true },
	{ "Health", "HEALTH", health, true },
	{ "Id", "CONTAINER ID", full_id, true },
	{ "IPC", "IPC", ns_ipc, true },
	{ "ImageID", "IMAGE ID", image_id, true },
	{ "IsInfra", "ISINFRA", no, true },
	{ "MNT", "MNT", ns_mnt, true },
	{ "NET", "NET", ns_net, true },
	{ "Namespaces", "NAMESPACES", namespaces, true },
	{ "PID", "PID", pid, true },
	{ "PIDNS", "PIDNS", ns_pid, true },
	{ "Pid", "PID", pid, true },
	{ "Pod", "POD ID", empty, true },
	{ "PodName", "PODNAME", empty, true },
	{ "Restarts", "RESTARTS", restarts, true },
	{ "StartedAt", "STARTED", started_at, true },
	{ "USERNS", "USERNS", ns_user, true },
	{ "UTS", "UTS", ns_uts, true },
	{ "Userns", "USERNS", userns, true },
	{ NULL, NULL, NULL, false },
};

json_t *container_methods(const struct usrct_container *ct)
{
	json_t *map = json_object();

	for (const char *const *l = ct->labels; map && l && *l; l++) {
		size_t n = strcspn(*l, "=");
		_cleanup_free_ char *key = strndup(*l, n);

		if (!key ||
		    json_object_set_new(map, key, json_string((*l)[n] ? *l + n + 1 : "")) < 0) {
			json_decref(map);
			return NULL;
		}
	}
	return map ? json_pack("{s:o}", "Label", map) : NULL;
}

bool container_columns_need_namespaces(const struct columns *c)
{
	static const char *const names_of[] = { "CGROUPNS",   "IPC",   "MNT",    "NET",
		                                "Namespaces", "PIDNS", "USERNS", "UTS" };

	for (size_t i = 0; i < ARRAY_SIZE(names_of); i++)
		if (columns_need(c, names_of[i]))
			return true;
	return false;
}

bool container_columns_need_documents(const struct columns *c)
{
	static const char *const names_of[] = { "Labels", "LocalVolumes", "Mounts", "Networks",
		                                "Userns", "Health",       "CIDFile" };

	for (size_t i = 0; i < ARRAY_SIZE(names_of); i++)
		if (columns_need(c, names_of[i]))
			return true;
	return format_needs(c->format, "Label", false);
}
