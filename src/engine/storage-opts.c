/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/storage-opts.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* As they were said; the last of each counts. */
struct wishes {
	const char *backend, *size, *upper;
};

static int read_one(const char *text, struct wishes *w, struct err *e)
{
	const struct {
		const char *key;
		const char **ret;
	} keys[] = { { "mount_backend", &w->backend },
		     { "size", &w->size },
		     { "upper", &w->upper } };
	size_t n = strcspn(text, "=");

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (text[n] && strlen(keys[i].key) == n && !strncmp(keys[i].key, text, n)) {
			*keys[i].ret = text + n + 1;
			return 0;
		}
	return err_set(e, UCT_BAD_STORAGE_OPT, -EINVAL, "--storage-opt '%.100s': %s", text,
	               text[n] ? "there is no such key" : "it is not KEY=VALUE");
}

static int choose_upper(const struct wishes *w, struct storage *ret, struct err *e)
{
	uint64_t bytes = 0;

	if (w->size && (parse_size(w->size, &bytes) < 0 || bytes < 65536 || bytes > INT64_MAX))
		return err_set(e, UCT_BAD_STORAGE_OPT, -EINVAL,
		               "--storage-opt size=%.60s is no size of at least 64k", w->size);
	if (w->upper && strcmp(w->upper, "memory") != 0 && strcmp(w->upper, "disk") != 0)
		return err_set(e, UCT_BAD_STORAGE_OPT, -EINVAL,
		               "--storage-opt upper=%.60s is neither memory nor disk", w->upper);
	if (w->size && w->upper && !strcmp(w->upper, "disk"))
		return err_set(e, UCT_NO_STORAGE_SIZE, -EOPNOTSUPP,
		               "--storage-opt size=%.60s cannot be kept on a disk", w->size);
	ret->is_in_memory = w->size || (w->upper && !strcmp(w->upper, "memory"));
	if (w->size)
		(void)snprintf(ret->memory, sizeof(ret->memory), "size=%" PRIu64, bytes);
	return 0;
}

int storage_choose(struct usrct *u, const char *const *list, bool is_removed, struct storage *ret,
                   struct err *e)
{
	struct wishes w = { 0 };
	int r = 0;

	*ret = (struct storage){ 0 };
	for (; list && *list && r == 0; list++)
		r = read_one(*list, &w, e);
	if (r == 0)
		r = choose_upper(&w, ret, e);
	if (r == 0)
		r = engine_backend(u, w.backend, &ret->backend, e);
	if (r < 0 || !ret->is_in_memory)
		return r;
	if (!is_removed)
		return err_set(e, UCT_NO_STORAGE_SIZE, -EOPNOTSUPP,
		               "what a container writes into memory is gone when it ends, and this "
		               "one would stay");
	if (ret->backend != BACKEND_OVERLAY)
		return err_set(e, UCT_NO_STORAGE_SIZE, -EOPNOTSUPP,
		               "the mount back end %s cannot keep changes in memory",
		               backend_name(ret->backend));
	return 0;
}
