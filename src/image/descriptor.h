/* SPDX-License-Identifier: Apache-2.0 */
/* descriptor - what manifests and indexes share: descriptors, media types, checked fields; private
 * to image/ */
#pragma once

#include "base/json.h"
#include "image/config.h"

#define MEDIA_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

/* A document of ours that is an object, or UCT_BAD_MANIFEST. */
int document_parse(const char *json, size_t n, const char *what, json_t **ret, struct err *e);
/* Copies a short text field; 1 found, 0 absent (@buf is then ""), -EINVAL wrong type or too long.
 */
int document_text(const json_t *j, const char *path, char *buf, size_t size, struct err *e);
/* @what names it in errors. */
int descriptor_parse(const json_t *j, const char *what, uint64_t max_bytes, struct descriptor *ret,
                     struct err *e);
/* An array of objects of at most @max elements; -EINVAL if it is missing. */
int document_array(const json_t *j, const char *key, size_t max, const json_t **ret, struct err *e);
/* Puts the code of a bad manifest on an error of the JSON getters. */
int document_bad(struct err *e, int r, const char *what);
bool media_is_index(const char *type);
bool media_is_manifest(const char *type);
/* A foreign text as it may appear in an error: printable, one line, cut. */
const char *text_shown(const char *text, char *buf, size_t size);
