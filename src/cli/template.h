/* SPDX-License-Identifier: Apache-2.0 */
/* template - the part of Go's text/template that users of --format know, over JSON values
 *
 *   {{.Field.Sub}} {{.}} {{$}} {{$x := ...}} {{$x = ...}} {{$x.Field}} {{(...).Field}}
 *   {{if}} {{else if}} {{else}} {{range}} {{range $k, $v := ...}} {{break}} {{continue}} {{with}}
 * {{end}} a | b  "text" `raw` 'c' 12 0x1f 1.5 true nil  {{- trimmed -}}, and comments as in C
 *   functions: template-functions.c
 *
 * Both texts and values may come from strangers: nesting, the work of a run, the length of made
 * strings and the number of variables have limits, and output goes to an sbuf that has its own.
 *
 * Go knows structs from maps, JSON does not. The data's root is a struct: a field that it does not
 * have is an error. Below, an object counts as a struct if all its keys look like Go's exported
 * names, and then a missing key of that look is an error; otherwise it reads as null, which prints
 * as <no value>. A null that is there is a pointer of Go's without an aim if the data say so.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct sbuf;
struct template;

/* Flags of template_compile(). */
enum {
	TEMPLATE_ESCAPES = 1, /* \t and \n outside of braces are a tab and a newline */
};

/**
 * struct template_data - what a template sees
 * @root:     {{.}}; its fields
 * @extra:    fields that can be named but are no part of {{.}}; may be NULL
 * @methods:  {{.Name "key"}} looks into the object of that name; may be NULL
 * @names:    all fields that the root could have, for did-you-mean; NULL-terminated; may be NULL
 * @headings: run for the heading of a table: fields are column titles, functions leave them alone
 * @has_nil:  nulls of the data print as <nil>
 */
struct template_data {
	json_t *root;
	const json_t *extra, *methods;
	const char *const *names;
	bool headings, has_nil;
};

/* The template begins at byte @begin of @text, columns count from the text's. UCT_TEMPLATE. */
int template_compile(const char *text, size_t begin, unsigned flags, struct template **ret,
                     struct err *e);
void template_free(struct template *t);
static inline void cleanup_template(struct template **t)
{
	template_free(*t);
}
#define _cleanup_template_ _cleanup_(cleanup_template)

/* Whether a field of that name may be looked at. */
bool template_uses(const struct template *t, const char *field);
/* Whether all fields may be: {{.}} or {{$}} stands alone somewhere. */
bool template_uses_all(const struct template *t);
/* "{{range .}}" is the first action: meant for a whole list, as podman's users write it. */
bool template_is_for_list(const struct template *t);
/* Appends to @out. UCT_TEMPLATE_FIELD, UCT_TEMPLATE_VALUE. */
int template_run(const struct template *t, const struct template_data *data, struct sbuf *out,
                 struct err *e);
