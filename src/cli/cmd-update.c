/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct update - other limits, restart policy and health checks, also while containers run */
#include "cli/create-options.h"
#include "cli/image-update.h"
#include "cli/limit-options.h"
#include "cli/selection.h"

#include <string.h>

static const char *const policies[] = { "no", "on-failure", "always", "unless-stopped", NULL };

static const struct option update_options[] = {
	{ "restart", 0, OPTION_STRING, COMPLETE_VALUES, "POLICY",
	  "When it is started again after its end: no, on-failure[:N], always, unless-stopped",
	  NULL, NULL, policies },
	{ "health-cmd", 0, OPTION_STRING, COMPLETE_NONE, "COMMAND",
	  "Another command whose success tells that it is well; none for no checks" },
	{ "health-interval", 0, OPTION_STRING, COMPLETE_NONE, "DURATION",
	  "Time between two checks" },
	{ "health-timeout", 0, OPTION_STRING, COMPLETE_NONE, "DURATION",
	  "Time one check may take" },
	{ "health-retries", 0, OPTION_NUMBER, COMPLETE_NONE, "COUNT",
	  "Failures in a row that make it unhealthy" },
	{ "health-start-period", 0, OPTION_STRING, COMPLETE_NONE, "DURATION",
	  "Time to start in, in which failures do not count" },
	{ "health-start-interval", 0, OPTION_STRING, COMPLETE_NONE, "DURATION",
	  "Time between two checks in the start period" },
	{ "health-on-failure", 0, OPTION_ENUM, COMPLETE_VALUES, "ACTION",
	  "What to do once it is unhealthy", NULL, NULL, health_actions },
	{ "no-healthcheck", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "No health checks any more" },
	{ NULL },
};

static int update_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	struct usrct_limits limits;
	struct usrct_policy policy;

	(void)limits_read(a, true, &limits, NULL); /* checked by update() */
	(void)policy_read(a, &policy, NULL);
	return usrct_container_update(c->u, ref, &limits, &policy, e);
}

/* Without a limit, what is no container is an image, or all of them: as with inspect, containers
 * come first. */
static bool means_images(struct cli *c, const struct args *a)
{
	for (size_t i = 0; i < a->n_words; i++) {
		_cleanup_free_ char *json = NULL;

		if (usrct_container_inspect(c->u, a->words[i], &json, NULL) == 0)
			return false;
	}
	return strcmp(c->cmd->name, "update") == 0 && a->n_words > 0;
}

static int update(struct cli *c, const struct args *a)
{
	struct usrct_limits limits;
	struct usrct_policy policy;
	struct err e = { 0 };
	int r;

	if (!a->n_values && means_images(c, a))
		return image_update(c, a, /* quiet= */ false, NULL);
	r = limits_read(a, true, &limits, &e);
	if (r == 0)
		r = policy_read(a, &policy, &e);
	if (r == 0 && a->n_values <= (args_flag(a, "latest") ? 1U : 0U)) {
		r = err_set(&e, UCT_USAGE, -EINVAL, "update needs at least one flag");
		(void)err_hint(&e, r, "see usr-ct update --help");
	}
	if (r < 0)
		return cli_fail_local(c, &e);
	return cli_for_each(c, a, /* echo= */ true, update_one);
}

#define NO_CONTROLLER "the io controller of cgroups is not used yet"
#define NO_REALTIME   "cgroup v2 has no limits for realtime scheduling"

#define HEALTH_LOG      "the last five results of checks are kept, with 4096 bytes of each"
#define HEALTH_LOG_HINT "usr-ct inspect -f '{{json .State.Health}}' NAME shows them"
#define NO_STARTUP      "there is one health check, also while the container starts"
#define START_PERIOD    "use --health-start-period and --health-start-interval"
#define NEW_ONE         "make another container: run --replace --name NAME"

static const struct foreign_option update_foreign[] = {
	{ "blkio-weight", 0, NO_CONTROLLER, NULL },
	{ "blkio-weight-device", 0, NO_CONTROLLER, NULL },
	{ "cpu-rt-period", 0, NO_REALTIME, NULL },
	{ "cpu-rt-runtime", 0, NO_REALTIME, NULL },
	{ "device-read-bps", 0, NO_CONTROLLER, NULL },
	{ "device-read-iops", 0, NO_CONTROLLER, NULL },
	{ "device-write-bps", 0, NO_CONTROLLER, NULL },
	{ "device-write-iops", 0, NO_CONTROLLER, NULL },
	{ "env", 'e', "a program's environment is its own once it runs", NEW_ONE },
	{ "health-log-destination", 0, HEALTH_LOG, HEALTH_LOG_HINT },
	{ "health-max-log-count", 0, HEALTH_LOG, HEALTH_LOG_HINT },
	{ "health-max-log-size", 0, HEALTH_LOG, HEALTH_LOG_HINT },
	{ "health-startup-cmd", 0, NO_STARTUP, START_PERIOD },
	{ "health-startup-interval", 0, NO_STARTUP, START_PERIOD },
	{ "health-startup-retries", 0, NO_STARTUP, START_PERIOD },
	{ "health-startup-success", 0, NO_STARTUP, START_PERIOD },
	{ "health-startup-timeout", 0, NO_STARTUP, START_PERIOD },
	{ "kernel-memory", 0, "the kernel has no such limit any more",
	  "use --memory, which counts kernel memory too" },
	{ "memory-swappiness", 0, "cgroup v2 has no swappiness of its own", NULL },
	{ "ulimit", 0, "processes have the limits that they were started with", NEW_ONE },
	{ "unsetenv", 0, "a program's environment is its own once it runs", NEW_ONE },
	{ NULL, 0, NULL, NULL },
};

const struct command cmd_update = {
	.name = "update",
	.aliases = (const char *const[]){ "container update", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Change limits, restarts and health checks of containers",
	.description =
		"What runs is changed at once; what does not has the new limits when it is "
		"started. What is not named stays as it was, and 0 takes a limit away. If one "
		"value is refused none is changed. With another --health-cmd the checks begin "
		"anew; its companions change the check that there is.\n\n"
		"Without a flag, and where no container has that name, update IMAGE and update all "
		"pull images again: see image update.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, false, true },
	                                     { NULL } },
	.options = update_options,
	.shared = (const struct option *const[]){ limit_options, latest_option_l, NULL },
	.foreign = update_foreign,
	.examples = (const struct example[]){ { "Give a server more memory without a restart",
	                                        "usr-ct update --memory 2g web" },
	                                      { NULL, NULL } },
	.handler = update,
	.uses_store = true,
	.takes_latest = true,
};
