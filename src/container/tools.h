/* SPDX-License-Identifier: Apache-2.0 */
/* tools - a root with a tree of tools in it, for one process in a container that has none
 *
 * Programs of another system find their linker and libraries only where they were built to find
 * them, so the tools are at /, and what they are to look at is beside: the container's own tree, as
 * its processes see it, at /container; its /proc, /dev and /sys in their usual places; its
 * resolv.conf and hosts over those of the tools. /tmp is empty and writable, all else of the tools
 * is read-only.
 */
#pragma once

#include "base/err.h"

#define TOOLS_CONTAINER "/container"
/* Targets of the document's mounts, which say what the trees are; data-only ones come last. */
#define TOOLS_LAYER "/"
#define TOOLS_DATA  "/.data"
enum { TOOLS_TREES_MAX = 128 };

/* In the container's mount namespace, with privilege over it: makes one for this process alone and
 * enters that root. @tree_fds: detached mounts, the layers of an image lowest first, or a single
 * directory; the last @n_data of the @n are data-only layers. The container's namespace stays as it
 * is. */
int tools_enter(const int *tree_fds, size_t n, size_t n_data, struct err *e);
