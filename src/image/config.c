/* SPDX-License-Identifier: Apache-2.0 */
/* config - an image's configuration: what to run and which tars its layers are */
#include "base/clock.h"
#include "image/descriptor.h"
#include "image/digest.h"

#include <stdio.h>
#include <string.h>

/* No real image comes near; it keeps quadratic work over a hostile one small. */
enum { LIST_MAX = 4096 };

static int bad(struct err *e, const char *path, const char *why)
{
	return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "'%s' %s", path, why);
}

/* null, absent and empty are the same: nothing said. */
static int parse_strings(const json_t *j, const char *path, struct strv *ret, struct err *e)
{
	const json_t *a = json_at(j, path), *item;
	size_t i;

	if (!a)
		return 0;
	if (!json_is_array(a))
		return bad(e, path, "is not an array of strings");
	if (json_array_size(a) > LIST_MAX)
		return bad(e, path, "has too many elements");
	for (i = 0; i < json_array_size(a); i++) {
		item = json_array_get(a, i);
		if (!json_is_string(item))
			return bad(e, path, "is not an array of strings");
		if (strv_add(ret, json_string_value(item)) < 0)
			return err_oom(e);
	}
	return 0;
}

/* The specification has only arrays; docker reads a string as an array of it, not as a shell's
 * line. */
static int parse_words(const json_t *j, const char *path, struct strv *ret, struct err *e)
{
	const char *text = json_string_value(json_at(j, path));

	if (!text)
		return parse_strings(j, path, ret, e);
	return !*text || strv_add(ret, text) >= 0 ? 0 : err_oom(e);
}

/* An entry without '=' would mean "as in the engine's environment" on a command line; in an image
 * it means nothing, and execve(2) would hand it on as it is. It is left out. */
static int parse_env(const json_t *j, struct strv *ret, struct err *e)
{
	_cleanup_strv_ struct strv all = { 0 };
	int r = parse_strings(j, "config.Env", &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		const char *eq = strchr(all.v[i], '=');

		if (!eq || eq == all.v[i])
			continue;
		if (strv_env_set(ret, all.v[i]) < 0)
			return err_oom(e);
	}
	return r;
}

/* Volumes is a set written as an object: {"/data": {}}. */
static int parse_volumes(const json_t *j, struct strv *ret, struct err *e)
{
	const json_t *o = json_at(j, "config.Volumes");
	void *it;

	if (!o)
		return 0;
	if (!json_is_object(o))
		return bad(e, "config.Volumes", "is not an object");
	if (json_object_size(o) > LIST_MAX)
		return bad(e, "config.Volumes", "has too many elements");
	for (it = json_object_iter((json_t *)(uintptr_t)o); it;
	     it = json_object_iter_next((json_t *)(uintptr_t)o, it))
		if (strv_add(ret, json_object_iter_key(it)) < 0)
			return err_oom(e);
	return 0;
}

static int parse_labels(const json_t *j, struct strv *ret, struct err *e)
{
	const json_t *o = json_at(j, "config.Labels");
	void *it;

	if (!o)
		return 0;
	if (!json_is_object(o))
		return bad(e, "config.Labels", "is not an object");
	if (json_object_size(o) > LIST_MAX)
		return bad(e, "config.Labels", "has too many elements");
	for (it = json_object_iter((json_t *)(uintptr_t)o); it;
	     it = json_object_iter_next((json_t *)(uintptr_t)o, it)) {
		const json_t *v = json_object_iter_value(it);

		if (!json_is_string(v))
			return bad(e, "config.Labels", "has a value that is not a string");
		if (strv_addf(ret, "%s=%s", json_object_iter_key(it), json_string_value(v)) < 0)
			return err_oom(e);
	}
	return 0;
}

/* Empty means not said, as Docker writes it. */
static int parse_heap_text(const json_t *j, const char *path, char **ret, struct err *e)
{
	const char *s;
	int r = json_get_string(j, path, &s, e);

	if (r <= 0 || !*s)
		return r < 0 ? r : 0;
	*ret = strdup(s);
	return *ret ? 0 : err_oom(e);
}

static int parse_diff_ids(const json_t *j, struct image_config *c, struct err *e)
{
	const json_t *a = json_at(j, "rootfs.diff_ids");
	size_t n;

	if (!a)
		return bad(e, "rootfs.diff_ids", "is missing");
	if (!json_is_array(a))
		return bad(e, "rootfs.diff_ids", "is not an array");
	n = json_array_size(a);
	if (n > IMAGE_LAYERS_MAX)
		return bad(e, "rootfs.diff_ids", "has too many elements");
	c->diff_ids = calloc(n + 1, sizeof(*c->diff_ids));
	if (!c->diff_ids)
		return err_oom(e);
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(a, i));

		if (!s || !digest_is_valid(s))
			return bad(e, "rootfs.diff_ids",
			           "has an element that is not a sha256 digest");
		memcpy(c->diff_ids[i], s, sizeof(*c->diff_ids));
	}
	c->n_diff_ids = n;
	return 0;
}

static int parse_machine(const json_t *j, struct image_config *c, struct err *e)
{
	const char *created;
	uint64_t ns;
	int r;

	r = document_text(j, "os", c->os, sizeof(c->os), e);
	if (r >= 0)
		r = document_text(j, "architecture", c->architecture, sizeof(c->architecture), e);
	if (r >= 0)
		r = document_text(j, "variant", c->variant, sizeof(c->variant), e);
	if (r >= 0)
		r = json_get_string(j, "created", &created, e);
	if (r <= 0)
		return r;
	/* Only shown to people: Go's zero year 1 and other nonsense count as unknown. */
	c->created_ns = clock_parse_rfc3339(created, &ns) == 0 ? ns : 0;
	return 0;
}

static int parse_count(const json_t *j, const char *path, uint64_t *ret, struct err *e)
{
	json_int_t n = 0;
	int r = json_get_int(j, path, &n, e);

	*ret = n > 0 ? (uint64_t)n : 0;
	return MIN(r, 0);
}

static int parse_health(const json_t *j, struct image_health *h, struct err *e)
{
	int r;

	if (json_at(j, "config.Healthcheck") && !json_is_object(json_at(j, "config.Healthcheck")))
		return bad(e, "config.Healthcheck", "is not an object");
	r = parse_strings(j, "config.Healthcheck.Test", &h->test, e);
	if (r == 0)
		r = parse_count(j, "config.Healthcheck.Interval", &h->interval_ns, e);
	if (r == 0)
		r = parse_count(j, "config.Healthcheck.Timeout", &h->timeout_ns, e);
	if (r == 0)
		r = parse_count(j, "config.Healthcheck.StartPeriod", &h->start_period_ns, e);
	if (r == 0)
		r = parse_count(j, "config.Healthcheck.StartInterval", &h->start_interval_ns, e);
	if (r == 0)
		r = parse_count(j, "config.Healthcheck.Retries", &h->retries, e);
	return r;
}

static int parse_process(const json_t *j, struct image_config *c, struct err *e)
{
	int r;

	if (json_at(j, "config") && !json_is_object(json_at(j, "config")))
		return bad(e, "config", "is not an object");
	r = parse_heap_text(j, "config.User", &c->user, e);
	if (r >= 0)
		r = parse_heap_text(j, "config.WorkingDir", &c->workdir, e);
	if (r >= 0)
		r = parse_heap_text(j, "config.StopSignal", &c->stop_signal, e);
	if (r >= 0)
		r = parse_words(j, "config.Entrypoint", &c->entrypoint, e);
	if (r >= 0)
		r = parse_words(j, "config.Cmd", &c->cmd, e);
	if (r >= 0)
		r = parse_env(j, &c->env, e);
	if (r >= 0)
		r = parse_volumes(j, &c->volumes, e);
	if (r >= 0)
		r = parse_labels(j, &c->labels, e);
	if (r >= 0)
		r = parse_health(j, &c->health, e);
	return r;
}

int image_config_parse(const char *json, size_t n, struct image_config *ret, struct err *e)
{
	_cleanup_image_config_ struct image_config c = { 0 };
	_cleanup_json_ json_t *j = NULL;
	int r;

	if (n > CONFIG_MAX_BYTES)
		return err_set(e, UCT_BAD_MANIFEST, -EFBIG,
		               "the image config is larger than %d bytes", CONFIG_MAX_BYTES);
	r = document_parse(json, n, "image config", &j, e);
	if (r < 0)
		return r;
	r = parse_machine(j, &c, e);
	if (r >= 0)
		r = parse_process(j, &c, e);
	if (r >= 0)
		r = parse_diff_ids(j, &c, e);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return document_bad(e, r, "image config");
	*ret = c;
	c = (struct image_config){ 0 };
	return 0;
}

void image_config_done(struct image_config *c)
{
	free(c->user);
	free(c->workdir);
	free(c->stop_signal);
	strv_done(&c->entrypoint);
	strv_done(&c->cmd);
	strv_done(&c->env);
	strv_done(&c->volumes);
	strv_done(&c->labels);
	strv_done(&c->health.test);
	free(c->diff_ids);
	*c = (struct image_config){ 0 };
}
