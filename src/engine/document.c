/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/document.h"

#include "container/spec.h"
#include "engine/engine.h"
#include "engine/limits.h"
#include "engine/policy.h"
#include "security/capabilities.h"

#include <signal.h>
#include <string.h>

int document_args(struct document *d, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	bool has_command = o->command && o->command[0];
	int r;

	/* A new entrypoint also forgets the image's CMD, which was meant for the old one. */
	if (o->entrypoint)
		r = strv_copy(&d->args, (char *const *)(uintptr_t)o->entrypoint);
	else
		r = strv_copy(&d->args, d->image->entrypoint.v);
	if (r == 0 && has_command)
		r = strv_copy(&d->args, (char *const *)(uintptr_t)o->command);
	else if (r == 0 && !o->entrypoint)
		r = strv_copy(&d->args, d->image->cmd.v);
	if (r < 0)
		return err_oom(e);
	if (!d->args.n)
		return err_set(e, UCT_NO_COMMAND, -EINVAL, "image '%s' does not say what to run",
		               o->image);
	return 0;
}

static json_t *string_array(char *const *list)
{
	json_t *a = json_array();

	for (; a && list && *list; list++)
		if (json_array_append_new(a, json_string(*list)) < 0) {
			json_decref(a);
			/* jansson takes only UTF-8, as JSON demands */
			return NULL;
		}
	return a;
}

static int not_utf8(struct err *e)
{
	return err_set(e, UCT_BAD_VALUE, -EILSEQ,
	               "arguments and environment of a container must be UTF-8");
}

/* The image's environment, then the user's; "NAME" alone means the caller's own value. */
static int merge_env(const struct document *d, struct strv *env)
{
	const char *const *v = d->opts->env;
	int r = strv_copy(env, d->image->env.v);

	for (; v && *v && r == 0; v++) {
		const char *own;

		if (strchr(*v, '=')) {
			r = strv_env_set(env, *v);
			continue;
		}
		own = getenv(*v);
		if (own) {
			_cleanup_strv_ struct strv one = { 0 };

			r = strv_addf(&one, "%s=%s", *v, own);
			if (r == 0)
				r = strv_env_set(env, one.v[0]);
		}
	}
	return r;
}

static json_t *default_capabilities(void)
{
	json_t *set = json_object();

	/* Not inheritable: since CVE-2022-24769 neither Docker's nor podman's are. */
	static const char *const kinds[] = { "bounding", "effective", "permitted" };

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		json_t *list = json_array();

		for (size_t i = 0; i < capabilities_default_n; i++)
			(void)json_array_append_new(list, json_string(capabilities_default[i]));
		(void)json_object_set_new(set, kinds[k], list);
	}
	return set;
}

static int process_of(const struct document *d, json_t **ret, struct err *e)
{
	_cleanup_strv_ struct strv env = { 0 };
	const struct usrct_create_options *o = d->opts;
	const char *cwd = o->workdir ? o->workdir : d->image->workdir;
	json_t *args, *envs;

	if (merge_env(d, &env) < 0)
		return err_oom(e);
	if (cwd && cwd[0] != '/')
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "working directory '%s' is not an absolute path", cwd);
	args = string_array(d->args.v);
	envs = string_array(env.v);
	*ret = args && envs ? json_pack("{s:b, s:{s:i, s:i}, s:O, s:O, s:s, s:o, s:b}", "terminal",
	                                o->tty, "user", "uid", 0, "gid", 0, "args", args, "env",
	                                envs, "cwd", cwd ? cwd : "/", "capabilities",
	                                default_capabilities(), "noNewPrivileges", 0)
	                    : NULL;
	json_decref(args);
	json_decref(envs);
	return *ret ? 0 : not_utf8(e);
}

static json_t *namespaces_of(const struct document *d)
{
	static const char *const kinds[] = { "pid", "ipc", "uts", "mount", "user", "cgroup" };
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		(void)json_array_append_new(list, json_pack("{s:s}", "type", kinds[i]));
	if (d->network != NETWORK_HOST)
		(void)json_array_append_new(list, json_pack("{s:s}", "type", "network"));
	return list;
}

/* What Docker hides: interfaces that tell of, or reach, the whole machine. */
static json_t *masked_paths(void)
{
	return json_pack("[s,s,s,s,s,s,s,s,s,s,s]", "/proc/acpi", "/proc/asound",
	                 "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
	                 "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
	                 "/sys/devices/virtual/powercap", "/sys/firmware");
}

/* Consumes @resources. */
static json_t *linux_of(const struct document *d, json_t *resources)
{
	json_t *sysctl = json_object();

	/* In a namespace of its own every port is its own (also Docker's default). */
	if (d->network != NETWORK_HOST)
		(void)json_object_set_new(sysctl, "net.ipv4.ip_unprivileged_port_start",
		                          json_string("0"));
	return json_pack("{s:o, s:o, s:o, s:o, s:[s,s,s,s,s]}", "resources", resources,
	                 "namespaces", namespaces_of(d), "sysctl", sysctl, "maskedPaths",
	                 masked_paths(), "readonlyPaths", "/proc/bus", "/proc/fs", "/proc/irq",
	                 "/proc/sys", "/proc/sysrq-trigger");
}

static json_t *labels_of(const struct document *d)
{
	json_t *notes = json_object();
	const char *const *v = d->opts->labels;
	char *const *lists[2] = { d->image->labels.v, (char *const *)(uintptr_t)v };

	for (size_t i = 0; i < 2; i++)
		for (char *const *l = lists[i]; l && *l; l++) {
			char *eq = strchrnul(*l, '=');
			_cleanup_free_ char *key = strndup(*l, (size_t)(eq - *l));

			if (key)
				(void)json_object_set_new(notes, key,
				                          json_string(*eq ? eq + 1 : ""));
		}
	return notes;
}

int document_spec(const struct document *d, json_t **ret, struct err *e)
{
	const char *user = d->opts->user ? d->opts->user : d->image->user;
	_cleanup_json_ json_t *mounts = json_array();
	json_t *process = NULL, *notes, *spec, *resources;
	char short_id[13];
	int r;

	(void)memcpy(short_id, d->id, 12);
	short_id[12] = '\0';
	r = process_of(d, &process, e);
	if (r < 0)
		return r;
	r = document_mounts(d, mounts, e);
	if (r < 0) {
		json_decref(process);
		return r;
	}
	resources = json_object();
	r = limits_merge(d->opts->limits, resources, e);
	if (r < 0) {
		json_decref(process);
		json_decref(resources);
		return r;
	}
	notes = labels_of(d);
	(void)json_object_set_new(notes, SPEC_ANNOTATION_SECCOMP, json_string("default"));
	if (user && *user)
		(void)json_object_set_new(notes, SPEC_ANNOTATION_USER, json_string(user));
	spec = json_pack("{s:s, s:o, s:{s:s, s:b}, s:s, s:O, s:o, s:o}", "ociVersion", "1.2.0",
	                 "process", process, "root", "path", "root", "readonly", d->opts->read_only,
	                 "hostname", d->opts->hostname ? d->opts->hostname : short_id, "mounts",
	                 mounts, "linux", linux_of(d, resources), "annotations", notes);
	if (!spec)
		return not_utf8(e);
	*ret = spec;
	return 0;
}

/* Where its cgroup is made. */
static int add_place(json_t *plan, const struct usrct_limits *l)
{
	int r = 0;

	if (l && l->no_cgroup)
		r = json_object_set_new(plan, "noCgroup", json_true());
	if (r == 0 && l && l->cgroup_parent)
		r = json_object_set_new(
			plan, "cgroupParent",
			json_string(l->cgroup_parent + strspn(l->cgroup_parent, "/")));
	return r;
}

int document_plan(const struct document *d, const struct strv *layers, json_t **ret, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	const char *stop = o->stop_signal ? o->stop_signal : d->image->stop_signal;
	int signo = SIGTERM, r = 0;
	json_t *plan, *list;

	if (stop && *stop && signal_parse(stop, &signo) < 0) {
		if (o->stop_signal)
			return err_set(e, UCT_BAD_VALUE, -EINVAL, "unknown signal '%s'", stop);
		signo = SIGTERM; /* an image's odd wish must not keep it from running */
	}
	list = string_array(layers->v);
	plan = list ? json_pack("{s:i, s:O, s:s, s:b, s:b, s:b, s:i, s:i}", "version", 1, "layers",
	                        list, "network", network_name(d->network), "autoRemove",
	                        o->auto_remove, "interactive", o->interactive, "init", o->init,
	                        "stopSignal", signo, "stopTimeout",
	                        o->stop_timeout_s < 0 ? 10 : o->stop_timeout_s)
	            : NULL;
	json_decref(list);
	for (size_t i = 0; plan && i < layers->n && r == 0; i++)
		if (layer_path_is_tree(layers->v[i]))
			r = json_object_set_new(plan, "data", json_pack("[s]", OBJECT_DIR));
	if (!plan || r < 0 || add_place(plan, o->limits) < 0) {
		json_decref(plan);
		return err_oom(e);
	}
	*ret = plan;
	return policy_add(d, plan, e); /* the caller has the plan by now, also if this fails */
}
