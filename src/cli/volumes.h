/* SPDX-License-Identifier: Apache-2.0 */
/* volumes - the fields of a volume in lists, and removing what no container has */
#pragma once

#include "cli/columns.h"

#include <usrct/volume.h>

extern const struct column volume_columns[]; /* rows are struct usrct_volume */
/* What {{.Label "x"}} looks into; NULL: no memory. @map: KEY=VALUE list. */
json_t *volume_map(const char *const *list);

struct cli;
struct strv;
/* Of all of them, for selection_run(). */
int volumes_names(struct cli *c, struct strv *ret);
/* Removes those that fit @given (NULL-terminated) and that no container has; only anonymous ones
 * unless @all. Tells each to @each. The exit status. */
int volumes_prune(struct cli *c, const char *const *given, bool all,
                  void (*each)(const char *name, void *arg), void *arg);
