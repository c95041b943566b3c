/* SPDX-License-Identifier: Apache-2.0 */
/* create-options - the flags that run and create share, and what they become */
#pragma once

#include "base/strv.h"
#include "cli/cli.h"
#include "cli/platform-options.h"
#include "cli/progress.h"
#include "cli/registry-options.h"

#include <usrct/policy.h>

/* Every table of flags that both have; NULL-terminated. Each has its own file, NAME-options.c, with
 * a fill function that create-options.c calls. */
extern const struct option *const create_tables[];
/* The same and attach_options. */
extern const struct option *const run_tables[];
/* foreign-options.c */
extern const struct foreign_option create_foreign[];

/* What a create call needs; everything it points to is borrowed from the arguments or owned here.
 */
struct create_request {
	struct usrct_create_options create;
	struct usrct_pull_options pull;
	struct usrct_registry_options registry;
	char *registry_text;
	struct usrct_limits limits;
	struct usrct_policy policy;
	struct progress progress;
	struct strv env, labels, entrypoint; /* files and flags together */
	char platform[PLATFORM_SIZE];
	int oom_score_adj;
	const char **lists[32]; /* to be freed */
	size_t n_lists;
	const char **log_options;
};

/* All values of a flag, NULL-terminated; freed with the request. */
int create_request_list(struct create_request *q, const struct args *a, const char *name,
                        const char *const **ret, struct err *e);
/* Adds the same to @ret; or the lines of the files that they name. */
int create_request_values(struct create_request *q, const struct args *a, const char *name,
                          struct strv *ret, struct err *e);
int create_request_files(struct create_request *q, const struct args *a, const char *name,
                         struct strv *ret, struct err *e);
/* policy-options.c */
extern const struct option policy_options[];
extern const char *const health_actions[]; /* values of --health-on-failure */
/* Restart policy and health checks, for create and update; the log is left out. */
int policy_read(const struct args *a, struct usrct_policy *p, struct err *e);
int policy_options_fill(struct create_request *q, const struct args *a, struct err *e);

/* The request is not moved afterwards: it points into itself. */
int create_request_init(struct create_request *q, struct cli *c, const struct args *a,
                        struct err *e);
void create_request_done(struct create_request *q);
#define _cleanup_create_request_ _cleanup_(create_request_done)
