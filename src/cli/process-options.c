/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/process-options.h"

#include "base/json.h"
#include "base/num.h"

#include <string.h>

static const char *const security_values[] = { "no-new-privileges", "seccomp=unconfined",
	                                       "systempaths=unconfined", NULL };

const struct option process_options[] = {
	{ "env", 'e', OPTION_LIST, COMPLETE_ENV, "NAME[=VALUE]",
	  "Set an environment variable, or pass on your own; NAME* passes on all that begin so" },
	{ "env-file", 0, OPTION_LIST, COMPLETE_FILE, "FILE",
	  "Set the variables in a file, NAME=VALUE lines; -e wins" },
	{ "env-host", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Pass on all of your environment" },
	{ "http-proxy", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Pass on your proxy variables, http_proxy and its like" },
	{ "unsetenv", 0, OPTION_LIST, COMPLETE_NONE, "NAME", "Leave out a variable of the image" },
	{ "unsetenv-all", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Leave out all variables of the image" },
	{ "workdir", 'w', OPTION_STRING, COMPLETE_NONE, "DIR", "Directory to start in",
	  "the image's" },
	{ "user", 'u', OPTION_STRING, COMPLETE_NONE, "USER[:GROUP]",
	  "User inside the container, by name or number", "the image's" },
	{ "passwd", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Give the user's number a name in the container's passwd and group, if it has none there",
	  "with --userns keep-id" },
	{ "passwd-entry", 0, OPTION_STRING, COMPLETE_NONE, "LINE",
	  "That line of passwd, with $USERNAME, $UID, $GID, $NAME, $HOME and $SHELL" },
	{ "group-entry", 0, OPTION_STRING, COMPLETE_NONE, "LINE",
	  "That line of group, with $GROUPNAME, $GID and $USERLIST" },
	{ "hostuser", 0, OPTION_LIST, COMPLETE_NONE, "USER",
	  "Also add this user of the machine to the container's passwd and group" },
	{ "group-add", 0, OPTION_LIST, COMPLETE_NONE, "GROUP",
	  "Supplementary group, by name or number; keep-groups for your own" },
	{ "entrypoint", 0, OPTION_STRING, COMPLETE_NONE, "PROGRAM",
	  "Program to run instead of the image's, also as [\"PROGRAM\",\"ARG\"]; \"\" for none" },
	{ "init", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Run a small init as process 1, which passes signals on and reaps" },
	{ "stop-signal", 0, OPTION_STRING, COMPLETE_SIGNAL, "SIGNAL", "Signal that asks it to end",
	  "the image's, else TERM" },
	{ "stop-timeout", 0, OPTION_STRING, COMPLETE_NONE, "SECONDS",
	  "How long stop waits before it kills; -1 for a day", "10" },
	{ "timeout", 0, OPTION_NUMBER, COMPLETE_NONE, "SECONDS",
	  "Kill it after so long, each time it is started", "it runs as long as it likes" },
	{ "ulimit", 0, OPTION_LIST, COMPLETE_NONE, "NAME=SOFT[:HARD]",
	  "Limit of each process, such as nofile=1024; -1 is unlimited, host your own" },
	{ "umask", 0, OPTION_STRING, COMPLETE_NONE, "MODE", "File mode creation mask, octal",
	  "0022" },
	{ "tz", 0, OPTION_STRING, COMPLETE_NONE, "ZONE",
	  "Time zone such as Europe/Vienna, or local for the host's", "the image's" },
	{ "oom-score-adj", 0, OPTION_STRING, COMPLETE_NONE, "NUMBER",
	  "Up to 1000: how soon it is killed when the machine runs out of memory", "as yours" },
	{ "sysctl", 0, OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	  "Kernel parameter of one of its namespaces: net.*, fs.mqueue.*, kernel.shm*, "
	  "kernel.msg*, kernel.sem" },
	{ "cap-add", 0, OPTION_LIST, COMPLETE_NONE, "CAPABILITY",
	  "Add a capability (capabilities(7)), or ALL" },
	{ "cap-drop", 0, OPTION_LIST, COMPLETE_NONE, "CAPABILITY", "Drop a capability, or ALL" },
	{ "security-opt", 0, OPTION_LIST, COMPLETE_VALUES, "OPTION",
	  "One of no-new-privileges, seccomp=unconfined, systempaths=unconfined, mask=PATH, "
	  "unmask=PATH, "
	  "proc-opts=OPTIONS",
	  NULL, NULL, security_values },
	{ "privileged", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "All that you may do yourself: every capability over your ids, no system call filter, "
	  "nothing of /proc and /sys hidden, the devices that you may open" },
	{ NULL },
};

/* Numbers that may be negative. */
static int number(const char *flag, const char *text, int *ret, struct err *e)
{
	uint32_t n;
	bool negative = text[0] == '-';

	if (parse_u32(text + negative, &n) < 0 || n > INT32_MAX)
		return err_set(e, UCT_BAD_VALUE, -EINVAL, "%s takes a number, not '%s'", flag,
		               text);
	*ret = negative ? -(int)n : (int)n;
	return 0;
}

static int fill_numbers(struct create_request *q, const struct args *a, struct err *e)
{
	enum { LONGEST_S = 86400 };
	const char *timeout = args_string(a, "stop-timeout"),
		   *oom = args_string(a, "oom-score-adj");
	int r = 0;

	q->create.stop_timeout_s = -1;
	if (timeout)
		r = number("--stop-timeout", timeout, &q->create.stop_timeout_s, e);
	if (timeout && q->create.stop_timeout_s < 0)
		q->create.stop_timeout_s = LONGEST_S;
	if (r == 0 && oom)
		r = number("--oom-score-adj", oom, &q->oom_score_adj, e);
	if (oom)
		q->create.oom_score_adj = &q->oom_score_adj;
	return r;
}

/* As in a Dockerfile: a JSON array is a vector, anything else a program. */
static int fill_entrypoint(struct create_request *q, const struct args *a, struct err *e)
{
	const char *text = args_string(a, "entrypoint");
	static const char *const none[] = { NULL };
	_cleanup_json_ json_t *list = NULL;
	json_t *v;
	size_t i;
	int r = 0;

	if (!text)
		return 0;
	q->create.entrypoint = none;
	if (*text == '[' && json_parse(text, strlen(text), "--entrypoint", &list, NULL) == 0) {
		json_array_foreach(list, i, v)
		{
			if (!json_is_string(v))
				return err_set(e, UCT_BAD_VALUE, -EINVAL,
				               "--entrypoint '%s' is not a list of strings", text);
			r = MIN(r, strv_add(&q->entrypoint, json_string_value(v)));
		}
	} else if (*text) {
		r = strv_add(&q->entrypoint, text);
	}
	if (q->entrypoint.n)
		q->create.entrypoint = (const char *const *)(uintptr_t)q->entrypoint.v;
	return r < 0 ? err_oom(e) : 0;
}

static int fill_env(struct create_request *q, const struct args *a, struct err *e)
{
	int r = create_request_files(q, a, "env-file", &q->env, e);

	if (r == 0)
		r = create_request_values(q, a, "env", &q->env, e);
	q->create.env = (const char *const *)(uintptr_t)q->env.v;
	return r;
}

int process_fill(struct create_request *q, const struct args *a, struct err *e)
{
	struct usrct_create_options *o = &q->create;
	const struct {
		const char *name;
		const char *const **ret;
	} lists[] = {
		{ "unsetenv", &o->unset_env },    { "group-add", &o->groups },
		{ "ulimit", &o->ulimits },        { "sysctl", &o->sysctls },
		{ "cap-add", &o->cap_add },       { "cap-drop", &o->cap_drop },
		{ "security-opt", &o->security }, { "hostuser", &o->host_users },
	};
	int r = fill_env(q, a, e);

	for (size_t i = 0; i < ARRAY_SIZE(lists) && r == 0; i++)
		r = create_request_list(q, a, lists[i].name, lists[i].ret, e);
	if (r == 0)
		r = fill_entrypoint(q, a, e);
	o->env_host = args_flag(a, "env-host");
	o->http_proxy = args_flag(a, "http-proxy");
	o->unset_env_all = args_flag(a, "unsetenv-all");
	o->workdir = args_nonempty(a, "workdir");
	o->user = args_string(a, "user");
	o->init = args_flag(a, "init");
	o->stop_signal = args_string(a, "stop-signal");
	o->umask = args_nonempty(a, "umask");
	o->timezone = args_string(a, "tz");
	o->privileged = args_flag(a, "privileged");
	o->timeout_s = (unsigned)args_number(a, "timeout", 0);
	o->wants_passwd = args_flag(a, "passwd");
	o->no_passwd = args_has(a, "passwd") && !o->wants_passwd;
	o->passwd_entry = args_string(a, "passwd-entry");
	o->group_entry = args_string(a, "group-entry");
	return r < 0 ? r : fill_numbers(q, a, e);
}
