/* SPDX-License-Identifier: Apache-2.0 */
/* json - jansson with our errors and cleanups
 *
 * Getters take a path of keys separated by dots and treat a missing or null value as absent: they
 * return 1 if found, 0 if absent, -EINVAL with an explanation if it has another type.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

static inline void cleanup_json(json_t **j)
{
	int saved = errno;

	json_decref(*j);
	errno = saved;
}
#define _cleanup_json_ _cleanup_(cleanup_json)

/* Duplicate keys are refused; @what names the document in an error. */
int json_parse(const char *text, size_t n, const char *what, json_t **ret, struct err *e);
/* Whether it has no more values than honest documents of strangers have. Four megabytes of "{}" are
 * three hundred of jansson's. */
enum { JSON_MODEST_VALUES = 200000 };
bool json_is_modest(const char *text, size_t n);
/* A whole file of at most @max_bytes, as file_read_at() reads one. */
int json_read_at(int dirfd, const char *name, size_t max_bytes, json_t **ret, struct err *e);
json_t *json_at(const json_t *j, const char *path); /* borrowed; NULL if absent */
int json_get_string(const json_t *j, const char *path, const char **ret,
                    struct err *e); /* borrowed */
int json_get_int(const json_t *j, const char *path, json_int_t *ret, struct err *e);
int json_get_bool(const json_t *j, const char *path, bool *ret, struct err *e);
/* RFC 3339; 0, which is never, as Docker shows it. A new reference; NULL: no memory. */
json_t *json_time(uint64_t realtime_ns);
/* Compact text, keys in the order they were set. */
int json_print(const json_t *j, bool indent, char **ret, struct err *e);
