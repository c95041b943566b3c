/* SPDX-License-Identifier: Apache-2.0 */
/* start-all - start the containers that fit, as after a reboot */
#include "engine/create.h"
#include "engine/policy.h"

#include "base/json.h"
#include "container/spec.h"

#include <string.h>

struct candidate {
	struct target t;
	json_t *plan, *spec;
};

static void candidate_done(struct candidate *c)
{
	target_done(&c->t);
	json_decref(c->plan);
	json_decref(c->spec);
}

/* What a reboot ended is started again, but for what the user had ended before. */
static bool starts_on_boot(const struct candidate *c)
{
	const char *policy = policy_restart_name(c->plan);

	return !strcmp(policy, "always") ||
	       (!strcmp(policy, "unless-stopped") && !c->t.state.is_stopped_by_user &&
	        c->t.state.status != STATE_CREATED);
}

static bool label_fits(const struct candidate *c, const char *want)
{
	size_t n = strcspn(want, "=");
	_cleanup_free_ char *key = strndup(want, n);
	const json_t *notes = json_object_get(c->spec, "annotations");
	const char *v = key ? json_string_value(json_object_get(notes, key)) : NULL;

	return v && (!want[n] || !strcmp(v, want + n + 1));
}

enum filter_key { BY_POLICY, BY_BOOT, BY_NAME, BY_ID, BY_LABEL, BY_STATUS, N_FILTER_KEYS };
static const char *const keys[N_FILTER_KEYS] = { "restart-policy", "should-start-on-boot",
	                                         "name",           "id",
	                                         "label",          "status" };

static bool value_fits(const struct candidate *c, enum filter_key key, const char *want)
{
	const struct container_row *row = &c->t.row;

	switch (key) {
	case BY_POLICY:
		return !strcmp(policy_restart_name(c->plan), want);
	case BY_BOOT:
		return starts_on_boot(c) == !strcmp(want, "true");
	case BY_NAME:
		return strstr(row->name, want) != NULL;
	case BY_ID:
		return !strncmp(row->id, want, strlen(want));
	case BY_LABEL:
		return label_fits(c, want);
	case BY_STATUS:
		return !strcmp(state_name(c->t.state.status), want);
	case N_FILTER_KEYS:
		break;
	}
	return false;
}

/* -1: no such key. */
static int key_of(const char *filter)
{
	size_t n = strcspn(filter, "=");

	for (int i = 0; i < N_FILTER_KEYS && filter[n]; i++)
		if (strlen(keys[i]) == n && !strncmp(keys[i], filter, n))
			return i;
	return -1;
}

/* Values of one key are alternatives, of labels all must fit. */
static bool fits(const struct candidate *c, const char *const *filters)
{
	unsigned asked[N_FILTER_KEYS] = { 0 }, fit[N_FILTER_KEYS] = { 0 };

	for (; filters && *filters; filters++) {
		int key = key_of(*filters);

		asked[key]++;
		fit[key] += value_fits(c, (enum filter_key)key, strchr(*filters, '=') + 1);
	}
	for (int i = 0; i < N_FILTER_KEYS; i++)
		if (i == BY_LABEL ? fit[i] < asked[i] : asked[i] && !fit[i])
			return false;
	return true;
}

static int check_filters(const char *const *filters, struct err *e)
{
	for (; filters && *filters; filters++)
		if (key_of(*filters) < 0) {
			int r = err_set(e, UCT_BAD_VALUE, -EINVAL,
			                "containers to start cannot be filtered by '%s'", *filters);

			return err_hint(e, r,
			                "write KEY=VALUE with one of the keys restart-policy, "
			                "should-start-on-boot, name, id, label, status");
		}
	return 0;
}

/* 1 it was started, 0 it is not wanted, runs already or is gone. */
static int start_candidate(struct usrct *u, const char *id, const char *const *filters,
                           struct err *e)
{
	struct candidate c = { .t = TARGET_NONE };
	int r = target_open(u, id, STORE_WRITE, &c.t, e);

	if (r == 0)
		r = json_read_at(c.t.dirfd, PLAN_FILE, SPEC_MAX_BYTES, &c.plan, e);
	if (r == 0)
		r = json_read_at(c.t.dirfd, SPEC_FILE, SPEC_MAX_BYTES, &c.spec, e);
	if (r == 0)
		r = !state_is_active(&c.t.state) && fits(&c, filters) ? 1 : 0;
	candidate_done(&c);
	if (r == 1)
		r = engine_start_quietly(u, id, e);
	return r == -ENOENT || r == -EALREADY ? 0 : r;
}

static int start_all(struct usrct *u, const char *const *filters, usrct_started_fn each, void *arg,
                     struct err *e)
{
	struct container_row *rows = NULL;
	size_t n = 0;
	int r = check_filters(filters, e);

	if (r == 0)
		r = engine_sweep(u, e);
	if (r == 0)
		r = container_list(u->store, &rows, &n, e);
	/* The oldest first: later ones may need it. */
	for (size_t i = n; r == 0 && i-- > 0;) {
		struct usrct_err out = { 0 };
		struct err mine = { 0 };
		int k = start_candidate(u, rows[i].id, filters, &mine);

		if (k < 0)
			(void)engine_fail(&out, &mine);
		if (k != 0)
			each(rows[i].id, k < 0 ? &out : NULL, arg);
	}
	for (size_t i = 0; i < n; i++)
		container_row_done(&rows[i]);
	free(rows);
	return r;
}

int usrct_container_start_all(struct usrct *u, const char *const *filters, usrct_started_fn each,
                              void *arg, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = start_all(u, filters, each, arg, &e);

	return ENGINE_RETURN(r, out, &e);
}
