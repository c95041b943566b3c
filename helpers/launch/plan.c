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
	int r = MIN(json_get_string(doc, "log.driver", &driver, e), 0);

	if (r == 0)
		r = MIN(json_get_int(doc, "log.maxSize", &max_bytes, e), 0);
	if (r == 0)
		r = MIN(json_get_int(doc, "log.maxFile", &max_files, e), 0);
	if (r == 0)
		r = MIN(json_get_string(doc, "log.options.tag", &tag, e), 0);
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
		                  .tag = (char *)(uintptr_t)tag,
		                  .socket = (char *)(uintptr_t)socket };
	return 0;
}

int plan_parse(const char *text, size_t n, struct plan *ret, struct err *e)
{
	struct plan p = { .stop_signal = SIGTERM };
	json_int_t stop_signal = SIGTERM;
	const char *network = "none";
	int r = json_parse(text, n, PLAN_FILE, &p.doc, e);

	if (r == 0)
		r = parse_layers(&p, e);
	if (r == 0)
		r = MIN(json_get_string(p.doc, "network", &network, e), 0);
	if (r == 0 && network_parse_name(network, &p.network) < 0)
		r = err_set(e, UCT_STORE_DAMAGED, -EINVAL, "network '%s' is not known", network);
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
	if (r < 0) {
		plan_done(&p);
		return err_in(e, r, "cannot read '%s'", PLAN_FILE);
	}
	p.stop_signal = (int)stop_signal;
	*ret = p;
	return 0;
}

void plan_done(struct plan *p)
{
	cleanup_free(&p->layers);
	cleanup_free(&p->data);
	json_decref(p->doc);
	*p = (struct plan){ 0 };
}
