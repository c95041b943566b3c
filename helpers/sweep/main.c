/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-sweep - removes or measures one tree in the user's namespace; see store/sweep-proto.h */
#include "base/file.h"
#include "base/sock.h"
#include "measure.h"
#include "store/enter.h"
#include "store/landlock.h"
#include "store/sweep-proto.h"

#include <string.h>

enum { SOCKET_FD = 3 };
enum { FD_DIRECTORY, FD_USERNS, N_FDS };

static int serve(struct sweep_done *done, struct err *e)
{
	struct sweep_start start = { 0 };
	int fds[N_FDS], r = 0;
	ssize_t n = sock_recv(SOCKET_FD, &start, sizeof(start), fds, N_FDS);

	if (n < 0)
		return err_errno(e, (int)n, "cannot receive START");
	if (n != sizeof(start) || (start.type != SWEEP_START && start.type != SWEEP_MEASURE) ||
	    fds[FD_DIRECTORY] < 0 || !memchr(start.name, '\0', sizeof(start.name)) ||
	    !start.name[0] || strchr(start.name, '/') || !strcmp(start.name, ".") ||
	    !strcmp(start.name, ".."))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the sweeper was started wrongly");
	if (fds[FD_USERNS] >= 0)
		r = enter_userns(fds[FD_USERNS], e);
	if (r == 0)
		r = landlock_beneath(fds[FD_DIRECTORY], e);
	if (r < 0)
		return r;
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
