/* SPDX-License-Identifier: Apache-2.0 */
/* update - other limits, restart policy and health checks for a container that exists
 *
 * Order of limits: the cgroup of a running container first, since only the kernel knows whether it
 * takes the values; then the document, by rename. If that fails the cgroup gets its old values
 * back. Two updates at a time queue up at the document's lock.
 */
#include "engine/engine.h"

#include "base/json.h"
#include "base/num.h"
#include "base/sbuf.h"
#include "base/strv.h"
#include "cgroup/limits.h"
#include "cgroup/usage.h"
#include "container/resources.h"
#include "container/spec.h"
#include "engine/document-edit.h"
#include "engine/limits.h"
#include "engine/policy.h"

#include <stdio.h>
#include <string.h>

/* What is in @now and was not in @before, word for word. */
static int changes(const struct strv *before, const struct strv *now, struct strv *ret)
{
	for (size_t i = 0; i < now->n; i++) {
		bool is_old = false;

		for (size_t k = 0; k < before->n && !is_old; k++)
			is_old = !strcmp(now->v[i], before->v[k]);
		if (!is_old && strv_add(ret, now->v[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The kernel would make room by killing. */
static int check_memory(const struct target *t, const struct strv *settings, struct err *e)
{
	static const char key[] = "memory.max=";
	struct cgroup_usage usage;
	uint64_t limit;

	for (size_t i = 0; i < settings->n; i++) {
		if (strncmp(settings->v[i], key, sizeof(key) - 1) != 0 ||
		    parse_u64(settings->v[i] + sizeof(key) - 1, &limit) < 0)
			continue;
		cgroup_usage(t->state.cgroup, &usage);
		if (usage.memory_bytes > limit)
			return err_set(e, UCT_LIMIT_REFUSED, -EBUSY,
			               "container '%s' uses %llu bytes of memory, and a limit of "
			               "%llu would kill it",
			               t->row.name, (unsigned long long)usage.memory_bytes,
			               (unsigned long long)limit);
	}
	return 0;
}

static int apply(const struct target *t, const struct strv *settings, struct strv *before,
                 struct err *e)
{
	char parent[sizeof(t->state.cgroup)];
	int r;

	if (!settings->n || !state_is_running(&t->state))
		return 0;
	if (!t->state.cgroup[0])
		return err_set(e, UCT_NO_CGROUP, -EOPNOTSUPP,
		               "container '%s' cannot be limited: it has no cgroup of its own",
		               t->row.name);
	memcpy(parent, t->state.cgroup, sizeof(parent));
	*strrchr(parent, '/') = '\0';
	r = cgroup_enable(parent, settings->v, e);
	if (r == 0)
		r = check_memory(t, settings, e);
	return r < 0 ? r : cgroup_apply(t->state.cgroup, settings->v, before, e);
}

static json_t *resources_of(json_t *spec)
{
	json_t *linux_part = json_object_get(spec, "linux");
	json_t *resources = json_object_get(linux_part, "resources");

	if (!resources) {
		resources = json_object();
		if (json_object_set_new(linux_part, "resources", resources) < 0)
			return NULL;
	}
	return resources;
}

static int update_limits(const struct target *t, const struct usrct_limits *limits, struct err *e)
{
	_cleanup_json_ json_t *spec = NULL, *plan = NULL;
	_cleanup_strv_ struct strv old = { 0 }, now = { 0 }, changed = { 0 }, back = { 0 };
	json_t *resources;
	bool no_cgroup = false;
	int r = json_read_at(t->dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e);

	if (r == 0)
		r = json_read_at(t->dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);
	if (r == 0)
		r = MIN(json_get_bool(plan, "noCgroup", &no_cgroup, e), 0);
	if (r < 0)
		return r;
	if (no_cgroup)
		return err_set(e, UCT_BAD_LIMIT, -EINVAL,
		               "container '%s' was made with --cgroups=disabled", t->row.name);
	resources = resources_of(spec);
	r = resources ? resources_parse(resources, &old, e) : err_oom(e);
	if (r == 0)
		r = limits_merge(limits, resources, e);
	if (r == 0)
		r = resources_parse(resources, &now, e);
	if (r == 0 && changes(&old, &now, &changed) < 0)
		r = err_oom(e);
	if (r == 0)
		r = apply(t, &changed, &back, e);
	if (r < 0)
		return r;
	r = document_write(t->dirfd, SPEC_FILE, spec, e);
	if (r < 0 && back.n)
		(void)cgroup_apply(t->state.cgroup, back.v, NULL, NULL);
	return r;
}

static int update(struct usrct *u, const struct target *t, const struct usrct_limits *limits,
                  const struct usrct_policy *policy, struct err *e)
{
	_cleanup_close_ int lock_fd = document_lock(t->dirfd, e);
	_cleanup_json_ json_t *before = NULL;
	int r = MIN(lock_fd, 0);

	/* The policy first, which is easily put back. */
	if (r == 0 && policy)
		r = policy_update(u, t, policy, &before, e);
	if (r < 0 || !limits)
		return r;
	r = update_limits(t, limits, e);
	if (r < 0 && before)
		(void)policy_put(u, t, before, NULL);
	return r;
}

int usrct_container_update(struct usrct *u, const char *ref, const struct usrct_limits *limits,
                           const struct usrct_policy *policy, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct err e = { 0 };
	int r = target_open(u, ref, STORE_WRITE, &t, &e);

	if (r == 0)
		r = update(u, &t, limits, policy, &e);
	if (r == 0)
		engine_event(u, &t, "update", NULL);
	return ENGINE_RETURN(r, out, &e);
}
