/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct search - what registries have */
#include "cli/cli.h"

#include "base/json.h"
#include "base/num.h"
#include "base/sbuf.h"
#include "cli/columns.h"
#include "cli/registry-options.h"

#include <string.h>

enum { DESCRIPTION_CHARS = 50 };

struct hit {
	const json_t *j;
	const char *repository; /* of a tag */
	bool truncated;
};

static json_t *field(const void *row, const char *key)
{
	return json_incref(json_object_get(((const struct hit *)row)->j, key));
}

static json_t *name(const void *row)
{
	return field(row, "Name");
}

static json_t *description(const void *row)
{
	const struct hit *h = row;
	const char *text = json_string_value(json_object_get(h->j, "Description"));
	size_t n = 0, chars = 0;

	for (; text && text[n] && chars < DESCRIPTION_CHARS; n++)
		chars += ((unsigned char)text[n + 1] & 0xc0) != 0x80;
	if (!h->truncated || !text || !text[n])
		return json_string(text ? text : "");
	return json_sprintf("%.*s…", (int)n, text);
}

static json_t *stars(const void *row)
{
	return field(row, "StarCount");
}

static json_t *official(const void *row)
{
	return json_string(json_is_true(json_object_get(((const struct hit *)row)->j, "IsOfficial"))
	                           ? "[OK]"
	                           : "");
}

static json_t *automated(const void *row)
{
	return json_string(
		json_is_true(json_object_get(((const struct hit *)row)->j, "IsAutomated")) ? "[OK]"
											   : "");
}

static json_t *repository(const void *row)
{
	return json_string(((const struct hit *)row)->repository);
}

static const struct column tag_columns[] = {
	{ "Name", "NAME", repository, false },
	{ "Tag", "TAG", name, false },
	{ NULL, NULL, NULL, false },
};

static const struct column columns[] = {
	{ "Name", "NAME", name, false },
	{ "Description", "DESCRIPTION", description, false },
	{ "StarCount", "STARS", stars, false },
	{ "IsOfficial", "OFFICIAL", official, false },
	{ "IsAutomated", "AUTOMATED", automated, false },
	{ "Stars", "STARS", stars, true },
	{ "Official", "OFFICIAL", official, true },
	{ NULL, NULL, NULL, false },
};

/* "host[:port]", which has a dot, a colon or is localhost. */
static bool is_host(const char *text, size_t n)
{
	return memchr(text, '.', n) || memchr(text, ':', n) ||
	       (n == 9 && !strncmp(text, "localhost", 9));
}

static enum usrct_search_kind kind_of(const struct args *a)
{
	const char *what = a->words[0], *slash = strchr(what, '/');

	if (args_flag(a, "list-tags"))
		return USRCT_SEARCH_TAGS;
	if (!slash)
		return is_host(what, strlen(what)) ? USRCT_SEARCH_CATALOG : USRCT_SEARCH_HUB;
	if (!is_host(what, (size_t)(slash - what)))
		return USRCT_SEARCH_HUB;
	return slash[1] ? USRCT_SEARCH_TAGS : USRCT_SEARCH_CATALOG;
}

static bool fits(const struct args *a, const json_t *hit, const char *tag)
{
	_cleanup_free_ const char **filters = NULL;
	uint64_t min = 0;

	if (tag && !strstr(json_string_value(json_object_get(hit, "Name")), tag))
		return false;
	if (args_list(a, "filter", &filters) < 0)
		return true;
	for (const char *const *f = filters; f && *f; f++) {
		if (!strncmp(*f, "stars=", 6) && parse_u64(*f + 6, &min) == 0 &&
		    (uint64_t)json_integer_value(json_object_get(hit, "StarCount")) < min)
			return false;
		if (!strncmp(*f, "is-official=", 12) &&
		    json_is_true(json_object_get(hit, "IsOfficial")) != !strcmp(*f + 12, "true"))
			return false;
	}
	return true;
}

static int print_hits(struct cli *c, const struct args *a, enum usrct_search_kind kind,
                      const json_t *hits, const char *repository, const char *tag)
{
	bool is_tags = kind == USRCT_SEARCH_TAGS;
	const struct format_options form = {
		.text = args_string(a, "format"),
		.table = kind == USRCT_SEARCH_HUB
		                 ? "{{.Name}}\\t{{.Description}}\\t{{.StarCount}}\\t"
		                   "{{.IsOfficial}}"
		         : args_flag(a, "list-tags") ? "{{.Name}}\\t{{.Tag}}"
		         : is_tags                   ? "{{.Tag}}"
		                                     : "{{.Name}}",
		.no_heading = args_flag(a, "noheading"),
	};
	_cleanup_columns_ struct columns list;
	const json_t *j;
	struct err e;
	size_t i;
	int r = columns_open(&list, is_tags ? tag_columns : columns, &form, &e);

	json_array_foreach(hits, i, j)
	{
		const struct hit h = { j, repository, !args_flag(a, "no-trunc") };

		if (r == 0 && fits(a, j, tag))
			r = columns_row(&list, &h, NULL, &e);
	}
	return r < 0 ? cli_fail_local(c, &e) : columns_print(c, &list);
}

static int ask(struct cli *c, const struct args *a, unsigned limit,
               const struct usrct_registry_options *registry)
{
	enum usrct_search_kind kind = kind_of(a);
	struct usrct_search_options o = {
		.size = sizeof(o), .kind = kind, .limit = limit, .registry = registry
	};
	_cleanup_free_ char *json = NULL, *what = strdup(a->words[0]);
	_cleanup_json_ json_t *hits = NULL;
	struct usrct_err e = { 0 };
	const char *tag = NULL;
	int status;
	char *colon, *end;

	if (!what)
		return cli_fail_memory(c);
	end = strchr(what, '/');
	if (kind == USRCT_SEARCH_CATALOG && end)
		*end = '\0';
	colon = strrchr(what, ':');
	if (kind == USRCT_SEARCH_TAGS && colon && !strchr(colon, '/')) {
		*colon = '\0';
		tag = colon + 1; /* a part of the tags that are wanted */
		o.limit = 0;
	}
	o.what = what;
	if (usrct_registry_search(c->u, &o, &json, &e) < 0)
		return cli_fail(c, &e);
	status = cli_read_answer(c, json, &hits);
	if (status)
		return status;
	return print_hits(c, a, kind, hits, what, tag);
}

static int search(struct cli *c, const struct args *a)
{
	struct usrct_registry_options registry;
	uint32_t limit = (uint32_t)MAX(args_number(a, "limit", 0), 0);
	char *text = NULL;
	struct err e;
	int status;

	if (a->n_words > 1 && parse_u32(a->words[1], &limit) < 0) {
		(void)err_set(&e, UCT_BAD_VALUE, -EINVAL, "LIMIT is a number, not '%s'",
		              a->words[1]);
		return cli_fail_local(c, &e);
	}
	if (registry_options_take(a, &registry, &text, &e) < 0)
		return cli_fail_local(c, &e);
	status = ask(c, a, limit, &registry);
	registry_options_done(&text);
	return status;
}

static const struct option *const shared[] = { registry_options, NULL };

const struct command cmd_search = {
	.name = "search",
	.aliases = (const char *const[]){ "image search", NULL },
	.group = GROUP_IMAGES,
	.summary = "Ask registries what they have",
	.description =
		"A TERM without a registry is looked for at Docker Hub. REGISTRY/REPOSITORY lists "
		"the tags of that repository, REGISTRY/REPOSITORY:TEXT those that have TEXT in "
		"them, REGISTRY/ the registry's repositories, if it tells.",
	.args = (const struct positional[]){ { "TERM", COMPLETE_NONE, false, false },
	                                     { "LIMIT", COMPLETE_NONE, true, false },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "limit", 0, OPTION_NUMBER, COMPLETE_NONE, "N", "So many lines at most",
	                  "25 of Docker Hub, else all" },
			{ "list-tags", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "TERM is a repository, also of Docker Hub; fields are .Name and .Tag" },
			{ "filter", 'f', OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                  "Only stars=N or more, is-official=true" },
			{ "format", 0, OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	                  "How to print the list: a template, json, or table TEMPLATE", "table" },
			{ "no-trunc", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Nothing is cut" },
			{ "compatible", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Accepted for podman's sake: the list is Docker's" },
			{ "noheading", 'n', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "A table without its first line", NULL, "no-heading" },
			{ NULL },
		},
	.shared = shared,
	.examples = (const struct example[]){ { "Tags of a repository",
	                                        "usr-ct search registry.example/team/site" },
	                                      { NULL, NULL } },
	.handler = search,
	.uses_store = true,
};
