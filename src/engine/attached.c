/* SPDX-License-Identifier: Apache-2.0 */
/* attached - attach to a container that runs already */
#include "engine/attach.h"

#include "base/json.h"
#include "container/attach.h"
#include "container/spec.h"
#include "engine/detach-keys.h"

static int read_facts(const struct target *t, struct attachment *a, struct err *e)
{
	_cleanup_json_ json_t *plan = NULL, *spec = NULL;
	int r = json_read_at(t->dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);

	if (r == 0)
		r = json_read_at(t->dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e);
	if (r == 0)
		r = MIN(json_get_bool(plan, "interactive", &a->interactive, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(spec, "process.terminal", &a->tty, e), 0);
	return r;
}

static int connect_to(struct usrct *u, const struct target *t, const struct attachment *a,
                      struct err *e)
{
	uint32_t wants = ATTACH_WANT_OUTPUT;
	int fd;

	if (t->state.status == STATE_LOST)
		return err_set(e, UCT_NO_MONITOR, -EPIPE, "cannot attach to container '%s'",
		               t->row.name);
	if (!state_is_active(&t->state))
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               t->row.name);
	if (a->interactive)
		wants |= ATTACH_WANT_INPUT;
	fd = engine_monitor(u, t->row.id, wants);
	if (fd == -ENOENT || fd == -ECONNREFUSED || fd == -ECONNRESET || fd == -EPIPE)
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               t->row.name);
	return fd < 0 ? err_errno(e, fd, "cannot attach to container '%s'", t->row.name) : fd;
}

int engine_attach(struct usrct *u, const struct target *t, const struct usrct_stdio *io,
                  int *ret_status, struct err *e)
{
	_cleanup_close_ int sock_fd = -EBADF, init_pidfd = -EBADF;
	struct attach_signals signals = { 0 };
	struct attachment a = { .io = io };
	struct detach_keys keys;
	int r = detach_keys_parse(io->detach_keys, &keys, e);

	if (r == 0)
		r = read_facts(t, &a, e);
	if (r < 0)
		return r;
	a.interactive = a.interactive && io->stdin_fd >= 0;
	sock_fd = connect_to(u, t, &a, e);
	if (sock_fd < 0)
		return sock_fd;
	init_pidfd = state_is_running(&t->state) ? proc_open(&t->state.init) : -EBADF;
	a.sock_fd = sock_fd;
	a.init_pidfd = init_pidfd;
	r = attach_signals_block(io, &signals, e);
	if (r == 0) {
		engine_event(u, t, "attach", NULL);
		r = attach_run(&a, ret_status, e);
		if (r == 0)
			engine_event(u, t, "detach", NULL);
	}
	attach_signals_restore(&signals);
	return r;
}

int usrct_container_attach(struct usrct *u, const char *ref, const struct usrct_stdio *stdio,
                           int *ret_status, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct err e = { 0 };
	int status = 0, r = target_open(u, ref, STORE_READ, &t, &e);

	if (r == 0)
		r = engine_attach(u, &t, stdio, &status, &e);
	if (r > 0 && ret_status)
		*ret_status = status;
	return ENGINE_RETURN(r, out, &e);
}
