/* SPDX-License-Identifier: Apache-2.0 */
/* commands - the commands there are; a new one is declared here and listed in commands.c */
#pragma once

#include "cli/command.h"

extern const struct command cmd_run, cmd_create, cmd_start, cmd_stop, cmd_kill, cmd_rm, cmd_ps,
	cmd_logs, cmd_events, cmd_pause, cmd_unpause, cmd_update, cmd_attach, cmd_wait,
	cmd_healthcheck;
extern const struct command cmd_pull, cmd_images, cmd_rmi, cmd_inspect;
extern const struct command cmd_doctor, cmd_explain, cmd_info, cmd_version, cmd_help;
extern const struct command cmd_complete, cmd_man, cmd_errors_md; /* hidden */
