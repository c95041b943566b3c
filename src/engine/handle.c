/* SPDX-License-Identifier: Apache-2.0 */
/* handle - struct usrct: where things are, opened when they are needed */
#include "engine/engine.h"
#include "engine/home.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/libexec.h"
#include "base/sbuf.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int engine_fail(struct usrct_err *out, const struct err *e)
{
	if (out) {
		*out = (struct usrct_err){
			.kind = (enum usrct_err_kind)e->kind,
			.code = e->code,
			.number = e->uct,
		};
		memcpy(out->msg, e->msg, sizeof(out->msg));
		memcpy(out->hint, e->hint, sizeof(out->hint));
	}
	return e->code < 0 ? e->code : -EIO;
}

static char *default_data_dir(void)
{
	const char *dir = secure_getenv("XDG_DATA_HOME"), *home = secure_getenv("HOME");

	if (dir && dir[0] == '/')
		return strf("%s/usr-ct", dir);
	return strf("%s/.local/share/usr-ct", home && home[0] == '/' ? home : "");
}

static bool is_mine(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & 022) == 0;
}

/* Works from su, cron and ssh -T as well, without a word: only a directory that nobody else can
 * write to will do. */
static char *default_runtime_dir(void)
{
	const char *dir = secure_getenv("XDG_RUNTIME_DIR");
	_cleanup_free_ char *run = strf("/run/user/%u", (unsigned)geteuid());

	if (dir && dir[0] == '/' && is_mine(dir))
		return strf("%s/usr-ct", dir);
	if (run && is_mine(run))
		return strf("%s/usr-ct", run);
	return strf("/tmp/usr-ct-%u", (unsigned)geteuid());
}

int usrct_open(const struct usrct_options *opts, struct usrct **ret, struct usrct_err *e)
{
	struct usrct *u = calloc(1, sizeof(*u));
	struct err oom;

	(void)err_oom(&oom);
	if (!u)
		return engine_fail(e, &oom);
	u->runtime_dirfd = u->asking_fd = -EBADF;
	u->held = (struct hold_given)HOLD_GIVEN_NONE;
	u->data_dir = opts && opts->data_dir ? strdup(opts->data_dir) : default_data_dir();
	u->runtime_dir =
		opts && opts->runtime_dir ? strdup(opts->runtime_dir) : default_runtime_dir();
	if (!u->data_dir || !u->runtime_dir) {
		usrct_close(u);
		return engine_fail(e, &oom);
	}
	*ret = u;
	return 0;
}

void usrct_close(struct usrct *u)
{
	if (!u)
		return;
	store_close(u->store);
	cleanup_close(&u->runtime_dirfd);
	cleanup_close(&u->asking_fd);
	hold_given_done(&u->held);
	free(u->home_dir);
	free(u->notice);
	free(u->data_dir);
	free(u->runtime_dir);
	free(u);
}

const char *usrct_notice(const struct usrct *u)
{
	return u ? u->notice : NULL;
}

const char *usrct_version(void)
{
	return USRCT_VERSION;
}

int engine_store(struct usrct *u, enum store_mode mode, struct err *e)
{
	int r;

	if (u->store && (u->store_writes || mode == STORE_READ))
		return 0;
	store_close(u->store);
	u->store = NULL;
	r = home_settle(u, mode, e);
	if (r == 0)
		r = store_open(u->data_dir, mode, &u->store, e);
	u->store_writes = r == 0 && mode == STORE_WRITE;
	return r;
}

int engine_runtime_dir(struct usrct *u, struct err *e)
{
	struct stat st;
	int fd;

	if (u->runtime_dirfd >= 0)
		return 0;
	fd = dir_open_at(AT_FDCWD, u->runtime_dir, 0700, e);
	if (fd < 0)
		return err_recode(e, fd, UCT_NO_RUNTIME_DIR);
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022)) {
		(void)close(fd);
		return err_set(e, UCT_NO_RUNTIME_DIR, -EPERM,
		               "'%s' is not a directory of yours alone", u->runtime_dir);
	}
	u->runtime_dirfd = fd;
	return 0;
}

void engine_hold_soon(struct usrct *u)
{
	/* Where there is no directory there is no holder, and perhaps there will be no need. */
	if (u->has_asked_holder || u->asking_fd >= 0 || access(u->runtime_dir, F_OK) < 0 ||
	    engine_runtime_dir(u, NULL) < 0)
		return;
	u->asking_fd = hold_ask(u->runtime_dirfd);
}

int engine_hold(struct usrct *u, struct err *e)
{
	struct err unwanted = { 0 };
	int r;

	e = e ? e : &unwanted; /* its code is looked at */
	if (u->has_asked_holder)
		return 0;
	r = engine_runtime_dir(u, e);
	if (r < 0)
		return r;
	r = hold_get(u->runtime_dirfd, TAKE_FD(u->asking_fd), &u->held, e);
	if (r == -ENOENT && e->uct == UCT_NO_SUBIDS) {
		u->is_single_id = true;
		u->held.launcher_fd = libexec_seal("launch", e); /* as a holder would keep */
		u->held.maps.uids = (struct id_map){ { { 0, geteuid(), 1 } }, 1 };
		u->held.maps.gids = (struct id_map){ { { 0, getegid(), 1 } }, 1 };
		r = MIN(u->held.launcher_fd, 0);
	}
	u->has_asked_holder = r == 0;
	return r;
}

void target_done(struct target *t)
{
	container_row_done(&t->row);
	cleanup_close(&t->dirfd);
	*t = (struct target)TARGET_NONE;
}

static struct target target_take(struct target *t)
{
	struct target taken = *t;

	*t = (struct target)TARGET_NONE;
	return taken;
}

int target_open(struct usrct *u, const char *ref, enum store_mode mode, struct target *ret,
                struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	int r = engine_store(u, mode, e);

	if (r == 0)
		r = container_find(u->store, ref, &t.row, e);
	if (r == -ENOTUNIQ)
		return err_set(e, UCT_CONTAINER_AMBIGUOUS, r, "'%s' fits several containers", ref);
	if (r < 0)
		return r;
	if (r == 1)
		t.dirfd = container_open_dir(u->store, t.row.id, e);
	if (r == 0 || t.dirfd == -ENOENT)
		return err_set(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no container '%s'", ref);
	if (t.dirfd < 0)
		return t.dirfd;
	r = state_read(t.dirfd, &t.state, e);
	if (r < 0)
		return r;
	*ret = target_take(&t);
	return 0;
}

void stopwatch_init(struct stopwatch *w, const struct usrct_start_options *opts)
{
	*w = (struct stopwatch){ .opts = opts };
	if (opts && opts->timing)
		w->began_ns = w->last_ns = clock_monotonic_ns();
}

void stopwatch_step(struct stopwatch *w, const char *step)
{
	uint64_t now;

	if (!w->opts || !w->opts->timing)
		return;
	now = clock_monotonic_ns();
	struct usrct_timing t = { "client", step, w->last_ns - w->began_ns, now - w->began_ns };

	w->opts->timing(&t, w->opts->arg);
	w->last_ns = now;
}

const struct usrct_explanation *usrct_explain(int number)
{
	size_t n;
	const struct usrct_explanation *all = usrct_explain_all(&n);

	for (size_t i = 0; i < n; i++)
		if (all[i].number == number)
			return &all[i];
	return NULL;
}

const struct usrct_explanation *usrct_explain_all(size_t *ret_n)
{
	static const struct usrct_explanation all[] = {
#define UCT(number, name, kind, title, explain, hint) { number, title, explain, hint },
#include "base/err-codes.h"
#undef UCT
	};

	*ret_n = ARRAY_SIZE(all);
	return all;
}
