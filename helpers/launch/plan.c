/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/plan.h"

#include <signal.h>
#include <string.h>

/* Strings of a list; what is not there is empty. */
static int parse_paths(const struct plan *p, const char *key, char ***ret, struct err *e)
{
	const json_t *list = json_at(p->doc, key), *v;
	size_t i;

	*ret = calloc(json_array_size(list) + 1, sizeof(**ret));
	if (!*ret)
		return err_oom(e);
	json_array_foreach(list, i, v)
	{
		(*ret)[i] = (char *)(uintptr_t)json_string_value(v);
		if (!(*ret)[i])
			return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "%s: not a string", key);
	}
	return 0;
}

static int parse_layers(struct plan *p, struct err *e)
{
	int r = parse_paths(p, "layers", &p->layers, e);

	if (r == 0 && !p->layers[0])
		r = err_set(e, UCT_STORE_DAMAGED, -EINVAL, "layers: none");
	return r < 0 ? r : parse_paths(p, "data", &p->data, e);
}

int plan_parse_restart(const json_t *doc, struct restart_plan *ret, struct err *e)
{
	static const char *const words[] = { "no", "on-failure", "always", "unless-stopped" };
	const char *when = "no";
	json_int_t max_retries = 0;
	int r = MIN(json_get_string(doc, "restart.policy", &when, e), 0);

	if (r == 0)
		r = MIN(json_get_int(doc, "restart.maxRetries", &max_retries, e), 0);
	if (r < 0)
		return r;
	if (max_retries < 0 || max_retries > INT32_MAX)
		return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "restart.maxRetries is out of range");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(when, words[i])) {
			*ret = (struct restart_plan){ (enum restart_when)i, (uint32_t)max_retries };
			return 0;
		}
	return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "restart policy '%s' is not known", when);
}

static int parse_log(const json_t *doc, struct log_plan *ret, struct err *e)
{
	const char *driver = "json-file", *tag = NULL, *socket = NULL;
	json_int_t max_bytes = 0, max_files = 1;
	bool compress = false;
	int r = MIN(json_get_string(doc, "log.driver", &driver, e), 0);

	if (r == 0)
		r = MIN(json_get_int(doc, "log.maxSize", &max_bytes, e), 0);
	if (r == 0)
		r = MIN(json_get_int(doc, "log.maxFile", &max_files, e), 0);
	if (r == 0)
		r = MIN(json_get_string(doc, "log.tag", &tag, e), 0);
	if (r == 0 && !tag) /* of a container that an older version made */
		r = MIN(json_get_string(doc, "log.options.tag", &tag, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(doc, "log.compress", &compress, e), 0);
	if (r == 0)
		r = MIN(json_get_string(doc, "log.options.socket", &socket, e), 0);
	if (r < 0)
		return r;
	if (max_bytes < 0 || max_files < 1 || max_files > LOG_FILES_MAX)
		return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "log: out of range");
	*ret = (struct log_plan){ .driver = !strcmp(driver, "journald") ? LOG_TO_JOURNAL
		                            : !strcmp(driver, "none")   ? LOG_TO_NOTHING
		                                                        : LOG_TO_FILE,
		                  .max_bytes = (uint64_t)max_bytes,
		                  .max_files = (uint32_t)max_files,
		                  .compress = compress,
		                  .tag = (char *)(uintptr_t)tag,
		                  .socket = (char *)(uintptr_t)socket };
	return 0;
}

static json_int_t bounded(json_int_t n, json_int_t least, json_int_t most)
{
	return n < least ? least : MIN(n, most);
}

static int parse_test(const json_t *list, struct strv *ret, struct err *e)
{
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, v)
	{
		if (!json_is_string(v))
			return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "health.test: not a string");
		if (strv_add(ret, json_string_value(v)) < 0)
			return err_oom(e);
	}
	if (ret->n < 2)
		return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "health.test: too short");
	return 0;
}

int plan_parse_health(const json_t *doc, struct health_plan *h, struct err *e)
{
	static const char *const actions[] = { "none", "kill", "restart", "stop" };
	const struct {
		const char *path;
		uint64_t *ret;
	} times[] = { { "health.interval", &h->interval_ns },
		      { "health.timeout", &h->timeout_ns },
		      { "health.startPeriod", &h->start_period_ns },
		      { "health.startInterval", &h->start_interval_ns } };
	const char *action = "none";
	json_int_t retries = 3, ns;
	int r;

	if (!json_at(doc, "health"))
		return 0;
	r = parse_test(json_at(doc, "health.test"), &h->test, e);
	for (size_t i = 0; i < ARRAY_SIZE(times) && r == 0; i++) {
		ns = 0;
		r = MIN(json_get_int(doc, times[i].path, &ns, e), 0);
		*times[i].ret = (uint64_t)MAX(ns, (json_int_t)(i == 2 ? 0 : 1000000));
	}
	if (r == 0)
		r = MIN(json_get_int(doc, "health.retries", &retries, e), 0);
	if (r == 0)
		r = MIN(json_get_string(doc, "health.onFailure", &action, e), 0);
	h->retries = (uint32_t)bounded(retries, 1, INT32_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(action, actions[i]))
			h->action = (enum health_action)i;
	return r;
}

static bool has_volumes(const json_t *doc)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(doc, "mounts"), i,
	                   v) if (json_is_string(json_object_get(v, "name"))) return true;
	return false;
}

int plan_parse(const char *text, size_t n, struct plan *ret, struct err *e)
{
	struct plan p = { .stop_signal = SIGTERM };
	json_int_t stop_signal = SIGTERM, stop_timeout = 10, timeout = 0;
	const char *network = "none", *backend = "overlay";
	int r = json_parse(text, n, PLAN_FILE, &p.doc, e);

	if (r == 0)
		r = parse_layers(&p, e);
	if (r == 0)
		r = MIN(json_get_string(p.doc, "network", &network, e), 0);
	if (r == 0 && network_parse_name(network, &p.network) < 0)
		r = err_set(e, UCT_STORE_DAMAGED, -EINVAL, "network '%s' is not known", network);
	if (r == 0)
		r = MIN(json_get_string(p.doc, "mountBackend", &backend, e), 0);
	if (r == 0 && backend_parse(backend, &p.backend) < 0)
		r = err_set(e, UCT_STORE_DAMAGED, -EINVAL, "mount back end '%s' is not known",
		            backend);
	if (r == 0)
		r = MIN(json_get_string(p.doc, "upperMemory", &p.memory, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(p.doc, "autoRemove", &p.auto_remove, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(p.doc, "interactive", &p.interactive, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(p.doc, "init", &p.init, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(p.doc, "noCgroup", &p.no_cgroup, e), 0);
	if (r == 0)
		r = MIN(json_get_string(p.doc, "cgroupParent", &p.cgroup_parent, e), 0);
	if (r == 0)
		r = MIN(json_get_int(p.doc, "stopSignal", &stop_signal, e), 0);
	if (r == 0 && (stop_signal < 1 || stop_signal > 64))
		r = err_set(e, UCT_STORE_DAMAGED, -EINVAL, "stopSignal is out of range");
	if (r == 0)
		r = plan_parse_restart(p.doc, &p.restart, e);
	if (r == 0)
		r = parse_log(p.doc, &p.log, e);
	if (r == 0)
		r = plan_parse_health(p.doc, &p.health, e);
	if (r == 0)
		r = MIN(json_get_int(p.doc, "stopTimeout", &stop_timeout, e), 0);
	if (r == 0)
		r = MIN(json_get_int(p.doc, "timeout", &timeout, e), 0);
	if (r < 0) {
		plan_done(&p);
		return err_in(e, r, "cannot read '%s'", PLAN_FILE);
	}
	p.has_volumes = has_volumes(p.doc);
	p.stop_signal = (int)stop_signal;
	p.stop_timeout_s = (int)bounded(stop_timeout, 0, 86400);
	p.timeout_s = (uint32_t)bounded(timeout, 0, UINT32_MAX);
	*ret = p;
	return 0;
}

void plan_done(struct plan *p)
{
	cleanup_free(&p->layers);
	cleanup_free(&p->data);
	strv_done(&p->health.test);
	json_decref(p->doc);
	*p = (struct plan){ 0 };
}
