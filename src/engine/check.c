/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rebuild.h"

#include "store/pins.h"

#include <fcntl.h>
#include <string.h>

void check_step(struct checking *c, const char *what)
{
	if (c->o->progress)
		c->o->progress(what, c->o->arg);
}

void check_count(struct checking *c, const char *what, uint64_t n)
{
	json_int_t before = json_integer_value(json_object_get(c->checked, what));

	(void)json_object_set_new(c->checked, what, json_integer(before + (json_int_t)n));
}

int check_layer_number(const struct checking *c, const char *chain)
{
	for (size_t i = 0; i < c->n_layers; i++)
		if (!strcmp(c->layers[i].chain, chain))
			return (int)i;
	return -1;
}

/* By name, if it has one. */
static json_t *images_with(const struct checking *c, const char *chain)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_images && list; i++)
		for (size_t k = 0; k < c->images[i].n_chains; k++)
			if (!strcmp(c->images[i].chains[k], chain)) {
				char *const *names = c->images[i].names;

				(void)json_array_append_new(
					list, json_string(names && names[0] ? names[0]
				                                            : c->images[i].id));
				break;
			}
	return list;
}

json_t *check_problem(struct checking *c, const char *kind, const char *name, ssize_t layer,
                      const char *reason)
{
	json_t *p = json_pack("{s:s, s:s, s:s, s:s}", "Kind", kind, "Name", name, "Reason", reason,
	                      "State", "found");

	if (!p)
		return NULL;
	if (layer >= 0)
		(void)json_object_set_new(p, "Layer", json_string(c->layers[layer].chain));
	(void)json_object_set_new(
		p, "Images", layer >= 0 ? images_with(c, c->layers[layer].chain) : json_array());
	return json_array_append_new(c->problems, p) < 0 ? NULL : p;
}

static int read_images(struct checking *c, struct err *e)
{
	int r = image_list(c->u->store, &c->images, &c->n_images, e);

	for (size_t i = 0; i < c->n_images && r >= 0; i++) {
		struct image_row full = { 0 };

		r = image_find(c->u->store, c->images[i].id, &full, e);
		if (r == 1) {
			image_row_done(&c->images[i]);
			c->images[i] = full;
		}
	}
	check_count(c, "Images", c->n_images);
	return MIN(r, 0);
}

static int bad_row(const char *what, bool is_repaired, void *arg, struct err *e)
{
	struct checking *c = arg;
	json_t *p = check_problem(c, "row", "index.db", -1, what);

	if (!p)
		return err_oom(e);
	c->has_bad_pages = c->has_bad_pages || (c->o->repair && !is_repaired);
	return json_object_set_new(p, "State", json_string(is_repaired ? "repaired" : "found"));
}

/* What was said of pages of an index that is not there any more. */
static void settle_index(struct checking *c)
{
	json_t *p;
	size_t i;

	json_array_foreach(c->problems, i, p)
	{
		const char *kind = json_string_value(json_object_get(p, "Kind"));

		if (kind && !strcmp(kind, "row"))
			(void)json_object_set_new(p, "State", json_string("repaired"));
	}
}

/* Nothing is told apart in an index that SQLite cannot read; it is made anew, and so is one whose
 * pages are damaged: nobody knows what they said. */
static int check_rows(struct checking *c, struct err *e)
{
	struct err why = { 0 };
	int r;

	check_step(c, "index");
	r = store_verify(c->u->store, c->o->repair, bad_row, c, &why);
	if (r == 0 && !(c->o->repair && c->has_bad_pages))
		return 0;
	if (r < 0 && (why.uct != UCT_STORE_DAMAGED || !c->o->repair)) {
		if (e)
			*e = why;
		return r;
	}
	if (r < 0 && !check_problem(c, "row", "index.db", -1, why.msg))
		return err_oom(e);
	r = check_rebuild(c, c->has_bad_pages, e);
	if (r == 0)
		settle_index(c);
	return r < 0 ? r : store_verify(c->u->store, true, bad_row, c, e);
}

static int look(struct checking *c, struct err *e)
{
	int r = check_rows(c, e);

	if (r == 0)
		r = read_images(c, e);
	if (r == 0)
		r = layer_rows(c->u->store, &c->layers, &c->n_layers, e);
	c->bad = calloc(c->n_layers + 1, sizeof(*c->bad));
	if (r == 0 && !c->bad)
		r = err_oom(e);
	if (r == 0)
		r = check_indexes(c, e);
	if (r == 0)
		r = check_objects(c, e);
	if (r == 0)
		r = check_blobs(c, e);
	if (r == 0)
		r = check_trees(c, e);
	if (r == 0)
		r = check_containers(c, e);
	if (r == 0)
		r = check_volumes(c, e);
	if (r == 0)
		r = check_shared(c, e);
	if (r == 0 && c->o->repair)
		r = check_repair(c, e);
	if (r == 0)
		r = check_leaks(c, e);
	return r == 0 && c->o->repair ? check_clean(c, e) : r;
}

/* A pin if that can be: a store that nobody can write to changes by itself neither. */
static int open_store(struct checking *c, struct err *e)
{
	struct err why = { 0 };
	int r = engine_store(c->u, STORE_WRITE, &why);

	if (r == 0)
		r = pin_take(c->u->store, &why);
	if (r == 0)
		return 0;
	if (c->o->repair || (r != -EROFS && r != -EACCES && r != -ENOSPC && r != -EDQUOT)) {
		if (e)
			*e = why;
		return r;
	}
	store_close(c->u->store);
	c->u->store = NULL;
	return engine_store(c->u, STORE_READ, e);
}

/* Whether all is well, or was put right. */
static bool is_sound(const struct checking *c)
{
	const json_t *v;
	size_t i;

	json_array_foreach(c->problems, i,
	                   v) if (strcmp(json_string_value(json_object_get(v, "State")),
	                                 "repaired") != 0) return false;
	json_array_foreach(c->leaks, i,
	                   v) if (strcmp(json_string_value(json_object_get(v, "State")),
	                                 "removed") != 0) return false;
	return true;
}

static int answer(const struct checking *c, char **ret, struct err *e)
{
	_cleanup_json_ json_t *j =
		json_pack("{s:b, s:b, s:O, s:O, s:O, s:I, s:O, s:O}", "Sound", is_sound(c),
	                  "Repair", c->o->repair, "Checked", c->checked, "Problems", c->problems,
	                  "Leaks", c->leaks, "LeakedBytes", (json_int_t)c->leaked_bytes,
	                  "PullAgain", c->pull, "Notes", c->notes);

	return j ? json_print(j, true, ret, e) : err_oom(e);
}

static void checking_done(struct checking *c)
{
	for (size_t i = 0; i < c->n_images; i++)
		image_row_done(&c->images[i]);
	free(c->images);
	free(c->layers);
	free(c->bad);
	free(c->needs);
	strv_done(&c->bad_trees);
	strv_done(&c->bad_blobs);
	json_decref(c->problems);
	json_decref(c->leaks);
	json_decref(c->checked);
	json_decref(c->pull);
	json_decref(c->notes);
}

static int check(struct usrct *u, const struct usrct_system_check_options *o, char **ret,
                 struct err *e)
{
	_cleanup_(checking_done) struct checking c = {
		.u = u,
		.o = o,
		.problems = json_array(),
		.leaks = json_array(),
		.checked = json_object(),
		.pull = json_array(),
		.notes = json_array(),
	};
	int r;

	if (!c.problems || !c.leaks || !c.checked || !c.pull || !c.notes)
		return err_oom(e);
	r = open_store(&c, e);
	if (r == 0 && store_dirfd(u->store) >= 0)
		r = look(&c, e);
	if (r == 0)
		r = answer(&c, ret, e);
	/* Our pin goes, and what others did not remove because of it is removed by the next. */
	store_close(u->store);
	u->store = NULL;
	return r;
}

int usrct_system_check(struct usrct *u, const struct usrct_system_check_options *opts,
                       char **ret_json, struct usrct_err *out)
{
	struct usrct_system_check_options o = { .size = sizeof(o) };
	struct err e = { 0 };
	int r;

	if (opts)
		memcpy(&o, opts, MIN(opts->size, sizeof(o)));
	r = check(u, &o, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}
