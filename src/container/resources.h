/* SPDX-License-Identifier: Apache-2.0 */
/* resources - linux.resources of an OCI document, as the files of cgroup v2 that carry it out
 *
 * The document speaks cgroup v1 (shares, memory plus swap); the kernel's second version has other
 * files and units. This is the only place that translates. A setting is "FILE=VALUE", such as
 * "memory.max=67108864". One that begins with '?' promises nothing where the kernel has no such
 * file: it is "no limit", or what usr-ct adds by itself.
 *
 * Source: OCI runtime specification 1.2, config-linux.md; kernel, admin-guide/cgroup-v2.rst.
 */
#pragma once

#include "base/json.h"
#include "base/strv.h"

/* Appends to @ret; @resources may be NULL. What cannot be carried out is UCT_BAD_CONFIG. */
int resources_parse(const json_t *resources, struct strv *ret, struct err *e);
/* cpu.weight for the cpu.shares of old: 2 to 262144 become 1 to 10000, as runc and crun do. */
unsigned resources_weight(uint64_t shares);
