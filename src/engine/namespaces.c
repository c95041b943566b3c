/* SPDX-License-Identifier: Apache-2.0 */
/* namespaces - what a container has to itself, and what it shares with the host */
#include "engine/document.h"

#include "security/userns-wish.h"

#include <string.h>

static bool is_empty(const char *s)
{
	return !s || !*s;
}

static int refuse(const char *flag, const char *value, struct err *e)
{
	int r;

	if (!strncmp(value, "container:", 10) || !strncmp(value, "ns:", 3)) {
		r = err_set(e, UCT_VALUE_REFUSED, -EOPNOTSUPP,
		            "--%s '%s': a namespace of another container cannot be joined", flag,
		            value);
		return err_hint(e, r,
		                "each container has a user namespace of its own, and no rights "
		                "over another's; use private or host");
	}
	r = err_set(e, UCT_BAD_VALUE, -EINVAL, "--%s takes private or host, not '%s'", flag, value);
	return err_hint(e, r, "see man usr-ct-run");
}

static int choose(const char *flag, const char *value, bool *ret_own, struct err *e)
{
	*ret_own = is_empty(value) || !strcmp(value, "private");
	return *ret_own || !strcmp(value, "host") ? 0 : refuse(flag, value, e);
}

static int choose_ipc(const char *value, struct isolation *own, struct err *e)
{
	/* Docker's "shareable" is a private one that others may join; nobody can here, and the
	 * container itself sees no difference. */
	if (value && (!strcmp(value, "none") || !strcmp(value, "shareable"))) {
		own->ipc = true;
		own->has_no_shm = !strcmp(value, "none");
		return 0;
	}
	return choose("ipc", value, &own->ipc, e);
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
		r = choose("pid", o->pid, &d->own.pid, e);
	if (r == 0)
		r = choose("uts", o->uts, &d->own.uts, e);
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
	} kinds[] = {
		{ "pid", d->own.pid },
		{ "ipc", d->own.ipc },
		{ "uts", d->own.uts },
		{ "mount", true },
		{ "user", true },
		{ "cgroup", d->own.cgroup },
		{ "network", d->own.network },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].own)
			(void)json_array_append_new(list,
			                            json_pack("{s:s}", "type", kinds[i].name));
	return list;
}
