/* SPDX-License-Identifier: Apache-2.0 */
/* status - a container's state in Docker's words */
#include "cli/status.h"

#include "cli/human.h"

#include <stdio.h>
#include <string.h>

/* Clocks are set back now and then; the future counts as now. */
static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

void status_ago(uint64_t then_ns, uint64_t now_ns, char *buf)
{
	char age[HUMAN_SIZE];

	if (then_ns == 0) {
		(void)snprintf(buf, STATUS_SIZE, "N/A");
		return;
	}
	human_age(since(then_ns, now_ns), age);
	(void)snprintf(buf, STATUS_SIZE, "%s ago", age);
}

/* As Docker has it behind the time. */
static const char *health_text(const char *health)
{
	if (!health || strcmp(health, "none") == 0)
		return "";
	if (strcmp(health, "starting") == 0)
		return " (health: starting)";
	return strcmp(health, "healthy") == 0 ? " (healthy)" : " (unhealthy)";
}

/* What Docker tells in inspect only. */
static const char *oom_text(const struct usrct_container *ct)
{
	return ct->is_oom_killed ? " (OOM killed)" : "";
}

void status_text(const struct usrct_container *ct, uint64_t now_ns, char *buf)
{
	char age[HUMAN_SIZE];

	switch (ct->state) {
	case USRCT_CREATED:
		(void)snprintf(buf, STATUS_SIZE, "Created");
		return;
	case USRCT_RUNNING:
	case USRCT_LOST:
	case USRCT_PAUSED:
		human_age(since(ct->started_ns, now_ns), age);
		(void)snprintf(buf, STATUS_SIZE, "Up %s%s", age,
		               ct->state == USRCT_LOST     ? " (unmonitored)"
		               : ct->state == USRCT_PAUSED ? " (Paused)"
		                                           : health_text(ct->health));
		return;
	case USRCT_EXITED:
	case USRCT_RESTARTING:
		break;
	}
	human_age(since(ct->finished_ns, now_ns), age);
	if (ct->state == USRCT_RESTARTING)
		(void)snprintf(buf, STATUS_SIZE, "Restarting (%d) %s ago%s", ct->exit_code, age,
		               oom_text(ct));
	else if (ct->exit_code < 0)
		(void)snprintf(buf, STATUS_SIZE, "Exited (unknown)%s%s%s",
		               ct->finished_ns ? " " : "", ct->finished_ns ? age : "",
		               ct->finished_ns ? " ago" : "");
	else
		(void)snprintf(buf, STATUS_SIZE, "Exited (%d) %s ago%s", ct->exit_code, age,
		               oom_text(ct));
}

const char *status_word(enum usrct_state s)
{
	switch (s) {
	case USRCT_CREATED:
		return "created";
	case USRCT_RUNNING:
		return "running";
	case USRCT_EXITED:
		return "exited";
	case USRCT_LOST:
		return "lost";
	case USRCT_PAUSED:
		return "paused";
	case USRCT_RESTARTING:
		return "restarting";
	}
	return "unknown";
}
