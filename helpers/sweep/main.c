/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-sweep - removes, measures or copies one tree in the user's namespace; see
 * store/sweep-proto.h */
#include "base/file.h"
#include "base/sock.h"
#include "base/tree-copy.h"
#include "measure.h"
#include "store/enter.h"
#include "store/landlock.h"
#include "store/sweep-proto.h"

#include <string.h>
#include <sys/stat.h>

enum { SOCKET_FD = 3 };
enum { FD_DIRECTORY, FD_MORE, FD_USERNS_OF_COPY, N_FDS };

static bool is_well_formed(const struct sweep_start *m, const int fds[N_FDS])
{
	if (m->type == SWEEP_COPY)
		return fds[FD_DIRECTORY] >= 0 && fds[FD_MORE] >= 0;
	return (m->type == SWEEP_START || m->type == SWEEP_MEASURE) && fds[FD_DIRECTORY] >= 0 &&
	       memchr(m->name, '\0', sizeof(m->name)) && m->name[0] && !strchr(m->name, '/') &&
	       strcmp(m->name, ".") != 0 && strcmp(m->name, "..") != 0;
}

static int copy(const int fds[N_FDS], struct sweep_done *done, struct err *e)
{
	struct tree_copied sum = { 0 };
	int r;

	(void)umask(0);
	r = tree_copy(fds[FD_MORE], fds[FD_DIRECTORY], /* is_lenient= */ false, &sum, e);
	done->file_bytes = sum.bytes;
	return r;
}

static int serve(struct sweep_done *done, struct err *e)
{
	struct sweep_start start = { 0 };
	int fds[N_FDS], userns_fd, r = 0;
	ssize_t n = sock_recv(SOCKET_FD, &start, sizeof(start), fds, N_FDS);

	if (n < 0)
		return err_errno(e, (int)n, "cannot receive START");
	if (n != sizeof(start) || !is_well_formed(&start, fds))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the sweeper was started wrongly");
	userns_fd = fds[start.type == SWEEP_COPY ? FD_USERNS_OF_COPY : FD_MORE];
	if (userns_fd >= 0)
		r = enter_userns(userns_fd, e);
	if (r == 0)
		r = landlock_beneath_all(fds, start.type == SWEEP_COPY ? 2 : 1, e);
	if (r < 0)
		return r;
	if (start.type == SWEEP_COPY)
		return copy(fds, done, e);
	return start.type == SWEEP_MEASURE ? measure_tree(fds[FD_DIRECTORY], start.name, done, e)
	                                   : tree_remove_at(fds[FD_DIRECTORY], start.name, e);
}

int main(void)
{
	struct sweep_fail fail = { .type = SWEEP_FAIL };
	struct sweep_done done = { .type = SWEEP_DONE };
	int r;

	if (serve(&done, &fail.e) < 0)
		r = sock_send(SOCKET_FD, &fail, sizeof(fail));
	else
		r = sock_send(SOCKET_FD, &done, sizeof(done));
	return r < 0 || fail.e.code ? 1 : 0;
}
