/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/policy.h"

#include "base/num.h"
#include "base/strv.h"
#include "container/attach.h"
#include "container/log-tag.h"
#include "container/spec.h"
#include "engine/document-edit.h"
#include "engine/log-details.h"

#include <string.h>
#include <usrct/policy.h>

#define S INT64_C(1000000000)

enum { LOG_FILES_MAX = 1000 };
#define LOG_DEFAULT_SIZE (INT64_C(100) << 20)
enum { LOG_DEFAULT_FILES = 3 };

static int is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return 1;
	return 0;
}

/* "on-failure:3" -> the object of launch.json. */
static int parse_restart(const char *text, json_t **ret, struct err *e)
{
	static const char *const words[] = { "no", "on-failure", "always", "unless-stopped", NULL };
	_cleanup_free_ char *word = NULL;
	const char *colon;
	uint32_t max = 0;
	int r;

	if (!text || !*text)
		text = "no";
	colon = strchr(text, ':');
	word = strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	if (!word)
		return err_oom(e);
	if (!is_one_of(word, words)) {
		r = err_set(e, UCT_BAD_VALUE, -EINVAL, "restart policy '%s' is not known", text);
		return err_hint(e, r, "choose no, on-failure[:MAX], always or unless-stopped");
	}
	if (colon && (parse_u32(colon + 1, &max) < 0 || max > INT32_MAX))
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "restart policy '%s': the count is not a number", text);
	if (colon && strcmp(word, "on-failure") != 0)
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "restart policy '%s': only on-failure takes a count", text);
	*ret = json_pack("{s:s, s:i}", "policy", word, "maxRetries", (int)max);
	return *ret ? 0 : err_oom(e);
}

/* The value of KEY in a list of KEY=VALUE; the last one counts. */
static const char *option(const char *const *list, const char *key)
{
	size_t n = strlen(key);
	const char *found = NULL;

	for (; list && *list; list++)
		if (!strncmp(*list, key, n) && (*list)[n] == '=')
			found = *list + n + 1;
	return found;
}

static int check_log_options(const char *const *list, const char *driver, struct err *e)
{
	static const char *const of_files[] = { "max-size",  "max-file", "compress", "mode",
		                                "labels",    "env",      "tag",      "labels-regex",
		                                "env-regex", NULL };
	static const char *const of_journal[] = { "tag",  "labels",       "env",       "socket",
		                                  "mode", "labels-regex", "env-regex", NULL };
	const char *const *known = !strcmp(driver, "journald") ? of_journal : of_files;

	for (; list && *list; list++) {
		_cleanup_free_ char *key = strndup(*list, strcspn(*list, "="));
		int r;

		if (!key)
			return err_oom(e);
		if (strchr(*list, '=') && is_one_of(key, known)) {
			r = log_details_check(key, strchr(*list, '=') + 1, e);
			if (r < 0)
				return r;
			continue;
		}
		r = err_set(e, UCT_LOG_OPTION, -EINVAL, "log driver '%s' has no option '%s'",
		            driver, *list);
		return err_hint(e, r,
		                !strcmp(driver, "journald")
		                        ? "it takes tag=TEXT, labels=, env= and socket=PATH"
		                        : "it takes max-size=SIZE, max-file=COUNT, compress=true, "
		                          "tag=TEXT, labels=NAME,NAME and env=NAME,NAME");
	}
	return 0;
}

static int log_sizes(const char *const *list, json_t *log, struct err *e)
{
	const char *size = option(list, "max-size"), *files = option(list, "max-file");
	const char *compress = option(list, "compress");
	uint64_t max_bytes = LOG_DEFAULT_SIZE;
	uint32_t max_files = LOG_DEFAULT_FILES;
	int r;

	if (size && (!strcmp(size, "-1") || !strcmp(size, "unlimited")))
		max_bytes = 0;
	else if (size &&
	         (parse_size(size, &max_bytes) < 0 || max_bytes == 0 || max_bytes > INT64_MAX))
		return err_set(e, UCT_LOG_OPTION, -EINVAL, "log option max-size=%s is not a size",
		               size);
	if (files &&
	    (parse_u32(files, &max_files) < 0 || max_files < 1 || max_files > LOG_FILES_MAX))
		return err_set(e, UCT_LOG_OPTION, -EINVAL,
		               "log option max-file=%s is not a number from 1 to %d", files,
		               LOG_FILES_MAX);
	if (compress && strcmp(compress, "false") != 0 && strcmp(compress, "true") != 0)
		return err_set(e, UCT_LOG_OPTION, -EINVAL,
		               "log option compress=%s is neither true nor false", compress);
	if (compress && !strcmp(compress, "true") && max_files < 2) {
		r = err_set(e, UCT_LOG_OPTION, -EINVAL,
		            "with max-file=1 there is no file that could be compressed");
		return err_hint(e, r, "take max-file=2 or more, or leave compress out");
	}
	(void)json_object_set_new(log, "compress",
	                          json_boolean(compress && !strcmp(compress, "true")));
	(void)json_object_set_new(log, "maxSize", json_integer((json_int_t)max_bytes));
	(void)json_object_set_new(log, "maxFile", json_integer((json_int_t)max_files));
	return 0;
}

/* All of it that is known already; the container's name may change. */
static int add_tag(const struct document *d, const char *text, json_t *log, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4096), command = SBUF_INIT(4096);
	struct log_tag facts = { .id = d->id, .image = d->opts->image };
	int r;

	for (size_t i = 0; i < d->args.n; i++)
		sbuf_addf(&command, i ? " %s" : "%s", d->args.v[i]);
	facts.command = command.s ? command.s : "";
	facts.image_id = strchr(d->image_id, ':') ? strchr(d->image_id, ':') + 1 : d->image_id;
	r = log_tag_expand(text, &facts, &b);
	if (r < 0) {
		r = err_set(e, UCT_LOG_OPTION, r, "log option tag=%s cannot be understood", text);
		return err_hint(e, r,
		                "fields are {{.ID}} {{.FullID}} {{.Name}} {{.ImageID}} "
		                "{{.ImageFullID}} {{.ImageName}} {{.Command}}");
	}
	return json_object_set_new(log, "tag", json_string(b.s ? b.s : "")) < 0 ? err_oom(e) : 0;
}

static int add_log(const struct document *d, json_t *plan, struct err *e)
{
	const struct usrct_policy *p = d->opts->policy;
	static const char *const drivers[] = { "json-file", "k8s-file", "local",
		                               "journald",  "none",     NULL };
	const char *driver = p && p->log_driver ? p->log_driver : POLICY_LOG_DRIVER;
	const char *const *list = p ? p->log_options : NULL;
	json_t *log = json_object(), *options = json_object();
	int r = check_log_options(list, driver, e);

	if (r == 0 && !is_one_of(driver, drivers)) {
		r = err_set(e, UCT_LOG_DRIVER, -EINVAL, "log driver '%s' is not known", driver);
		r = err_hint(e, r, "choose json-file, k8s-file, local, journald or none");
	}
	if (r == 0 && strcmp(driver, "journald") != 0 && strcmp(driver, "none") != 0)
		r = log_sizes(list, log, e);
	for (; list && *list && r == 0; list++) {
		_cleanup_free_ char *key = strndup(*list, strcspn(*list, "="));

		if (!key || json_object_set_new(options, key, json_string(option(list, key))) < 0)
			r = err_oom(e);
	}
	if (r == 0 && option(p ? p->log_options : NULL, "tag"))
		r = add_tag(d, option(p->log_options, "tag"), log, e);
	(void)json_object_set_new(log, "driver", json_string(driver));
	(void)json_object_set_new(log, "options", options);
	(void)json_object_set_new(plan, "log", log);
	return r;
}

/* The user's command as an image would have it. */
static int health_test(const char *text, json_t **ret, struct err *e)
{
	static const char *const verbs[] = { "CMD", "CMD-SHELL", "NONE", NULL };
	_cleanup_json_ json_t *list = NULL;
	const char *first;

	if (text[0] != '[') {
		*ret = !strcmp(text, "none") ? json_pack("[s]", "NONE")
		                             : json_pack("[s, s]", "CMD-SHELL", text);
		return *ret ? 0
		            : err_set(e, UCT_BAD_VALUE, -EILSEQ, "a health check must be UTF-8");
	}
	list = json_loads(text, 0, NULL);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return err_set(e, UCT_BAD_VALUE, -EINVAL,
			               "health check '%s' is not an array of strings", text);
	first = json_string_value(json_array_get(list, 0));
	if (!first)
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "health check '%s' is not an array of strings", text);
	if (!is_one_of(first, verbs) && json_array_insert_new(list, 0, json_string("CMD")) < 0)
		return err_oom(e);
	*ret = TAKE_PTR(list);
	return 0;
}

static json_t *image_test(const struct image_health *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->test.n; i++)
		(void)json_array_append_new(list, json_string(h->test.v[i]));
	return list;
}

static json_int_t pick(uint64_t user, uint64_t image, int64_t preset)
{
	return user    ? (json_int_t)MIN(user, (uint64_t)INT64_MAX)
	       : image ? (json_int_t)MIN(image, (uint64_t)INT64_MAX)
	               : preset;
}

static int check_action(const char *action, struct err *e)
{
	static const char *const actions[] = { "none", "kill", "restart", "stop", NULL };
	int r;

	if (is_one_of(action, actions))
		return 0;
	r = err_set(e, UCT_BAD_VALUE, -EINVAL, "--health-on-failure takes no '%s'", action);
	return err_hint(e, r, "choose none, kill, restart or stop");
}

/* Whether it says what is to be run. */
static bool is_test(const json_t *test)
{
	const char *verb = json_string_value(json_array_get(test, 0));

	return verb && json_array_size(test) >= 2 && strcmp(verb, "NONE") != 0;
}

static int add_health(const struct usrct_policy *given, const struct image_health *image,
                      json_t *plan, struct err *e)
{
	static const struct usrct_policy nothing = { .size = sizeof(nothing) };
	const struct usrct_policy *p = given ? given : &nothing;
	const char *action = p->health_on_failure ? p->health_on_failure : "none";
	json_t *test = NULL;
	int r = check_action(action, e);

	if (r < 0 || p->no_health)
		return r;
	if (p->health_cmd && *p->health_cmd)
		r = health_test(p->health_cmd, &test, e);
	else if (image->test.n)
		test = image_test(image);
	if (r < 0 || !is_test(test)) {
		json_decref(test);
		if (r < 0 || !strcmp(action, "none"))
			return r;
		r = err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		            "--health-on-failure %s: there is no health check", action);
		return err_hint(e, r, "give one with --health-cmd");
	}
	(void)json_object_set_new(
		plan, "health",
		json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:s}", "test", test, "interval",
	                  pick(p->health_interval_ns, image->interval_ns, 30 * S), "timeout",
	                  pick(p->health_timeout_ns, image->timeout_ns, 30 * S), "startPeriod",
	                  pick(p->health_start_period_ns, image->start_period_ns, 0),
	                  "startInterval",
	                  pick(p->health_start_interval_ns, image->start_interval_ns, 5 * S),
	                  "retries", pick((uint64_t)MAX(p->health_retries, 0), image->retries, 3),
	                  "onFailure", action));
	return json_object_get(plan, "health") ? 0 : err_oom(e);
}

int policy_add(const struct document *d, json_t *plan, struct err *e)
{
	const struct usrct_policy *p = d->opts->policy;
	json_t *restart = NULL;
	int r = parse_restart(p ? p->restart : NULL, &restart, e);

	if (r < 0)
		return r;
	(void)json_object_set_new(plan, "restart", restart);
	if (d->opts->auto_remove && strcmp(policy_restart_name(plan), "no") != 0) {
		r = err_set(e, UCT_USAGE, -EINVAL, "--restart and --rm exclude each other");
		return err_hint(e, r, "a container that removes itself cannot be started again");
	}
	r = add_log(d, plan, e);
	return r < 0 ? r : add_health(p, &d->image->health, plan, e);
}

const char *policy_restart_name(const json_t *plan)
{
	const char *name = json_string_value(json_at(plan, "restart.policy"));

	return name ? name : "no";
}

/* --- of a container that exists */

static int change_restart(const struct target *t, const char *text, json_t *plan, struct err *e)
{
	json_t *restart = NULL;
	int r = parse_restart(text, &restart, e);

	if (r == 0 && t->row.auto_remove && strcmp(text, "no") != 0)
		r = err_set(e, UCT_USAGE, -EINVAL, "container '%s' removes itself when it ends",
		            t->row.name);
	if (r == 0)
		r = json_object_set(plan, "restart", restart) < 0 ? err_oom(e) : 0;
	json_decref(restart);
	return r;
}

static bool changes_health(const struct usrct_policy *p)
{
	return p->no_health || p->health_cmd || p->health_interval_ns || p->health_timeout_ns ||
	       p->health_start_period_ns || p->health_start_interval_ns || p->health_retries > 0 ||
	       p->health_on_failure;
}

static int change_test(const struct usrct_policy *p, json_t *plan, struct err *e)
{
	_cleanup_json_ json_t *test = NULL;
	const struct image_health none = { 0 };
	struct usrct_policy fresh = { .size = sizeof(fresh), .health_cmd = p->health_cmd };
	int r;

	if (p->no_health) {
		(void)json_object_del(plan, "health"); /* it may have none */
		return 0;
	}
	if (!p->health_cmd || !*p->health_cmd)
		return 0;
	r = health_test(p->health_cmd, &test, e);
	if (r < 0)
		return r;
	if (!is_test(test)) {
		(void)json_object_del(plan, "health");
		return 0;
	}
	if (!json_object_get(plan, "health"))
		return add_health(&fresh, &none, plan, e);
	return json_object_set(json_object_get(plan, "health"), "test", test) < 0 ? err_oom(e) : 0;
}

static int change_health(const struct target *t, const struct usrct_policy *p, json_t *plan,
                         struct err *e)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = { { "interval", p->health_interval_ns },
		        { "timeout", p->health_timeout_ns },
		        { "startPeriod", p->health_start_period_ns },
		        { "startInterval", p->health_start_interval_ns },
		        { "retries", (uint64_t)MAX(p->health_retries, 0) } };
	json_t *health;
	int r = change_test(p, plan, e);

	if (r == 0 && p->health_on_failure)
		r = check_action(p->health_on_failure, e);
	if (r < 0 || p->no_health)
		return r;
	health = json_object_get(plan, "health");
	if (!health && p->health_cmd && *p->health_cmd)
		return 0; /* "none" */
	if (!health) {
		r = err_set(e, UCT_FLAGS_CONFLICT, -EINVAL, "container '%s' has no health check",
		            t->row.name);
		return err_hint(e, r, "give one with --health-cmd");
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].value)
			(void)json_object_set_new(health, numbers[i].key,
			                          json_integer(pick(numbers[i].value, 0, 0)));
	if (p->health_on_failure)
		(void)json_object_set_new(health, "onFailure", json_string(p->health_on_failure));
	return 0;
}

int policy_put(struct usrct *u, const struct target *t, const json_t *plan, struct err *e)
{
	int r = document_write(t->dirfd, PLAN_FILE, plan, e);

	if (r == 0 && state_is_active(&t->state))
		(void)engine_control(u, t, ATTACH_OP_RELOAD); /* without a monitor: for later */
	return r;
}

int policy_update(struct usrct *u, const struct target *t, const struct usrct_policy *p,
                  json_t **ret_before, struct err *e)
{
	_cleanup_json_ json_t *plan = NULL, *before = NULL;
	int r = json_read_at(t->dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);

	if (r == 0 && (p->log_driver || (p->log_options && *p->log_options)))
		r = err_set(e, UCT_USAGE, -EINVAL, "the log of a container cannot be changed");
	if (r < 0)
		return r;
	before = json_deep_copy(plan);
	if (!before)
		return err_oom(e);
	if (p->restart)
		r = change_restart(t, p->restart, plan, e);
	if (r == 0 && changes_health(p))
		r = change_health(t, p, plan, e);
	if (r == 0)
		r = policy_put(u, t, plan, e);
	if (r == 0)
		*ret_before = TAKE_PTR(before);
	return r;
}

static void set_in(json_t *out, const char *section, const char *key, json_t *value)
{
	json_t *o = json_object_get(out, section);

	if (!o) {
		o = json_object();
		(void)json_object_set_new(out, section, o);
	}
	(void)json_object_set_new(o, key, value);
}

void policy_inspect(const struct target *t, const json_t *plan, json_t *out)
{
	const json_t *health = json_object_get(plan, "health");
	const char *driver = json_string_value(json_at(plan, "log.driver"));
	json_t *options = json_at(plan, "log.options");

	(void)json_object_set_new(out, "RestartCount",
	                          json_integer((json_int_t)t->state.restart_count));
	set_in(out, "HostConfig", "RestartPolicy",
	       json_pack("{s:s, s:I}", "Name", policy_restart_name(plan), "MaximumRetryCount",
	                 json_integer_value(json_at(plan, "restart.maxRetries"))));
	set_in(out, "HostConfig", "LogConfig",
	       json_pack("{s:s, s:o}", "Type", driver ? driver : POLICY_LOG_DRIVER, "Config",
	                 options ? json_incref(options) : json_object()));
	if (!health)
		return;
	set_in(out, "Config", "Healthcheck",
	       json_pack("{s:O?, s:O?, s:O?, s:O?, s:O?, s:O?}", "Test",
	                 json_object_get(health, "test"), "Interval",
	                 json_object_get(health, "interval"), "Timeout",
	                 json_object_get(health, "timeout"), "StartPeriod",
	                 json_object_get(health, "startPeriod"), "StartInterval",
	                 json_object_get(health, "startInterval"), "Retries",
	                 json_object_get(health, "retries")));
	set_in(out, "Config", "HealthcheckOnFailureAction",
	       json_incref(json_object_get(health, "onFailure")));
}
