/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prune-plan.h"

#include "base/strv.h"
#include "cli/human.h"

#include <string.h>

struct findings {
	struct strv containers, images;
	struct strv used; /* images of containers that stay */
};

static void findings_done(struct findings *f)
{
	strv_done(&f->containers);
	strv_done(&f->images);
	strv_done(&f->used);
}

static bool has(const struct strv *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], id) == 0)
			return true;
	return false;
}

static int find_containers(struct cli *c, const struct prune_plan *p, struct findings *f)
{
	struct usrct_list_options o = { .size = sizeof(o), .all = true };
	struct usrct_container *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int r = 0;

	o.filters = p->filters;
	if (p->containers && usrct_container_list(c->u, &o, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n && r == 0; i++)
		if (list[i].state == USRCT_CREATED || list[i].state == USRCT_EXITED)
			r = strv_add(&f->containers, list[i].id);
	usrct_container_list_free(list, n);
	list = NULL;
	n = 0;
	o.filters = NULL;
	if (r == 0 && usrct_container_list(c->u, &o, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n && r == 0; i++)
		if (!has(&f->containers, list[i].id))
			r = strv_add(&f->used, list[i].image_id);
	usrct_container_list_free(list, n);
	return r < 0 ? cli_fail_memory(c) : 0;
}

static int find_images(struct cli *c, const struct prune_plan *p, struct findings *f)
{
	struct usrct_image_list_options o = { .size = sizeof(o) };
	_cleanup_strv_ struct strv filters = { 0 };
	struct usrct_image *list = NULL;
	struct usrct_err e = { 0 };
	bool all = p->all;
	size_t n = 0;
	int r = 0;

	for (const char *const *x = p->filters; x && *x && r == 0; x++) {
		all = all || strcmp(*x, "dangling=false") == 0 || strcmp(*x, "dangling=0") == 0;
		if (strncmp(*x, "dangling=", 9) != 0)
			r = strv_add(&filters, *x);
	}
	if (r == 0 && !all)
		r = strv_add(&filters, "dangling=true");
	o.filters = (const char *const *)(uintptr_t)filters.v;
	if (r == 0 && usrct_image_list(c->u, &o, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n && r == 0; i++)
		if (!has(&f->used, list[i].id))
			r = strv_add(&f->images, list[i].id);
	usrct_image_list_free(list, n);
	return r < 0 ? cli_fail_memory(c) : 0;
}

static void print_list(struct cli *c, const char *title, const struct strv *list)
{
	if (list->n == 0)
		return;
	(void)fprintf(c->out.f, "%s:\n", title);
	for (size_t i = 0; i < list->n; i++)
		(void)fprintf(c->out.f, "%s\n", list->v[i]);
	(void)fputc('\n', c->out.f);
}

int prune_plan_print(struct cli *c, const struct prune_plan *p)
{
	__attribute__((cleanup(findings_done))) struct findings f = { 0 };
	struct usrct_err e = { 0 };
	char size[HUMAN_SIZE];
	uint64_t bytes = 0;
	int status = find_containers(c, p, &f);

	if (status == 0 && p->images)
		status = find_images(c, p, &f);
	if (status != 0)
		return status;
	if (usrct_disk_reclaimable(c->u, (const char *const *)(uintptr_t)f.images.v,
	                           (const char *const *)(uintptr_t)f.containers.v, &bytes, &e) < 0)
		return cli_fail(c, &e);
	print_list(c, "Would delete containers", &f.containers);
	print_list(c, "Would delete images", &f.images);
	human_bytes(bytes, size);
	(void)fprintf(c->out.f, "Total reclaimable space: %s (%llu bytes)\n", size,
	              (unsigned long long)bytes);
	return 0;
}
