/* SPDX-License-Identifier: Apache-2.0 */
/* mount-list - mounts as a whole: their order, those of another container, their directories */
#include "engine/mount-add.h"

#include "base/array.h"
#include "base/file.h"
#include "base/sbuf.h"
#include "container/spec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const char *target_of(const json_t *mount)
{
	const char *s = json_string_value(json_object_get(mount, "destination"));

	return s ? s : "";
}

static const json_t *find_target(const json_t *list, const char *target)
{
	const json_t *m;
	size_t i;

	json_array_foreach(list, i, m) if (!strcmp(target_of(m), target)) return m;
	return NULL;
}

bool mount_has_target(const json_t *list, const char *target)
{
	return find_target(list, target) != NULL;
}

/* --- order */

static size_t depth_of(const json_t *mount)
{
	size_t n = 0;

	for (const char *s = target_of(mount); *s; s++)
		n += *s == '/';
	return n;
}

int mounts_sort(json_t *list, struct err *e)
{
	size_t n = json_array_size(list);

	/* By insertion: there are few, and equals keep their order. */
	for (size_t i = 1; i < n; i++) {
		json_t *m = json_incref(json_array_get(list, i));
		size_t at = i;

		while (at > 0 && depth_of(json_array_get(list, at - 1)) > depth_of(m))
			at--;
		(void)json_array_remove(list, i);
		(void)json_array_insert_new(list, at, m);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			const char *target = target_of(json_array_get(list, i));

			if (!strcmp(target, target_of(json_array_get(list, k))))
				return err_set(e, UCT_BAD_MOUNT, -EINVAL,
				               "two mounts have the target '%s'", target);
		}
	return 0;
}

/* --- --volumes-from */

/* "CONTAINER[:ro|rw|z|Z]" */
static int split(const char *text, char **ret_container, const char **ret_mode, struct err *e)
{
	const char *colon = strchr(text, ':');

	*ret_mode = colon ? colon + 1 : "";
	if (**ret_mode && strcmp(*ret_mode, "ro") != 0 && strcmp(*ret_mode, "rw") != 0 &&
	    strcmp(*ret_mode, "z") != 0 && strcmp(*ret_mode, "Z") != 0)
		return err_hint(e,
		                err_set(e, UCT_BAD_MOUNT, -EINVAL,
		                        "--volumes-from '%s': unknown option '%s'", text,
		                        *ret_mode),
		                "it is ro, rw, z or Z");
	*ret_container = strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	return *ret_container ? 0 : err_oom(e);
}

/* What was read-only stays so; ro makes the others so too. */
static int copy_entry(const json_t *mount, bool is_read_only, json_t *list, struct err *e)
{
	json_t *copy = json_deep_copy(mount);
	json_t *options = json_object_get(copy, "options");

	if (copy && is_read_only && (!options || json_array_append_new(options, json_string("ro"))))
		return err_oom(e);
	return copy && json_array_append_new(list, copy) == 0 ? 0 : err_oom(e);
}

static int take_one(struct mount_plan *p, const json_t *spec_mounts, const json_t *described,
                    const char *mode, struct err *e)
{
	const char *type = json_string_value(json_object_get(described, "type"));
	const char *name = json_string_value(json_object_get(described, "name"));
	const json_t *mount = find_target(spec_mounts, target_of(described));
	json_t *copy;
	int r;

	/* As Docker: what lies in memory, and images, are not another's to have. */
	if (!type || (strcmp(type, "bind") != 0 && strcmp(type, "volume") != 0) || !mount ||
	    strcmp(json_string_value(json_object_get(mount, "type")), "bind") != 0 ||
	    mount_has_target(p->list, target_of(described)))
		return 0;
	r = copy_entry(mount, !strcmp(mode, "ro"), p->list, e);
	if (r < 0)
		return r;
	copy = json_deep_copy(described);
	if (!copy || (*mode && json_object_set_new(copy, "mode", json_string(mode)) < 0) ||
	    json_array_append_new(p->described, copy) < 0)
		return err_oom(e);
	if (!name)
		return 0;
	if (strv_add(&p->names, name) < 0 ||
	    array_grow(&p->uses, p->n_uses, &p->cap_uses, sizeof(*p->uses)) < 0)
		return err_oom(e);
	p->uses[p->n_uses++] =
		(struct container_use){ USE_VOLUME, p->names.v[p->names.n - 1], NULL };
	return 0;
}

int mount_add_from(struct mount_plan *p, const char *text, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	_cleanup_json_ json_t *spec = NULL, *plan = NULL;
	_cleanup_free_ char *container = NULL;
	const char *mode = NULL;
	const json_t *v;
	size_t i;
	int r = split(text, &container, &mode, e);

	if (r == 0)
		r = target_open(p->u, container, STORE_READ, &t, e);
	if (r == 0)
		r = json_read_at(t.dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e);
	if (r == 0)
		r = json_read_at(t.dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);
	if (r < 0)
		return r;
	json_array_foreach(json_object_get(plan, "mounts"), i, v) if (r == 0) r =
		take_one(p, json_object_get(spec, "mounts"), v, mode, e);
	return r;
}

/* --- places of overlays */

static int make_place(int dirfd, size_t n, struct err *e)
{
	static const char *const parts[] = { "", "/upper", "/work", "/root" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *path = strf("mounts/%zu%s", n, parts[i]);

		if (!path)
			return err_oom(e);
		if (mkdirat(dirfd, path, 0755) < 0 || fchmodat(dirfd, path, 0755, 0) < 0)
			return err_sys(e, "cannot make '%s'", path);
	}
	return 0;
}

int mounts_make_places(struct usrct *u, int container_dirfd, const json_t *plan, struct err *e)
{
	json_int_t n = json_integer_value(json_at(plan, "overlays"));
	int r = 0;

	if (n <= 0)
		return 0;
	/* What overlayfs left in work/ belongs to nobody that we are. */
	r = engine_remove_tree(container_dirfd, "mounts", u, e);
	if (r == 0 && mkdirat(container_dirfd, "mounts", 0700) < 0)
		r = err_sys(e, "cannot make the container's directory 'mounts'");
	for (json_int_t i = 0; i < n && i < SPEC_MOUNTS_MAX && r == 0; i++)
		r = make_place(container_dirfd, (size_t)i, e);
	return r;
}
