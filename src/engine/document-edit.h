/* SPDX-License-Identifier: Apache-2.0 */
/* document-edit - change a container's OCI document; one at a time, seen whole or not at all */
#pragma once

#include "base/json.h"

/* Waits for the lock that whoever changes the document holds; a descriptor, closed to let go. */
int document_lock(int container_dirfd, struct err *e);
/* By rename. */
int document_write(int container_dirfd, const char *name, const json_t *doc, struct err *e);
