/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-scope - have the user's systemd make a transient scope around one process
 *
 * cgroup/scope-proto.h has the protocol. The scope is delegated: what is below it is ours, and
 * systemd removes it when its last process has ended, whatever the end was. Tasks are not limited
 * by systemd's default, which nobody who starts a container has asked for.
 *
 * Who is in a delegated unit already needs none; this systemd knows whether it is.
 */
#include "base/file.h"
#include "base/macro.h"
#include "base/sock.h"
#include "cgroup/cgroup.h"
#include "cgroup/scope-proto.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

enum { SOCKET_FD = 3 };
#define MANAGER      "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"

/* A job of systemd's that we wait for. */
struct job {
	char unit[SCOPE_NAME_SIZE + 32];
	char path[256];
	char result[32]; /* empty: not yet */
};

static int fail(struct err *e, int r, const char *what, const sd_bus_error *bus_error)
{
	const char *why = bus_error && bus_error->message ? bus_error->message : strerror(-r);

	return err_set(e, UCT_SCOPE_FAILED, r < 0 ? r : -EIO, "%s: %.300s", what, why);
}

/* Called by sd_bus_process() alone: what comes during the call waits until the job is known. */
static int on_removed(sd_bus_message *m, void *arg, sd_bus_error *ret_error)
{
	struct job *job = arg;
	const char *path, *unit, *result;
	uint32_t id;

	(void)ret_error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (!strcmp(path, job->path))
		(void)snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

static int add_properties(sd_bus_message *m, const struct scope_start *s, uint64_t stop_usec)
{
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)", "Description", "s", s->description);
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)", "Slice", "s", s->slice);
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)", "Delegate", "b", 1);
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)", "CollectMode", "s", "inactive-or-failed");
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)", "TasksMax", "t", UINT64_MAX);
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)", "TimeoutStopUSec", "t", stop_usec);
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, (uint32_t)s->pid);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int start_unit(sd_bus *bus, const struct scope_start *s, struct job *job,
                      sd_bus_error *bus_error)
{
	uint64_t stop_usec = ((uint64_t)s->stop_timeout_s + 5) * 1000000;
	sd_bus_message *m = NULL, *reply = NULL;
	const char *path = "";
	int r = sd_bus_message_new_method_call(bus, &m, MANAGER, MANAGER_PATH, MANAGER ".Manager",
	                                       "StartTransientUnit");

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", job->unit, "fail");
	if (r >= 0)
		r = add_properties(m, s, stop_usec);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r >= 0)
		r = sd_bus_call(bus, m, (uint64_t)SCOPE_TIMEOUT_MS * 1000, bus_error, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r >= 0)
		(void)snprintf(job->path, sizeof(job->path), "%s", path);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return r;
}

/* The old scope of a container that is started again at once may still be there. */
static int start(sd_bus *bus, const struct scope_start *s, struct job *job, struct err *e)
{
	sd_bus_error bus_error = SD_BUS_ERROR_NULL;
	int r;

	(void)snprintf(job->unit, sizeof(job->unit), "%s.scope", s->name);
	r = start_unit(bus, s, job, &bus_error);
	if (r < 0 && sd_bus_error_has_name(&bus_error, MANAGER ".UnitExists")) {
		sd_bus_error_free(&bus_error);
		(void)snprintf(job->unit, sizeof(job->unit), "%s-%d.scope", s->name, (int)s->pid);
		r = start_unit(bus, s, job, &bus_error);
	}
	r = r < 0 ? fail(e, r, "systemd refuses a scope", &bus_error) : 0;
	sd_bus_error_free(&bus_error);
	return r;
}

static int wait_for(sd_bus *bus, struct job *job, struct err *e)
{
	while (!job->result[0]) {
		int r = sd_bus_process(bus, NULL);

		if (r == 0)
			r = sd_bus_wait(bus, (uint64_t)SCOPE_TIMEOUT_MS * 1000);
		if (r < 0)
			return fail(e, r, "systemd does not answer", NULL);
		if (r == 0)
			return fail(e, -ETIMEDOUT, "systemd does not finish the scope", NULL);
	}
	if (!strcmp(job->result, "done"))
		return 0;
	return err_set(e, UCT_SCOPE_FAILED, -EIO, "systemd could not start the scope: %s",
	               job->result);
}

static bool is_inside(pid_t pid, const char *unit)
{
	_cleanup_free_ char *text = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	return file_read_at(AT_FDCWD, path, 64 * 1024, &text, NULL, NULL) == 0 &&
	       strstr(text, unit);
}

/* Who has begun to exit is not moved, though the kernel says so (cgroup_migrate_add_task()). Then
 * nobody ever leaves the scope, and it would stay as long as the user's systemd. */
static int check_inside(sd_bus *bus, const struct scope_start *s, const struct job *job,
                        struct err *e)
{
	if (is_inside(s->pid, job->unit))
		return 0;
	(void)sd_bus_call_method(bus, MANAGER, MANAGER_PATH, MANAGER ".Manager", "StopUnit", NULL,
	                         NULL, "ss", job->unit, "replace"); /* it may be gone already */
	return err_set(e, UCT_SCOPE_FAILED, -ESRCH, "the process that the scope is for has ended");
}

static int open_bus(const struct scope_start *s, sd_bus **ret, struct err *e)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, s->address);
	if (r >= 0 && !s->is_private)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0 && !s->is_private)
		r = sd_bus_call_method(bus, MANAGER, MANAGER_PATH, MANAGER ".Manager", "Subscribe",
		                       NULL, NULL, NULL);
	if (r < 0) {
		sd_bus_unref(bus);
		return fail(e, r, "cannot speak to the user's systemd", NULL);
	}
	*ret = bus;
	return 0;
}

/* The unit that we and the caller are in has Delegate=yes. Whatever fails: then it does not count.
 */
static bool is_delegated(sd_bus *bus)
{
	sd_bus_message *reply = NULL;
	const char *unit = "", *interface;
	char *group = NULL;
	int value = 0;
	int r = sd_bus_call_method(bus, MANAGER, MANAGER_PATH, MANAGER ".Manager", "GetUnitByPID",
	                           NULL, &reply, "u", 0U); /* 0: who asks */

	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &unit);
	/* Other kinds of units have no processes that are not systemd's. */
	interface = strstr(unit, "_2eservice") ? MANAGER ".Service" : MANAGER ".Scope";
	if (r >= 0)
		r = sd_bus_get_property_trivial(bus, MANAGER, unit, interface, "Delegate", NULL,
		                                'b', &value);
	if (r >= 0 && value)
		r = sd_bus_get_property_string(bus, MANAGER, unit, interface, "ControlGroup", NULL,
		                               &group);
	if (r >= 0 && value)
		r = cgroup_mark_delegated(group);
	free(group);
	sd_bus_message_unref(reply);
	return r >= 0 && value;
}

static int make_scope(sd_bus *bus, const struct scope_start *s, struct err *e)
{
	struct job job = { 0 };
	int r = sd_bus_match_signal(bus, NULL, s->is_private ? NULL : MANAGER, MANAGER_PATH,
	                            MANAGER ".Manager", "JobRemoved", on_removed, &job);

	r = r < 0 ? fail(e, r, "cannot watch systemd", NULL) : start(bus, s, &job, e);
	if (r == 0)
		r = wait_for(bus, &job, e);
	return r < 0 ? r : check_inside(bus, s, &job, e);
}

int main(void)
{
	struct scope_start s;
	struct scope_answer a = { .type = SCOPE_DONE };
	sd_bus *bus = NULL;
	int r;

	if (sock_recv(SOCKET_FD, &s, sizeof(s), NULL, 0) != sizeof(s) || s.type != SCOPE_START)
		return 2;
	s.name[sizeof(s.name) - 1] = s.slice[sizeof(s.slice) - 1] = '\0';
	s.description[sizeof(s.description) - 1] = s.address[sizeof(s.address) - 1] = '\0';
	r = open_bus(&s, &bus, &a.e);
	if (r == 0 && s.may_be_delegated && is_delegated(bus))
		a.type = SCOPE_DELEGATED;
	else if (r == 0)
		r = make_scope(bus, &s, &a.e);
	if (r < 0)
		a.type = SCOPE_FAIL;
	sd_bus_flush_close_unref(bus);
	return sock_send(SOCKET_FD, &a, sizeof(a)) < 0;
}
