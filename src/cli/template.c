/* SPDX-License-Identifier: Apache-2.0 */
/* template - runs a template that was read over a value
 *
 * Values are jansson's, each function below returns a new reference or NULL with the error filled.
 * A run counts steps, one for each node and more for long texts, and ends with an error when there
 * are too many: ranges within ranges multiply.
 */
#include "cli/template.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/suggest.h"
#include "cli/template-tree.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

struct machine {
	const struct template *t;
	const struct template_data *data;
	json_t *slots[TEMPLATE_VARIABLES];
	struct sbuf *out;
	size_t steps;
	bool missed; /* the null at hand is a key that is not there */
	struct err *e;
};

/* How a list of nodes was left. */
enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

static json_t *eval_pipe(struct machine *m, const struct node *pipe, json_t *dot);
static int run_list(struct machine *m, const struct node *n, json_t *dot);

void template_where(const struct template *t, size_t at, char *buf, size_t size)
{
	size_t line = 1, begin = 0;
	bool has_lines = strchr(t->text, '\n') != NULL;

	for (size_t i = 0; i < at && t->text[i]; i++)
		if (t->text[i] == '\n') {
			line++;
			begin = i + 1;
		}
	begin = MIN(begin, at);
	if (has_lines)
		(void)snprintf(buf, size, "line %zu, column %zu", line,
		               value_chars(t->text + begin, at - begin) + 1);
	else
		(void)snprintf(buf, size, "column %zu",
		               value_chars(t->text + begin, at - begin) + 1);
}

PRINTF(4, 5)
static int fail(struct machine *m, const struct node *n, enum err_uct uct, const char *fmt, ...)
{
	char what[300], where[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	template_where(m->t, n->at, where, sizeof(where));
	return err_set(m->e, uct, -EINVAL, "template, %s: %s", where, what);
}

json_t *call_fail(const struct call *c, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	(void)fail(c->m, c->at, UCT_TEMPLATE_VALUE, "%s: %s", c->name, what);
	return NULL;
}

json_t *call_memory(const struct call *c)
{
	(void)err_oom(c->m->e);
	return NULL;
}

static int take_steps(struct machine *m, const struct node *n, size_t steps)
{
	m->steps += steps;
	if (m->steps <= TEMPLATE_STEPS)
		return 0;
	return fail(m, n, UCT_TEMPLATE_VALUE, "this runs for too long");
}

json_t *call_take(const struct call *c, struct sbuf *b)
{
	json_t *j;

	if (b->err == -E2BIG)
		return call_fail(c, "makes more than %d bytes", TEMPLATE_STRING);
	if (b->err || take_steps(c->m, c->at, b->len / TEMPLATE_BYTES_PER_STEP) < 0)
		return b->err ? call_memory(c) : NULL;
	j = json_stringn_nocheck(b->s ? b->s : "", b->len);
	return j ? j : call_memory(c);
}

/* "NetworkSettings" to "NETWORK SETTINGS", "ID" stays. */
static json_t *heading(struct machine *m, const char *name)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(256);
	json_t *j;

	for (const char *s = name; *s; s++) {
		if (s > name && isupper((unsigned char)*s) && islower((unsigned char)s[-1]))
			sbuf_addc(&b, ' ');
		sbuf_addc(&b, (char)toupper((unsigned char)*s));
	}
	j = json_string_nocheck(b.s ? b.s : "");
	if (!j)
		(void)err_oom(m->e);
	return j;
}

static bool is_exported(const char *name)
{
	return isupper((unsigned char)name[0]) && !strpbrk(name, " ./-:");
}

/* podman writes a few of its fields small. */
static bool is_small_field(const char *name)
{
	return !strcmp(name, "sdNotifyMode") || !strcmp(name, "lockNumber");
}

static bool looks_like_struct(const json_t *object)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)object, key,
	                    v) if (!is_exported(key) && !is_small_field(key)) return false;
	return json_object_size(object) > 0;
}

static const char *nearest_key(const json_t *a, const json_t *b, const char *name)
{
	const json_t *objects[] = { a, b };
	const char *names[256], *key;
	size_t n = 0;
	json_t *v;

	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		json_object_foreach((json_t *)(uintptr_t)objects[i], key, v)
		{
			if (strcasecmp(key, name) == 0)
				return key;
			if (n + 1 < ARRAY_SIZE(names))
				names[n++] = key;
		}
	names[n] = NULL;
	return suggest_word(name, names);
}

static json_t *no_field(struct machine *m, const struct node *n, const json_t *object,
                        const char *name)
{
	const json_t *extra = object == m->data->root ? m->data->extra : NULL;
	const char *near = nearest_key(object, extra, name);
	int r;

	if (!near && object == m->data->root && m->data->names)
		near = suggest_word(name, m->data->names);
	r = fail(m, n, UCT_TEMPLATE_FIELD, "there is no field '.%.64s'", name);

	if (near)
		(void)err_hint(m->e, r, "did you mean '.%s'?", near);
	return NULL;
}

/* One step of .A.B */
static json_t *get_field(struct machine *m, const struct node *n, json_t *of, const char *name)
{
	bool is_root = of == m->data->root;
	json_t *v = json_object_get(of, name);

	if (!v && is_root)
		v = json_object_get(m->data->extra, name);
	/* In Go the field that JSON calls Id has the name ID. */
	if (!v && strcmp(name, "ID") == 0)
		v = json_object_get(of, "Id");
	if (v)
		return json_incref(v);
	if (m->data->headings)
		return heading(m, name);
	if (json_is_null(of) && (!m->data->has_nil || m->missed))
		return json_null();
	if (!json_is_object(of)) {
		(void)fail(m, n, UCT_TEMPLATE_VALUE, "%s has no field '.%.64s'", value_kind(of),
		           name);
		return NULL;
	}
	if (is_root || (is_exported(name) && looks_like_struct(of)))
		return no_field(m, n, of, name);
	m->missed = true;
	return json_null();
}

/* Consumes @v. */
static json_t *get_fields(struct machine *m, const struct node *n, json_t *v, size_t count)
{
	for (size_t i = 0; v && i < count; i++) {
		json_t *next = get_field(m, n, v, n->names.v[i]);

		json_decref(v);
		v = next;
	}
	return v;
}

static json_t *eval_operand(struct machine *m, const struct node *n, json_t *dot)
{
	struct call c = { m, n, n->function ? n->function->name : "", NULL, 0 };
	json_t *v;

	if (take_steps(m, n, 1) < 0)
		return NULL;
	switch (n->kind) {
	case NODE_DOT:
		return json_incref(dot);
	case NODE_LITERAL:
		return json_incref(n->value);
	case NODE_FIELD:
		return get_fields(m, n, json_incref(dot), n->names.n);
	case NODE_VARIABLE:
		v = m->slots[n->slots[0]];
		return get_fields(m, n, v ? json_incref(v) : json_null(), n->names.n);
	case NODE_PAREN:
		return get_fields(m, n, eval_pipe(m, n->pipe, dot), n->names.n);
	case NODE_FUNCTION:
		assert(n->function);
		if (n->function->min > 0)
			return call_fail(&c,
			                 "needs its arguments; put it in parentheses with them");
		return n->function->run(&c);
	case NODE_TEXT:
	case NODE_PRINT:
	case NODE_IF:
	case NODE_RANGE:
	case NODE_WITH:
	case NODE_BREAK:
	case NODE_CONTINUE:
	case NODE_PIPE:
	case NODE_COMMAND:
	default:
		(void)err_set(m->e, UCT_INTERNAL, -EINVAL, "a template's tree is damaged");
		return NULL;
	}
}

/* and, or: arguments behind the one that decides are not looked at. Consumes @final. */
static json_t *call_lazy(struct machine *m, const struct node *command, json_t *dot, json_t *final)
{
	bool stop_at = strcmp(command->body->function->name, "or") == 0;
	json_t *v = NULL;

	for (const struct node *n = command->body->next; n; n = n->next) {
		json_decref(v);
		v = eval_operand(m, n, dot);
		if (!v || value_is_true(v) == stop_at) {
			json_decref(final);
			return v;
		}
	}
	if (!final)
		return v;
	json_decref(v);
	return final;
}

/* Consumes @final. */
static json_t *call_function(struct machine *m, const struct node *command, json_t *dot,
                             json_t *final)
{
	const struct template_function *f = command->body->function;
	json_t *args[TEMPLATE_ARGUMENTS + 1], *v = NULL;
	struct call c = { m, command->body, f->name, args, 0 };
	bool is_good = true;

	if (f->is_lazy)
		return call_lazy(m, command, dot, final);
	for (const struct node *n = command->body->next; n && is_good; n = n->next) {
		args[c.n] = eval_operand(m, n, dot);
		is_good = args[c.n] != NULL;
		c.n += is_good;
	}
	if (final)
		args[c.n++] = final;
	/* A column's title is what goes in. */
	if (is_good && m->data->headings && c.n > 0 && strncmp(f->name, "print", 5) != 0)
		for (size_t i = 0; i < c.n && !v; i++)
			v = json_is_string(args[i]) ? json_incref(args[i]) : NULL;
	if (is_good && !v)
		v = f->run(&c);
	for (size_t i = 0; i < c.n; i++)
		json_decref(args[i]);
	return v;
}

/* .Label "com.example.key" as a heading: the last part of the key. */
static json_t *heading_of_key(struct machine *m, const json_t *key)
{
	const char *text = json_string_value(key), *dot = text ? strrchr(text, '.') : NULL;
	_cleanup_free_ char *copy = strdup(dot ? dot + 1 : text ? text : "");
	json_t *v = NULL;

	for (char *s = copy; s && *s; s++)
		*s = *s == '-' || *s == '_' ? ' ' : *s;
	if (copy)
		v = json_string_nocheck(copy);
	if (!v)
		(void)err_oom(m->e);
	return v;
}

/* .Name "key". Consumes @key. */
static json_t *call_method(struct machine *m, const struct node *n, json_t *dot, json_t *key)
{
	const char *name = n->names.n ? n->names.v[n->names.n - 1] : "";
	json_t *of = n->kind == NODE_VARIABLE ? m->slots[n->slots[0]] : dot, *v = NULL, *map = NULL;

	if (of == m->data->root && n->names.n == 1 && n->kind != NODE_PAREN)
		map = json_object_get(m->data->methods, name);
	if (m->data->headings)
		v = heading_of_key(m, key);
	else if (!map)
		(void)fail(m, n, UCT_TEMPLATE_VALUE, "'.%.64s' takes no argument", name);
	else if (!json_is_string(key))
		(void)fail(m, n, UCT_TEMPLATE_VALUE, "'.%.64s' takes a string", name);
	else {
		v = json_incref(json_object_get(map, json_string_value(key)));
		if (!v && !(v = json_string("")))
			(void)err_oom(m->e);
	}
	json_decref(key);
	return v;
}

/* Consumes @final, the value that is piped into it; NULL: none. */
static json_t *eval_command(struct machine *m, const struct node *command, json_t *dot,
                            json_t *final)
{
	const struct node *first = command->body;
	json_t *key;

	if (take_steps(m, command, 1) < 0) {
		json_decref(final);
		return NULL;
	}
	if (first->kind == NODE_FUNCTION)
		return call_function(m, command, dot, final);
	if (!first->next && !final)
		return eval_operand(m, first, dot);
	if (first->next && (final || first->next->next)) {
		json_decref(final);
		(void)fail(m, first, UCT_TEMPLATE_VALUE, "more than one argument");
		return NULL;
	}
	key = final ? final : eval_operand(m, first->next, dot);
	return key ? call_method(m, first, dot, key) : NULL;
}

/* Consumes @v. */
static void set_slot(struct machine *m, int slot, json_t *v)
{
	json_decref(m->slots[slot]);
	m->slots[slot] = v;
}

/* The value of a pipe, without setting its variables. */
static json_t *eval_commands(struct machine *m, const struct node *pipe, json_t *dot)
{
	json_t *v = NULL;

	for (const struct node *c = pipe->body; c; c = c->next) {
		v = eval_command(m, c, dot, v);
		if (!v)
			return NULL;
	}
	return v;
}

static json_t *eval_pipe(struct machine *m, const struct node *pipe, json_t *dot)
{
	json_t *v = eval_commands(m, pipe, dot);

	if (v && pipe->slots[0] != SLOT_NONE)
		set_slot(m, pipe->slots[0], json_incref(v));
	return v;
}

/* One round of a range: sets its variables, runs its body. */
static int run_round(struct machine *m, const struct node *n, json_t *key, json_t *v)
{
	const int *slots = n->pipe->slots;
	int r = take_steps(m, n, 1);

	if (slots[1] != SLOT_NONE) {
		set_slot(m, slots[0], json_incref(key));
		set_slot(m, slots[1], json_incref(v));
	} else if (slots[0] != SLOT_NONE) {
		set_slot(m, slots[0], json_incref(v));
	}
	return r < 0 ? r : run_list(m, n->body, v);
}

static int range_array(struct machine *m, const struct node *n, json_t *array)
{
	size_t size = json_array_size(array);
	int r = FLOW_ON;

	for (size_t i = 0; i < size && r != FLOW_BREAK; i++) {
		_cleanup_json_ json_t *key = json_integer((json_int_t)i);

		r = key ? run_round(m, n, key, json_array_get(array, i)) : err_oom(m->e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of the keys, as Go does. */
static int range_object(struct machine *m, const struct node *n, json_t *object)
{
	size_t size = json_object_size(object), k = 0;
	_cleanup_free_ const char **keys = calloc(size + 1, sizeof(*keys));
	const char *name;
	int r = FLOW_ON;
	json_t *v;

	if (!keys)
		return err_oom(m->e);
	json_object_foreach(object, name, v) keys[k++] = name;
	qsort(keys, k, sizeof(*keys), compare_names);
	for (size_t i = 0; i < k && r != FLOW_BREAK; i++) {
		_cleanup_json_ json_t *key = json_string_nocheck(keys[i]);

		r = key ? run_round(m, n, key, json_object_get(object, keys[i])) : err_oom(m->e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* 0 to N-1, as in Go since 1.22. */
static int range_number(struct machine *m, const struct node *n, json_int_t count)
{
	int r = FLOW_ON;

	for (json_int_t i = 0; i < count && r != FLOW_BREAK; i++) {
		_cleanup_json_ json_t *v = json_integer(i);

		r = v ? run_round(m, n, v, v) : err_oom(m->e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int run_range(struct machine *m, const struct node *n, json_t *dot)
{
	_cleanup_json_ json_t *v = eval_commands(m, n->pipe, dot);

	if (!v)
		return m->e->code;
	if (m->data->headings)
		return MIN(run_round(m, n, v, m->data->root), 0);
	if (!value_is_true(v))
		return run_list(m, n->otherwise, dot);
	if (json_is_array(v))
		return range_array(m, n, v);
	if (json_is_object(v))
		return range_object(m, n, v);
	if (json_is_integer(v))
		return range_number(m, n, json_integer_value(v));
	return fail(m, n, UCT_TEMPLATE_VALUE, "range cannot go over %s", value_kind(v));
}

static int run_choice(struct machine *m, const struct node *n, json_t *dot)
{
	_cleanup_json_ json_t *v = eval_pipe(m, n->pipe, dot);

	if (!v)
		return m->e->code;
	if (!value_is_true(v))
		return run_list(m, n->otherwise, dot);
	return run_list(m, n->body, n->kind == NODE_WITH ? v : dot);
}

/* A field that is null, and not what a function made of one. */
static bool is_nil(const struct machine *m, const struct node *n, const json_t *v)
{
	const struct node *command = n->pipe->body;

	return json_is_null(v) && m->data->has_nil && !m->missed && command && !command->next &&
	       command->body && command->body->kind == NODE_FIELD && !command->body->next;
}

static int run_print(struct machine *m, const struct node *n, json_t *dot)
{
	_cleanup_json_ json_t *v = NULL;
	size_t before = m->out->len;

	m->missed = false;
	v = eval_pipe(m, n->pipe, dot);
	if (!v)
		return m->e->code;
	if (n->pipe->slots[0] != SLOT_NONE)
		return 0; /* setting a variable prints nothing */
	if (is_nil(m, n, v))
		sbuf_adds(m->out, "<nil>");
	else
		value_print(m->out, v);
	return take_steps(m, n, (m->out->len - before) / TEMPLATE_BYTES_PER_STEP);
}

static int run_node(struct machine *m, const struct node *n, json_t *dot)
{
	if (take_steps(m, n, 1) < 0)
		return m->e->code;
	switch ((int)n->kind) {
	case NODE_TEXT:
		sbuf_add(m->out, n->text, n->text_len);
		return FLOW_ON;
	case NODE_PRINT:
		return run_print(m, n, dot);
	case NODE_RANGE:
		return run_range(m, n, dot);
	case NODE_BREAK:
		return FLOW_BREAK;
	case NODE_CONTINUE:
		return FLOW_CONTINUE;
	default:
		return run_choice(m, n, dot);
	}
}

static int run_list(struct machine *m, const struct node *n, json_t *dot)
{
	int r = FLOW_ON;

	for (; n && r == FLOW_ON; n = n->next) {
		r = run_node(m, n, dot);
		if (m->out->err == -E2BIG)
			return fail(m, n, UCT_TEMPLATE_VALUE, "more output than %zu bytes",
			            m->out->max);
		if (m->out->err)
			return err_oom(m->e);
	}
	return r;
}

int template_run(const struct template *t, const struct template_data *data, struct sbuf *out,
                 struct err *e)
{
	struct err own;
	struct machine m = { .t = t, .data = data, .out = out, .e = e ? e : &own };
	int r;

	m.slots[SLOT_ROOT] = json_incref(data->root);
	r = run_list(&m, t->body, data->root);
	for (size_t i = 0; i < ARRAY_SIZE(m.slots); i++)
		json_decref(m.slots[i]);
	return MIN(r, 0);
}

bool template_uses(const struct template *t, const char *field)
{
	for (const struct node *n = t->nodes; n; n = n->made)
		for (size_t i = 0; i < n->names.n; i++)
			if (strcmp(n->names.v[i], field) == 0)
				return true;
	return false;
}

bool template_uses_all(const struct template *t)
{
	for (const struct node *n = t->nodes; n; n = n->made)
		if (n->kind == NODE_DOT || (n->kind == NODE_VARIABLE && n->names.n == 0))
			return true;
	return false;
}

bool template_is_for_list(const struct template *t)
{
	const struct node *n = t->body, *command;

	if (!n || n->kind != NODE_RANGE)
		return false;
	command = n->pipe->body;
	return !command->next && command->body->kind == NODE_DOT && !command->body->next;
}

void template_free(struct template *t)
{
	struct node *n, *next;

	if (!t)
		return;
	for (n = t->nodes; n; n = next) {
		next = n->made;
		json_decref(n->value);
		strv_done(&n->names);
		free(n->text);
		free(n);
	}
	free(t->text);
	free(t);
}
