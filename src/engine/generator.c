/* SPDX-License-Identifier: Apache-2.0 */
/* generator - containers from generator files, and anew from the file that was kept
 *
 * Copies are made while the container is still a stage, so that nobody sees it without them; one
 * that replaces another removes that when it is complete (engine/create.h).
 */
#include "engine/generator.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "engine/copy.h"
#include "engine/create.h"

#include <fcntl.h>
#include <string.h>

struct making {
	const struct generator *g;
	const char *text, *dir; /* as they will be kept */
	size_t n;
};

/* A directory's contents go to the target; a file to it, or into it if that is, or ends like, a
 * directory. What leads there is made. */
static int copy_one(struct usrct *u, int dirfd, const struct making *m,
                    const struct generator_copy *c, struct err *e)
{
	_cleanup_free_ char *host = NULL, *contents = NULL;
	struct copy_end from = { 0 };
	struct copy_end to = { .path = c->dst,
		               .is_container = true,
		               .container_dirfd = dirfd,
		               .flags = PACK_MAKE_DIRS };
	struct stat st;
	int r = copy_host_path(m->dir, c->src, &host, e);

	if (r < 0)
		return r;
	if (stat(host, &st) < 0)
		return err_set(e, UCT_NO_SUCH_PATH, -errno, "copy: cannot use '%s': %s", host,
		               strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		contents = strf("%s/.", host);
		if (!contents)
			return err_oom(e);
	}
	from.path = contents ? contents : host;
	from.flags = PACK_FOLLOW;
	r = engine_copy(u, &from, &to, NULL, e);
	return r < 0 ? err_in(e, r, "cannot copy '%s' to '%s'", c->src, c->dst) : 0;
}

static int fill(struct usrct *u, int dirfd, void *arg, struct err *e)
{
	const struct making *m = arg;
	int r = file_write_at(dirfd, GENERATOR_FILE, m->text, m->n, 0600, false, e);

	if (r == 0)
		r = file_write_at(dirfd, GENERATOR_DIR_FILE, m->dir, strlen(m->dir), 0600, false,
		                  e);
	for (size_t i = 0; i < m->g->n_copies && r == 0; i++)
		r = copy_one(u, dirfd, m, &m->g->copies[i], e);
	return r;
}

/* @name: the container's, @replaces: the one that has it now; both may be NULL. */
static int make(struct usrct *u, struct making *m, const struct target *replaces,
                const struct usrct_generate_options *opts, char ret_id[CONTAINER_ID_SIZE],
                struct err *e)
{
	const struct create_hook hook = { fill, m, replaces ? replaces->row.id : NULL };
	struct usrct_create_options o = {
		.size = sizeof(o),
		.image = m->g->image,
		.entrypoint = m->g->cmd,
		.name = replaces ? replaces->row.name : m->g->name,
		.workdir = m->g->workdir,
		.pull = opts ? opts->pull : USRCT_PULL_MISSING,
		.pull_options = opts ? opts->pull_options : NULL,
		.stop_timeout_s = -1,
		.limits = &m->g->limits,
	};
	struct stopwatch w;

	stopwatch_init(&w, NULL);
	return engine_create_hooked(u, &o, &hook, &w, ret_id, e);
}

/* The absolute directory that the file lies in. */
static int directory_of(const char *file, char **ret, struct err *e)
{
	_cleanup_free_ char *real = realpath(file, NULL);
	char *slash;

	if (!real)
		return err_set(e, UCT_NO_SUCH_PATH, -errno, "cannot open '%s': %s", file,
		               strerror(errno));
	slash = strrchr(real, '/');
	slash[slash == real] = '\0';
	*ret = TAKE_PTR(real);
	return 0;
}

static int generate(struct usrct *u, const char *file, const struct usrct_generate_options *opts,
                    char ret_id[CONTAINER_ID_SIZE], struct err *e)
{
	_cleanup_generator_ struct generator g = { 0 };
	_cleanup_free_ char *text = NULL, *dir = NULL, *real = realpath(file, NULL);
	struct making m = { .g = &g };
	int r = directory_of(file, &dir, e);

	if (r == 0)
		r = file_read_at(AT_FDCWD, real ? real : file, GENERATOR_MAX_BYTES, &text, &m.n, e);
	if (r == 0)
		r = generator_parse(file, text, m.n, &g, e);
	m.text = text;
	m.dir = dir;
	return r < 0 ? r : make(u, &m, NULL, opts, ret_id, e);
}

static int check_old(const struct target *t, const struct usrct_generate_options *opts,
                     struct err *e)
{
	bool runs = t->state.status == STATE_RUNNING || t->state.status == STATE_LOST;

	if (faccessat(t->dirfd, GENERATOR_FILE, F_OK, 0) < 0)
		return err_set(e, UCT_NO_GENERATOR, -ENODATA,
		               "container '%s' was not made from a generator file", t->row.name);
	if (runs && !(opts && opts->force))
		return err_hint(e,
		                err_set(e, UCT_CONTAINER_RUNNING, -EBUSY,
		                        "container '%s' is running", t->row.name),
		                "stop it first, or use recreate -f");
	return 0;
}

static int recreate(struct usrct *u, const char *ref, const struct usrct_generate_options *opts,
                    char ret_id[CONTAINER_ID_SIZE], struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	_cleanup_generator_ struct generator g = { 0 };
	_cleanup_free_ char *text = NULL, *dir = NULL, *path = NULL;
	struct making m = { .g = &g };
	bool ran;
	int r = target_open(u, ref, STORE_WRITE, &t, e);

	ran = r == 0 && state_is_active(&t.state);
	if (r == 0)
		r = check_old(&t, opts, e);
	if (r == 0)
		r = file_read_at(t.dirfd, GENERATOR_FILE, GENERATOR_MAX_BYTES, &text, &m.n, e);
	if (r == 0)
		r = file_read_at(t.dirfd, GENERATOR_DIR_FILE, PATH_MAX, &dir, NULL, e);
	if (r < 0)
		return r;
	path = strf("%s/containers/%s/%s", store_path(u->store), t.row.id, GENERATOR_FILE);
	if (!path)
		return err_oom(e);
	r = generator_parse(path, text, m.n, &g, e);
	m.text = text;
	m.dir = dir;
	if (r == 0)
		r = make(u, &m, &t, opts, ret_id, e);
	return r == 0 && ran ? engine_start_quietly(u, ret_id, e) : r;
}

static int give_id(int r, const char *id, char **ret_id, struct usrct_err *out, struct err *e)
{
	if (r == 0 && ret_id) {
		*ret_id = strdup(id);
		r = *ret_id ? 0 : err_oom(e);
	}
	return ENGINE_RETURN(r, out, e);
}

int usrct_container_generate(struct usrct *u, const char *file,
                             const struct usrct_generate_options *opts, char **ret_id,
                             struct usrct_err *out)
{
	char id[CONTAINER_ID_SIZE];
	struct err e = { 0 };
	int r = generate(u, file, opts, id, &e);

	return give_id(r, id, ret_id, out, &e);
}

int usrct_container_recreate(struct usrct *u, const char *ref,
                             const struct usrct_generate_options *opts, char **ret_id,
                             struct usrct_err *out)
{
	char id[CONTAINER_ID_SIZE];
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0)
		r = recreate(u, ref, opts, id, &e);
	return give_id(r, id, ret_id, out, &e);
}
