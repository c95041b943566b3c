/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct system df - what the store takes on disk */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/container-columns.h"
#include "cli/human.h"
#include "cli/status.h"

#include <string.h>

enum { OUTPUT_MAX_BYTES = 16 << 20 };

/* One kind of thing. */
struct df_row {
	const char *type;
	size_t n, n_active;
	uint64_t bytes, reclaimable;
};

static json_t *size_text(uint64_t bytes)
{
	char text[HUMAN_SIZE];

	human_bytes(bytes, text);
	return json_string(text);
}

static json_t *number_text(size_t n)
{
	char text[HUMAN_SIZE];

	(void)snprintf(text, sizeof(text), "%zu", n);
	return json_string(text);
}

static json_t *type(const void *row)
{
	return json_string(((const struct df_row *)row)->type);
}

static json_t *total(const void *row)
{
	return number_text(((const struct df_row *)row)->n);
}

static json_t *active(const void *row)
{
	return number_text(((const struct df_row *)row)->n_active);
}

static json_t *size(const void *row)
{
	return size_text(((const struct df_row *)row)->bytes);
}

static json_t *reclaimable(const void *row)
{
	const struct df_row *d = row;
	char bytes[HUMAN_SIZE], text[2 * HUMAN_SIZE];

	human_bytes(d->reclaimable, bytes);
	if (d->bytes > 0)
		(void)snprintf(text, sizeof(text), "%s (%u%%)", bytes,
		               (unsigned)(d->reclaimable * 100 / d->bytes));
	else
		(void)snprintf(text, sizeof(text), "%s", bytes);
	return json_string(text);
}

static json_t *raw_size(const void *row)
{
	return json_integer((json_int_t)((const struct df_row *)row)->bytes);
}

static json_t *raw_reclaimable(const void *row)
{
	return json_integer((json_int_t)((const struct df_row *)row)->reclaimable);
}

static const struct column df_columns[] = {
	{ "Active", "ACTIVE", active, false },
	{ "Reclaimable", "RECLAIMABLE", reclaimable, false },
	{ "Size", "SIZE", size, false },
	{ "TotalCount", "TOTAL", total, false },
	{ "Type", "TYPE", type, false },
	{ "Total", "TOTAL", total, true },
	{ "RawSize", "RAWSIZE", raw_size, true },
	{ "RawReclaimable", "RAWRECLAIMABLE", raw_reclaimable, true },
	{ NULL, NULL, NULL, false },
};

static uint64_t number(const json_t *j, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(j, key));

	return v > 0 ? (uint64_t)v : 0;
}

static void fill(const json_t *j, struct df_row rows[4])
{
	const json_t *images = json_object_get(j, "Images");
	const json_t *containers = json_object_get(j, "Containers"), *v;
	const json_t *volumes = json_object_get(j, "Volumes");
	size_t i;

	rows[0] = (struct df_row){ "Images", json_array_size(images), 0, number(j, "ImagesDisk"),
		                   number(j, "ImagesReclaimable") };
	rows[1] =
		(struct df_row){ "Containers", json_array_size(containers), 0,
		                 number(j, "ContainersDisk"), number(j, "ContainersReclaimable") };
	rows[2] = (struct df_row){ "Local Volumes", json_array_size(volumes), 0,
		                   number(j, "VolumesDisk"), number(j, "VolumesReclaimable") };
	rows[3] = (struct df_row){ "Build Cache", 0, 0, 0, 0 };
	json_array_foreach(images, i, v) rows[0].n_active += number(v, "Containers") > 0;
	json_array_foreach(containers, i, v) rows[1].n_active +=
		json_is_true(json_object_get(v, "Active"));
	json_array_foreach(volumes, i, v) rows[2].n_active += number(v, "Links") > 0;
}

static int print_summary(struct cli *c, const json_t *j, const char *text)
{
	static const char raw[] = "type: {{.Type}}\ntotal: {{.TotalCount}}\n"
				  "active: {{.Active}}\nsize: {{.Size}}\n"
				  "reclaimable: {{.Reclaimable}}\n";
	const struct format_options o = {
		.text = text && !strcmp(text, "raw") ? raw : text,
		.table = "{{.Type}}\\t{{.TotalCount}}\\t{{.Active}}\\t{{.Size}}\\t{{.Reclaimable}}",
	};
	_cleanup_columns_ struct columns columns;
	struct df_row rows[4];
	struct err e;
	int r = columns_open(&columns, df_columns, &o, &e);

	fill(j, rows);
	for (size_t i = 0; i < ARRAY_SIZE(rows) && r == 0; i++)
		r = columns_row(&columns, &rows[i], NULL, &e);
	return r < 0 ? cli_fail_local(c, &e) : columns_print(c, &columns);
}

/* --- -v: each image and container */

struct item {
	const json_t *j;
	uint64_t now_ns;
};

static const char *word_at(const void *row, const char *key)
{
	const char *s = json_string_value(json_object_get(((const struct item *)row)->j, key));

	return s ? s : "";
}

static json_t *text_at(const void *row, const char *key)
{
	return json_string(word_at(row, key));
}

static json_t *bytes_at(const void *row, const char *key)
{
	return size_text(number(((const struct item *)row)->j, key));
}

static json_t *item_id(const void *row)
{
	const char *id = json_string_value(json_object_get(((const struct item *)row)->j, "Id"));
	char text[72];

	return json_string(human_id(id ? id : "", true, text));
}

static json_t *item_created(const void *row)
{
	const struct item *i = row;
	char text[STATUS_SIZE];

	status_ago(number(i->j, "Created") * 1000000000, i->now_ns, text);
	return json_string(text);
}

static const char *first_name(const struct item *i)
{
	return json_string_value(json_array_get(json_object_get(i->j, "RepoTags"), 0));
}

/* A colon before a slash belongs to a port. */
static json_t *item_repository(const void *row)
{
	const char *name = first_name(row), *colon = name ? strrchr(name, ':') : NULL;

	if (!name)
		return json_string("<none>");
	return json_stringn(name,
	                    colon && !strchr(colon, '/') ? (size_t)(colon - name) : strlen(name));
}

static json_t *item_tag(const void *row)
{
	const char *name = first_name(row), *colon = name ? strrchr(name, ':') : NULL;

	return json_string(colon && !strchr(colon, '/') ? colon + 1 : "<none>");
}

static json_t *item_shared(const void *row)
{
	return bytes_at(row, "SharedSize");
}

static json_t *item_unique(const void *row)
{
	return bytes_at(row, "UniqueSize");
}

static json_t *item_size(const void *row)
{
	return bytes_at(row, "Size");
}

static json_t *item_disk(const void *row)
{
	return bytes_at(row, "DiskSize");
}

static json_t *item_users(const void *row)
{
	return number_text(number(((const struct item *)row)->j, "Containers"));
}

static json_t *item_image(const void *row)
{
	return json_string(human_image(word_at(row, "Image")));
}

static json_t *item_names(const void *row)
{
	return text_at(row, "Names");
}

static json_t *item_name(const void *row)
{
	return text_at(row, "Name");
}

static json_t *item_links(const void *row)
{
	return number_text(number(((const struct item *)row)->j, "Links"));
}

static json_t *item_status(const void *row)
{
	return text_at(row, "Status");
}

static json_t *item_volumes(const void *row)
{
	return number_text(number(((const struct item *)row)->j, "LocalVolumes"));
}

/* As ps has it. */
static json_t *item_command(const void *row)
{
	const struct usrct_container ct = { .command = word_at(row, "Command") };
	const struct container_view view = { .ct = &ct, .truncated = true };

	return container_command(&view);
}

static const struct column image_items[] = {
	{ "Repository", "REPOSITORY", item_repository, false },
	{ "Tag", "TAG", item_tag, false },
	{ "ID", "IMAGE ID", item_id, false },
	{ "Created", "CREATED", item_created, false },
	{ "Size", "SIZE", item_size, false },
	{ "Shared", "SHARED SIZE", item_shared, false },
	{ "Unique", "UNIQUE SIZE", item_unique, false },
	{ "Containers", "CONTAINERS", item_users, false },
	{ NULL, NULL, NULL, false },
};

static const struct column container_items[] = {
	{ "ID", "CONTAINER ID", item_id, false },
	{ "Image", "IMAGE", item_image, false },
	{ "Command", "COMMAND", item_command, false },
	{ "LocalVolumes", "LOCAL VOLUMES", item_volumes, false },
	{ "Size", "SIZE", item_disk, false },
	{ "Created", "CREATED", item_created, false },
	{ "Status", "STATUS", item_status, false },
	{ "Names", "NAMES", item_names, false },
	{ NULL, NULL, NULL, false },
};

static const struct column volume_items[] = {
	{ "Name", "VOLUME NAME", item_name, false },
	{ "Links", "LINKS", item_links, false },
	{ "Size", "SIZE", item_disk, false },
	{ NULL, NULL, NULL, false },
};

/* What ps knows of containers, and the disk's usage does not; one that has gone since keeps the
 * word for its state. */
static int add_status(struct cli *c, const json_t *containers)
{
	const struct usrct_list_options o = { .size = sizeof(o),
		                              .all = true,
		                              .details = USRCT_LIST_DOCUMENT };
	struct usrct_container *list = NULL;
	uint64_t now_ns = clock_realtime_ns();
	struct usrct_err e = { 0 };
	size_t n = 0, i;
	json_t *j;

	if (usrct_container_list(c->u, &o, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	json_array_foreach(containers, i, j)
	{
		const char *id = json_string_value(json_object_get(j, "Id"));
		char text[STATUS_SIZE] = "Removed";
		size_t k = 0;

		while (k < n && strcmp(list[k].id, id ? id : "") != 0)
			k++;
		if (k < n) {
			status_text(&list[k], now_ns, text);
			(void)json_object_set_new(j, "LocalVolumes",
			                          json_integer(container_n_volumes(&list[k])));
		}
		(void)json_object_set_new(j, "Status", json_string(text));
	}
	usrct_container_list_free(list, n);
	return 0;
}

static int print_items(struct cli *c, const json_t *list, const struct column *table,
                       const char *text, const char *title)
{
	const struct format_options o = { .table = text };
	struct item item = { .now_ns = clock_realtime_ns() };
	_cleanup_columns_ struct columns columns;
	struct err e;
	size_t i;
	int r = columns_open(&columns, table, &o, &e);

	(void)fprintf(c->out.f, "%s:\n\n", title);
	json_array_foreach(list, i, item.j) if (r == 0) r = columns_row(&columns, &item, NULL, &e);
	return r < 0 ? cli_fail_local(c, &e) : columns_print(c, &columns);
}

static int print_details(struct cli *c, const json_t *j)
{
	int status = print_items(c, json_object_get(j, "Images"), image_items,
	                         "{{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.Created}}\\t"
	                         "{{.Size}}\\t{{.Shared}}\\t{{.Unique}}\\t{{.Containers}}",
	                         "Images space usage");

	(void)fputc('\n', c->out.f);
	if (status == 0)
		status = print_items(c, json_object_get(j, "Containers"), container_items,
		                     "{{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.LocalVolumes}}"
		                     "\\t{{.Size}}\\t{{.Created}}\\t{{.Status}}\\t{{.Names}}",
		                     "Containers space usage");
	(void)fputc('\n', c->out.f);
	if (status == 0)
		status = print_items(c, json_object_get(j, "Volumes"), volume_items,
		                     "{{.Name}}\\t{{.Links}}\\t{{.Size}}",
		                     "Local Volumes space usage");
	return status;
}

/* -v with a template, which sees all of it at once: .Images, .Containers, .Volumes, .BuildCache. */
static int print_whole(struct cli *c, json_t *j, const char *text)
{
	const struct format_options o = { .text = text };
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(OUTPUT_MAX_BYTES);
	_cleanup_format_ struct format *f = NULL;
	struct err e;

	if (format_compile(&o, &f, &e) < 0 ||
	    format_row(f,
	               json_pack("{s:O, s:O, s:O, s:[]}", "Images", json_object_get(j, "Images"),
	                         "Containers", json_object_get(j, "Containers"), "Volumes",
	                         json_object_get(j, "Volumes"), "BuildCache"),
	               NULL, NULL, &e) < 0 ||
	    format_end(f, &b, &e) < 0)
		return cli_fail_local(c, &e);
	return cli_print(c, &b);
}

static int df(struct cli *c, const struct args *a)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	struct usrct_err e = { 0 };
	const char *form;
	int status;

	if (usrct_disk_usage(c->u, &text, &e) < 0)
		return cli_fail(c, &e);
	status = cli_read_answer(c, text, &j);
	if (status)
		return status;
	form = args_string(a, "format");
	if (args_flag(a, "verbose"))
		status = add_status(c, json_object_get(j, "Containers"));
	if (status)
		return status;
	if (args_flag(a, "verbose") && (!form || !strcmp(form, "table")))
		return print_details(c, j);
	if (args_flag(a, "verbose") && strcmp(form, "raw") != 0 && strncmp(form, "table ", 6) != 0)
		return print_whole(c, j, form);
	return print_summary(c, j, form);
}

const struct command cmd_system_df = {
	.name = "system df",
	.group = GROUP_SYSTEM,
	.summary = "Show what images and containers take on disk",
	.description =
		"SIZE is counted as du(1) does: what files, directories and blobs take in the "
		"store, each file once. RECLAIMABLE is what image prune -a and container prune "
		"would give back. With --verbose a template sees all of it at once: .Images, "
		".Containers, .Volumes and .BuildCache. raw is Docker's old form.",
	.options =
		(const struct option[]){ { "verbose", 'v', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                   "Each image and each container" },
	                                 { "format", 0, OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	                                   "How to print it: a template, json, or table TEMPLATE",
	                                   "table" },
	                                 { NULL } },
	.examples = (const struct example[]){ { "Where the space is", "usr-ct system df -v" },
	                                      { NULL, NULL } },
	.handler = df,
	.uses_store = true,
};
