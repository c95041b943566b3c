/* SPDX-License-Identifier: Apache-2.0 */
/* selection - which containers a command works on: named, all, the latest, from a file, by filter
 *
 * A command lists selection_options among its shared tables, and makes its arguments optional.
 */
#pragma once

#include "base/strv.h"
#include "cli/cli.h"

/* --all, --latest, --cidfile, --ignore; and --filter, which has -f where the command leaves it
 * free. */
extern const struct option selection_options[], selection_filter_f[], selection_filter[];
/* For commands with takes_latest. */
extern const struct option latest_option_l[];

/* Whether --all and --filter mean those that do not run, too. */
enum selection_scope { SELECT_RUNNING, SELECT_EVERY };

/* The id in a file that --cidfile wrote; heap. Exit status. */
int selection_read_cidfile(struct cli *c, const char *path, bool ignore, char **ret);
/* 0, or the exit status of a failure that was printed: nothing was named, or twice. Names from
 * --all and the like are what ps --format '{{.Names}}' shows. */
int selection_collect(struct cli *c, const struct args *a, enum selection_scope scope,
                      struct strv *ret);
/* For what are no containers: @run with the arguments as they are, or under --all with the names
 * that @list finds. Both return exit statuses; names with --all, or neither, are a usage error. */
int selection_run(struct cli *c, const struct args *a, int (*list)(struct cli *c, struct strv *ret),
                  int (*run)(struct cli *c, const struct args *a));
/* cli_for_each() over a selection. With --ignore, what does not exist is passed over. */
int selection_for_each(struct cli *c, const struct args *a, enum selection_scope scope,
                       int (*each)(struct cli *c, const char *ref, const struct args *a,
                                   struct usrct_err *e));
