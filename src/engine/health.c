/* SPDX-License-Identifier: Apache-2.0 */
/* health - what the monitor found out about a container's health, and a check on demand */
#include "engine/health.h"

#include "base/sock.h"
#include "container/attach.h"
#include "container/health.h"

#include <string.h>

json_t *health_inspect(const struct target *t)
{
	json_t *j = NULL;

	if (t->state.health == HEALTH_NONE)
		return NULL;
	if (json_read_at(t->dirfd, HEALTH_FILE, HEALTH_FILE_MAX, &j, NULL) < 0 ||
	    !json_is_object(j)) {
		json_decref(j); /* there was no check yet */
		j = json_pack("{s:s, s:i, s:[]}", "Status", "", "FailingStreak", 0, "Log");
	}
	/* The state file is what counts: a new start begins anew, with the old results. */
	(void)json_object_set_new(j, "Status", json_string(health_name(t->state.health)));
	if (t->state.health == HEALTH_HEALTHY)
		(void)json_object_set_new(j, "FailingStreak", json_integer(0));
	return j;
}

static int ask(struct usrct *u, const struct target *t, int *ret_result)
{
	_cleanup_close_ int fd = engine_monitor(u, t->row.id, 0);
	struct attach_control x = { .op = ATTACH_OP_CHECK };
	char packet[1 + sizeof(x)] = { ATTACH_CONTROL };
	int r;

	memcpy(packet + 1, &x, sizeof(x));
	r = fd < 0 ? fd : sock_send(fd, packet, sizeof(packet));
	while (r == 0) {
		ssize_t n = sock_recv(fd, packet, sizeof(packet), NULL, 0);

		if (n <= 0)
			return n < 0 ? (int)n : -ESRCH;
		if (packet[0] != ATTACH_CONTROL)
			continue; /* its end: an answer comes all the same */
		memcpy(&x, packet + 1, sizeof(x));
		*ret_result = x.result;
		return 0;
	}
	return r;
}

static int check(struct usrct *u, const struct target *t, bool *ret_healthy, struct err *e)
{
	int result = 0, r;

	if (t->state.status == STATE_LOST)
		return err_set(e, UCT_NO_MONITOR, -EPIPE, "cannot check container '%s'",
		               t->row.name);
	r = state_is_running(&t->state) ? ask(u, t, &result) : -ESRCH;
	if (r == 0 && result < 0)
		r = result;
	if (r == -ENODATA)
		return err_set(e, UCT_NO_HEALTH_CHECK, r, "container '%s' has no health check",
		               t->row.name);
	if (r == -EBUSY)
		return err_set(e, UCT_CONTAINER_PAUSED, r, "container '%s' is paused", t->row.name);
	if (r < 0)
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               t->row.name);
	*ret_healthy = result == 0;
	return 0;
}

int usrct_container_check(struct usrct *u, const char *ref, bool *ret_healthy,
                          struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct err e = { 0 };
	int r = target_open(u, ref, STORE_READ, &t, &e);

	if (r == 0)
		r = check(u, &t, ret_healthy, &e);
	return ENGINE_RETURN(r, out, &e);
}
