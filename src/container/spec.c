/* SPDX-License-Identifier: Apache-2.0 */
#include "container/spec.h"

#include "base/num.h"
#include "container/resources.h"

#include <sched.h>
#include <string.h>
#include <strings.h>

static int bad(struct err *e, const char *what)
{
	return err_set(e, UCT_BAD_CONFIG, -EINVAL, "config.json: %s", what);
}

/* A list of strings; absent is an empty one. The vector is heap, the strings belong to @doc. */
static int strings_of(const json_t *at, const char *what, char ***ret, struct err *e)
{
	size_t n = json_array_size(at);
	char **v;

	if (at && !json_is_array(at))
		return bad(e, what);
	v = calloc(n + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	for (size_t i = 0; i < n; i++) {
		v[i] = (char *)(uintptr_t)json_string_value(json_array_get(at, i));
		if (!v[i]) {
			cleanup_free(&v);
			return bad(e, what);
		}
	}
	*ret = v;
	return 0;
}

/* The list at @path in @ret, NULL where there is none. */
static int list_of(const json_t *j, const char *path, const json_t **ret, struct err *e)
{
	*ret = json_at(j, path);
	return *ret && !json_is_array(*ret) ? bad(e, path) : 0;
}

/* A string that may be absent. */
static int text_of(const json_t *object, const char *key, const char **ret, struct err *e)
{
	const json_t *v = json_object_get(object, key);

	*ret = json_string_value(v);
	return v && !*ret ? bad(e, key) : 0;
}

static int id_of(const json_t *j, const char *path, uint32_t *ret, struct err *e)
{
	json_int_t v = 0;
	int r = json_get_int(j, path, &v, e);

	if (r < 0)
		return r;
	if (v < 0 || v >= UINT32_MAX)
		return bad(e, "an id is out of range");
	*ret = (uint32_t)v;
	return 0;
}

static int parse_user(struct spec *s, struct err *e)
{
	json_int_t umask_bits = 022;
	const json_t *groups = NULL, *g;
	size_t i;
	int r;

	r = id_of(s->doc, "process.user.uid", &s->uid, e);
	if (r == 0)
		r = id_of(s->doc, "process.user.gid", &s->gid, e);
	if (r == 0)
		r = MIN(json_get_int(s->doc, "process.user.umask", &umask_bits, e), 0);
	if (r == 0)
		r = list_of(s->doc, "process.user.additionalGids", &groups, e);
	if (r < 0)
		return r;
	if (umask_bits < 0 || umask_bits > 0777)
		return bad(e, "process.user.umask");
	s->umask = (mode_t)umask_bits;
	json_array_foreach(groups, i, g)
	{
		if (!json_is_integer(g) || json_integer_value(g) < 0 ||
		    json_integer_value(g) >= UINT32_MAX || i == SPEC_GROUPS_MAX)
			return bad(e, "process.user.additionalGids");
		s->groups[s->n_groups++] = (gid_t)json_integer_value(g);
	}
	return 0;
}

static int rlimit_of_name(const char *name)
{
	static const struct {
		const char *name;
		int resource;
	} known[] = {
		{ "RLIMIT_AS", RLIMIT_AS },
		{ "RLIMIT_CORE", RLIMIT_CORE },
		{ "RLIMIT_CPU", RLIMIT_CPU },
		{ "RLIMIT_DATA", RLIMIT_DATA },
		{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
		{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
		{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
		{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
		{ "RLIMIT_NICE", RLIMIT_NICE },
		{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
		{ "RLIMIT_NPROC", RLIMIT_NPROC },
		{ "RLIMIT_RSS", RLIMIT_RSS },
		{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
		{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
		{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
		{ "RLIMIT_STACK", RLIMIT_STACK },
	};

	for (size_t i = 0; name && i < ARRAY_SIZE(known); i++)
		if (!strcmp(name, known[i].name))
			return known[i].resource;
	return -1;
}

static int parse_rlimits(struct spec *s, struct err *e)
{
	const json_t *list = NULL, *j;
	size_t i;

	if (list_of(s->doc, "process.rlimits", &list, e) < 0)
		return -EINVAL;
	json_array_foreach(list, i, j)
	{
		const json_t *soft = json_object_get(j, "soft"), *hard = json_object_get(j, "hard");
		int resource = rlimit_of_name(json_string_value(json_object_get(j, "type")));

		if (resource < 0 || !json_is_integer(soft) || !json_is_integer(hard) ||
		    s->n_rlimits == SPEC_RLIMITS_MAX)
			return bad(e, "process.rlimits");
		/* -1 is how an unsigned infinity comes through JSON integers. */
		s->rlimits[s->n_rlimits++] = (struct spec_rlimit){
			resource,
			{ (rlim_t)json_integer_value(soft), (rlim_t)json_integer_value(hard) },
		};
	}
	return 0;
}

static int parse_capabilities(struct spec *s, struct err *e)
{
	static const char *const keys[SPEC_CAPABILITY_SETS] = {
		"process.capabilities.bounding",  "process.capabilities.effective",
		"process.capabilities.permitted", "process.capabilities.inheritable",
		"process.capabilities.ambient",
	};

	for (size_t i = 0; i < SPEC_CAPABILITY_SETS; i++) {
		char **v;
		int r = strings_of(json_at(s->doc, keys[i]), keys[i], &v, e);

		if (r < 0)
			return r;
		s->capabilities[i] = v;
	}
	return 0;
}

static int parse_process(struct spec *s, struct err *e)
{
	json_int_t oom = 0;
	int r;

	r = strings_of(json_at(s->doc, "process.args"), "process.args", &s->args, e);
	if (r == 0)
		r = strings_of(json_at(s->doc, "process.env"), "process.env", &s->env, e);
	if (r == 0 && !s->args[0])
		r = err_set(e, UCT_NO_COMMAND, -EINVAL, "config.json: process.args is empty");
	if (r == 0 && json_get_string(s->doc, "process.cwd", &s->cwd, e) != 1)
		r = bad(e, "process.cwd is missing");
	if (r == 0 && s->cwd[0] != '/')
		r = bad(e, "process.cwd is not absolute");
	if (r == 0)
		r = MIN(json_get_bool(s->doc, "process.terminal", &s->terminal, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(s->doc, "process.noNewPrivileges", &s->no_new_privileges, e),
		        0);
	if (r < 0)
		return r;
	r = json_get_int(s->doc, "process.oomScoreAdj", &oom, e);
	if (r < 0)
		return r;
	if (oom < -1000 || oom > 1000)
		return bad(e, "process.oomScoreAdj");
	s->has_oom_score_adj = r == 1;
	s->oom_score_adj = (int)oom;
	r = parse_user(s, e);
	if (r == 0)
		r = parse_rlimits(s, e);
	return r < 0 ? r : parse_capabilities(s, e);
}

static int parse_mount(const json_t *j, struct spec_mount *m, struct err *e)
{
	int r = text_of(j, "destination", &m->target, e);

	if (r == 0)
		r = text_of(j, "type", &m->type, e);
	if (r == 0)
		r = text_of(j, "source", &m->source, e);
	if (r == 0 && (!m->target || m->target[0] != '/'))
		r = bad(e, "mounts: destination is not an absolute path");
	if (r == 0 && (json_object_get(j, "uidMappings") || json_object_get(j, "gidMappings")))
		r = bad(e, "mounts: id mappings cannot be honoured");
	if (!m->type)
		m->type = "bind";
	return r;
}

static int parse_mounts(struct spec *s, struct err *e)
{
	const json_t *list = NULL, *j;
	size_t i;

	if (list_of(s->doc, "mounts", &list, e) < 0)
		return -EINVAL;
	if (json_array_size(list) > SPEC_MOUNTS_MAX)
		return bad(e, "too many mounts");
	s->mounts = calloc(json_array_size(list) + 1, sizeof(*s->mounts));
	if (!s->mounts)
		return err_oom(e);
	json_array_foreach(list, i, j)
	{
		char **options;
		int r = strings_of(json_object_get(j, "options"), "mounts: options", &options, e);

		if (r < 0)
			return r;
		s->mounts[s->n_mounts].options = options;
		r = parse_mount(j, &s->mounts[s->n_mounts++], e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_namespaces(struct spec *s, struct err *e)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} known[] = {
		{ "pid", CLONE_NEWPID },       { "network", CLONE_NEWNET },
		{ "ipc", CLONE_NEWIPC },       { "uts", CLONE_NEWUTS },
		{ "mount", CLONE_NEWNS },      { "user", CLONE_NEWUSER },
		{ "cgroup", CLONE_NEWCGROUP },
	};
	const json_t *list = NULL, *j;
	const char *path;
	size_t i;

	if (list_of(s->doc, "linux.namespaces", &list, e) < 0)
		return -EINVAL;
	json_array_foreach(list, i, j)
	{
		const char *type = json_string_value(json_object_get(j, "type"));
		uint64_t flag = 0;

		for (size_t k = 0; type && k < ARRAY_SIZE(known); k++)
			if (!strcmp(type, known[k].name))
				flag = known[k].flag;
		if (!flag)
			return bad(e, "linux.namespaces: unknown type");
		path = json_string_value(json_object_get(j, "path"));
		if (json_object_get(j, "path") && (!path || strncmp(path, "container:", 10) != 0))
			return bad(e, "linux.namespaces: joining by path cannot be honoured");
		*(path ? &s->joined : &s->namespaces) |= flag;
	}
	return 0;
}

static int parse_sysctls(struct spec *s, struct err *e)
{
	json_t *all = json_at(s->doc, "linux.sysctl"), *v;
	const char *key;
	struct strv out = { 0 };

	if (all && !json_is_object(all))
		return bad(e, "linux.sysctl");
	json_object_foreach(all, key, v)
	{
		int r = json_is_string(v) ? strv_addf(&out, "%s=%s", key, json_string_value(v))
		                          : -EINVAL;

		if (r < 0) {
			strv_done(&out);
			return r == -ENOMEM ? err_oom(e) : bad(e, "linux.sysctl");
		}
	}
	s->pool = out;
	s->sysctls = out.v;
	return 0;
}

static int parse_annotations(struct spec *s, struct err *e)
{
	const json_t *notes = json_at(s->doc, "annotations");
	const char *seccomp = NULL, *keep = NULL;
	int r;

	if (notes && !json_is_object(notes))
		return bad(e, "annotations");
	r = text_of(notes, SPEC_ANNOTATION_USER, &s->user, e);
	if (r == 0)
		r = text_of(notes, SPEC_ANNOTATION_SECCOMP, &seccomp, e);
	if (r == 0)
		r = text_of(notes, SPEC_ANNOTATION_GROUPS, &s->group_names, e);
	if (r == 0)
		r = text_of(notes, SPEC_ANNOTATION_KEEP_GROUPS, &keep, e);
	if (r < 0)
		return r;
	s->keep_groups = keep && !strcmp(keep, "1");
	if (seccomp && strcmp(seccomp, "default") != 0 && strcmp(seccomp, "unconfined") != 0)
		return bad(e, "annotation " SPEC_ANNOTATION_SECCOMP);
	s->default_seccomp = seccomp && !strcmp(seccomp, "default");
	return 0;
}

static bool is_empty(const json_t *v)
{
	return json_is_string(v) ? !*json_string_value(v)
	                         : (json_is_array(v) && !json_array_size(v)) ||
	                                   (json_is_object(v) && !json_object_size(v));
}

/* What the specification knows and nothing here carries out yet. To start without it would be a
 * promise broken in silence. */
static int refuse_others(const struct spec *s, struct err *e)
{
	static const char *const fields[] = {
		"hooks",
		"linux.cgroupsPath",
		"linux.devices",
		"linux.intelRdt",
		"linux.mountLabel",
		"linux.personality",
		"linux.rootfsPropagation",
		"linux.seccomp",
		"linux.timeOffsets",
		"process.apparmorProfile",
		"process.execCPUAffinity",
		"process.ioPriority",
		"process.scheduler",
		"process.selinuxLabel",
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const json_t *v = json_at(s->doc, fields[i]);

		if (v && !is_empty(v))
			return err_set(e, UCT_BAD_CONFIG, -EINVAL,
			               "config.json: %s cannot be honoured", fields[i]);
	}
	return 0;
}

int spec_id_map(const json_t *list, struct id_map *ret, struct err *e)
{
	const json_t *j;
	size_t i;

	*ret = (struct id_map){ .n = 0 };
	if (list && !json_is_array(list))
		return bad(e, "an id map is not a list");
	json_array_foreach(list, i, j)
	{
		uint32_t inside = 0, outside = 0, count = 0;
		int r = id_of(j, "containerID", &inside, e);

		if (r == 0)
			r = id_of(j, "hostID", &outside, e);
		if (r == 0)
			r = id_of(j, "size", &count, e);
		if (r < 0)
			return r;
		if (id_map_add(ret, inside, outside, count) < 0)
			return bad(e, "an id is mapped twice, or the map is too long");
	}
	return 0;
}

static int parse_id_maps(struct spec *s, struct err *e)
{
	int r = spec_id_map(json_at(s->doc, "linux.uidMappings"), &s->ids.uids, e);

	if (r == 0)
		r = spec_id_map(json_at(s->doc, "linux.gidMappings"), &s->ids.gids, e);
	if (r == 0 && !s->ids.uids.n != !s->ids.gids.n)
		r = bad(e, "uidMappings and gidMappings belong together");
	return r;
}

static int parse_linux(struct spec *s, struct err *e)
{
	int r = parse_namespaces(s, e);

	if (r == 0)
		r = parse_id_maps(s, e);

	if (r == 0)
		r = parse_sysctls(s, e);
	if (r == 0)
		r = strings_of(json_at(s->doc, "linux.maskedPaths"), "linux.maskedPaths",
		               &s->masked_paths, e);
	if (r == 0)
		r = strings_of(json_at(s->doc, "linux.readonlyPaths"), "linux.readonlyPaths",
		               &s->readonly_paths, e);
	return r < 0 ? r : resources_parse(json_at(s->doc, "linux.resources"), &s->resources, e);
}

int spec_parse(const char *text, size_t n, struct spec *ret, struct err *e)
{
	struct spec s = { 0 };
	int r = json_parse(text, n, SPEC_FILE, &s.doc, e);

	if (r < 0)
		return err_recode(e, r, UCT_BAD_CONFIG);
	r = parse_process(&s, e);
	if (r == 0)
		r = parse_mounts(&s, e);
	if (r == 0)
		r = parse_linux(&s, e);
	if (r == 0)
		r = parse_annotations(&s, e);
	if (r == 0)
		r = refuse_others(&s, e);
	if (r == 0)
		r = MIN(json_get_string(s.doc, "hostname", &s.hostname, e), 0);
	if (r == 0)
		r = MIN(json_get_string(s.doc, "domainname", &s.domainname, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(s.doc, "root.readonly", &s.root_readonly, e), 0);
	if (r < 0) {
		spec_done(&s);
		return err_recode(e, r, UCT_BAD_CONFIG);
	}
	*ret = s;
	return 0;
}

void spec_done(struct spec *s)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		cleanup_free(&s->mounts[i].options);
	for (size_t i = 0; i < SPEC_CAPABILITY_SETS; i++)
		cleanup_free(&s->capabilities[i]);
	cleanup_free(&s->mounts);
	cleanup_free(&s->args);
	cleanup_free(&s->env);
	cleanup_free(&s->masked_paths);
	cleanup_free(&s->readonly_paths);
	strv_done(&s->pool);
	strv_done(&s->resources);
	json_decref(s->doc);
	*s = (struct spec){ 0 };
}
