/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/plan.h"

#include <signal.h>

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
		r = MIN(json_get_int(p.doc, "stopSignal", &stop_signal, e), 0);
	if (r == 0 && (stop_signal < 1 || stop_signal > 64))
		r = err_set(e, UCT_STORE_DAMAGED, -EINVAL, "stopSignal is out of range");
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
