/* SPDX-License-Identifier: Apache-2.0 */
/* policy-options - the flags of run and create for restarts, health checks and the log */
#include "cli/create-options.h"

#include "cli/when.h"

#include <string.h>

static const char *const policies[] = { "no",     "on-failure",     "on-failure:3",
	                                "always", "unless-stopped", NULL };
static const char *const drivers[] = { "json-file", "journald", "none", "k8s-file", "local", NULL };
const char *const health_actions[] = { "none", "kill", "restart", "stop", NULL };

const struct option policy_options[] = {
	{ "restart", 0, OPTION_STRING, COMPLETE_VALUES, "POLICY",
	  "When to start it again: no, on-failure[:MAX], always, unless-stopped", "no", NULL,
	  policies },
	{ "log-driver", 0, OPTION_STRING, COMPLETE_VALUES, "DRIVER",
	  "Where its output goes: json-file, k8s-file and local are the same file, journald, none",
	  "json-file", NULL, drivers },
	{ "log-opt", 0, OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	  "Options for the log: max-size=100m, max-file=3, compress=true, tag=TEXT, "
	  "labels=NAME,NAME, "
	  "env=NAME,NAME, labels-regex=, env-regex=" },
	{ "health-cmd", 0, OPTION_STRING, COMPLETE_NONE, "COMMAND",
	  "Command whose success tells that it is well; none for no checks", "the image's" },
	{ "health-interval", 0, OPTION_STRING, COMPLETE_NONE, "DURATION", "Time between two checks",
	  "the image's, else 30s" },
	{ "health-timeout", 0, OPTION_STRING, COMPLETE_NONE, "DURATION", "Time one check may take",
	  "the image's, else 30s" },
	{ "health-retries", 0, OPTION_NUMBER, COMPLETE_NONE, "COUNT",
	  "Failures in a row that make it unhealthy", "the image's, else 3" },
	{ "health-start-period", 0, OPTION_STRING, COMPLETE_NONE, "DURATION",
	  "Time to start in, in which failures do not count", "the image's, else 0s" },
	{ "health-start-interval", 0, OPTION_STRING, COMPLETE_NONE, "DURATION",
	  "Time between two checks in the start period", "the image's, else 5s" },
	{ "health-on-failure", 0, OPTION_ENUM, COMPLETE_VALUES, "ACTION",
	  "What to do once it is unhealthy", "none", NULL, health_actions },
	{ "no-healthcheck", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "No health checks, whatever the image says" },
	{ NULL },
};

static int fill_durations(struct usrct_policy *p, const struct args *a, struct err *e)
{
	const struct {
		const char *name;
		uint64_t *ret;
	} list[] = { { "health-interval", &p->health_interval_ns },
		     { "health-timeout", &p->health_timeout_ns },
		     { "health-start-period", &p->health_start_period_ns },
		     { "health-start-interval", &p->health_start_interval_ns } };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(list) && r == 0; i++)
		r = args_duration(a, list[i].name, list[i].ret, e);
	return r;
}

int policy_read(const struct args *a, struct usrct_policy *p, struct err *e)
{
	static const char *const of_health[] = { "health-cmd",          "health-interval",
		                                 "health-timeout",      "health-retries",
		                                 "health-start-period", "health-start-interval",
		                                 "health-on-failure" };
	int r;

	*p = (struct usrct_policy){
		.size = sizeof(*p),
		.restart = args_string(a, "restart"),
		.health_cmd = args_string(a, "health-cmd"),
		.health_retries = args_number(a, "health-retries", 0),
		.health_on_failure = args_string(a, "health-on-failure"),
		.no_health = args_flag(a, "no-healthcheck"),
	};
	r = fill_durations(p, a, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(of_health) && p->no_health; i++)
		if (args_has(a, of_health[i])) {
			r = err_set(e, UCT_USAGE, -EINVAL,
			            "--no-healthcheck and --%s exclude each other", of_health[i]);
			return err_hint(e, r, "leave one of them out");
		}
	return 0;
}

int policy_options_fill(struct create_request *q, const struct args *a, struct err *e)
{
	struct usrct_policy *p = &q->policy;
	int r = policy_read(a, p, e);

	if (r < 0)
		return r;
	p->log_driver = args_nonempty(a, "log-driver");
	if (args_list(a, "log-opt", &q->log_options) < 0)
		return err_oom(e);
	p->log_options = q->log_options;
	q->create.policy = p;
	return 0;
}
