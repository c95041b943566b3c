/* SPDX-License-Identifier: Apache-2.0 */
/* privileges - capabilities, the system call filter, and which parts of /proc and /sys are hidden
 */
#include "engine/privileges.h"

#include "engine/document.h"
#include "security/capabilities.h"

#include <string.h>
#include <strings.h>

/* What Docker hides: interfaces that tell of, or reach, the whole machine. */
static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
};
static const char *const protected[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
	                                 "/proc/sysrq-trigger" };

static uint64_t default_capabilities(void)
{
	uint64_t all = 0, bit;

	for (size_t i = 0; i < capabilities_default_n; i++)
		if (capability_parse(capabilities_default[i], &bit) == 0)
			all |= bit;
	return all;
}

/* @ret_all: "ALL" was among them. */
static int parse_list(const char *flag, const char *const *list, uint64_t *ret, bool *ret_all,
                      struct err *e)
{
	uint64_t bit;

	*ret = 0;
	*ret_all = false;
	for (; list && *list; list++) {
		if (!strcasecmp(*list, "ALL")) {
			*ret_all = true;
			continue;
		}
		if (capability_parse(*list, &bit) < 0) {
			int r = err_set(e, UCT_BAD_VALUE, -EINVAL, "%s '%s': no such capability",
			                flag, *list);

			return err_hint(e, r,
			                "capabilities(7) has their names; CAP_ may be left out");
		}
		*ret |= bit;
	}
	return 0;
}

/* Docker's rule: ALL on either side replaces the default set, single names change it. */
static int choose_capabilities(const struct usrct_create_options *o, struct privileges *p,
                               struct err *e)
{
	uint64_t add = 0, drop = 0;
	bool add_all = false, drop_all = false;
	int r = parse_list("--cap-add", o->cap_add, &add, &add_all, e);

	if (r == 0)
		r = parse_list("--cap-drop", o->cap_drop, &drop, &drop_all, e);
	if (r < 0)
		return r;
	if (add_all && drop_all)
		return err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		               "all capabilities cannot be added and dropped");
	if (add & drop)
		return err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		               "a capability cannot be added and dropped");
	if (add_all || o->privileged)
		p->bounding = capabilities_all() & ~drop;
	else if (drop_all)
		p->bounding = add;
	else
		p->bounding = (default_capabilities() & ~drop) | add;
	/* Who is not root inside gets by exec(2) what is ambient; only what was asked for by name,
	 * as in podman. */
	p->ambient = add;
	return 0;
}

/* The part of "KEY=VALUE" or "KEY:VALUE" behind the key; NULL if it is another key. */
static const char *value_of(const char *s, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(s, key, n) != 0)
		return NULL;
	return s[n] == '=' || s[n] == ':' ? s + n + 1 : NULL;
}

static int refuse(const char *opt, const char *why, struct err *e)
{
	return err_hint(
		e, err_set(e, UCT_VALUE_REFUSED, -EOPNOTSUPP, "--security-opt '%s': %s", opt, why),
		"leave it out; man usr-ct-run lists what works");
}

/* Paths divided by colons. */
static int add_paths(struct strv *list, const char *paths, const char *opt, struct err *e)
{
	while (*paths) {
		size_t n = strcspn(paths, ":");

		if (*paths != '/' || strv_addf(list, "%.*s", (int)n, paths) < 0)
			return err_set(e, UCT_BAD_VALUE, -EINVAL,
			               "--security-opt '%s': paths must be absolute", opt);
		paths += n + (paths[n] == ':');
	}
	return 0;
}

static int apply_filter(const char *value, const char *opt, struct privileges *p, struct err *e)
{
	if (!strcmp(value, "unconfined"))
		p->is_unfiltered = true;
	else if (strcmp(value, "default") != 0 && strcmp(value, "builtin") != 0)
		return refuse(opt,
		              "profiles from files are not read; there is the default filter, "
		              "and unconfined",
		              e);
	return 0;
}

/* Of the security modules only what is so anyway can be asked for. */
static int apply_module(const char *opt, struct err *e)
{
	const char *profile = value_of(opt, "apparmor"), *label = value_of(opt, "label");

	if (profile)
		return !strcmp(profile, "unconfined")
		               ? 0
		               : refuse(opt, "changing to an AppArmor profile needs root", e);
	if (label)
		return !strcmp(label, "disable")
		               ? 0
		               : refuse(opt, "programs keep your own SELinux label", e);
	return err_hint(e,
	                err_set(e, UCT_BAD_VALUE, -EINVAL, "--security-opt '%s' is not known", opt),
	                "known: no-new-privileges, seccomp, systempaths, mask, unmask, proc-opts, "
	                "apparmor, label");
}

static int apply(const char *opt, struct privileges *p, struct err *e)
{
	const char *v;

	if (!strcmp(opt, "no-new-privileges"))
		p->no_new_privileges = true;
	else if ((v = value_of(opt, "no-new-privileges")) &&
	         (!strcmp(v, "true") || !strcmp(v, "false")))
		p->no_new_privileges = *v == 't';
	else if ((v = value_of(opt, "seccomp")))
		return apply_filter(v, opt, p, e);
	else if (((v = value_of(opt, "systempaths")) && !strcmp(v, "unconfined")) ||
	         ((v = value_of(opt, "unmask")) && !strcmp(v, "ALL")))
		p->is_unmasked = true;
	else if ((v = value_of(opt, "unmask")))
		return add_paths(&p->unmask, v, opt, e);
	else if ((v = value_of(opt, "mask")))
		return add_paths(&p->masked, v, opt, e);
	else if ((v = value_of(opt, "proc-opts")))
		return strv_add(&p->proc_options, v) < 0 ? err_oom(e) : 0;
	else
		return apply_module(opt, e);
	return 0;
}

static bool is_listed(const struct strv *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i], s))
			return true;
	return false;
}

static int choose_paths(struct privileges *p)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(masked) && r == 0 && !p->is_unmasked; i++)
		if (!is_listed(&p->unmask, masked[i]))
			r = strv_add(&p->masked, masked[i]);
	for (size_t i = 0; i < ARRAY_SIZE(protected) && r == 0 && !p->is_unmasked; i++)
		if (!is_listed(&p->unmask, protected[i]))
			r = strv_add(&p->protected, protected[i]);
	return r;
}

int privileges_choose(const struct usrct_create_options *o, struct privileges *ret, struct err *e)
{
	struct privileges p = { 0 };
	const char *const *opt;
	int r;

	if (o->privileged)
		p.is_unfiltered = p.is_unmasked = true;
	r = choose_capabilities(o, &p, e);
	for (opt = o->security; opt && *opt && r == 0; opt++)
		r = apply(*opt, &p, e);
	if (r == 0)
		r = choose_paths(&p) < 0 ? err_oom(e) : 0;
	if (r < 0)
		privileges_done(&p);
	else
		*ret = p;
	return r;
}

void privileges_done(struct privileges *p)
{
	strv_done(&p->masked);
	strv_done(&p->protected);
	strv_done(&p->unmask);
	strv_done(&p->proc_options);
}

static json_t *names_of(uint64_t set)
{
	json_t *list = json_array();
	const char *name;

	for (unsigned i = 0; (name = capability_name(i)); i++)
		if (set >> i & 1) {
			char text[32];

			(void)snprintf(text, sizeof(text), "CAP_%s", name);
			(void)json_array_append_new(list, json_string(text));
		}
	return list;
}

json_t *privileges_capabilities(const struct privileges *p, bool is_root)
{
	json_t *set = json_object();

	(void)json_object_set_new(set, "bounding", names_of(p->bounding));
	(void)json_object_set_new(set, "effective", names_of(p->bounding));
	(void)json_object_set_new(set, "permitted", names_of(p->bounding));
	/* Else not inheritable: since CVE-2022-24769 neither Docker's nor podman's are. */
	if (!is_root && p->ambient) {
		(void)json_object_set_new(set, "inheritable", names_of(p->ambient));
		(void)json_object_set_new(set, "ambient", names_of(p->ambient));
	}
	return set;
}
