/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct update - other limits for containers, also while they run */
#include "cli/image-update.h"
#include "cli/limit-options.h"
#include "cli/selection.h"

#include <string.h>

static const char *const policies[] = { "no", "on-failure", "always", "unless-stopped", NULL };

static const struct option update_options[] = {
	{ "restart", 0, OPTION_STRING, COMPLETE_VALUES, "POLICY",
	  "When it is started again after its end: no, on-failure[:N], always, unless-stopped",
	  NULL, NULL, policies },
	{ NULL },
};

static int update_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	struct usrct_limits limits;

	(void)limits_read(a, true, &limits, NULL); /* checked by update() */
	return usrct_container_update(c->u, ref, &limits, args_string(a, "restart"), e);
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
	struct err e = { 0 };
	int r;

	if (!a->n_values && means_images(c, a))
		return image_update(c, a, /* quiet= */ false, NULL);
	r = limits_read(a, true, &limits, &e);

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
#define NO_CHECKS     "health checks are those that the container was made with"

static const struct foreign_option update_foreign[] = {
	{ "blkio-weight", 0, NO_CONTROLLER, NULL },
	{ "blkio-weight-device", 0, NO_CONTROLLER, NULL },
	{ "cpu-rt-period", 0, NO_REALTIME, NULL },
	{ "cpu-rt-runtime", 0, NO_REALTIME, NULL },
	{ "device-read-bps", 0, NO_CONTROLLER, NULL },
	{ "device-read-iops", 0, NO_CONTROLLER, NULL },
	{ "device-write-bps", 0, NO_CONTROLLER, NULL },
	{ "device-write-iops", 0, NO_CONTROLLER, NULL },
	{ "env", 'e', "a program's environment is its own once it runs",
	  "make another container: run --replace --name NAME" },
	{ "health-cmd", 0, NO_CHECKS, NULL },
	{ "health-interval", 0, NO_CHECKS, NULL },
	{ "health-on-failure", 0, NO_CHECKS, NULL },
	{ "health-retries", 0, NO_CHECKS, NULL },
	{ "health-start-period", 0, NO_CHECKS, NULL },
	{ "health-timeout", 0, NO_CHECKS, NULL },
	{ "kernel-memory", 0, "the kernel has no such limit any more",
	  "use --memory, which counts kernel memory too" },
	{ "memory-swappiness", 0, "cgroup v2 has no swappiness of its own", NULL },
	{ "no-healthcheck", 0, NO_CHECKS, NULL },
	{ NULL, 0, NULL, NULL },
};

const struct command cmd_update = {
	.name = "update",
	.aliases = (const char *const[]){ "container update", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Change limits and restart policy of containers",
	.description =
		"What runs is changed at once; what does not has the new limits when it is "
		"started. What is not named stays as it was, and 0 takes a limit away. If one "
		"value is refused none is changed.\n\n"
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
