/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-pack - moves files between trees and tar streams for the engine; see store/pack-proto.h */
#include "pack/root.h"

#include "base/sock.h"
#include "store/unpack.h"

#include <fcntl.h>
#include <locale.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

enum { SOCKET_FD = 3 };

struct pack {
	struct pack_start start;
	int fds[PACK_N_FDS]; /* enum pack_fd; -EBADF: did not come */
	int proc_fd;         /* /proc/self/fd */
	struct root root;
	struct place place;
	struct pack_sums sums;
};

static int receive(struct pack *p, struct err *e)
{
	int came[PACK_N_FDS], n_came = 0;
	ssize_t n = sock_recv(SOCKET_FD, &p->start, sizeof(p->start), came, PACK_N_FDS);

	if (n < 0)
		return err_errno(e, (int)n, "cannot receive START");
	if (n != sizeof(p->start) || p->start.type != PACK_START ||
	    !memchr(p->start.path, '\0', sizeof(p->start.path)))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the packer was started wrongly");
	for (int i = 0; i < PACK_N_FDS; i++)
		p->fds[i] = p->start.fds & 1u << i ? came[n_came++] : -EBADF;
	if (p->fds[PACK_FD_STREAM] < 0)
		return err_set(e, UCT_INTERNAL, -EPROTO, "the packer got no stream");
	return 0;
}

static int prepare(struct pack *p, struct err *e)
{
	/* The C locale makes libarchive refuse names beyond ASCII. */
	if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "en_US.UTF-8"))
		return err_hint(e, err_set(e, UCT_SYSTEM, -ENOTSUP, "there is no UTF-8 locale"),
		                "install the locale C.UTF-8");
	/* Its configuration file could load modules, and is out of reach once we are confined. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return err_set(e, UCT_SYSTEM, -EIO, "cannot start libcrypto");
	if (p->start.op == PACK_WRITE || p->start.op == PACK_COPY)
		(void)umask(0);
	p->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return p->proc_fd < 0 ? err_sys(e, "cannot open /proc/self/fd") : 0;
}

/* A writer or reader of a pipe learns of the engine's death by itself; one that waits for standard
 * input does not. Changing ids clears this, so it comes after that. */
static int die_with_engine(struct err *e)
{
	struct pollfd s = { .fd = SOCKET_FD, .events = 0 };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(e, "cannot ask for a signal");
	if (RETRY_EINTR(poll(&s, 1, 0)) > 0 && s.revents & POLLHUP)
		_exit(1);
	return 0;
}

static int find_place(struct pack *p, struct err *e)
{
	if (p->start.op == PACK_READ)
		return place_source(p->root.fd, p->start.path, p->start.flags & PACK_FOLLOW,
		                    &p->place, e);
	if (p->start.op == PACK_WRITE)
		return place_target(p->root.fd, p->start.path, p->start.flags & PACK_MAKE_DIRS,
		                    &p->place, e);
	return 0;
}

/* Of the host only the part that is meant; a container's links may lead anywhere inside it. */
static int confine(struct pack *p, struct err *e)
{
	bool is_host = p->start.tree == PACK_TREE_HOST;
	int fds[3] = { p->root.confine_fd >= 0 ? p->root.confine_fd : p->root.fd,
		       p->root.objects_fd, p->root.shared_fd };

	if (is_host && p->start.op == PACK_READ)
		fds[0] = p->place.fd;
	else if (is_host)
		fds[0] = p->place.is_dir ? p->place.fd : p->place.dir_fd;
	return unpack_confine(fds, 1 + (size_t)(fds[1] >= 0) + (size_t)(fds[2] >= 0),
	                      /* is_layer= */ false, e);
}

static int converse(struct pack *p, struct pack_go *ret, struct err *e)
{
	struct pack_info info = {
		.type = PACK_INFO,
		.exists = p->place.exists,
		.is_dir = p->place.is_dir,
		.wants_dir = p->place.wants_dir,
		.is_contents = p->place.is_contents,
		.mode = p->place.st.st_mode,
	};
	ssize_t n;
	int r;

	memcpy(info.base, p->place.base, sizeof(info.base));
	r = sock_send(SOCKET_FD, &info, sizeof(info));
	if (r < 0)
		return err_errno(e, r, "cannot send INFO");
	n = sock_recv(SOCKET_FD, ret, sizeof(*ret), NULL, 0);
	if (n == 0)
		_exit(0); /* the other side failed, or the engine is gone */
	if (n != sizeof(*ret) || ret->type != PACK_GO ||
	    !memchr(ret->name, '\0', sizeof(ret->name)))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the packer did not hear GO");
	return 0;
}

static struct pack_owners owners_of(const struct pack *p)
{
	if (p->start.tree == PACK_TREE_HOST)
		return (struct pack_owners){ .noted = p->start.flags & PACK_AS_ROOT };
	return (struct pack_owners){ .maps = p->start.maps.uids.n ? &p->start.maps : NULL,
		                     .noted = p->start.flags & PACK_SINGLE_ID };
}

static int read_tree(struct pack *p, struct err *e)
{
	struct pack_tree_job job = { .root_fd = p->place.fd,
		                     .proc_fd = p->proc_fd,
		                     .out_fd = p->fds[PACK_FD_STREAM],
		                     .owners = owners_of(p) };
	struct pack_go go;
	int r = converse(p, &go, e);

	job.name = go.name;
	return r < 0 ? r : pack_tree(&job, &p->sums, e);
}

/* The user's files are below the directory itself, so that no link of an archive leads out of it;
 * a container's own links do lead elsewhere in it. */
static int write_tree(struct pack *p, struct err *e)
{
	bool is_host = p->start.tree == PACK_TREE_HOST;
	struct unpack_job job = {
		.stream_fd = p->fds[PACK_FD_STREAM],
		.single_id = is_host || p->start.flags & PACK_SINGLE_ID,
		.max_bytes = INT64_MAX,
		.max_entries = UINT64_MAX,
		.owned_by_root = !(p->start.flags & PACK_KEEP_OWNER),
		.maps = is_host ? NULL : owners_of(p).maps,
		.drops_setid = is_host,
	};
	struct unpack_result done = { 0 };
	struct pack_go go;
	int r = converse(p, &go, e);

	if (r < 0)
		return r;
	if (is_host) {
		job.dirfd = go.into_parent ? p->place.dir_fd : p->place.fd;
		job.into = "";
	} else {
		job.dirfd = p->root.fd;
		job.into = go.into_parent ? p->place.dir : p->place.path;
	}
	r = unpack_into(&job, &done, e);
	p->sums.data_bytes = done.size_bytes;
	p->sums.n_entries = done.n_entries;
	p->sums.n_skipped = done.n_skipped;
	return r;
}

static int export_tree(struct pack *p, struct err *e)
{
	struct pack_tree_job job = {
		.root_fd = p->root.fd,
		.proc_fd = p->proc_fd,
		.out_fd = p->fds[PACK_FD_STREAM],
		.name = "",
		.stays = true,
		.owners = owners_of(p),
	};

	return pack_tree(&job, &p->sums, e);
}

static int work_on_upper(struct pack *p, struct err *e)
{
	struct pack_upper_job job = {
		.upper_fd = p->root.fd,
		.proc_fd = p->proc_fd,
		.out_fd = p->fds[PACK_FD_STREAM],
		.lower = p->root.lower,
		.hidden = p->root.hidden.v,
		.is_plain = p->start.flags & PACK_PLAIN,
		.owners = owners_of(p),
		.is_whole = p->root.is_whole,
		.is_fuse = p->root.is_fuse,
	};

	p->root.lower = (struct lower){ 0 };
	return p->start.op == PACK_DIFF ? pack_diff(&job, e) : pack_layer(&job, &p->sums, e);
}

static int compare_layers(struct pack *p, struct err *e)
{
	const struct pack_compare_job job = {
		.proc_fd = p->proc_fd,
		.out_fd = p->fds[PACK_FD_STREAM],
		.then = p->root.lower,
		.now = p->root.now,
	};

	return pack_compare(&job, e);
}

static int copy_layers(struct pack *p, struct err *e)
{
	const struct pack_copy_job job = {
		.to_fd = p->root.fd,
		.proc_fd = p->proc_fd,
		.objects_fd = p->root.objects_fd,
		.shared_fd = p->root.shared_fd,
		.is_single_id = p->start.flags & PACK_SINGLE_ID,
		.maps = owners_of(p).maps,
	};

	return pack_copy(&job, &p->root.lower, e);
}

static int serve(struct pack *p, struct err *e)
{
	int r = receive(p, e);

	if (r == 0)
		r = prepare(p, e);
	if (r == 0)
		r = root_open(&p->start, p->fds, &p->root, e);
	if (r == 0)
		r = die_with_engine(e);
	if (r == 0)
		r = find_place(p, e);
	if (r == 0)
		r = confine(p, e);
	if (r < 0)
		return r;
	switch ((enum pack_op)p->start.op) {
	case PACK_READ:
		return read_tree(p, e);
	case PACK_WRITE:
		return write_tree(p, e);
	case PACK_EXPORT:
		return export_tree(p, e);
	case PACK_COPY:
		return copy_layers(p, e);
	case PACK_DIFF:
		if (p->start.tree == PACK_TREE_LAYERS)
			return compare_layers(p, e);
		return work_on_upper(p, e);
	case PACK_LAYER:
		return work_on_upper(p, e);
	default:
		return err_set(e, UCT_INTERNAL, -EPROTO, "the packer cannot do %u", p->start.op);
	}
}

/* The code's own words where the cause is known; only bytes that print go into a message. */
static void polish(struct pack_fail *f)
{
	if (f->e.uct == UCT_BAD_LAYER) {
		f->e.uct = UCT_SYSTEM;
		f->e.hint[0] = '\0';
		(void)err_recode(&f->e, f->e.code, UCT_BAD_ARCHIVE);
	}
	if (f->e.code == -EROFS)
		(void)err_recode(&f->e, f->e.code, UCT_READ_ONLY);
	if (f->e.code == -ENOSPC || f->e.code == -EDQUOT)
		(void)err_recode(&f->e, f->e.code, UCT_NO_SPACE);
	for (char *c = f->e.msg; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

int main(void)
{
	struct pack p = { .proc_fd = -EBADF, .root = ROOT_NONE, .place = PLACE_NONE };
	struct pack_fail fail = { .type = PACK_FAIL };
	struct pack_done done = { .type = PACK_DONE };
	int r;

	/* A reader that leaves is an error like any other, and ours to tell. */
	(void)signal(SIGPIPE, SIG_IGN);
	r = serve(&p, &fail.e);
	fuse_server_kill(&p.root.server); /* before anybody is told: nothing of ours is left then */
	if (r < 0) {
		polish(&fail);
		r = sock_send(SOCKET_FD, &fail, sizeof(fail));
	} else {
		done.n_skipped = (uint32_t)p.sums.n_skipped;
		done.data_bytes = p.sums.data_bytes;
		done.n_entries = p.sums.n_entries;
		done.tar_bytes = p.sums.tar_bytes;
		done.blob_bytes = p.sums.blob_bytes;
		memcpy(done.diff_id, p.sums.diff_id, sizeof(done.diff_id));
		memcpy(done.digest, p.sums.digest, sizeof(done.digest));
		r = sock_send(SOCKET_FD, &done, sizeof(done));
	}
	/* Not exit(3): nothing is left to flush, and exit handlers meet the filter. */
	_exit(r < 0 || fail.e.code ? 1 : 0);
}
