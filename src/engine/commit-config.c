/* SPDX-License-Identifier: Apache-2.0 */
/* commit-config - configuration and manifest of an image that was made from a container */
#include "engine/commit.h"

#include "base/clock.h"
#include "base/sbuf.h"
#include "container/spec.h"

#include <string.h>

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

static int put(json_t *o, const char *key, json_t *value, struct err *e)
{
	return value && json_object_set_new(o, key, value) == 0 ? 0 : err_oom(e);
}

static bool starts_with(const json_t *args, const json_t *beginning)
{
	size_t n = json_array_size(beginning);

	for (size_t i = 0; i < n; i++)
		if (!json_equal(json_array_get(args, i), json_array_get(beginning, i)))
			return false;
	return n <= json_array_size(args);
}

static json_t *slice(const json_t *a, size_t from, size_t to)
{
	json_t *ret = json_array();

	for (size_t i = from; i < to && i < json_array_size(a); i++)
		(void)json_array_append(ret, json_array_get(a, i));
	return ret;
}

/* The container only knows the words it runs. What the image's entry point begins them with stays
 * its entry point; another one was given as --entrypoint. */
static int take_command(json_t *config, const json_t *args, struct err *e)
{
	const json_t *entrypoint = json_object_get(config, "Entrypoint");
	size_t n = json_array_size(entrypoint);
	int r = 0;

	if (n > 0 && !starts_with(args, entrypoint)) {
		n = 1;
		r = put(config, "Entrypoint", slice(args, 0, 1), e);
	}
	if (r < 0)
		return r;
	if (n == json_array_size(args)) {
		(void)json_object_del(config, "Cmd");
		return 0;
	}
	return put(config, "Cmd", slice(args, n, json_array_size(args)), e);
}

static bool is_in(const json_t *list, const char *assignment)
{
	size_t n = (size_t)(strchrnul(assignment, '=') - assignment), i;
	const json_t *v;

	json_array_foreach(list, i, v)
	{
		const char *s = json_string_value(v);

		if (s && !strncmp(s, assignment, n) && (s[n] == '=' || !s[n]))
			return true;
	}
	return false;
}

/* What a container gets from its start, and not from anybody's wish. */
static bool is_of_the_start(const char *assignment)
{
	static const char *const names[] = { "HOSTNAME=", "HOME=", "TERM=", "container=" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(assignment, names[i], strlen(names[i])))
			return true;
	return false;
}

static int take_env(json_t *config, const json_t *env, struct err *e)
{
	const json_t *old = json_object_get(config, "Env"), *v;
	json_t *now = json_array();
	size_t i;

	json_array_foreach(env, i, v)
	{
		const char *s = json_string_value(v);

		if (s && (is_in(old, s) || !is_of_the_start(s)))
			(void)json_array_append_new(now, json_string(s));
	}
	return put(config, "Env", now, e);
}

static int take_labels(json_t *config, const json_t *notes, struct err *e)
{
	json_t *labels = json_object_get(config, "Labels"), *v;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)notes, key, v)
	{
		if (!strncmp(key, "io.usr-ct.", 10) || !json_is_string(v))
			continue;
		if (!json_is_object(labels)) {
			if (put(config, "Labels", json_object(), e) < 0)
				return -ENOMEM;
			labels = json_object_get(config, "Labels");
		}
		if (json_object_set(labels, key, v) < 0)
			return err_oom(e);
	}
	return 0;
}

/* What the container was made with. */
static int take_settings(json_t *config, const json_t *spec, struct err *e)
{
	const json_t *args = json_at(spec, "process.args"), *notes = json_at(spec, "annotations");
	const char *cwd = json_string_value(json_at(spec, "process.cwd"));
	const char *user = json_string_value(json_object_get(notes, SPEC_ANNOTATION_USER));
	int r = take_command(config, args, e);

	if (r == 0)
		r = take_env(config, json_at(spec, "process.env"), e);
	if (r == 0 && cwd && (strcmp(cwd, "/") != 0 || json_object_get(config, "WorkingDir")))
		r = put(config, "WorkingDir", json_string(cwd), e);
	if (r == 0 && user)
		r = put(config, "User", json_string(user), e);
	return r < 0 ? r : take_labels(config, notes, e);
}

static char *command_line(const json_t *args)
{
	struct sbuf b = SBUF_INIT(64 << 10);
	const json_t *v;
	char *s = NULL;
	size_t i;

	json_array_foreach(args, i, v) sbuf_addf(&b, "%s%s", i ? " " : "", json_string_value(v));
	if (sbuf_take(&b, &s) < 0)
		sbuf_done(&b);
	return s;
}

static json_t *array_of(json_t *o, const char *key)
{
	json_t *a = json_object_get(o, key);

	if (json_is_array(a))
		return a;
	(void)json_object_set_new(o, key, json_array());
	return json_object_get(o, key);
}

static int add_history(json_t *image, const struct commit_input *in, const char *created,
                       struct err *e)
{
	_cleanup_free_ char *line = command_line(json_at(in->spec, "process.args"));
	json_t *entry = json_pack("{s:s, s:s}", "created", created, "created_by", line ? line : "");
	int r = entry ? 0 : err_oom(e);

	if (r == 0 && in->opts->author)
		r = put(entry, "author", json_string(in->opts->author), e);
	if (r == 0 && in->opts->message)
		r = put(entry, "comment", json_string(in->opts->message), e);
	if (r < 0) {
		json_decref(entry);
		return r;
	}
	return json_array_append_new(array_of(image, "history"), entry) < 0 ? err_oom(e) : 0;
}

int commit_config(json_t *image, const struct commit_input *in, struct err *e)
{
	const char *const *change = in->opts->changes;
	json_t *config = json_object_get(image, "config"), *rootfs;
	char created[RFC3339_SIZE];
	bool has_cmd = false;
	int r = 0;

	if (!json_is_object(config)) {
		r = put(image, "config", json_object(), e);
		config = json_object_get(image, "config");
	}
	/* Docker's record of how the old image was made says nothing about this one. */
	(void)json_object_del(image, "container");
	(void)json_object_del(image, "container_config");
	clock_rfc3339(in->now_ns, created);
	if (r == 0)
		r = put(image, "created", json_string(created), e);
	if (r == 0 && in->opts->author)
		r = put(image, "author", json_string(in->opts->author), e);
	if (r == 0)
		r = take_settings(config, in->spec, e);
	for (; r == 0 && change && *change; change++)
		r = commit_change(config, *change, &has_cmd, e);
	if (r == 0)
		r = add_history(image, in, created, e);
	rootfs = json_object_get(image, "rootfs");
	if (r == 0 && !json_is_object(rootfs))
		r = err_set(e, UCT_BAD_MANIFEST, -EINVAL, "the image's config has no rootfs");
	if (r == 0 &&
	    json_array_append_new(array_of(rootfs, "diff_ids"), json_string(in->diff_id)) < 0)
		r = err_oom(e);
	return r;
}

/* The same content under the other family's name. What has none there keeps its own. */
static const char *layer_type(const char *type, enum usrct_manifest_format format)
{
	static const struct {
		const char *oci, *docker;
	} pairs[] = {
		{ OCI "layer.v1.tar+gzip", DOCKER "image.rootfs.diff.tar.gzip" },
		{ OCI "layer.v1.tar", DOCKER "image.rootfs.diff.tar" },
		{ OCI "layer.v1.tar+zstd", DOCKER "image.rootfs.diff.tar.zstd" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!strcmp(type, pairs[i].oci) || !strcmp(type, pairs[i].docker))
			return format == USRCT_MANIFEST_DOCKER ? pairs[i].docker : pairs[i].oci;
	return type;
}

int commit_manifest(const json_t *old, const struct commit_blobs *b,
                    enum usrct_manifest_format format, json_t **ret, struct err *e)
{
	bool is_docker = format == USRCT_MANIFEST_DOCKER;
	_cleanup_json_ json_t *layers = json_array();
	const json_t *list = json_object_get(old, "layers"), *v;
	size_t i;

	json_array_foreach(list, i, v)
	{
		json_t *copy = json_copy((json_t *)(uintptr_t)v);
		const char *type = json_string_value(json_object_get(v, "mediaType"));

		if (!copy || !type ||
		    put(copy, "mediaType", json_string(layer_type(type, format)), e) < 0 ||
		    json_array_append_new(layers, copy) < 0)
			return err_set(e, UCT_BAD_MANIFEST, -EINVAL,
			               "the image's manifest has a layer without a type");
	}
	if (json_array_append_new(layers, json_pack("{s:s, s:s, s:I}", "mediaType",
	                                            layer_type(OCI "layer.v1.tar+gzip", format),
	                                            "digest", b->layer_digest, "size",
	                                            (json_int_t)b->layer_bytes)) < 0)
		return err_oom(e);
	*ret = json_pack(
		"{s:i, s:s, s:{s:s, s:s, s:I}, s:O}", "schemaVersion", 2, "mediaType",
		is_docker ? DOCKER "distribution.manifest.v2+json" : OCI "manifest.v1+json",
		"config", "mediaType",
		is_docker ? DOCKER "container.image.v1+json" : OCI "config.v1+json", "digest",
		b->config_digest, "size", (json_int_t)b->config_bytes, "layers", layers);
	return *ret ? 0 : err_oom(e);
}
