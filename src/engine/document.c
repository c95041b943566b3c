/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/document.h"
#include "engine/accounts.h"

#include "container/spec.h"
#include "engine/engine.h"
#include "engine/etc.h"
#include "engine/host-config.h"
#include "engine/limits.h"
#include "engine/mount-add.h"
#include "engine/policy.h"
#include "engine/privileges.h"
#include "engine/secrets.h"
#include "engine/sysctls.h"

#include <sched.h>
#include <signal.h>
#include <string.h>

static int linux_of(const struct document *d, const struct privileges *p, json_t **ret,
                    struct err *e)
{
	_cleanup_json_ json_t *sysctl = json_object(), *resources = json_object();
	int r;

	/* In a namespace of its own every port is its own (also Docker's default). */
	if (d->own.network)
		(void)json_object_set_new(sysctl, "net.ipv4.ip_unprivileged_port_start",
		                          json_string("0"));
	r = sysctls_add(d->opts->sysctls, &d->own, sysctl, e);
	if (r == 0)
		r = limits_merge(d->opts->limits, resources, e);
	if (r < 0)
		return r;
	*ret = json_pack("{s:O, s:o, s:O, s:o, s:o}", "resources", resources, "namespaces",
	                 document_namespaces(d), "sysctl", sysctl, "maskedPaths",
	                 document_strings(p->masked.v), "readonlyPaths",
	                 document_strings(p->protected.v));
	if (*ret && d->ids.is_mapped) {
		(void)json_object_set_new(*ret, "uidMappings", ids_list(&d->ids.maps.uids));
		(void)json_object_set_new(*ret, "gidMappings", ids_list(&d->ids.maps.gids));
	}
	return *ret ? 0 : document_not_utf8(e);
}

/* Ours steer the launcher. */
static bool is_ours(const char *key)
{
	return !strncmp(key, "io.usr-ct.", 10) || !strncmp(key, "run.oci.", 8);
}

static int add_notes(char *const *list, const char *flag, json_t *notes, struct err *e)
{
	for (; list && *list; list++) {
		char *eq = strchrnul(*list, '=');
		_cleanup_free_ char *key = strndup(*list, (size_t)(eq - *list));

		if (!key)
			return err_oom(e);
		if (!*key || (flag && is_ours(key)))
			return err_set(e, UCT_BAD_VALUE, -EINVAL, "%s '%s': not a key to set",
			               flag ? flag : "label", *list);
		if (is_ours(key)) /* an image's labels are its own, but steer nothing */
			continue;
		if (json_object_set_new(notes, key, json_string(*eq ? eq + 1 : "")) < 0)
			return document_not_utf8(e);
	}
	return 0;
}

/* Labels and annotations: both are notes of the OCI document. */
static int notes_of(const struct document *d, json_t *notes, struct err *e)
{
	char *const *labels = (char *const *)(uintptr_t)d->opts->labels;
	char *const *annotations = (char *const *)(uintptr_t)d->opts->annotations;
	int r = add_notes(d->image->labels.v, NULL, notes, e);

	if (r == 0)
		r = add_notes(labels, "--label", notes, e);
	return r < 0 ? r : add_notes(annotations, "--annotation", notes, e);
}

static int spec_of(const struct document *d, const struct privileges *p, json_t **ret,
                   struct err *e)
{
	_cleanup_json_ json_t *mounts = json_array(), *notes = json_object(), *process = NULL;
	_cleanup_json_ json_t *os = NULL;
	const char *hostname = d->opts->hostname;
	char short_id[13];
	int r;

	(void)memcpy(short_id, d->id, 12);
	short_id[12] = '\0';
	if (!hostname && d->own.uts && !(d->own.joined & CLONE_NEWUTS))
		hostname = short_id;
	r = notes_of(d, notes, e);
	if (r < 0)
		return r;
	(void)json_object_set_new(notes, SPEC_ANNOTATION_SECCOMP,
	                          json_string(p->is_unfiltered ? "unconfined" : "default"));
	r = document_process(d, p, notes, &process, e);
	if (r == 0)
		r = linux_of(d, p, &os, e);
	if (r == 0)
		r = document_mounts(d, p, mounts, e);
	if (r < 0)
		return r;
	*ret = json_pack("{s:s, s:O, s:{s:s, s:b}, s:s*, s:s*, s:O, s:O, s:O}", "ociVersion",
	                 "1.2.0", "process", process, "root", "path", "root", "readonly",
	                 d->opts->read_only, "hostname", hostname, "domainname",
	                 d->opts->domainname, "mounts", mounts, "linux", os, "annotations", notes);
	return *ret ? 0 : document_not_utf8(e);
}

int document_spec(const struct document *d, json_t **ret, struct err *e)
{
	struct privileges p = { 0 };
	int r = privileges_choose(d->opts, &p, e);

	if (r == 0)
		r = spec_of(d, &p, ret, e);
	privileges_done(&p);
	return r;
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

static int add_mounts(json_t *plan, const struct mount_plan *m)
{
	int r = json_object_set(plan, "mounts", m->described);

	if (r == 0 && json_array_size(m->images))
		r = json_object_set(plan, "imageMounts", m->images);
	if (r == 0 && m->n_overlays)
		r = json_object_set_new(plan, "overlays", json_integer(m->n_overlays));
	return r;
}

/* What is there only where it says something. */
static int add_facts(json_t *plan, const struct document *d, const struct strv *layers,
                     json_t *accounts)
{
	const struct {
		const char *key;
		bool is_there;
		json_t *value; /* NULL: out of memory */
	} facts[] = {
		/* In the index, too; here for who has lost that (engine/rebuild.h). */
		{ "imageId", d->image_id && *d->image_id,
		  json_string(d->image_id ? d->image_id : "") },
		{ "usernsOf", d->userns_of[0], json_string(d->userns_of) },
		{ "timeout", d->opts->timeout_s, json_integer(d->opts->timeout_s) },
		{ "accounts", accounts, json_incref(accounts) },
		{ "upperMemory", d->storage.is_in_memory,
		  json_string(d->storage.is_in_memory ? d->storage.memory : "") },
		{ "mountBackend", true, json_string(backend_name(d->storage.backend)) },
	};
	int r = 0;

	for (size_t i = 0; i < layers->n && r == 0; i++)
		if (layer_path_is_tree(layers->v[i]))
			r = json_object_set_new(plan, "data", json_pack("[s]", OBJECT_DIR));
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		if (facts[i].is_there && r == 0)
			r = json_object_set(plan, facts[i].key, facts[i].value);
		json_decref(facts[i].value);
	}
	return r;
}

int document_plan(const struct document *d, const struct strv *layers, json_t **ret, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	const char *stop = o->stop_signal ? o->stop_signal : d->image->stop_signal;
	_cleanup_json_ json_t *config = NULL, *host_config = NULL, *etc = NULL;
	_cleanup_json_ json_t *secrets = NULL, *accounts = NULL;
	int signo = SIGTERM, r;
	json_t *plan, *list;

	if (stop && *stop && signal_parse(stop, &signo) < 0) {
		if (o->stop_signal)
			return err_set(e, UCT_BAD_VALUE, -EINVAL, "unknown signal '%s'", stop);
		signo = SIGTERM; /* an image's odd wish must not keep it from running */
	}
	r = host_config_make(d, &config, &host_config, e);
	if (r == 0)
		r = etc_describe(o, d->network, &etc, e);
	if (r == 0)
		r = secrets_describe(d->mounts->u, o, &secrets, e);
	if (r == 0)
		r = accounts_describe(d, &accounts, e);
	if (r < 0)
		return r;
	list = document_strings(layers->v);
	plan = list ? json_pack(
			      "{s:i, s:O, s:s, s:b, s:b, s:b, s:i, s:i, s:O, s:O, s:O, s:O, s:s*}",
			      "version", 1, "layers", list, "network", network_name(d->network),
			      "autoRemove", o->auto_remove, "interactive", o->interactive, "init",
			      o->init, "stopSignal", signo, "stopTimeout",
			      o->stop_timeout_s < 0 ? 10 : o->stop_timeout_s, "config", config,
			      "hostConfig", host_config, "etc", etc, "secrets", secrets, "pidFile",
			      d->pidfile)
	            : NULL;
	json_decref(list);
	if (!plan || add_facts(plan, d, layers, accounts) < 0 || add_place(plan, o->limits) < 0 ||
	    add_mounts(plan, d->mounts) < 0) {
		json_decref(plan);
		return err_oom(e);
	}
	*ret = plan;
	return policy_add(d, plan, e); /* the caller has the plan by now, also if this fails */
}
