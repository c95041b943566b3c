/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct volume create, ls, rm, prune, exists - named directories that outlive containers */
#include "cli/cli.h"

#include "base/sbuf.h"
#include "base/strv.h"
#include "cli/confirm.h"
#include "cli/human.h"
#include "cli/selection.h"
#include "cli/volumes.h"

#include <stdio.h>
#include <string.h>

/* --- create */

static int create(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **options = NULL, **labels = NULL;
	struct usrct_volume_options o = { .size = sizeof(o),
		                          .name = a->n_words ? a->words[0] : NULL,
		                          .driver = args_string(a, "driver"),
		                          .ignore = true };
	_cleanup_free_ char *made = NULL;
	struct usrct_err e = { 0 };

	if (args_list(a, "opt", &options) < 0 || args_list(a, "label", &labels) < 0)
		return cli_fail_memory(c);
	if (!o.name)
		o.name = args_string(a, "name");
	o.options = options;
	o.labels = labels;
	if (usrct_volume_create(c->u, &o, &made, &e) < 0)
		return cli_fail(c, &e);
	(void)fprintf(c->out.f, "%s\n", made);
	return 0;
}

#define NO_SWARM "that is for volumes of a swarm, which there is none of"

const struct command cmd_volume_create = {
	.name = "volume create",
	.group = GROUP_VOLUMES,
	.summary = "Make a volume",
	.description =
		"A volume is a directory of the store that containers mount by its NAME and that "
		"stays when they go. Its name is printed; without NAME one is made up. A volume "
		"that exists already is no error.\n\n"
		"Without options it is a plain directory. -o type=tmpfs makes one in memory, which "
		"each container has to itself and which is empty at each start; -o o= takes size=, "
		"mode=, uid= and their like. -o type=none -o o=bind -o device=DIR makes a name for "
		"another directory of yours. File systems that only root can mount are refused.",
	.args = (const struct positional[]){ { "NAME", COMPLETE_NONE, true, false }, { NULL } },
	.options = (const struct option[]){ { "label", 'l', OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                                      "A label to find it by" },
	                                    { "opt", 'o', OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                                      "One of type=, o= and device=" },
	                                    { "driver", 'd', OPTION_STRING, COMPLETE_NONE, "DRIVER",
	                                      "Who keeps it; there is one driver", "local" },
	                                    { "name", 0, OPTION_STRING, COMPLETE_NONE, "NAME",
	                                      "The same as NAME" },
	                                    { NULL } },
	.foreign = (const struct foreign_option[]){ { "availability", 0, NO_SWARM, NULL },
	                                            { "group", 0, NO_SWARM, NULL },
	                                            { "limit-bytes", 0, NO_SWARM, NULL },
	                                            { "required-bytes", 0, NO_SWARM, NULL },
	                                            { "scope", 0, NO_SWARM, NULL },
	                                            { "secret", 0, NO_SWARM, NULL },
	                                            { "sharing", 0, NO_SWARM, NULL },
	                                            { "topology-preferred", 0, NO_SWARM, NULL },
	                                            { "topology-required", 0, NO_SWARM, NULL },
	                                            { "type", 0, NO_SWARM, NULL },
	                                            { NULL, 0, NULL, NULL } },
	.examples =
		(const struct example[]){
			{ "For a database", "usr-ct volume create --label app=shop pgdata" },
			{ "In memory",
	                  "usr-ct volume create -o type=tmpfs -o o=size=64m,mode=1777 scratch" },
			{ "A name for a directory",
	                  "usr-ct volume create -o type=none -o o=bind -o device=/srv/www www" },
			{ NULL, NULL } },
	.handler = create,
	.uses_store = true,
};

/* --- ls */

static int print_names(struct cli *c, const struct usrct_volume *list, size_t n)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(64 << 20);

	for (size_t i = 0; i < n; i++)
		sbuf_addf(&b, "%s\n", list[i].name);
	return cli_print(c, &b);
}

static int print_rows(struct cli *c, const struct args *a, const struct usrct_volume *list,
                      size_t n)
{
	const struct format_options form = { .text = args_string(a, "format"),
		                             .table = "{{.Driver}}\\t{{.Name}}",
		                             .no_heading = args_flag(a, "noheading") };
	_cleanup_columns_ struct columns columns;
	bool needs_labels;
	struct err e;
	int r = columns_open(&columns, volume_columns, &form, &e);

	needs_labels = r == 0 && format_needs(columns.format, "Label", false);
	for (size_t i = 0; i < n && r == 0; i++) {
		json_t *methods = needs_labels
		                          ? json_pack("{s:o}", "Label", volume_map(list[i].labels))
		                          : NULL;

		r = columns_row(&columns, &list[i], methods, &e);
		json_decref(methods);
	}
	return r < 0 ? cli_fail_local(c, &e) : columns_print(c, &columns);
}

static int list(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **filters = NULL;
	struct usrct_volume *volumes = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int status;

	if (args_list(a, "filter", &filters) < 0)
		return cli_fail_memory(c);
	if (usrct_volume_list(c->u, filters, &volumes, &n, &e) < 0)
		return cli_fail(c, &e);
	status = args_flag(a, "quiet") ? print_names(c, volumes, n) : print_rows(c, a, volumes, n);
	usrct_volume_list_free(volumes, n);
	return status;
}

const struct command cmd_volume_ls = {
	.name = "volume ls",
	.aliases = (const char *const[]){ "volume list", NULL },
	.group = GROUP_VOLUMES,
	.summary = "List volumes",
	.description =
		"A filter is KEY=VALUE. Keys are name (regular expression), dangling (true: no "
		"container has it), label (KEY or KEY=VALUE), label!, opt, driver, scope, "
		"anonymous, since, after and until (a time, or a volume).\n\n"
		"Fields of a template are Docker's: .Name .Driver .Scope .Mountpoint .Labels "
		".Label \"key\"; and podman's: .Anonymous .CreatedAt .Options.",
	.options =
		(const struct option[]){
			{ "filter", 'f', OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                  "Only those that fit" },
			{ "format", 0, OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	                  "How to print the list: a template, json, or table TEMPLATE", "table" },
			{ "noheading", 'n', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "A table without its first line", NULL, "no-heading" },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Only the names" },
			{ NULL } },
	.foreign = (const struct foreign_option[]){ { "cluster", 0, NO_SWARM, NULL },
	                                            { NULL, 0, NULL, NULL } },
	.examples = (const struct example[]){ { "What nothing uses",
	                                        "usr-ct volume ls -f dangling=true" },
	                                      { NULL, NULL } },
	.handler = list,
	.uses_store = true,
};

/* --- rm, exists */

static int remove_one(struct cli *c, const char *name, const struct args *a, struct usrct_err *e)
{
	int r = usrct_volume_remove(c->u, name, e);

	if (r == -ENOENT && args_flag(a, "force"))
		return CLI_NOTHING_DONE;
	return r;
}

int volumes_names(struct cli *c, struct strv *ret)
{
	struct usrct_volume *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int r = 0;

	if (usrct_volume_list(c->u, NULL, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = strv_add(ret, list[i].name);
	usrct_volume_list_free(list, n);
	return r < 0 ? cli_fail_memory(c) : 0;
}

static int remove_named(struct cli *c, const struct args *a)
{
	return cli_for_each(c, a, /* echo= */ true, remove_one);
}

static int remove_volumes(struct cli *c, const struct args *a)
{
	return selection_run(c, a, volumes_names, remove_named);
}

const struct command cmd_volume_rm = {
	.name = "volume rm",
	.aliases = (const char *const[]){ "volume remove", NULL },
	.group = GROUP_VOLUMES,
	.summary = "Remove volumes with all that is in them",
	.description = "A volume that a container has, running or not, is refused, also with "
		       "--force.",
	.args = (const struct positional[]){ { "VOLUME", COMPLETE_VOLUME_NAME, true, true },
	                                     { NULL } },
	.options = (const struct option[]){ { "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "It is no error that a volume does not exist" },
	                                    { "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "All of them" },
	                                    { NULL } },
	.foreign = (const struct foreign_option[]){ { "time", 't', "no container is ended for it",
	                                              "use usr-ct rm -f CONTAINER first" },
	                                            { NULL, 0, NULL, NULL } },
	.examples = (const struct example[]){ { "Remove one", "usr-ct volume rm pgdata" },
	                                      { NULL, NULL } },
	.handler = remove_volumes,
	.uses_store = true,
};

static int exists(struct cli *c, const struct args *a)
{
	_cleanup_free_ char *json = NULL;
	struct usrct_err e = { 0 };
	int r = usrct_volume_inspect(c->u, a->words[0], &json, &e);

	return cli_say_exists(c, r, &e);
}

const struct command cmd_volume_exists = {
	.name = "volume exists",
	.group = GROUP_VOLUMES,
	.summary = "Tell whether there is a volume of that name",
	.exit_text = "0 there is one, 1 there is none, 125 it cannot be told.",
	.args = (const struct positional[]){ { "VOLUME", COMPLETE_VOLUME_NAME, false, false },
	                                     { NULL } },
	.examples =
		(const struct example[]){
			{ "Make it once", "usr-ct volume exists pg || usr-ct volume create pg" },
			{ NULL, NULL } },
	.handler = exists,
	.uses_store = true,
};

/* --- prune */

int volumes_prune(struct cli *c, const char *const *given, bool all,
                  void (*each)(const char *name, void *arg), void *arg)
{
	_cleanup_strv_ struct strv filters = { 0 };
	struct usrct_volume *volumes = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int status = 0, r = strv_add(&filters, "dangling=true");

	for (const char *const *f = given; f && *f && r == 0; f++) {
		if (!strcmp(*f, "all=true") || !strcmp(*f, "all=1"))
			all = true;
		else if (strncmp(*f, "all=", 4) != 0)
			r = strv_add(&filters, *f);
	}
	if (r == 0 && !all)
		r = strv_add(&filters, "anonymous=true");
	if (r < 0)
		return cli_fail_memory(c);
	if (usrct_volume_list(c->u, (const char *const *)(uintptr_t)filters.v, &volumes, &n, &e) <
	    0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n; i++) {
		r = usrct_volume_remove(c->u, volumes[i].name, &e);
		if (r == 0)
			each(volumes[i].name, arg);
		else if (r != -ENOENT && r != -EBUSY) /* somebody was faster */
			status = cli_fail(c, &e);
	}
	usrct_volume_list_free(volumes, n);
	return status;
}

struct pruning {
	struct cli *c;
	bool has_printed;
};

static void print_removed(const char *name, void *arg)
{
	struct pruning *p = arg;

	if (!p->has_printed)
		(void)fprintf(p->c->out.f, "Deleted Volumes:\n");
	p->has_printed = true;
	(void)fprintf(p->c->out.f, "%s\n", name);
	(void)fflush(p->c->out.f);
}

static int prune(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **filters = NULL;
	struct pruning p = { c, false };
	uint64_t before = 0, after = 0;
	struct usrct_err e = { 0 };
	char size[HUMAN_SIZE];
	bool all = args_flag(a, "all");
	int status, yes;

	if (args_list(a, "filter", &filters) < 0)
		return cli_fail_memory(c);
	if (!args_flag(a, "force")) {
		yes = confirm(c, all ? "WARNING! This will remove all volumes not used by at least "
		                       "one container."
		                     : "WARNING! This will remove anonymous local volumes not used "
		                       "by at least one container.");
		if (yes <= 0)
			return yes < 0 ? 1 : 0;
	}
	if (usrct_disk_total(c->u, &before, &e) < 0)
		return cli_fail(c, &e);
	status = volumes_prune(c, filters, all, print_removed, &p);
	if (usrct_disk_total(c->u, &after, &e) < 0)
		return cli_fail(c, &e);
	usrct_volume_pruned(c->u, before > after ? before - after : 0);
	human_bytes(before > after ? before - after : 0, size);
	(void)fprintf(c->out.f, "%sTotal reclaimed space: %s\n", p.has_printed ? "\n" : "", size);
	return status;
}

const struct command cmd_volume_prune = {
	.name = "volume prune",
	.group = GROUP_VOLUMES,
	.summary = "Remove volumes that no container has",
	.description = "Only anonymous ones, unless --all is given. Asks first, unless --force is "
		       "given.",
	.options =
		(const struct option[]){
			{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL, "Also those with a name" },
			{ "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL, "Do not ask" },
			{ "filter", 0, OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                  "Only those that fit: label, label!, until and the others of volume ls" },
			{ NULL } },
	.examples = (const struct example[]){ { "Those of an application",
	                                        "usr-ct volume prune -a --filter label=app=shop" },
	                                      { NULL, NULL } },
	.handler = prune,
	.uses_store = true,
};
