/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct container prune, image prune, system prune - remove what nothing uses */
#include "cli/cli.h"

#include "base/sbuf.h"
#include "base/strv.h"
#include "cli/confirm.h"
#include "cli/human.h"
#include "cli/prune-plan.h"
#include "cli/volumes.h"

#include <stdio.h>
#include <string.h>

/* What is removed is told as it happens, under a title that comes with the first line. */
struct pruning {
	struct cli *c;
	const char *title;
	bool has_printed;
};

static void print_removed(const char *line, void *arg)
{
	struct pruning *p = arg;

	if (!p->has_printed)
		(void)fprintf(p->c->out.f, "%s:\n", p->title);
	p->has_printed = true;
	(void)fprintf(p->c->out.f, "%s\n", line);
	(void)fflush(p->c->out.f);
}

static void end_section(struct pruning *p)
{
	if (p->has_printed)
		(void)fputc('\n', p->c->out.f);
}

/* Whether it could be removed: between the list and now somebody may have started or removed it. */
static int failure(struct cli *c, int r, const struct usrct_err *e)
{
	return r == -ENOENT || r == -EBUSY ? 0 : cli_fail(c, e);
}

static int prune_containers(struct cli *c, const char *const *filters)
{
	const struct usrct_list_options o = { .size = sizeof(o), .all = true, .filters = filters };
	struct pruning p = { c, "Deleted Containers", false };
	struct usrct_container *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int status = 0, r;

	if (usrct_container_list(c->u, &o, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n; i++) {
		if (list[i].state != USRCT_CREATED && list[i].state != USRCT_EXITED)
			continue;
		r = usrct_container_remove(c->u, list[i].id, /* force= */ false, &e);
		if (r == 0)
			print_removed(list[i].id, &p);
		else
			status |= failure(c, r, &e);
	}
	usrct_container_list_free(list, n);
	end_section(&p);
	return status;
}

static int prune_images(struct cli *c, const char *const *given, bool all)
{
	_cleanup_strv_ struct strv filters = { 0 };
	struct usrct_image_list_options o = { .size = sizeof(o) };
	struct pruning p = { c, "Deleted Images", false };
	struct usrct_err e = { 0 };
	int r;

	/* --filter dangling=false is --all by another name. */
	for (const char *const *f = given; f && *f; f++)
		all = all || strcmp(*f, "dangling=false") == 0 || strcmp(*f, "dangling=0") == 0;
	r = strv_add(&filters, "containers=false");
	if (r == 0 && !all)
		r = strv_add(&filters, "dangling=true");
	for (const char *const *f = given; f && *f && r == 0; f++)
		if (strncmp(*f, "dangling=", 9) != 0)
			r = strv_add(&filters, *f);
	if (r < 0)
		return cli_fail_memory(c);
	o.filters = (const char *const *)(uintptr_t)filters.v;
	r = usrct_image_prune(c->u, &o, print_removed, &p, &e);
	end_section(&p);
	return r < 0 ? cli_fail(c, &e) : 0;
}

enum { PRUNE_CONTAINERS = 1, PRUNE_IMAGES = 2, PRUNE_VOLUMES = 4 };

static int prune(struct cli *c, const struct args *a, unsigned what, const char *warning)
{
	struct pruning volumes = { c, "Deleted Volumes", false };
	_cleanup_free_ const char **filters = NULL;
	uint64_t before = 0, after = 0;
	struct usrct_err e = { 0 };
	char size[HUMAN_SIZE];
	int status = 0, yes;

	if (args_list(a, "filter", &filters) < 0)
		return cli_fail_memory(c);
	if (args_flag(a, "dry-run"))
		return prune_plan_print(
			c, &(struct prune_plan){ .containers = what & PRUNE_CONTAINERS,
		                                 .images = what & PRUNE_IMAGES,
		                                 .all = command_option(a->cmd, "all", 3) &&
		                                        args_flag(a, "all"),
		                                 .filters = filters });
	if (!args_flag(a, "force")) {
		yes = confirm(c, warning);
		if (yes <= 0)
			return yes < 0 ? 1 : 0;
	}
	if (usrct_disk_total(c->u, &before, &e) < 0)
		return cli_fail(c, &e);
	if (what & PRUNE_CONTAINERS)
		status = prune_containers(c, filters);
	if (what & PRUNE_IMAGES)
		status |= prune_images(c, filters,
		                       command_option(a->cmd, "all", 3) && args_flag(a, "all"));
	if (what & PRUNE_VOLUMES) {
		status |= volumes_prune(c, filters, /* all= */ false, print_removed, &volumes);
		end_section(&volumes);
	}
	if (usrct_disk_total(c->u, &after, &e) < 0)
		return cli_fail(c, &e);
	human_bytes(before > after ? before - after : 0, size);
	(void)fprintf(c->out.f, "Total reclaimed space: %s\n", size);
	return status;
}

static int container_prune(struct cli *c, const struct args *a)
{
	return prune(c, a, PRUNE_CONTAINERS, "WARNING! This will remove all stopped containers.");
}

static int image_prune(struct cli *c, const struct args *a)
{
	return prune(c, a, PRUNE_IMAGES,
	             args_flag(a, "all")
	                     ? "WARNING! This will remove all images without at least one "
	                       "container associated to them."
	                     : "WARNING! This will remove all dangling images.");
}

static int system_prune(struct cli *c, const struct args *a)
{
	bool volumes = args_flag(a, "volumes");
	_cleanup_free_ char *warning = strf(
		"WARNING! This will remove:\n  - all stopped containers\n%s  - %s\n",
		volumes ? "  - all anonymous volumes not used by at least one container\n" : "",
		args_flag(a, "all") ? "all images without at least one container associated to them"
				    : "all dangling images");

	if (!warning)
		return cli_fail_memory(c);
	return prune(c, a, PRUNE_CONTAINERS | PRUNE_IMAGES | (volumes ? PRUNE_VOLUMES : 0),
	             warning);
}

#define DRY_RUN                                                                      \
	{                                                                            \
		"dry-run", 0, OPTION_FLAG, COMPLETE_NONE, NULL,                      \
			"Say what would go and what that gives back, and do nothing" \
	}

static const struct option container_options[] = {
	{ "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL, "Do not ask" },
	DRY_RUN,
	{ "filter", 0, OPTION_LIST, COMPLETE_CONTAINER_FILTER, "KEY=VALUE",
	  "Only those that fit: until, label, label! and the other filters of ps" },
	{ NULL },
};

const struct command cmd_container_prune = {
	.name = "container prune",
	.group = GROUP_SYSTEM,
	.summary = "Remove all containers that do not run",
	.description = "Asks first, unless --force is given.",
	.options = container_options,
	.examples = (const struct example[]){ { "Those older than a day",
	                                        "usr-ct container prune -f --filter until=24h" },
	                                      { NULL, NULL } },
	.handler = container_prune,
	.uses_store = true,
};

const struct command cmd_image_prune = {
	.name = "image prune",
	.group = GROUP_SYSTEM,
	.summary = "Remove images that nothing uses",
	.description = "Asks first, unless --force is given.",
	.options =
		(const struct option[]){
			{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "All that no container uses, not just those without a name" },
			{ "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL, "Do not ask" },
			DRY_RUN,
			{ "filter", 0, OPTION_LIST, COMPLETE_IMAGE_FILTER, "KEY=VALUE",
	                  "Only those that fit: until, label, label! and the others of images" },
			{ "external", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Accepted for podman's sake: other programs keep nothing in this "
	                  "store" },
			{ NULL } },
	.examples =
		(const struct example[]){ { "All that is not in use", "usr-ct image prune -af" },
	                                  { NULL, NULL } },
	.handler = image_prune,
	.uses_store = true,
};

const struct command cmd_system_prune = {
	.name = "system prune",
	.group = GROUP_SYSTEM,
	.summary = "Remove what nothing uses",
	.description = "Asks first, unless --force is given.",
	.options =
		(const struct option[]){
			{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "All images that no container uses, not just those without a name" },
			{ "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL, "Do not ask" },
			DRY_RUN,
			{ "filter", 0, OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                  "Only what fits: until, label, label!" },
			{ "volumes", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Also anonymous volumes that no container has" },
			{ NULL } },
	.examples = (const struct example[]){ { "Everything that is not in use",
	                                        "usr-ct system prune -af" },
	                                      { NULL, NULL } },
	.handler = system_prune,
	.uses_store = true,
};
