/* SPDX-License-Identifier: Apache-2.0 */
/* container-columns - the fields of a container in ps, with Docker's and podman's names */
#pragma once

#include "cli/columns.h"

#include <usrct/container.h>

struct container_view {
	const struct usrct_container *ct;
	uint64_t now_ns;
	bool truncated, has_size;
};

extern const struct column container_columns[]; /* rows are struct container_view */
/* The column .Command, for other tables. */
json_t *container_command(const void *row);
/* With USRCT_LIST_DOCUMENT. */
unsigned container_n_volumes(const struct usrct_container *ct);
/* What {{.Label "key"}} looks into; new, NULL if out of memory. */
json_t *container_methods(const struct usrct_container *ct);
/* Those whose values need USRCT_LIST_DOCUMENT. */
bool container_columns_need_documents(const struct columns *c);
/* USRCT_LIST_NAMESPACES, likewise. */
bool container_columns_need_namespaces(const struct columns *c);
