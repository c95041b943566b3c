/* SPDX-License-Identifier: Apache-2.0 */
/* search - what registries have: Docker Hub's search, tags of a repository, a registry's catalog */
#include "engine/asking.h"

#include "base/json.h"

#include <string.h>

static int collect(struct libexec *fetcher, json_t *out, struct err *e)
{
	struct fetch_row row = { 0 };
	int r;

	for (;;) {
		r = asking_next(fetcher, &row, sizeof(row), e);
		if (r < 0 || row.type != FETCH_ROW)
			return r;
		row.name[sizeof(row.name) - 1] = '\0';
		row.description[sizeof(row.description) - 1] = '\0';
		/* jansson takes only UTF-8; what is none is left out. */
		(void)json_array_append_new(
			out, json_pack("{s:s, s:s, s:I, s:b, s:b}", "Name", row.name, "Description",
		                       row.description, "StarCount", (json_int_t)row.stars,
		                       "IsOfficial", row.flags & FETCH_ROW_OFFICIAL, "IsAutomated",
		                       row.flags & FETCH_ROW_AUTOMATED));
	}
}

int usrct_registry_search(struct usrct *u, const struct usrct_search_options *opts, char **ret_json,
                          struct usrct_err *out)
{
	static const enum fetch_flag flags[] = { [USRCT_SEARCH_HUB] = FETCH_SEARCH,
		                                 [USRCT_SEARCH_TAGS] = FETCH_TAGS,
		                                 [USRCT_SEARCH_CATALOG] = FETCH_CATALOG };
	struct fetch_start m = { .flags = (uint32_t)flags[opts->kind], .limit = opts->limit };
	_cleanup_libexec_ struct libexec fetcher = LIBEXEC_NONE;
	_cleanup_json_ json_t *rows = json_array();
	struct err e = { 0 };
	int r = rows ? asking_start(&fetcher, &m, opts->what, opts->registry, NULL, 0, &e)
	             : err_oom(&e);

	(void)u;
	if (r == 0)
		r = collect(&fetcher, rows, &e);
	if (r == 0)
		r = json_print(rows, false, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}
