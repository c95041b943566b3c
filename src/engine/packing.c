/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/packing.h"

#include "engine/backends.h"
#include "engine/ids.h"
#include "engine/layering.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "container/rootfs.h"
#include "container/spec.h"

#include <signal.h>
#include <string.h>
#include <sys/file.h>

enum { PLAN_MAX = 4 << 20 };

static void add_word(struct sbuf *b, const char *word)
{
	sbuf_add(b, word, strlen(word) + 1);
}

/* What Docker and podman do not call a change either: places for mounts, which overlayfs must have
 * in the root file system. */
static void add_hidden(struct sbuf *b, const json_t *mounts)
{
	static const char *const ours[] = { "/dev", "/proc", "/sys", "/run/.containerenv",
		                            "/.dockerenv" };
	const json_t *m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		add_word(b, "hidden");
		add_word(b, ours[i]);
	}
	add_word(b, "hidden");
	add_word(b, ROOTFS_APT_FILE);
	json_array_foreach(mounts, i, m)
	{
		const char *target = json_string_value(json_object_get(m, "destination"));

		if (target && target[0] == '/') {
			add_word(b, "hidden");
			add_word(b, target);
		}
	}
}

static bool has_option(const json_t *mount, const char *name)
{
	const json_t *options = json_object_get(mount, "options"), *o;
	size_t i;

	json_array_foreach(options, i, o)
	{
		if (json_is_string(o) && !strcmp(json_string_value(o), name))
			return true;
	}
	return false;
}

/* The files that are written at each start (/etc/hosts and its like) do not exist before the first.
 */
static bool is_missing_own(const char *data_dir, const char *source)
{
	return !strncmp(source, data_dir, strlen(data_dir)) && access(source, F_OK) < 0;
}

/* Devices and their like are there only while it runs. */
static bool is_of_the_kernel(const char *target)
{
	static const char *const places[] = { "/dev", "/proc", "/sys" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		size_t n = strlen(places[i]);

		if (!strncmp(target, places[i], n) && (target[n] == '/' || !target[n]))
			return true;
	}
	return false;
}

static void add_mounts(struct sbuf *b, const char *data_dir, const json_t *mounts)
{
	const json_t *m;
	size_t i;

	json_array_foreach(mounts, i, m)
	{
		const char *type = json_string_value(json_object_get(m, "type"));
		const char *target = json_string_value(json_object_get(m, "destination"));
		const char *source = json_string_value(json_object_get(m, "source"));

		if (!type || strcmp(type, "bind") != 0 || !target || !source ||
		    is_of_the_kernel(target) || is_missing_own(data_dir, source))
			continue;
		add_word(b, "mount");
		add_word(b, target);
		add_word(b, source);
		add_word(b, has_option(m, "ro") ? "ro" : has_option(m, "copyup") ? "copy" : "rw");
	}
}

/* The plan of pack-proto.h as a descriptor; whether the root is to be read-only. */
static int make_plan(struct usrct *u, const struct packing_request *q, bool *ret_read_only,
                     struct err *e)
{
	_cleanup_json_ json_t *plan = NULL, *spec = NULL;
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(PLAN_MAX);
	_cleanup_strv_ struct strv paths = { 0 };
	struct ids ids;
	const json_t *v;
	size_t i;
	int r = json_read_at(q->container_dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);

	if (r == 0)
		r = json_read_at(q->container_dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e);
	if (r < 0)
		return err_recode(e, r, UCT_STORE_DAMAGED);
	if (q->tree == PACK_TREE_UPPER && json_at(plan, "upperMemory"))
		return err_set(e, UCT_ROOT_IN_MEMORY, -EOPNOTSUPP,
		               "the container's changes lie in memory");
	add_word(&b, "backend");
	add_word(&b, backend_name(backend_of_plan(plan)));
	json_array_foreach(json_object_get(plan, "layers"), i, v)
	{
		if (json_is_string(v)) {
			add_word(&b, "layer");
			add_word(&b, json_string_value(v));
			if (strv_add(&paths, json_string_value(v)) < 0)
				return err_oom(e);
		}
	}
	json_array_foreach(json_object_get(plan, "data"), i, v)
	{
		if (json_is_string(v)) {
			add_word(&b, "data");
			add_word(&b, json_string_value(v));
		}
	}
	r = ids_of_documents(u, spec, plan, &ids, e);
	if (r == 0)
		r = engine_layers_make(u, &ids, paths.v, e);
	if (r < 0)
		return r;
	if (q->tree == PACK_TREE_UPPER)
		add_hidden(&b, json_object_get(spec, "mounts"));
	else
		add_mounts(&b, store_path(u->store), json_object_get(spec, "mounts"));
	*ret_read_only = json_is_true(json_at(spec, "root.readonly"));
	if (b.err)
		return err_errno(e, b.err, "cannot list the container's layers");
	return fd_sealed_memory("plan", b.s, b.len, e);
}

struct message {
	struct pack_start start;
	int fds[PACK_N_FDS];
	size_t n_fds;
};

static void attach(struct message *m, enum pack_fd which, int fd)
{
	m->start.fds |= 1u << which;
	m->fds[m->n_fds++] = fd;
}

static bool runs(const struct state *s)
{
	return s && (s->status == STATE_RUNNING || s->status == STATE_LOST);
}

int packing_lock(int container_dirfd, struct err *e)
{
	struct state now;
	int r;

	if (flock(container_dirfd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	r = state_read(container_dirfd, &now, e);
	if (r < 0)
		return r;
	if (runs(&now))
		return err_set(e, UCT_CONTAINER_RUNNING, -EBUSY, "the container was just started");
	if (RETRY_EINTR(flock(container_dirfd, LOCK_EX)) < 0)
		return err_sys(e, "cannot lock the container");
	return 0;
}

static bool is_fuse(int container_dirfd)
{
	_cleanup_json_ json_t *plan = NULL;

	return json_read_at(container_dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, NULL) == 0 &&
	       backend_of_plan(plan) == BACKEND_FUSE;
}

/* In the order of enum pack_fd. */
static int add_container(struct usrct *u, const struct packing_request *q, struct message *m,
                         int *ret_pidfd, int *ret_plan_fd, struct err *e)
{
	bool is_live = runs(q->state) && q->tree != PACK_TREE_UPPER, read_only = false;
	struct ids ids;
	int r;

	r = ids_of_container(u, q->container_dirfd, &ids, e);
	if (r < 0)
		return r;
	if (!ids.is_shifted || ids.is_copied)
		m->start.maps = ids.maps;
	/* A FUSE file system lets only those look who are in the user namespace it was mounted in:
	 * without another one, the helper enters the container's. */
	if (!u->is_single_id && !(is_live && is_fuse(q->container_dirfd)))
		attach(m, PACK_FD_USERNS, u->held.userns_fd);
	if (is_live) {
		*ret_pidfd = proc_open(&q->state->init);
		if (*ret_pidfd < 0)
			return err_set(e, UCT_CONTAINER_STOPPED, *ret_pidfd,
			               "the container has just ended");
		m->start.pid = q->state->init.pid;
		attach(m, PACK_FD_PROCESS, *ret_pidfd);
		if (q->tree == PACK_TREE_STOPPED)
			m->start.tree = PACK_TREE_RUNNING;
		return 0;
	}
	attach(m, PACK_FD_BASE, store_dirfd(u->store));
	attach(m, PACK_FD_CONTAINER, q->container_dirfd);
	*ret_plan_fd = make_plan(u, q, &read_only, e);
	if (*ret_plan_fd < 0)
		return *ret_plan_fd;
	attach(m, PACK_FD_PLAN, *ret_plan_fd);
	if (q->tree != PACK_TREE_STOPPED)
		return 0;
	/* Overlayfs must not be mounted twice on one upper directory. Nothing that is only read
	 * needs that, but for places of volumes that were never mounted. */
	if (q->op == PACK_WRITE || !q->state || q->state->status == STATE_CREATED) {
		m->start.flags |= PACK_WRITABLE;
		r = packing_lock(q->container_dirfd, e);
		if (r < 0)
			return r;
	}
	if (read_only && q->op == PACK_WRITE)
		m->start.flags |= PACK_READ_ONLY;
	return 0;
}

static int start_packer(const struct message *m, struct packing *ret, struct err *e)
{
	int r = libexec_start("pack", &ret->program, e);

	if (r < 0)
		return r;
	r = sock_send_fds(ret->program.sock_fd, &m->start, sizeof(m->start), m->fds, m->n_fds);
	return r < 0 ? err_errno(e, r, "cannot talk to the packer") : 0;
}

int packing_start(struct usrct *u, const struct packing_request *q, struct packing *ret,
                  struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF, plan_fd = -EBADF;
	struct message m = { .start = { .type = PACK_START,
		                        .op = (uint32_t)q->op,
		                        .tree = (uint32_t)q->tree,
		                        .flags = q->flags } };
	int r = q->tree == PACK_TREE_HOST ? 0 : engine_hold(u, e);

	if (r < 0)
		return r;
	if (u->is_single_id)
		m.start.flags |= PACK_SINGLE_ID;
	if (q->path && strlen(q->path) >= sizeof(m.start.path))
		return err_set(e, UCT_BAD_COPY_PATH, -ENAMETOOLONG,
		               "the path '%.80s...' is too long", q->path);
	if (q->path)
		memcpy(m.start.path, q->path, strlen(q->path) + 1);
	attach(&m, PACK_FD_STREAM, q->stream_fd);
	if (q->tree == PACK_TREE_VOLUME) {
		if (!u->is_single_id)
			attach(&m, PACK_FD_USERNS, u->held.userns_fd);
		attach(&m, PACK_FD_CONTAINER, q->container_dirfd);
	} else if (q->tree != PACK_TREE_HOST)
		r = add_container(u, q, &m, &pidfd, &plan_fd, e);
	return r < 0 ? r : start_packer(&m, ret, e);
}

int packing_start_layers(struct usrct *u, const struct strv *then, const struct strv *now,
                         int stream_fd, struct packing *ret, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(PLAN_MAX);
	_cleanup_close_ int plan_fd = -EBADF;
	struct message m = {
		.start = { .type = PACK_START, .op = PACK_DIFF, .tree = PACK_TREE_LAYERS }
	};
	int r = engine_hold(u, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < then->n + now->n; i++) {
		add_word(&b, i < then->n ? "layer" : "now");
		add_word(&b, i < then->n ? then->v[i] : now->v[i - then->n]);
	}
	if (b.err)
		return err_errno(e, b.err, "cannot list the layers");
	plan_fd = fd_sealed_memory("plan", b.s, b.len, e);
	if (plan_fd < 0)
		return plan_fd;
	attach(&m, PACK_FD_STREAM, stream_fd);
	if (u->is_single_id)
		m.start.flags |= PACK_SINGLE_ID;
	else
		attach(&m, PACK_FD_USERNS, u->held.userns_fd);
	attach(&m, PACK_FD_BASE, store_dirfd(u->store));
	attach(&m, PACK_FD_PLAN, plan_fd);
	return start_packer(&m, ret, e);
}

union answer {
	struct pack_info info;
	struct pack_done done;
	struct pack_fail fail;
};

static int receive(struct packing *p, enum pack_type type, union answer *m, struct err *e)
{
	ssize_t n = sock_recv(p->program.sock_fd, m, sizeof(*m), NULL, 0);
	size_t wanted = type == PACK_INFO ? sizeof(m->info) : sizeof(m->done);

	if (n == sizeof(m->fail) && m->fail.type == PACK_FAIL && m->fail.e.code < 0) {
		if (e)
			*e = m->fail.e;
		return m->fail.e.code;
	}
	if (n != (ssize_t)wanted || m->info.type != (uint32_t)type)
		return err_set(e, UCT_LAUNCHER_DIED, -ECHILD, "the packer ended unexpectedly");
	return 0;
}

int packing_info(struct packing *p, struct err *e)
{
	union answer m;
	int r = receive(p, PACK_INFO, &m, e);

	if (r < 0)
		return r;
	p->info = m.info;
	p->info.base[sizeof(p->info.base) - 1] = '\0';
	return 0;
}

int packing_go(struct packing *p, const char *name, bool into_parent, struct err *e)
{
	struct pack_go go = { .type = PACK_GO, .into_parent = into_parent };
	int r;

	(void)snprintf(go.name, sizeof(go.name), "%s", name);
	r = sock_send(p->program.sock_fd, &go, sizeof(go));
	if (r == -EPIPE) { /* its FAIL is there to be read */
		union answer m;

		return receive(p, PACK_DONE, &m, e);
	}
	return r < 0 ? err_errno(e, r, "cannot talk to the packer") : 0;
}

int packing_finish(struct packing *p, struct err *e)
{
	union answer m;
	int r = receive(p, PACK_DONE, &m, e);

	libexec_done(&p->program); /* it leaves after its answer */
	if (r < 0)
		return r;
	p->done = m.done;
	p->done.diff_id[sizeof(p->done.diff_id) - 1] = '\0';
	p->done.digest[sizeof(p->done.digest) - 1] = '\0';
	return 0;
}

void packing_done(struct packing *p)
{
	if (p->program.pidfd >= 0) /* our child: it may have ended already */
		(void)pidfd_signal(p->program.pidfd, SIGKILL);
	libexec_done(&p->program);
	*p = (struct packing)PACKING_NONE;
}

void packing_of(const struct target *t, enum pack_op op, enum pack_tree tree, int stream_fd,
                struct packing_request *ret)
{
	*ret = (struct packing_request){ .op = op,
		                         .tree = tree,
		                         .stream_fd = stream_fd,
		                         .container_dirfd = t->dirfd,
		                         .state = &t->state };
}
