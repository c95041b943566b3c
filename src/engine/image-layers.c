/* SPDX-License-Identifier: Apache-2.0 */
/* image-layers - what images consist of: history, and the tree of the layers that they share */
#include "engine/engine.h"

#include "base/json.h"
#include "image/reference.h"

#include <stdlib.h>
#include <string.h>

static json_t *familiar_names(const struct image_row *row)
{
	json_t *list = json_array();
	char familiar[600];

	for (char *const *name = row->names; name && *name; name++) {
		reference_familiar(*name, familiar, sizeof(familiar));
		(void)json_array_append_new(list, json_string(familiar));
	}
	return list;
}

/* --- history */

static const char *text_of(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text ? text : "";
}

/* A step, lowest first. @chain: NULL if it made no layer. */
static json_t *step_of(struct usrct *u, const json_t *entry, const char *chain)
{
	uint64_t size = 0;

	if (chain)
		(void)layer_find(u->store, chain, &size, NULL);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:[]}", "Id", "<missing>", "Created",
	                 text_of(entry, "created"), "CreatedBy", text_of(entry, "created_by"),
	                 "Comment", text_of(entry, "comment"), "Author", text_of(entry, "author"),
	                 "Size", (json_int_t)size, "EmptyLayer", !chain, "Tags");
}

/* Layers that the history does not tell of stand at its top, so that the sizes are complete. */
static int steps_of(struct usrct *u, const struct image_row *row, const json_t *history,
                    json_t *out, struct err *e)
{
	size_t used = 0, i;
	json_t *entry;

	json_array_foreach(history, i, entry)
	{
		bool is_empty = json_is_true(json_object_get(entry, "empty_layer"));
		const char *chain = is_empty || used >= row->n_chains ? NULL : row->chains[used++];

		if (json_array_insert_new(out, 0, step_of(u, entry, chain)) < 0)
			return err_oom(e);
	}
	for (; used < row->n_chains; used++)
		if (json_array_insert_new(out, 0, step_of(u, NULL, row->chains[used])) < 0)
			return err_oom(e);
	return 0;
}

static int history(struct usrct *u, const char *ref, json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *config = NULL, *out = json_array();
	struct image_row row = { 0 };
	json_t *top;
	int r = out ? engine_store(u, STORE_READ, e) : err_oom(e);

	if (r == 0)
		r = engine_need_image(u, ref, &row, e);
	if (r == 0)
		r = engine_image_config(u, row.id, &config, e);
	if (r == 0)
		r = steps_of(u, &row, json_object_get(config, "history"), out, e);
	top = json_array_get(out, 0);
	if (r == 0 && top) {
		(void)json_object_set_new(top, "Id", json_string(row.id));
		(void)json_object_set_new(top, "Tags", familiar_names(&row));
	}
	if (r == 0)
		*ret = json_incref(out);
	image_row_done(&row);
	return r;
}

int usrct_image_history(struct usrct *u, const char *reference, char **ret_json,
                        struct usrct_err *out)
{
	_cleanup_json_ json_t *j = NULL;
	struct err e = { 0 };
	int r = history(u, reference, &j, &e);

	if (r == 0)
		r = json_print(j, false, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}

/* --- tree */

static int add_layer(struct usrct *u, const struct image_row *row, size_t i, json_t *seen,
                     json_t *out, struct err *e)
{
	json_t *layer = json_object_get(seen, row->chains[i]);
	uint64_t size = 0;

	if (!layer) {
		(void)layer_find(u->store, row->chains[i], &size, NULL);
		layer = json_pack("{s:s, s:s, s:I, s:i, s:[]}", "Chain", row->chains[i], "Parent",
		                  i ? row->chains[i - 1] : "", "Size", (json_int_t)size, "Users", 0,
		                  "Images");
		if (!layer || json_array_append(out, layer) < 0 ||
		    json_object_set_new(seen, row->chains[i], layer) < 0)
			return err_oom(e);
	}
	(void)json_object_set_new(
		layer, "Users",
		json_integer(json_integer_value(json_object_get(layer, "Users")) + 1));
	if (i + 1 < row->n_chains)
		return 0;
	return json_array_append_new(json_object_get(layer, "Images"),
	                             json_pack("{s:s, s:o, s:I}", "Id", row->id, "Names",
	                                       familiar_names(row), "Size",
	                                       (json_int_t)row->size_bytes)) < 0
	               ? err_oom(e)
	               : 0;
}

static int add_image(struct usrct *u, const char *id, json_t *seen, json_t *out, struct err *e)
{
	struct image_row row = { 0 };
	int r = image_find(u->store, id, &row, e);

	for (size_t i = 0; r >= 0 && i < row.n_chains; i++)
		r = add_layer(u, &row, i, seen, out, e);
	image_row_done(&row);
	return MIN(r, 0); /* 0: it went meanwhile */
}

static int layers(struct usrct *u, json_t *out, struct err *e)
{
	_cleanup_json_ json_t *seen = json_object();
	struct image_row *rows = NULL;
	size_t n = 0;
	int r = seen ? engine_store(u, STORE_READ, e) : err_oom(e);

	if (r == 0)
		r = image_list(u->store, &rows, &n, e);
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = add_image(u, rows[i].id, seen, out, e);
		image_row_done(&rows[i]);
	}
	free(rows);
	return r;
}

int usrct_image_layers(struct usrct *u, char **ret_json, struct usrct_err *out)
{
	_cleanup_json_ json_t *j = json_array();
	struct err e = { 0 };
	int r = j ? layers(u, j, &e) : err_oom(&e);

	if (r == 0)
		r = json_print(j, false, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}
