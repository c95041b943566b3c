/* SPDX-License-Identifier: Apache-2.0 */
/* old - the images of an archive that docker before 1.10 wrote
 *
 * Such an archive has no manifest.json. Each layer is a directory ID with layer.tar and json, which
 * names the parent's ID; `repositories` says which ID a name means. The highest layer's json is the
 * image's configuration, but for the list of layers and the history, which are made here.
 */
#include "load.h"

#include "base/sbuf.h"
#include "image/descriptor.h"

#include <string.h>

enum { IMAGES_MAX = 4096, ID_BYTES = 256 };

/* The layers of one image, lowest first. */
struct chain {
	json_t *names;   /* "ID/layer.tar" */
	json_t *history; /* as an image's configuration has it */
	json_t *top;     /* json of the highest */
};

static void chain_done(struct chain *c)
{
	json_decref(c->names);
	json_decref(c->history);
	json_decref(c->top);
}

static int bad(const char *id, const char *why, struct err *e)
{
	return NO_ARCHIVE(e, "layer '%.64s' of the archive %s", id, why);
}

static int read_layer(struct load *l, const char *id, json_t **ret, struct err *e)
{
	_cleanup_free_ char *name = strf("%s/json", id);
	struct entry *x = name ? entry_find(l, name) : NULL;

	if (!name)
		return err_oom(e);
	if (strchr(id, '/') || !x || !x->text)
		return bad("?", "is not in it", e);
	if (!json_is_modest(x->text, x->text_len) ||
	    json_parse(x->text, x->text_len, "json", ret, NULL) < 0 || !json_is_object(*ret))
		return bad(id, "has no valid json", e);
	return 0;
}

/* "/bin/sh -c #(nop) CMD [...]" */
static json_t *created_by(const json_t *layer)
{
	const json_t *words = json_object_get(json_object_get(layer, "container_config"), "Cmd");
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(MANIFEST_MAX_BYTES);
	const json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		const char *text = json_string_value(word);

		sbuf_addf(&b, "%s%s", i ? " " : "", text ? text : "");
	}
	return json_string(b.s ? b.s : "");
}

static json_t *history_of(const json_t *layer)
{
	static const char *const same[] = { "created", "author", "comment" };
	json_t *h = json_object();

	for (size_t i = 0; h && i < ARRAY_SIZE(same); i++)
		if (json_is_string(json_object_get(layer, same[i])))
			(void)json_object_set(h, same[i], json_object_get(layer, same[i]));
	if (h)
		(void)json_object_set_new(h, "created_by", created_by(layer));
	return h;
}

/* From the highest layer down. */
static int follow(struct load *l, const char *top, struct chain *c, struct err *e)
{
	char id[ID_BYTES];
	int r = 0;

	if (strlen(top) >= sizeof(id))
		return bad("?", "has too long a name", e);
	memcpy(id, top, strlen(top) + 1);
	for (size_t n = 0; r == 0; n++) {
		_cleanup_json_ json_t *layer = NULL;
		const char *parent;

		if (n == IMAGE_LAYERS_MAX)
			return bad(id, "has too many layers below it", e);
		r = read_layer(l, id, &layer, e);
		if (r < 0)
			break;
		if (n == 0)
			c->top = json_incref(layer);
		if (json_array_insert_new(c->names, 0, json_sprintf("%s/layer.tar", id)) < 0 ||
		    json_array_insert_new(c->history, 0, history_of(layer)) < 0)
			return err_oom(e);
		parent = json_string_value(json_object_get(layer, "parent"));
		if (!parent || !*parent)
			break;
		if (strlen(parent) >= sizeof(id))
			return bad(id, "names a parent that cannot be one", e);
		memcpy(id, parent, strlen(parent) + 1);
	}
	return r;
}

/* What docker added for itself goes; what an image has now comes. */
static int make_config(struct load *l, struct chain *c, struct entry *ret, struct err *e)
{
	static const char *const dropped[] = { "id",       "parent",    "Size",   "parent_id",
		                               "layer_id", "throwaway", "rootfs", "history" };
	_cleanup_free_ char *text = NULL;
	json_t *diff_ids = json_array();
	const json_t *name;
	char digest[72];
	size_t i;
	int r = 0;

	json_array_foreach(c->names, i, name)
	{
		struct entry *x = entry_find(l, json_string_value(name));

		r = x && x->digest[0] ? blob_plain_digest(l, x, digest, e)
		                      : bad(json_string_value(name), "is not in it", e);
		if (r < 0)
			break;
		(void)json_array_append_new(diff_ids, json_string(digest));
	}
	for (i = 0; i < ARRAY_SIZE(dropped); i++)
		(void)json_object_del(c->top, dropped[i]);
	if (!json_object_get(c->top, "os"))
		(void)json_object_set_new(c->top, "os", json_string("linux"));
	if (json_object_set_new(c->top, "rootfs",
	                        json_pack("{s:s, s:o}", "type", "layers", "diff_ids", diff_ids)) <
	            0 ||
	    json_object_set(c->top, "history", c->history) < 0)
		return r < 0 ? r : err_oom(e);
	if (r == 0)
		r = json_print(c->top, false, &text, e);
	if (r < 0)
		return r;
	ret->size_bytes = strlen(text);
	return spool_text(l, text, strlen(text), ret->digest, e);
}

static int make_image(struct load *l, const char *id, char ret_digest[72], struct err *e)
{
	struct chain c = { .names = json_array(), .history = json_array() };
	struct entry config = { 0 };
	int r = c.names && c.history ? follow(l, id, &c, e) : err_oom(e);

	if (r == 0)
		r = make_config(l, &c, &config, e);
	if (r == 0)
		r = docker_manifest(l, &config, c.names, ret_digest, e);
	chain_done(&c);
	return r;
}

/* All names of one image, one after the other. */
static int send_names(struct load *l, const json_t *repositories, const char *id,
                      const char *manifest, struct err *e)
{
	json_t *all = (json_t *)(uintptr_t)repositories, *tags, *value;
	const char *repository, *tag;
	int r = 0;

	json_object_foreach(all, repository, tags)
	{
		json_object_foreach(tags, tag, value)
		{
			_cleanup_free_ char *name = NULL;

			if (!json_is_string(value) || strcmp(json_string_value(value), id) != 0)
				continue;
			name = strf("%s:%s", repository, tag);
			if (name && strlen(name) < sizeof(((struct load_image *)0)->name))
				r = send_image(l, manifest, name, e);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int old_images(struct load *l, struct err *e)
{
	struct entry *x = entry_find(l, "repositories");
	_cleanup_json_ json_t *repositories = NULL, *seen = json_object();
	json_t *tags, *value;
	const char *repository, *tag, *id;
	char manifest[72];
	int r = 0;

	if (!x || !x->text)
		return -ENOENT;
	if (!seen || !json_is_modest(x->text, x->text_len) ||
	    json_parse(x->text, x->text_len, "repositories", &repositories, NULL) < 0 ||
	    !json_is_object(repositories))
		return NO_ARCHIVE(e, "'repositories' of the archive is not valid");
	json_object_foreach(repositories, repository, tags)
	{
		json_object_foreach(tags, tag, value)
		{
			id = json_string_value(value);
			if (!id || json_object_size(seen) > IMAGES_MAX)
				return NO_ARCHIVE(e, "'repositories' of the archive is not valid");
			if (json_object_get(seen, id))
				continue;
			(void)json_object_set_new(seen, id, json_true());
			l->number = (uint32_t)json_object_size(seen) - 1;
			r = make_image(l, id, manifest, e);
			if (r == 0)
				r = send_names(l, repositories, id, manifest, e);
			if (r < 0)
				return r;
		}
	}
	return r;
}
