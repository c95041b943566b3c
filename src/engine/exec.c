/* SPDX-License-Identifier: Apache-2.0 */
/* exec - run one more command in a container that runs
 *
 * The container's own document says how a process of it is made; what the user wants otherwise is
 * put in its place, and the launcher carries it out in a session of its own
 * (helpers/launch/exec.c). Nothing is written to the store, no lock is taken and the monitor is not
 * asked.
 */

#include "engine/attach.h"
#include "engine/detach-keys.h"
#include "engine/ids.h"
#include "engine/launcher.h"
#include "engine/layering.h"
#include "engine/scope.h"
#include "store/shared.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "base/strv.h"
#include "cgroup/cgroup.h"
#include "cgroup/control.h"
#include "container/spec.h"
#include "container/sync.h"
#include "container/tools.h"
#include "security/capabilities.h"
#include "store/images.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define TOOLS_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct executing {
	struct usrct *u;
	const struct target *t;
	const struct usrct_exec_options *opts;
	int sock_fd;
	int pin_fd;         /* keeps the layers of tools; -EBADF: none */
	struct scope scope; /* asked for if needed to get into the container's cgroup */
};

static int set_command(json_t *process, const struct usrct_exec_options *o, struct err *e)
{
	json_t *args = json_array();

	static const char *const shell[] = { "/bin/sh", NULL };
	const char *const *command = o->tools && (!o->command || !*o->command) ? shell : o->command;

	for (const char *const *v = command; v && *v; v++)
		if (json_array_append_new(args, json_string(*v)) < 0) {
			json_decref(args);
			return err_set(e, UCT_BAD_VALUE, -EILSEQ,
			               "the arguments of a command must be UTF-8");
		}
	return json_object_set_new(process, "args", args) < 0 ? err_oom(e) : 0;
}

/* After the container's own, so that they win; "NAME" alone means the caller's own value. */
static int add_env(json_t *process, const struct usrct_exec_options *o, struct err *e)
{
	json_t *env = json_object_get(process, "env");

	if (!json_is_array(env)) {
		env = json_array();
		if (json_object_set_new(process, "env", env) < 0)
			return err_oom(e);
	}
	for (const char *const *v = o->env; v && *v; v++) {
		_cleanup_free_ char *own = NULL;

		if (!strchr(*v, '=')) {
			if (!getenv(*v))
				continue;
			own = strf("%s=%s", *v, getenv(*v));
			if (!own)
				return err_oom(e);
		}
		if (json_array_append_new(env, json_string(own ? own : *v)) < 0)
			return err_set(e, UCT_BAD_VALUE, -EILSEQ,
			               "the environment of a command must be UTF-8");
	}
	return 0;
}

/* The groups that the container was made with stay, as with Docker. */
static int set_user(json_t *doc, const char *user, struct err *e)
{
	json_t *notes = json_object_get(doc, "annotations");

	if (!user)
		return 0;
	if (!json_is_object(notes)) {
		notes = json_object();
		if (json_object_set_new(doc, "annotations", notes) < 0)
			return err_oom(e);
	}
	return json_object_set_new(notes, SPEC_ANNOTATION_USER, json_string(user)) < 0
	               ? err_set(e, UCT_BAD_VALUE, -EILSEQ, "a user's name must be UTF-8")
	               : 0;
}

/* All there are, over what the container's user namespace owns; never more than that. */
static int set_privileged(json_t *doc, json_t *process, struct err *e)
{
	static const char *const kinds[] = { "bounding", "effective", "permitted" };
	json_t *sets = json_object(), *notes = json_object_get(doc, "annotations");
	int r = 0;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		json_t *list = json_array();

		for (unsigned i = 0; capability_name(i); i++)
			if (json_array_append_new(list,
			                          json_sprintf("CAP_%s", capability_name(i))) < 0)
				r = -ENOMEM;
		if (json_object_set_new(sets, kinds[k], list) < 0)
			r = -ENOMEM;
	}
	if (json_object_set_new(process, "capabilities", sets) < 0 || r < 0)
		return err_oom(e);
	(void)json_object_del(process, "noNewPrivileges");
	if (!notes)
		return 0;
	return json_object_set_new(notes, SPEC_ANNOTATION_SECCOMP, json_string("unconfined")) < 0
	               ? err_oom(e)
	               : 0;
}

/* The container's search path is of no use for the tools. */
static int add_path(json_t *process, struct err *e)
{
	json_t *env = json_object_get(process, "env");

	if (!json_is_array(env))
		return 0; /* then there is none, and the usual one is taken */
	return json_array_append_new(env, json_string("PATH=" TOOLS_PATH)) < 0 ? err_oom(e) : 0;
}

static int add_tree(json_t *mounts, const char *target, const char *source, struct err *e)
{
	json_t *m = json_pack("{s:s, s:s, s:s, s:[s,s]}", "destination", target, "type", "bind",
	                      "source", source, "options", "rbind", "ro");

	return m && json_array_append_new(mounts, m) == 0 ? 0 : err_oom(e);
}

static int add_image(struct usrct *u, const char *name, json_t *mounts, int *ret_pin_fd,
                     struct err *e)
{
	_cleanup_(image_row_done) struct image_row row = { 0 };
	_cleanup_strv_ struct strv layers = { 0 }, shared = { 0 };
	int r = engine_store(u, STORE_WRITE, e);

	/* First the pin, then the look: rmi leaves the layers to whoever comes after us. */
	if (r == 0)
		r = *ret_pin_fd = store_pin(u->store, e);
	if (r >= 0)
		r = engine_find_image(u, name, &row, e);
	if (r == 0)
		return err_hint(e, err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "no image '%s'", name),
		                "usr-ct pull %.200s fetches it; a directory starts with ./", name);
	if (r > 0)
		r = engine_layer_paths(u, &row, NULL, &layers, e);
	if (r == 0)
		r = engine_layers_make(u, NULL, layers.v, e);
	for (size_t i = 0; i < layers.n && r == 0; i++) {
		_cleanup_free_ char *path = strf("%s/%s", u->data_dir, layers.v[i]);

		r = path ? add_tree(mounts, TOOLS_LAYER, path, e) : err_oom(e);
	}
	if (r == 0 && layers.n && layer_path_is_tree(layers.v[0])) {
		_cleanup_free_ char *path = strf("%s/" OBJECT_DIR, u->data_dir);

		r = path ? add_tree(mounts, TOOLS_DATA, path, e) : err_oom(e);
		if (r == 0)
			r = shared_image_dirs(u->store, &row, &shared, e);
	}
	for (size_t i = 0; i < shared.n && r == 0; i++) {
		_cleanup_free_ char *path = strf("%s/" OBJECT_DIR, shared.v[i]);

		r = path ? add_tree(mounts, TOOLS_DATA, path, e) : err_oom(e);
	}
	return r;
}

/* The container's mounts are made already; those of the document say where the tools are. */
static int set_tools(struct usrct *u, json_t *doc, const struct usrct_exec_options *o,
                     int *ret_pin_fd, struct err *e)
{
	_cleanup_free_ char *real = NULL;
	json_t *mounts = json_array(), *process = json_object_get(doc, "process");
	struct stat st;
	int r;

	if (json_object_set_new(doc, "mounts", mounts) < 0)
		return err_oom(e);
	if (!o->tools)
		return 0;
	if (!o->workdir && json_object_set_new(process, "cwd", json_string(TOOLS_CONTAINER)) < 0)
		return err_oom(e);
	r = add_path(process, e);
	if (r == 0)
		r = set_user(doc, o->user ? o->user : "0:0", e);
	if (r < 0)
		return r;
	if (o->tools[0] != '/' && o->tools[0] != '.')
		return add_image(u, o->tools, mounts, ret_pin_fd, e);
	real = realpath(o->tools, NULL);
	if (!real || stat(real, &st) < 0)
		return err_set(e, UCT_MOUNT_SOURCE, -errno, "cannot use the tools at '%s': %s",
		               o->tools, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(e, UCT_MOUNT_SOURCE, -ENOTDIR, "the tools at '%s' are no directory",
		               o->tools);
	return add_tree(mounts, TOOLS_LAYER, real, e);
}

static int change_document(json_t *doc, const struct usrct_exec_options *o, struct err *e)
{
	json_t *process = json_object_get(doc, "process");
	int r;

	if (!json_is_object(process))
		return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "'%s' has no process", SPEC_FILE);
	if (o->workdir && o->workdir[0] != '/')
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "working directory '%s' is not an absolute path", o->workdir);
	r = set_command(process, o, e);
	if (r == 0)
		r = add_env(process, o, e);
	if (r == 0)
		r = set_user(doc, o->user, e);
	if (r == 0 && o->privileged)
		r = set_privileged(doc, process, e);
	if (r == 0 && o->workdir &&
	    json_object_set_new(process, "cwd", json_string(o->workdir)) < 0)
		r = err_set(e, UCT_BAD_VALUE, -EILSEQ, "a working directory must be UTF-8");
	if (r == 0 && json_object_set_new(process, "terminal", json_boolean(o->tty)) < 0)
		r = err_oom(e);
	return r;
}

static int make_document(struct executing *x, struct err *e)
{
	_cleanup_json_ json_t *doc = NULL;
	_cleanup_free_ char *text = NULL;
	int r = json_read_at(x->t->dirfd, SPEC_FILE, SPEC_MAX_BYTES, &doc, e);

	/* Before the user's own environment, which may have another PATH. */
	if (r == 0)
		r = set_tools(x->u, doc, x->opts, &x->pin_fd, e);
	if (r == 0)
		r = change_document(doc, x->opts, e);
	if (r == 0)
		r = json_print(doc, false, &text, e);
	if (r < 0)
		return r;
	return text ? fd_sealed_memory("usr-ct-exec", text, strlen(text), e) : err_oom(e);
}

/* Before anything else is opened, which could get such a number. Ours are all close-on-exec; one
 * that the caller got from its parent cannot be. */
static int check_kept(const struct usrct_exec_options *o, struct err *e)
{
	if (o->n_kept_fds > SYNC_KEEP_MAX)
		return err_set(e, UCT_BAD_VALUE, -EINVAL, "at most %d descriptors can be kept",
		               SYNC_KEEP_MAX);
	for (int fd = 3; fd < 3 + (int)o->n_kept_fds; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || flags & FD_CLOEXEC)
			return err_hint(e,
			                err_set(e, UCT_BAD_VALUE, -EBADF,
			                        "descriptor %d is not open, so it cannot be kept",
			                        fd),
			                "open it for the command: usr-ct exec --preserve-fds 1 ... "
			                "3<FILE");
	}
	return 0;
}

static int send_kept(const struct executing *x, struct err *e)
{
	const struct sync_msg m = { .step = SYNC_KEEP };
	int r = 0;

	for (int fd = 3; fd < 3 + (int)x->opts->n_kept_fds && r == 0; fd++)
		r = sync_send(x->sock_fd, &m, fd, e);
	return r;
}

static int check_runs(const struct target *t, struct err *e)
{
	if (t->state.status == STATE_RESTARTING)
		return err_hint(e,
		                err_set(e, UCT_CONTAINER_STOPPED, -ESRCH,
		                        "container '%s' is restarting", t->row.name),
		                "wait until it runs");
	if (!state_is_running(&t->state))
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               t->row.name);
	if (t->state.cgroup[0] && cgroup_is_frozen(t->state.cgroup) > 0)
		return err_set(e, UCT_CONTAINER_PAUSED, -EAGAIN, "container '%s' is paused",
		               t->row.name);
	return 0;
}

/* Into another cgroup may be put what lies below an ancestor of both that is ours (cgroups(7),
 * "Cgroups delegation: delegation containment"). A login session and the user's systemd have none:
 * then the session gets a scope of its own, and is below that systemd, too. */
static bool can_reach(const char *cgroup)
{
	char own[4096];
	size_t n = 0, last = 0;

	if (cgroup_own_path(own, sizeof(own) - sizeof("/cgroup.procs")) < 0)
		return true; /* whatever we are, a scope would not help */
	while (own[n] && own[n] == cgroup[n]) {
		n++;
		if ((own[n] == '/' || !own[n]) && (cgroup[n] == '/' || !cgroup[n]))
			last = n;
	}
	memcpy(own + last, "/cgroup.procs", sizeof("/cgroup.procs"));
	return faccessat(AT_FDCWD, own, W_OK, AT_EACCESS) == 0;
}

/* An image's files are its root's, who is you: whoever has not your id cannot read all of them. */
static int check_tools(const struct executing *x, struct err *e)
{
	const char *tools = x->opts->tools;
	struct ids ids;
	uint32_t id;
	int r;

	if (!tools || tools[0] == '/' || tools[0] == '.')
		return 0;
	r = ids_of_container(x->u, x->t->dirfd, &ids, e);
	if (r < 0 || !ids.is_mapped || id_map_in(&ids.maps.uids, 0, &id))
		return r;
	r = err_set(e, UCT_VALUE_REFUSED, -EACCES,
	            "--tools '%.100s': container '%s' has ids that may not read your images", tools,
	            x->t->row.name);
	return err_hint(e, r, "use a directory that everybody may read: --tools /DIRECTORY");
}

static int spawn(struct executing *x, struct sync_msg *start, struct err *e)
{
	_cleanup_close_ int document_fd = -EBADF, init_fd = -EBADF, cgroup_fd = -EBADF;
	_cleanup_close_ int theirs = -EBADF;
	bool uses_userns = x->opts->tools && !x->u->is_single_id;
	struct spawn_fd fds[7];
	int pair[2], r;
	pid_t pid = 0;

	r = check_tools(x, e);
	if (r < 0)
		return r;
	document_fd = make_document(x, e);
	if (document_fd < 0)
		return document_fd;
	init_fd = proc_open(&x->t->state.init);
	if (init_fd < 0)
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               x->t->row.name);
	if (x->t->state.cgroup[0])
		cgroup_fd = open(x->t->state.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup_fd >= 0)
		start->flags |= SYNC_CGROUP;
	if (cgroup_fd >= 0 && !can_reach(x->t->state.cgroup))
		scope_prepare(&x->scope);
	r = sock_pair(pair, e);
	if (r < 0)
		return r;
	x->sock_fd = pair[0];
	theirs = pair[1];
	fds[0] = (struct spawn_fd){ theirs, EXEC_SYNC };
	fds[1] = (struct spawn_fd){ document_fd, EXEC_DOCUMENT };
	fds[2] = (struct spawn_fd){ store_dirfd(x->u->store), EXEC_STORE };
	fds[3] = (struct spawn_fd){ init_fd, EXEC_INIT };
	fds[4] = (struct spawn_fd){ cgroup_fd, EXEC_CGROUP };
	fds[5] = (struct spawn_fd){ uses_userns ? x->u->held.userns_fd : -EBADF, EXEC_USERNS };
	fds[6] = (struct spawn_fd){ x->pin_fd, EXEC_PIN };
	if (x->pin_fd >= 0)
		start->flags |= SYNC_PIN;
	if (uses_userns)
		start->flags |= SYNC_USERNS;
	if (x->opts->tools)
		start->flags |= SYNC_TOOLS;
	r = launcher_spawn(x->u, &(struct launching){ x->t->row.id, LAUNCH_EXEC, fds, 7 }, &pid, e);
	if (r == 0)
		scope_ask(&x->scope, x->t->row.id, pid, 0);
	return r;
}

static int converse(struct executing *x, struct sync_msg *m, struct err *e)
{
	const struct usrct_stdio *io = x->opts->stdio;
	int r;

	m->step = SYNC_START;
	m->pid = (int32_t)x->opts->n_kept_fds;
	if (io) {
		m->flags |= SYNC_ATTACH;
		if (x->opts->interactive && io->stdin_fd >= 0)
			m->flags |= SYNC_INTERACTIVE;
		if (x->opts->tty)
			(void)ioctl(io->stdin_fd, TIOCGWINSZ, &m->window);
	}
	if (x->scope.is_asked)
		m->flags |= SYNC_SCOPE;
	r = sync_send(x->sock_fd, m, -EBADF, e);
	if (r == 0 && x->scope.is_asked) {
		r = scope_answer(&x->scope, m, e);
		if (r == 0)
			r = sync_send(x->sock_fd, m, -EBADF, e);
	}
	if (r == 0)
		r = send_kept(x, e);
	if (r == 0)
		r = sync_expect(x->sock_fd, SYNC_STARTED, "the session", m, NULL, e);
	return r;
}

static int stay(const struct executing *x, int *ret_status, struct err *e)
{
	const struct usrct_exec_options *o = x->opts;
	struct attachment a = {
		.sock_fd = x->sock_fd,
		.init_pidfd = -EBADF, /* as with Docker, signals are for us */
		.io = o->stdio,
		.tty = o->tty,
		.interactive = o->interactive,
	};
	int status = 0, r = attach_run(&a, &status, e);

	if (r < 0 && e->uct == UCT_LAUNCHER_DIED)
		return err_set(e, UCT_SESSION_DIED, r,
		               "the command's session is gone, its exit status is unknown");
	if (r >= 0 && ret_status)
		*ret_status = status;
	return MIN(r, 0);
}

static int execute(struct executing *x, int *ret_status, struct err *e)
{
	struct attach_signals signals = { 0 };
	struct detach_keys keys;
	struct sync_msg m = { 0 };
	int r = check_runs(x->t, e);

	/* Keys that cannot be understood are told before anything runs. */
	if (r == 0 && x->opts->stdio)
		r = detach_keys_parse(x->opts->stdio->detach_keys, &keys, e);
	if (r == 0)
		r = engine_hold(x->u, e);
	if (r == 0 && x->opts->stdio)
		r = attach_signals_block(x->opts->stdio, &signals, e);
	if (r == 0)
		r = spawn(x, &m, e);
	if (r == 0)
		r = converse(x, &m, e);
	scope_done(&x->scope);
	if (r == 0 && x->opts->stdio)
		r = stay(x, ret_status, e);
	attach_signals_restore(&signals);
	cleanup_close(&x->sock_fd);
	cleanup_close(&x->pin_fd); /* the session has its own */
	return r;
}

int usrct_container_exec(struct usrct *u, const char *ref, const struct usrct_exec_options *opts,
                         int *ret_status, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct executing x = { .u = u,
		               .t = &t,
		               .opts = opts,
		               .sock_fd = -EBADF,
		               .pin_fd = -EBADF,
		               .scope = SCOPE_NONE };
	struct err e = { 0 };
	int r = check_kept(opts, &e);

	if (r == 0) {
		engine_hold_soon(u);
		r = target_open(u, ref, STORE_READ, &t, &e);
	}
	if (r == 0)
		r = execute(&x, ret_status, &e);
	return ENGINE_RETURN(r, out, &e);
}
