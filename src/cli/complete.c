/* SPDX-License-Identifier: Apache-2.0 */
/* complete - what could stand at the cursor; see complete.h for the protocol */
#include "cli/complete.h"

#include "base/clock.h"
#include "base/sbuf.h"
#include "cli/commands.h"
#include "cli/container-columns.h"
#include "cli/human.h"
#include "cli/image-columns.h"
#include "cli/parse.h"
#include "cli/signals.h"
#include "cli/status.h"

#include <string.h>
#include <usrct/usrct.h>

struct completion {
	struct sbuf *out;
	bool for_bash;
	const char *typed; /* the value so far, without "--flag=" */
	char prefix[64];   /* "--flag=" or "" */
	const struct args *args;
};

static bool fits(const char *word, const char *typed)
{
	return strncmp(word, typed, strlen(typed)) == 0;
}

static void add(struct completion *c, const char *word, const char *description)
{
	if (c->for_bash && !fits(word, c->typed))
		return;
	sbuf_addf(c->out, "%s%s", c->prefix, word);
	/* The first phrase is enough beside a flag. */
	if (!c->for_bash && description && *description)
		sbuf_addf(c->out, "\t%.*s", (int)strcspn(description, ";"), description);
	sbuf_addc(c->out, '\n');
}

static void add_files(struct completion *c, const char *what)
{
	sbuf_addf(c->out, ":%s %s\n", what, c->prefix);
}

static bool is_given(const struct completion *c, const char *word)
{
	for (size_t i = 0; c->args && i < c->args->n_words; i++)
		if (strcmp(c->args->words[i], word) == 0)
			return true;
	return false;
}

static void add_container(struct completion *c, const struct usrct_container *ct, uint64_t now_ns)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1024);
	char status[STATUS_SIZE], id[72];

	(void)human_id(ct->id, true, id);
	if (is_given(c, ct->name) || is_given(c, id))
		return;
	status_text(ct, now_ns, status);
	sbuf_addf(&b, "%s, %s", ct->image, status);
	/* Ids are noise, until somebody has begun to type one. */
	if (c->typed[0] && !fits(ct->name, c->typed) && fits(id, c->typed))
		add(c, id, b.s);
	else
		add(c, ct->name, b.s);
}

static bool is_up(const struct usrct_container *ct)
{
	return ct->state == USRCT_RUNNING || ct->state == USRCT_LOST ||
	       ct->state == USRCT_RESTARTING;
}

static void add_containers(struct completion *c, struct usrct *u, enum complete_kind kind)
{
	const struct usrct_list_options o = { .size = sizeof(o), .all = kind != COMPLETE_RUNNING };
	bool up_first = kind != COMPLETE_REMOVABLE;
	struct usrct_container *list = NULL;
	uint64_t now_ns;
	size_t n = 0;

	if (usrct_container_list(u, &o, &list, &n, NULL) < 0)
		return; /* TAB is no place for an error message */
	now_ns = clock_realtime_ns();
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n; i++) {
			if (is_up(&list[i]) != (up_first ? pass == 0 : pass == 1))
				continue;
			if (kind == COMPLETE_STARTABLE && is_up(&list[i]))
				continue;
			add_container(c, &list[i], now_ns);
		}
	}
	usrct_container_list_free(list, n);
}

static void add_image(struct completion *c, const struct usrct_image *image, uint64_t now_ns)
{
	char size[HUMAN_SIZE], ago[STATUS_SIZE], id[72];
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(256);
	bool has_name = false;
	const char *name;

	human_bytes(image->size_bytes, size);
	status_ago(image->pulled_ns, now_ns, ago);
	sbuf_addf(&b, "%s, pulled %s", size, ago);
	for (const char *const *v = image->names; v && *v; v++) {
		/* Who types docker.io/ gets what begins with it. */
		name = c->typed[0] && fits(*v, c->typed) ? *v : human_image(*v);
		if (is_given(c, name))
			continue;
		has_name = has_name || fits(name, c->typed);
		add(c, name, b.s);
	}
	(void)human_id(image->id, true, id);
	if (!has_name && !is_given(c, id) && (!image->names || !*image->names || c->typed[0]) &&
	    fits(id, c->typed))
		add(c, id, b.s);
}

static void add_images(struct completion *c, struct usrct *u)
{
	struct usrct_image *list = NULL;
	uint64_t now_ns;
	size_t n = 0;

	if (usrct_image_list(u, NULL, &list, &n, NULL) < 0)
		return;
	now_ns = clock_realtime_ns();
	for (size_t i = 0; i < n; i++)
		add_image(c, &list[i], now_ns);
	usrct_image_list_free(list, n);
}

static void add_volume_names(struct completion *c, struct usrct *u)
{
	struct usrct_volume *list = NULL;
	size_t n = 0;

	if (usrct_volume_list(u, NULL, &list, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (!is_given(c, list[i].name))
			add(c, list[i].name, NULL);
	usrct_volume_list_free(list, n);
}

static void add_secret_names(struct completion *c, struct usrct *u)
{
	struct usrct_secret *list = NULL;
	size_t n = 0;

	if (usrct_secret_list(u, NULL, &list, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (!is_given(c, list[i].name))
			add(c, list[i].name, NULL);
	usrct_secret_list_free(list, n);
}

static void add_from_store(struct completion *c, enum complete_kind kind)
{
	struct usrct *u = NULL;

	if (usrct_open(NULL, &u, NULL) < 0)
		return;
	if (kind == COMPLETE_VOLUME_NAME)
		add_volume_names(c, u);
	else if (kind == COMPLETE_SECRET)
		add_secret_names(c, u);
	else if (kind != COMPLETE_IMAGE)
		add_containers(c, u, kind == COMPLETE_OBJECT ? COMPLETE_CONTAINER : kind);
	if (kind == COMPLETE_IMAGE || kind == COMPLETE_OBJECT)
		add_images(c, u);
	usrct_close(u);
}

static void add_values(struct completion *c, const char *const *values)
{
	for (; values && *values; values++)
		add(c, *values, NULL);
}

static void add_environment(struct completion *c)
{
	for (char **v = environ; v && *v; v++) {
		_cleanup_free_ char *name = strndup(*v, strcspn(*v, "="));

		if (name)
			add(c, name, NULL);
	}
}

static void add_codes(struct completion *c)
{
	size_t n;
	const struct usrct_explanation *x = usrct_explain_all(&n);
	bool bare = c->typed[0] >= '0' && c->typed[0] <= '9';
	char code[16];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(code, sizeof(code), "%s%d", bare ? "" : "UCT-", x[i].number);
		add(c, code, x[i].title);
	}
}

static void add_commands(struct completion *c)
{
	for (const struct command *const *cmd = commands_all(); *cmd; cmd++)
		if (!(*cmd)->hidden && !strchr((*cmd)->name, ' '))
			add(c, (*cmd)->name, (*cmd)->summary);
}

static void add_signals(struct completion *c)
{
	const char *name;

	for (size_t i = 0; (name = signal_name(i)); i++)
		add(c, name, NULL);
}

/* "./src:/app:ro": files before the first colon, modes after the second. */
static void add_volume(struct completion *c)
{
	const char *first = strchr(c->typed, ':'), *second = first ? strchr(first + 1, ':') : NULL;
	static const char *const modes[] = { "ro", "rw" };

	if (!first) {
		add_files(c, "file");
		return;
	}
	for (size_t i = 0; second && i < ARRAY_SIZE(modes); i++) {
		_cleanup_free_ char *word =
			strf("%.*s%s", (int)(second + 1 - c->typed), c->typed, modes[i]);

		if (word)
			add(c, word, NULL);
	}
}

/* "status=" to "status=running"; keys alone first. */
static void add_filters(struct completion *c, const char *const *filters)
{
	const char *equals = strchr(c->typed, '=');

	for (; *filters; filters++) {
		size_t n = strcspn(*filters, "=") + 1;

		if (equals ? (*filters)[n] != '\0' : (*filters)[n] == '\0')
			add(c, *filters, NULL);
	}
}

static void add_container_filters(struct completion *c)
{
	static const char *const filters[] = {
		"id=",
		"name=",
		"label=",
		"status=",
		"exited=",
		"ancestor=",
		"before=",
		"since=",
		"until=",
		"volume=",
		"network=",
		"health=",
		"restart-policy=",
		"should-start-on-boot=",
		"command=",
		"status=created",
		"status=running",
		"status=paused",
		"status=restarting",
		"status=exited",
		"exited=0",
		"health=starting",
		"health=healthy",
		"health=unhealthy",
		"health=none",
		"network=none",
		"network=host",
		"network=private",
		"restart-policy=no",
		"restart-policy=always",
		"restart-policy=on-failure",
		"restart-policy=unless-stopped",
		NULL,
	};

	add_filters(c, filters);
}

static void add_image_filters(struct completion *c)
{
	static const char *const filters[] = { "reference=",  "dangling=",       "label=",
		                               "before=",     "since=",          "until=",
		                               "id=",         "dangling=true",   "dangling=false",
		                               "containers=", "containers=true", "containers=false",
		                               NULL };

	add_filters(c, filters);
}

/* "json", "table", and a field where one was begun: "{{.ID}}\t{{.Na". */
static void add_formats(struct completion *c, const struct column *columns)
{
	const char *from = c->typed, *open = NULL;

	while ((from = strstr(from, "{{."))) {
		open = from;
		from += strlen("{{.");
	}
	if (!open) {
		add(c, "table", NULL);
		add(c, "json", NULL);
	}
	for (; open && columns->name; columns++) {
		_cleanup_free_ char *word =
			strf("%.*s{{.%s}}", (int)(open - c->typed), c->typed, columns->name);

		if (word)
			add(c, word, NULL);
	}
}

static void add_kind(struct completion *c, enum complete_kind kind, const char *const *values)
{
	switch (kind) {
	case COMPLETE_NONE:
		break;
	case COMPLETE_VALUES:
		add_values(c, values);
		break;
	case COMPLETE_FILE:
		add_files(c, "file");
		break;
	case COMPLETE_DIR:
		add_files(c, "dir");
		break;
	case COMPLETE_VOLUME:
		add_volume(c);
		break;
	case COMPLETE_VOLUME_NAME:
	case COMPLETE_SECRET:
	case COMPLETE_IMAGE:
	case COMPLETE_RUNNING:
	case COMPLETE_STARTABLE:
	case COMPLETE_CONTAINER:
	case COMPLETE_REMOVABLE:
	case COMPLETE_OBJECT:
		add_from_store(c, kind);
		break;
	case COMPLETE_SIGNAL:
		add_signals(c);
		break;
	case COMPLETE_ENV:
		add_environment(c);
		break;
	case COMPLETE_COMMAND:
		add_commands(c);
		break;
	case COMPLETE_CODE:
		add_codes(c);
		break;
	case COMPLETE_CONTAINER_FILTER:
		add_container_filters(c);
		break;
	case COMPLETE_IMAGE_FILTER:
		add_image_filters(c);
		break;
	case COMPLETE_CONTAINER_FORMAT:
		add_formats(c, container_columns);
		break;
	case COMPLETE_IMAGE_FORMAT:
		add_formats(c, image_columns);
		break;
	}
}

static void add_value_of(struct completion *c, const struct option *o)
{
	static const char *const truths[] = { "true", "false", NULL };

	if (o->kind == OPTION_FLAG)
		add_values(c, truths);
	else if (o->values)
		add_values(c, o->values);
	else
		add_kind(c, o->complete, NULL);
}

static bool was_used(const struct args *a, const struct option *o)
{
	for (size_t i = 0; i < a->n_values; i++)
		if (a->values[i].option == o && o->kind != OPTION_LIST)
			return true;
	return false;
}

static void add_options(struct completion *c, const struct command *cmd)
{
	const struct option *o = NULL;
	char word[64];

	while ((o = command_next_option(cmd, o))) {
		if (was_used(c->args, o))
			continue;
		(void)snprintf(word, sizeof(word), "--%s", o->name);
		add(c, word, o->help);
		(void)snprintf(word, sizeof(word), "-%c", o->letter);
		/* Letters, where there is room to say what they mean. */
		if (o->letter && !c->for_bash && strcmp(c->typed, "-") == 0)
			add(c, word, o->help);
	}
	add(c, "--help", "Show this command's flags and examples");
}

/* The word at the cursor, after the parser has seen all before it. */
static void complete_word(struct completion *c, const struct parser *p)
{
	const struct command *cmd = c->args->cmd;
	const char *word = c->typed, *equals = strchr(word, '=');
	const struct positional *arg;
	const struct option *o;

	if (p->pending) {
		add_value_of(c, p->pending);
		return;
	}
	if (!p->only_words && strncmp(word, "--", 2) == 0 && equals) {
		o = command_option(cmd, word + 2, (size_t)(equals - word) - 2);
		if (!o || (size_t)(equals - word) + 2 > sizeof(c->prefix))
			return;
		(void)snprintf(c->prefix, sizeof(c->prefix), "%.*s=", (int)(equals - word), word);
		c->typed = equals + 1;
		add_value_of(c, o);
		return;
	}
	if (!p->only_words && word[0] == '-') {
		add_options(c, cmd);
		return;
	}
	arg = command_arg(cmd, c->args->n_words);
	if (arg)
		add_kind(c, arg->complete, NULL);
}

/* The second halves of names such as "container ls". */
static void add_second_words(struct completion *c, const char *first)
{
	for (const struct command *const *cmd = commands_all(); *cmd; cmd++) {
		const char *word = NULL;

		while ((word = command_next_word(*cmd, first, word)))
			add(c, word, (*cmd)->summary);
	}
}

static void complete_top(struct completion *c)
{
	if (c->typed[0] == '-') {
		add(c, "--help", "List all commands");
		add(c, "--version", "Print the version");
	} else {
		add_commands(c);
	}
}

static void complete_command(struct completion *c, const struct command *cmd,
                             const char *const *words, size_t n)
{
	_cleanup_args_ struct args a = { 0 };
	struct parser p;

	parser_init(&p, cmd, &a);
	c->args = &a;
	/* What is wrong on the way here will be said when the command is run. */
	for (size_t i = 0; i < n; i++)
		(void)parser_feed(&p, words[i], NULL);
	if (!cmd->unparsed)
		complete_word(c, &p);
	c->args = NULL;
}

void complete_answer(const char *shell, const char *const *words, size_t n, struct sbuf *out)
{
	struct completion c = { .out = out, .for_bash = strcmp(shell, "bash") == 0 };
	const struct command *cmd;
	int taken = 0;

	c.typed = n > 0 ? words[n - 1] : "";
	if (n < 2) {
		complete_top(&c);
		return;
	}
	cmd = command_find(words[0], n > 2 ? words[1] : NULL, &taken);
	if (cmd)
		complete_command(&c, cmd, words + taken, n - 1 - (size_t)taken);
	else if (n == 2)
		add_second_words(&c, words[0]);
}
