/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scope.h"

#include "base/sbuf.h"
#include "base/sock.h"
#include "cgroup/cgroup.h"
#include "cgroup/scope-proto.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* "unix:path=...", with what D-Bus wants escaped. */
static int address_of(const char *path, char *buf, size_t size)
{
	struct sbuf b = SBUF_INIT(size - 1);

	sbuf_adds(&b, "unix:path=");
	for (const char *s = path; *s; s++)
		if (isalnum((unsigned char)*s) || strchr("-_/.", *s))
			sbuf_addc(&b, *s);
		else
			sbuf_addf(&b, "%%%02x", (unsigned char)*s);
	if (!b.err)
		memcpy(buf, b.s, b.len + 1);
	sbuf_done(&b);
	return b.err ? -ENOENT : 0;
}

/* Below a directory that others could write to, anybody could be listening. */
static bool is_my_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == geteuid();
}

int scope_address(char *buf, size_t size)
{
	const char *dir = secure_getenv("XDG_RUNTIME_DIR");
	const char *bus = secure_getenv("DBUS_SESSION_BUS_ADDRESS");
	char run[64], path[4096];
	struct stat st;

	(void)snprintf(run, sizeof(run), "/run/user/%u", (unsigned)geteuid());
	if (!dir || dir[0] != '/')
		dir = run;
	if (snprintf(path, sizeof(path), "%s/systemd/private", dir) >= (int)sizeof(path))
		return -ENOENT;
	if (is_my_socket(path))
		return address_of(path, buf, size) < 0 ? -ENOENT : 1;
	(void)snprintf(path, sizeof(path), "%s/systemd", dir);
	/* A bus without systemd on it would only cost time. */
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return -ENOENT;
	if (bus && *bus)
		return snprintf(buf, size, "%s", bus) < (int)size ? 0 : -ENOENT;
	(void)snprintf(path, sizeof(path), "%s/bus", dir);
	return is_my_socket(path) ? address_of(path, buf, size) : -ENOENT;
}

static bool is_wanted(void)
{
	char path[4096];
	bool is_busy;

	return cgroup_own_path(path, sizeof(path)) == 0 &&
	       cgroup_delegated(path, sizeof(path), &is_busy) < 0 &&
	       scope_address(path, SCOPE_ADDRESS_SIZE) >= 0;
}

void scope_prepare(struct scope *s)
{
	/* Without the helper it is as without systemd; who needs a cgroup is told so. */
	if (is_wanted())
		s->is_asked = libexec_start("scope", &s->helper, NULL) == 0;
}

static int check_slice(const char *slice, struct err *e)
{
	size_t n = slice ? strlen(slice) : 0;

	if (!slice || (n >= 7 && !strcmp(slice + n - 6, ".slice") && !strchr(slice, '/')))
		return 0;
	return err_set(e, UCT_BAD_LIMIT, -EINVAL,
	               "cgroup parent '%s': where systemd makes the cgroups it is a slice, "
	               "NAME.slice",
	               slice);
}

int scope_prepare_start(struct scope *s, const char *slice, struct err *e)
{
	int r = 0;

	if (!is_wanted())
		return 0;
	s->may_be_delegated = cgroup_may_be_delegated();
	s->slice = slice;
	if (!s->may_be_delegated)
		r = check_slice(slice, e);
	if (r == 0)
		s->is_asked = libexec_start("scope", &s->helper, NULL) == 0;
	return r;
}

void scope_ask(struct scope *s, const char *id, pid_t launcher, unsigned stop_timeout_s)
{
	struct scope_start m = { .type = SCOPE_START,
		                 .pid = (int32_t)launcher,
		                 .stop_timeout_s = stop_timeout_s };

	if (!s->is_asked)
		return;
	(void)snprintf(m.name, sizeof(m.name), "usr-ct-%s", id);
	(void)snprintf(m.slice, sizeof(m.slice), "%s", s->slice ? s->slice : "usr-ct.slice");
	(void)snprintf(m.description, sizeof(m.description), "usr-ct container %.12s", id);
	m.may_be_delegated = s->may_be_delegated;
	m.is_private = scope_address(m.address, sizeof(m.address)) == 1;
	(void)sock_send(s->helper.sock_fd, &m, sizeof(m)); /* its end is seen by scope_answer() */
}

int scope_answer(struct scope *s, struct sync_msg *ret, struct err *e)
{
	struct pollfd p = { .fd = s->helper.sock_fd, .events = POLLIN };
	struct scope_answer a;
	ssize_t n = -1;

	*ret = (struct sync_msg){ .step = SYNC_SCOPED };
	if (RETRY_EINTR(poll(&p, 1, SCOPE_TIMEOUT_MS)) == 1)
		n = sock_recv(s->helper.sock_fd, &a, sizeof(a), NULL, 0);
	if (n == sizeof(a) && a.type == SCOPE_DONE)
		ret->flags = SYNC_IN_SCOPE;
	else if (n == sizeof(a) && a.type == SCOPE_DELEGATED)
		ret->flags = SYNC_DELEGATED;
	else if (n == sizeof(a) && a.type == SCOPE_FAIL && a.e.code < 0)
		ret->e = a.e;
	else
		(void)err_set(&ret->e, UCT_SCOPE_FAILED, -EIO, "usr-ct-scope did not answer");
	return ret->flags & SYNC_DELEGATED ? 0 : check_slice(s->slice, e);
}

void scope_done(struct scope *s)
{
	libexec_done(&s->helper);
	s->is_asked = false;
}
