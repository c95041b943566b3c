/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/secret.h - small values that containers get without their standing anywhere. Since: 0.1 */
#ifndef USRCT_SECRET_H
#define USRCT_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <usrct/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;

enum { USRCT_SECRET_MAX_BYTES = 512000 };

/**
 * struct usrct_secret_options - a secret that shall be kept
 * @size:    sizeof(struct usrct_secret_options)
 * @name:    letters, digits and _ . -
 * @driver:  "file"; NULL: the same
 * @labels:  "KEY=VALUE", NULL-terminated, may be NULL
 * @data:    its value, 1 to USRCT_SECRET_MAX_BYTES bytes of any kind
 * @replace: one that has the name gets this value; containers that have the old one keep it
 * @ignore:  it is no error that the secret exists; it stays as it is
 */
struct usrct_secret_options {
	size_t size;
	const char *name, *driver;
	const char *const *labels;
	const void *data;
	size_t data_bytes;
	bool replace, ignore;
};

/**
 * usrct_secret_create() - keep a secret, in a file of the store that only its owner can read
 * @ret_id: receives its id, 25 hexadecimal digits; the caller frees it; may be NULL
 *
 * Return: 0, or negative errno: -EEXIST, -EINVAL. Since: 0.1
 */
USRCT_API int usrct_secret_create(struct usrct *u, const struct usrct_secret_options *opts,
                                  char **ret_id, struct usrct_err *e);

/* One secret, without its value. @labels: NULL-terminated "KEY=VALUE" */
struct usrct_secret {
	const char *id, *name, *driver;
	const char *const *labels;
	uint64_t created_ns, updated_ns;
};

/**
 * usrct_secret_list() - secrets by name
 * @filters: "KEY=VALUE", NULL-terminated, may be NULL. Keys: name, id (their beginning), label
 *
 * Return: 0 or negative errno: -EINVAL (a filter). Since: 0.1
 */
USRCT_API int usrct_secret_list(struct usrct *u, const char *const *filters,
                                struct usrct_secret **ret, size_t *ret_n, struct usrct_err *e);
USRCT_API void usrct_secret_list_free(struct usrct_secret *list, size_t n);

/**
 * usrct_secret_inspect() - everything known of a secret, as one JSON object, podman's names
 * @ref:       name, id, or unique beginning of an id
 * @with_data: also SecretData; a value that is no text is -EILSEQ
 *
 * Return: 0, or negative errno: -ENOENT. Since: 0.1
 */
USRCT_API int usrct_secret_inspect(struct usrct *u, const char *ref, bool with_data,
                                   char **ret_json, struct usrct_err *e);

/**
 * usrct_secret_remove() - remove a secret; containers that were made with it keep theirs
 * @ret_id: receives its id; the caller frees it; may be NULL
 *
 * Return: 0, or negative errno: -ENOENT. Since: 0.1
 */
USRCT_API int usrct_secret_remove(struct usrct *u, const char *ref, char **ret_id,
                                  struct usrct_err *e);

#ifdef __cplusplus
}
#endif

#endif
