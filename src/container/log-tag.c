/* SPDX-License-Identifier: Apache-2.0 */
#include "container/log-tag.h"

#include <string.h>

enum { SHORT_ID = 12 };

/* Docker's fields; 1 known, 0 not. @ret_max: so many bytes of it. */
static int find_field(const char *name, size_t n, const struct log_tag *t, const char **ret,
                      size_t *ret_max)
{
	const struct {
		const char *name, *value;
		size_t max;
	} fields[] = { { "ID", t->id, SHORT_ID },
		       { "FullID", t->id, SIZE_MAX },
		       { "Name", t->name, SIZE_MAX },
		       { "ImageID", t->image_id, SHORT_ID },
		       { "ImageFullID", t->image_id, SIZE_MAX },
		       { "ImageName", t->image, SIZE_MAX },
		       { "Command", t->command, SIZE_MAX },
		       { "DaemonName", "usr-ct", SIZE_MAX } };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].name) == n && !strncmp(fields[i].name, name, n)) {
			*ret = fields[i].value;
			*ret_max = fields[i].max;
			return 1;
		}
	return 0;
}

int log_tag_expand(const char *text, const struct log_tag *facts, struct sbuf *b)
{
	const char *open;

	while ((open = strstr(text, "{{"))) {
		const char *end = strstr(open, "}}"), *name = open + 2, *value = NULL;
		size_t n, max = 0;

		if (!end)
			return -EINVAL;
		name += strspn(name, " ");
		n = strcspn(name, " }");
		if (*name != '.' || name[n + strspn(name + n, " ")] != '}' ||
		    !find_field(name + 1, n - 1, facts, &value, &max))
			return -EINVAL;
		sbuf_add(b, text, (size_t)(open - text));
		if (value)
			sbuf_add(b, value, strnlen(value, max));
		else
			sbuf_add(b, open, (size_t)(end + 2 - open));
		text = end + 2;
	}
	sbuf_adds(b, text);
	return b->err;
}
