/* SPDX-License-Identifier: Apache-2.0 */
/* namespaces - what a container has to itself, and what it shares with the host */
#include "engine/document.h"

#include "base/json.h"
#include "container/spec.h"
#include "security/userns-wish.h"

#include <sched.h>
#include <string.h>

static const char joined_prefix[] = "container:";

/* The other container's name in "container:NAME"; NULL if it is no such value. */
static const char *joined_name(const char *value)
{
	size_t n = sizeof(joined_prefix) - 1;

	return value && !strncmp(value, joined_prefix, n) ? value + n : NULL;
}

bool document_joins(const struct usrct_create_options *o)
{
	return joined_name(o->ipc) || joined_name(o->pid) || joined_name(o->uts);
}

static bool is_empty(const char *s)
{
	return !s || !*s;
}

static int refuse(const char *flag, const char *value, struct err *e)
{
	int r;

	if (joined_name(value) || !strncmp(value, "ns:", 3)) {
		r = err_set(e, UCT_VALUE_REFUSED, -EOPNOTSUPP,
		            "--%s '%s': this namespace cannot be joined", flag, value);
		return err_hint(
			e, r,
			"container:NAME works with --pid, --ipc, --uts and --userns; else use "
			"private or host");
	}
	r = err_set(e, UCT_BAD_VALUE, -EINVAL, "--%s takes private or host, not '%s'", flag, value);
	return err_hint(e, r, "see man usr-ct-run");
}

static int choose(const char *flag, const char *value, bool *ret_own, struct err *e)
{
	*ret_own = is_empty(value) || !strcmp(value, "private");
	return *ret_own || !strcmp(value, "host") ? 0 : refuse(flag, value, e);
}

/* All of one container: its user namespace has the rights over them, and there is only one. */
static int join(const char *flag, const char *name, uint64_t kind, struct isolation *own,
                struct err *e)
{
	int r;

	if (!*name)
		return err_set(e, UCT_BAD_VALUE, -EINVAL, "--%s container: names no container",
		               flag);
	if (own->joins && strcmp(own->joins, name) != 0) {
		r = err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		            "--%s: the namespaces of two containers, '%s' and '%s', cannot be "
		            "joined at once",
		            flag, own->joins, name);
		return err_hint(e, r, "name one of them only");
	}
	own->joins = name;
	own->joined |= kind;
	return 0;
}

static int choose_or_join(const char *flag, const char *value, uint64_t kind, bool *ret_own,
                          struct isolation *own, struct err *e)
{
	const char *name = joined_name(value);

	if (!name)
		return choose(flag, value, ret_own, e);
	*ret_own = true;
	return join(flag, name, kind, own, e);
}

static int choose_ipc(const char *value, struct isolation *own, struct err *e)
{
	/* Docker's "shareable" is a private one that others may join: host_config_make() keeps the
	 * word, document_check_joined() asks for it. */
	if (value && (!strcmp(value, "none") || !strcmp(value, "shareable"))) {
		own->ipc = true;
		own->has_no_shm = !strcmp(value, "none");
		return 0;
	}
	return choose_or_join("ipc", value, CLONE_NEWIPC, &own->ipc, own, e);
}

/* What it comes to is chosen once the image is known (ids.h). */
static int check_userns(const char *value, struct err *e)
{
	struct userns_wish w;

	return userns_wish_parse(value, &w, e);
}

static int conflict(const char *flag, const char *with, struct err *e)
{
	return err_set(e, UCT_FLAGS_CONFLICT, -EINVAL, "%s has no effect with %s", flag, with);
}

/* What would be set in a namespace of the container's own, if it had one. */
static int check_names(const struct document *d, struct err *e)
{
	const struct usrct_create_options *o = d->opts;

	if (d->own.joined & CLONE_NEWUTS && (o->hostname || o->domainname))
		return conflict(o->hostname ? "--hostname" : "--domainname", "--uts container", e);
	if (d->own.joined & CLONE_NEWIPC && o->shm_size)
		return conflict("--shm-size", "--ipc container", e);
	if (!d->own.uts && o->hostname)
		return conflict("--hostname", "--uts host", e);
	if (!d->own.uts && o->domainname)
		return conflict("--domainname", "--uts host", e);
	if ((!d->own.ipc || d->own.has_no_shm) && o->shm_size)
		return conflict("--shm-size", d->own.ipc ? "--ipc none" : "--ipc host", e);
	if (o->domainname && strlen(o->domainname) > 64)
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "domain name '%s' is longer than 64 bytes", o->domainname);
	return 0;
}

int document_isolation(struct document *d, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	int r = check_userns(o->userns, e);

	if (r == 0)
		r = choose_ipc(o->ipc, &d->own, e);
	if (r == 0)
		r = choose_or_join("pid", o->pid, CLONE_NEWPID, &d->own.pid, &d->own, e);
	if (r == 0)
		r = choose_or_join("uts", o->uts, CLONE_NEWUTS, &d->own.uts, &d->own, e);
	if (r == 0)
		r = choose("cgroupns", o->cgroupns, &d->own.cgroup, e);
	d->own.network = d->network != NETWORK_HOST;
	return r < 0 ? r : check_names(d, e);
}

json_t *document_namespaces(const struct document *d)
{
	const struct {
		const char *name;
		bool own;
		uint64_t flag;
	} kinds[] = {
		{ "pid", d->own.pid, CLONE_NEWPID },
		{ "ipc", d->own.ipc, CLONE_NEWIPC },
		{ "uts", d->own.uts, CLONE_NEWUTS },
		{ "mount", true, 0 },
		{ "user", true, 0 },
		{ "cgroup", d->own.cgroup, 0 },
		{ "network", d->own.network, 0 },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].own)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:o*}", "type", kinds[i].name, "path",
			                        document_joined_mode(d, kinds[i].flag)));
	return list;
}

json_t *document_joined_mode(const struct document *d, uint64_t flag)
{
	return d->own.joined & flag ? json_sprintf("%s%s", joined_prefix, d->userns_of) : NULL;
}

/* Whether the other one has a namespace of that kind that is not the host's. */
static bool has_namespace(const json_t *spec, const char *type)
{
	const json_t *list = json_at(spec, "linux.namespaces"), *v;
	size_t i;

	json_array_foreach(list, i, v)
	{
		const char *s = json_string_value(json_object_get(v, "type"));

		if (s && !strcmp(s, type))
			return true;
	}
	return false;
}

int document_check_joined(struct document *d, const json_t *spec, const json_t *plan, struct err *e)
{
	const char *mode = json_string_value(json_at(plan, "hostConfig.IpcMode"));
	struct {
		const char *type;
		uint64_t flag;
		bool *own;
	} kinds[] = { { "pid", CLONE_NEWPID, &d->own.pid },
		      { "ipc", CLONE_NEWIPC, &d->own.ipc },
		      { "uts", CLONE_NEWUTS, &d->own.uts } };
	int r;

	if (d->own.joined & CLONE_NEWIPC &&
	    (!mode || !*mode || !strcmp(mode, "private") || !strcmp(mode, "none"))) {
		r = err_set(e, UCT_IPC_NOT_SHAREABLE, -EPERM,
		            "container '%s' does not share its IPC namespace", d->own.joins);
		return err_hint(e, r, "make that one with --ipc shareable");
	}
	/* What it has with the host, this one has with the host, too. */
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (d->own.joined & kinds[i].flag && !has_namespace(spec, kinds[i].type)) {
			d->own.joined &= ~kinds[i].flag;
			*kinds[i].own = false;
		}
	return 0;
}
