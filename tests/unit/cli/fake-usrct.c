/* SPDX-License-Identifier: Apache-2.0 */
/* fake-usrct - a double of the library: every public call, over a fixed little world
 *
 * Containers: web (running), db (running, its monitor lost), job (exited 3), made (created).
 * Images: alpine under two names, a private one with a port in its host, one without a name.
 * `run` understands the image "missing" (UCT-1202) and the commands exit N, nosuch (UCT-1408) and
 * noexec (UCT-1409); everything else prints its arguments. USRCT_FAKE_SLOW=1 makes a pull last.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "base/sbuf.h"

#include <stdio.h>
#include <string.h>
#include <usrct/usrct.h>

#define S     UINT64_C(1000000000)
#define ID(c) c "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

struct usrct {
	int unused;
};

static int fail(struct usrct_err *e, int uct, int r, const char *what, const char *name)
{
	const struct err_entry *t = err_lookup(uct);

	if (!e)
		return r;
	*e = (struct usrct_err){ .kind = (enum usrct_err_kind)t->kind, .code = r, .number = uct };
	(void)snprintf(e->msg, sizeof(e->msg), "%s '%s'", what, name);
	(void)snprintf(e->hint, sizeof(e->hint), "%s", t->hint);
	return r;
}

int usrct_open(const struct usrct_options *opts, struct usrct **ret, struct usrct_err *e)
{
	(void)opts;
	(void)e;
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void usrct_close(struct usrct *u)
{
	free(u);
}

const char *usrct_notice(const struct usrct *u)
{
	(void)u;
	return NULL;
}

const char *usrct_version(void)
{
	return USRCT_VERSION;
}

static struct usrct_container containers[] = {
	{ ID("a"), "web", "nginx:1.27", "sha256:" ID("1"), "nginx -g 'daemon off;'", USRCT_RUNNING,
	  .exit_code = -1, .pid = 4711 },
	{ ID("b"), "db", "registry.example:5000/team/db:9", "sha256:" ID("2"), "postgres",
	  USRCT_LOST, .exit_code = -1, .pid = 4712 },
	{ ID("c"), "job", "alpine", "sha256:" ID("3"), "sh -c \"echo a; exit 3\"\033[31m",
	  USRCT_EXITED, .exit_code = 3, .pid = 0 },
	{ ID("d"), "made", "alpine", "sha256:" ID("3"), "sh", USRCT_CREATED, .exit_code = -1,
	  .pid = 0 },
};

static const struct usrct_container *find(const char *ref)
{
	for (size_t i = 0; i < ARRAY_SIZE(containers); i++)
		if (strcmp(containers[i].name, ref) == 0 ||
		    (ref[0] && strncmp(containers[i].id, ref, strlen(ref)) == 0))
			return &containers[i];
	return NULL;
}

int usrct_container_list(struct usrct *u, const struct usrct_list_options *opts,
                         struct usrct_container **ret, size_t *ret_n, struct usrct_err *e)
{
	bool all = opts && opts->all;
	uint64_t now = clock_realtime_ns();
	struct usrct_container *list = calloc(ARRAY_SIZE(containers), sizeof(*list));
	size_t n = 0;

	(void)u;
	(void)e;
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(containers); i++) {
		if (!all && containers[i].state != USRCT_RUNNING &&
		    containers[i].state != USRCT_LOST)
			continue;
		list[n] = containers[i];
		list[n].created_ns = now - (i + 1) * 150 * S;
		list[n].started_ns = list[n].state == USRCT_CREATED ? 0 : now - (i + 1) * 149 * S;
		list[n].finished_ns = list[n].state == USRCT_EXITED ? now - 330 * S : 0;
		n++;
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

void usrct_container_list_free(struct usrct_container *list, size_t n)
{
	(void)n;
	free(list);
}

/* The steps that a real start reports, with plausible times. */
static void report_timing(const struct usrct_start_options *o)
{
	static const struct usrct_timing steps[] = {
		{ "client", "plan", 0, 900000 },
		{ "client", "spawn launcher", 900000, 2100000 },
		{ "launcher", "user namespace", 1500000, 3800000 },
		{ "launcher", "mounts", 3800000, 6900000 },
		{ "client", "network", 3900000, 12400000 },
		{ "init", "exec", 12400000, 13050000 },
	};

	for (size_t i = 0; o && o->timing && i < ARRAY_SIZE(steps); i++)
		o->timing(&steps[i], o->arg);
}

static int pull(const struct usrct_pull_options *o, const char *name);

int usrct_container_create(struct usrct *u, const struct usrct_create_options *opts, char **ret_id,
                           struct usrct_err *e)
{
	(void)u;
	if (strcmp(opts->image, "missing") == 0)
		return fail(e, UCT_IMAGE_UNKNOWN, -ENOENT, "no such image", opts->image);
	if (opts->name && find(opts->name))
		return fail(e, UCT_NAME_TAKEN, -EEXIST, "name is in use:", opts->name);
	if (opts->pull == USRCT_PULL_ALWAYS)
		(void)pull(opts->pull_options, opts->image);
	*ret_id = strdup(ID("e"));
	return *ret_id ? 0 : -ENOMEM;
}

static int run(const struct usrct_stdio *io, const char *const *command, int *ret_status,
               struct usrct_err *e)
{
	uint32_t n = 0;

	if (command && strcmp(*command, "nosuch") == 0)
		return fail(e, UCT_COMMAND_NOT_FOUND, -ENOENT, "cannot find", *command);
	if (command && strcmp(*command, "noexec") == 0)
		return fail(e, UCT_COMMAND_NOT_EXECUTABLE, -EACCES, "cannot execute", *command);
	if (command && strcmp(*command, "exit") == 0 && command[1])
		(void)parse_u32(command[1], &n);
	for (; command && *command && n == 0 && io; command++)
		(void)dprintf(io->stdout_fd, "%s\n", *command);
	if (ret_status)
		*ret_status = (int)n;
	return 0;
}

int usrct_container_run(struct usrct *u, const struct usrct_create_options *create,
                        const struct usrct_start_options *start, char **ret_id, int *ret_status,
                        struct usrct_err *e)
{
	_cleanup_free_ char *id = NULL;
	int r = usrct_container_create(u, create, &id, e);

	if (r < 0)
		return r;
	report_timing(start);
	if (ret_id)
		*ret_id = TAKE_PTR(id);
	return run(start ? start->stdio : NULL, create->command, ret_status, e);
}

int usrct_container_start(struct usrct *u, const char *ref, const struct usrct_start_options *opts,
                          int *ret_status, struct usrct_err *e)
{
	const struct usrct_container *ct = find(ref);

	(void)u;
	if (!ct)
		return fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no such container", ref);
	report_timing(opts);
	if (ret_status)
		*ret_status = ct->exit_code < 0 ? 0 : ct->exit_code;
	return 0;
}

int usrct_container_inspect(struct usrct *u, const char *ref, char **ret_json, struct usrct_err *e)
{
	const struct usrct_container *ct = find(ref);

	(void)u;
	if (!ct)
		return fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no such container", ref);
	*ret_json = strf("{\"Id\":\"%s\",\"Name\":\"/%s\"}", ct->id, ct->name);
	return *ret_json ? 0 : -ENOMEM;
}

int usrct_container_rename(struct usrct *u, const char *ref, const char *name, struct usrct_err *e)
{
	(void)u;
	(void)name;
	return find(ref) ? 0 : fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no such container", ref);
}

int usrct_container_stop(struct usrct *u, const char *ref, const struct usrct_stop_options *opts,
                         struct usrct_err *e)
{
	(void)u;
	(void)opts;
	return find(ref) ? 0 : fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no such container", ref);
}

int usrct_container_kill(struct usrct *u, const char *ref, int signo, struct usrct_err *e)
{
	const struct usrct_container *ct = find(ref);

	(void)u;
	(void)signo;
	if (!ct)
		return fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no such container", ref);
	return ct->pid ? 0 : fail(e, UCT_CONTAINER_STOPPED, -ESRCH, "not running:", ref);
}

int usrct_container_stop_each(struct usrct *u, const char *const *refs,
                              const struct usrct_stop_options *opts, usrct_done_fn done, void *arg,
                              struct usrct_err *e)
{
	(void)e;
	for (; *refs; refs++) {
		struct usrct_err mine = { 0 };
		int r = usrct_container_stop(u, *refs, opts, &mine);

		done(*refs, r < 0 ? &mine : NULL, arg);
	}
	return 0;
}

int usrct_container_restart_each(struct usrct *u, const char *const *refs,
                                 const struct usrct_stop_options *opts, usrct_done_fn done,
                                 void *arg, struct usrct_err *e)
{
	return usrct_container_stop_each(u, refs, opts, done, arg, e);
}

int usrct_container_kill_each(struct usrct *u, const char *const *refs, int signo,
                              usrct_done_fn done, void *arg, struct usrct_err *e)
{
	(void)e;
	for (; *refs; refs++) {
		struct usrct_err mine = { 0 };
		int r = usrct_container_kill(u, *refs, signo, &mine);

		done(*refs, r < 0 ? &mine : NULL, arg);
	}
	return 0;
}

int usrct_container_pause(struct usrct *u, const char *ref, struct usrct_err *e)
{
	return usrct_container_kill(u, ref, 0, e);
}

int usrct_container_unpause(struct usrct *u, const char *ref, struct usrct_err *e)
{
	return usrct_container_kill(u, ref, 0, e);
}

int usrct_container_stats(struct usrct *u, const char *ref, struct usrct_stats *ret,
                          struct usrct_err *e)
{
	*ret = (struct usrct_stats){ .pids = 1 };
	return usrct_container_kill(u, ref, 0, e);
}

int usrct_container_processes(struct usrct *u, const char *ref, int **ret, size_t *ret_n,
                              struct usrct_err *e)
{
	*ret = NULL;
	*ret_n = 0;
	return usrct_container_kill(u, ref, 0, e);
}

int usrct_container_update(struct usrct *u, const char *ref, const struct usrct_limits *limits,
                           const struct usrct_policy *policy, struct usrct_err *e)
{
	(void)limits;
	(void)policy;
	return usrct_container_kill(u, ref, 0, e);
}

int usrct_container_remove(struct usrct *u, const char *ref, bool force, struct usrct_err *e)
{
	const struct usrct_container *ct = find(ref);

	(void)u;
	if (!ct)
		return fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no such container", ref);
	return force || !ct->pid ? 0 : fail(e, UCT_CONTAINER_RUNNING, -EBUSY, "running:", ref);
}

int usrct_container_remove_with(struct usrct *u, const char *ref,
                                const struct usrct_remove_options *opts, struct usrct_err *e)
{
	return usrct_container_remove(u, ref, opts && opts->force, e);
}

int usrct_container_logs(struct usrct *u, const char *ref, const struct usrct_logs_options *opts,
                         int stdout_fd, int stderr_fd, struct usrct_err *e)
{
	(void)u;
	if (!find(ref))
		return fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no such container", ref);
	(void)dprintf(stdout_fd, "out tail=%lld since=%llu\n", (long long)opts->tail_lines,
	              (unsigned long long)opts->since_ns);
	(void)dprintf(stderr_fd, "err\n");
	return 0;
}

int usrct_container_logs_each(struct usrct *u, const char *const *refs,
                              const struct usrct_logs_options *opts, int stdout_fd, int stderr_fd,
                              struct usrct_err *e)
{
	int r = 0;

	for (; *refs && r == 0; refs++)
		r = usrct_container_logs(u, *refs, opts, stdout_fd, stderr_fd, e);
	return r;
}

static const char *const alpine_names[] = { "docker.io/library/alpine:latest",
	                                    "docker.io/library/alpine:3.20", NULL };
static const char *const db_names[] = { "registry.example:5000/team/db:9", NULL };
static const char *const no_names[] = { NULL };

int usrct_image_list(struct usrct *u, const struct usrct_image_list_options *opts,
                     struct usrct_image **ret, size_t *ret_n, struct usrct_err *e)
{
	uint64_t now = clock_realtime_ns();
	const struct usrct_image images[] = {
		{ "sha256:" ID("3"), "sha256:" ID("7"), alpine_names, now - 21 * 86400 * S,
		  now - 330 * S, 7800000, NULL },
		{ "sha256:" ID("2"), "sha256:" ID("8"), db_names, 0, now - 90 * S, 1240000000,
		  NULL },
		{ "sha256:" ID("4"), "sha256:" ID("9"), no_names, now - 400 * 86400 * S,
		  now - 7200 * S, 0, NULL },
	};

	(void)u;
	(void)opts;
	(void)e;
	*ret = calloc(ARRAY_SIZE(images), sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, images, sizeof(images));
	*ret_n = ARRAY_SIZE(images);
	return 0;
}

void usrct_image_list_free(struct usrct_image *images, size_t n)
{
	(void)n;
	free(images);
}

static void nap(bool slow)
{
	const struct timespec t = { .tv_nsec = 15000000 };

	if (slow)
		(void)nanosleep(&t, NULL); /* slow on purpose: to watch a progress bar */
}

static int pull(const struct usrct_pull_options *o, const char *name)
{
	static const uint64_t sizes[] = { 29100000, 3400000, 77000000, 412, 1800000 };
	static const char *const digests[] = { "sha256:" ID("5"), "sha256:" ID("6"),
		                               "sha256:" ID("7"), "sha256:" ID("8"),
		                               "sha256:" ID("9") };
	_cleanup_free_ char *text = strf("docker.io/library/%s:latest@sha256:" ID("0"), name);
	bool slow = getenv("USRCT_FAKE_SLOW") != NULL;
	const unsigned n = ARRAY_SIZE(sizes), steps = 120;

	if (!o || !o->progress)
		return 0;
	o->progress(&(struct usrct_pull_progress){ USRCT_PULL_RESOLVED, NULL, text, 0, 0, 0, n },
	            o->arg);
	o->progress(&(struct usrct_pull_progress){ USRCT_PULL_LAYER_HAD, digests[1], NULL, 0,
	                                           sizes[1], 1, n },
	            o->arg);
	for (unsigned step = 0; step <= steps; step++) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t done = sizes[i] * step * (n - i) / steps;

			if (i == 1)
				continue;
			done = MIN(done, sizes[i]);
			o->progress(&(struct usrct_pull_progress){ USRCT_PULL_LAYER, digests[i],
			                                           NULL, done, sizes[i], i, n },
			            o->arg);
		}
		nap(slow);
	}
	for (unsigned i = 0; i < n; i++) {
		if (i != 1)
			o->progress(&(struct usrct_pull_progress){ USRCT_PULL_UNPACKED, digests[i],
			                                           NULL, 0, 0, i, n },
			            o->arg);
		for (int k = 0; k < 20; k++)
			nap(slow);
	}
	o->progress(&(struct usrct_pull_progress){ USRCT_PULL_DONE, NULL, "sha256:" ID("3"), 0, 0,
	                                           0, n },
	            o->arg);
	return 0;
}

int usrct_image_pull(struct usrct *u, const char *reference, const struct usrct_pull_options *opts,
                     char **ret_id, struct usrct_err *e)
{
	(void)u;
	if (strcmp(reference, "missing") == 0)
		return fail(e, UCT_IMAGE_UNKNOWN, -ENOENT, "no such image", reference);
	(void)pull(opts, reference);
	if (!ret_id)
		return 0;
	*ret_id = strdup("sha256:" ID("3"));
	return *ret_id ? 0 : -ENOMEM;
}

int usrct_image_remove(struct usrct *u, const char *reference, bool force,
                       void (*removed)(const char *line, void *arg), void *arg, struct usrct_err *e)
{
	(void)u;
	(void)force;
	if (strcmp(reference, "alpine") != 0)
		return fail(e, UCT_IMAGE_UNKNOWN, -ENOENT, "no such image", reference);
	if (removed) {
		removed("untagged: alpine:latest", arg);
		removed("deleted: sha256:" ID("3"), arg);
	}
	return 0;
}

int usrct_image_prune(struct usrct *u, const struct usrct_image_list_options *opts,
                      void (*removed)(const char *line, void *arg), void *arg, struct usrct_err *e)
{
	(void)u;
	(void)opts;
	(void)e;
	removed("deleted: sha256:" ID("4"), arg);
	return 0;
}

int usrct_image_inspect(struct usrct *u, const char *reference, char **ret_json,
                        struct usrct_err *e)
{
	(void)u;
	if (strcmp(reference, "alpine") != 0)
		return fail(e, UCT_IMAGE_UNKNOWN, -ENOENT, "no such image", reference);
	*ret_json = strf("{\"Id\":\"sha256:%s\"}", ID("3"));
	return *ret_json ? 0 : -ENOMEM;
}

int usrct_info(struct usrct *u, char **ret_json, struct usrct_err *e)
{
	(void)u;
	(void)e;
	*ret_json = strdup("{\"Store\":{\"Path\":\"/home/me/.local/share/usr-ct\","
	                   "\"SizeBytes\":1247800000,\"Driver\":\"overlay\"},"
	                   "\"Containers\":{\"Running\":2,\"Stopped\":2},\"Images\":3,"
	                   "\"OSType\":\"linux\",\"KernelVersion\":\"6.1.0\","
	                   "\"userNamespaces\":true,\"networkHelpers\":[\"pasta\","
	                   "\"slirp4netns\"]}");
	return *ret_json ? 0 : -ENOMEM;
}

int usrct_disk_usage(struct usrct *u, char **ret_json, struct usrct_err *e)
{
	(void)u;
	(void)e;
	*ret_json = strdup("{\"Images\":[],\"Containers\":[],\"ImagesDisk\":5000}");
	return *ret_json ? 0 : -ENOMEM;
}

int usrct_system_check(struct usrct *u, const struct usrct_system_check_options *opts,
                       char **ret_json, struct usrct_err *e)
{
	(void)u;
	(void)opts;
	(void)e;
	*ret_json = strdup("{\"Sound\":true,\"Checked\":{\"Images\":3}}");
	return *ret_json ? 0 : -ENOMEM;
}

int usrct_system_migrate(struct usrct *u, const struct usrct_migrate_options *opts, char **ret_json,
                         struct usrct_err *e)
{
	(void)u;
	(void)opts;
	(void)e;
	*ret_json = strdup("{\"To\":\"objects\",\"Converted\":2}");
	return *ret_json ? 0 : -ENOMEM;
}

int usrct_image_share(struct usrct *u, const char *const *names, const char *dir,
                      const struct usrct_share_options *opts, char **ret_json, struct usrct_err *e)
{
	(void)u;
	(void)names;
	(void)dir;
	(void)opts;
	(void)e;
	*ret_json = strdup("{\"Layers\":2}");
	return *ret_json ? 0 : -ENOMEM;
}

int usrct_disk_reclaimable(struct usrct *u, const char *const *images, const char *const *ids,
                           uint64_t *ret_bytes, struct usrct_err *e)
{
	(void)u;
	(void)images;
	(void)ids;
	(void)e;
	*ret_bytes = 1000;
	return 0;
}

int usrct_disk_total(struct usrct *u, uint64_t *ret_bytes, struct usrct_err *e)
{
	(void)u;
	(void)e;
	*ret_bytes = 0;
	return 0;
}

int usrct_prepare(struct usrct *u, struct usrct_err *e)
{
	(void)u;
	(void)e;
	return 0;
}

int usrct_doctor(struct usrct *u, void (*found)(const struct usrct_check *c, void *arg), void *arg,
                 struct usrct_err *e)
{
	static const struct usrct_check checks[] = {
		{ "userns", "user namespaces", "one was made", "", USRCT_CHECK_OK, 0 },
		{ "subids", "subordinate ids", "/etc/subuid has no range for you",
		  "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 me",
		  USRCT_CHECK_FAIL, 1 },
		{ "overlay", "overlay file systems",
		  "mounted in a user namespace, on ext4, with user extended attributes", "",
		  USRCT_CHECK_OK, 0 },
		{ "network", "private networks",
		  "slirp4netns 1.2.0 works; pasta would be faster and is not installed",
		  "apt-get install passt", USRCT_CHECK_NOTE, 1 },
		{ "linger", "containers outlive the login",
		  "they end with your last session, since lingering is off",
		  "loginctl enable-linger", USRCT_CHECK_NOTE, 0 },
	};

	(void)u;
	(void)e;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		found(&checks[i], arg);
	return 0;
}

static struct usrct_explanation explanations[200];

/* Each call fills the same values in, so that it does not matter who comes first. */
const struct usrct_explanation *usrct_explain_all(size_t *ret_n)
{
	const struct err_entry *t = err_table(ret_n);

	for (size_t i = 0; i < *ret_n && i < ARRAY_SIZE(explanations); i++)
		explanations[i] = (struct usrct_explanation){ t[i].number, t[i].title, t[i].explain,
			                                      t[i].hint };
	return explanations;
}

const struct usrct_explanation *usrct_explain(int number)
{
	size_t n;
	const struct usrct_explanation *x = usrct_explain_all(&n);

	for (size_t i = 0; i < n; i++)
		if (x[i].number == number)
			return &x[i];
	return NULL;
}

int usrct_events(struct usrct *u, const struct usrct_events_options *opts,
                 int (*each)(const struct usrct_event *ev, void *arg), void *arg,
                 struct usrct_err *e)
{
	static const char *const attributes[] = { "exitCode", "3", "name", "job", NULL };
	static const struct usrct_event ev = {
		"container", "die", ID("c"), attributes, 1500000000, "{\"Type\":\"container\"}"
	};

	(void)u;
	if (opts->filters && strchr(opts->filters[0], '=') == NULL)
		return fail(e, UCT_BAD_VALUE, -EINVAL, "events cannot be filtered by",
		            opts->filters[0]);
	return each(&ev, arg);
}

int usrct_container_exec(struct usrct *u, const char *ref, const struct usrct_exec_options *opts,
                         int *ret_status, struct usrct_err *e)
{
	const struct usrct_container *ct = find(ref);

	(void)u;
	(void)opts;
	if (!ct)
		return fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no such container", ref);
	if (ret_status)
		*ret_status = 0;
	return 0;
}

int usrct_container_attach(struct usrct *u, const char *ref, const struct usrct_stdio *stdio,
                           int *ret_status, struct usrct_err *e)
{
	(void)u;
	(void)stdio;
	if (!find(ref))
		return fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no container", ref);
	*ret_status = 0;
	return 0;
}

int usrct_container_wait(struct usrct *u, const char *ref, enum usrct_condition condition,
                         int timeout_ms, int *ret_status, struct usrct_err *e)
{
	const struct usrct_container *ct = find(ref);

	(void)u;
	(void)condition;
	(void)timeout_ms;
	if (!ct)
		return fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no container", ref);
	*ret_status = ct->exit_code;
	return 1;
}

int usrct_container_start_all(struct usrct *u, const char *const *filters, usrct_started_fn each,
                              void *arg, struct usrct_err *e)
{
	(void)u;
	(void)filters;
	(void)e;
	each(ID("d"), NULL, arg);
	return 0;
}

int usrct_container_check(struct usrct *u, const char *ref, bool *ret_healthy, struct usrct_err *e)
{
	(void)u;
	if (!find(ref))
		return fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no container", ref);
	*ret_healthy = true;
	return 0;
}

static int fake_mount(const char *ref, struct usrct_err *e)
{
	return find(ref) ? 0 : fail(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no such container", ref);
}

int usrct_mount_add(struct usrct *u, const char *ref, const char *spec,
                    const struct usrct_mount_options *opts, struct usrct_err *e)
{
	(void)u;
	(void)spec;
	(void)opts;
	return fake_mount(ref, e);
}

int usrct_mount_swap(struct usrct *u, const char *ref, const char *spec,
                     const struct usrct_mount_options *opts, struct usrct_err *e)
{
	return usrct_mount_add(u, ref, spec, opts, e);
}

int usrct_mount_remove(struct usrct *u, const char *ref, const char *target,
                       const struct usrct_mount_options *opts, struct usrct_err *e)
{
	return usrct_mount_add(u, ref, target, opts, e);
}

int usrct_mount_list(struct usrct *u, const char *ref, struct usrct_mount **ret, size_t *ret_n,
                     struct usrct_err *e)
{
	(void)u;
	*ret = NULL;
	*ret_n = 0;
	return fake_mount(ref, e);
}

void usrct_mount_list_free(struct usrct_mount *list, size_t n)
{
	(void)n;
	free(list);
}

int usrct_unshare(struct usrct *u, const struct usrct_unshare_options *opts, struct usrct_err *e)
{
	(void)u;
	return fail(e, UCT_COMMAND_NOT_FOUND, -ENOENT, "cannot execute", opts->command[0]);
}

const char *usrct_image_familiar(const char *name)
{
	static const char *const implied[] = { "docker.io/library/", "docker.io/" };

	for (size_t i = 0; i < ARRAY_SIZE(implied); i++)
		if (strncmp(name, implied[i], strlen(implied[i])) == 0)
			return name + strlen(implied[i]);
	return name;
}
