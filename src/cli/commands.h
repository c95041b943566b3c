/* SPDX-License-Identifier: Apache-2.0 */
/* commands - the commands there are; a new one is declared here and listed in commands.c */
#pragma once

#include "cli/command.h"

extern const struct command cmd_run;
extern const struct command cmd_create;
extern const struct command cmd_start;
extern const struct command cmd_stop;
extern const struct command cmd_restart;
extern const struct command cmd_kill;
extern const struct command cmd_rm;
extern const struct command cmd_rename;
extern const struct command cmd_delete;
extern const struct command cmd_container_prune;
extern const struct command cmd_pause;
extern const struct command cmd_unpause;
extern const struct command cmd_unshare;
extern const struct command cmd_update;
extern const struct command cmd_ps;
extern const struct command cmd_list;
extern const struct command cmd_port;
extern const struct command cmd_logs;
extern const struct command cmd_exec;
extern const struct command cmd_image_prune;
extern const struct command cmd_image_share;
extern const struct command cmd_container_exists;
extern const struct command cmd_container_inspect;
extern const struct command cmd_image_inspect;
extern const struct command cmd_init;
extern const struct command cmd_system_check;
extern const struct command cmd_system_df;
extern const struct command cmd_system_migrate;
extern const struct command cmd_system_prune;
extern const struct command cmd_stats;
extern const struct command cmd_top;
extern const struct command cmd_mount;
extern const struct command cmd_cp;
extern const struct command cmd_diff;
extern const struct command cmd_commit;
extern const struct command cmd_export;
extern const struct command cmd_attach;
extern const struct command cmd_wait;
extern const struct command cmd_healthcheck;
extern const struct command cmd_pull;
extern const struct command cmd_push;
extern const struct command cmd_login;
extern const struct command cmd_logout;
extern const struct command cmd_search;
extern const struct command cmd_images;
extern const struct command cmd_rmi;
extern const struct command cmd_tag;
extern const struct command cmd_untag;
extern const struct command cmd_history;
extern const struct command cmd_image_diff;
extern const struct command cmd_image_tree;
extern const struct command cmd_image_exists;
extern const struct command cmd_image_update;
extern const struct command cmd_save;
extern const struct command cmd_load;
extern const struct command cmd_import;
extern const struct command cmd_inspect;
extern const struct command cmd_events;
extern const struct command cmd_doctor;
extern const struct command cmd_explain;
extern const struct command cmd_info;
extern const struct command cmd_version;
extern const struct command cmd_help;
extern const struct command cmd_recreate;
extern const struct command cmd_volume_create;
extern const struct command cmd_volume_ls;
extern const struct command cmd_volume_inspect;
extern const struct command cmd_volume_rm;
extern const struct command cmd_volume_exists;
extern const struct command cmd_volume_prune;
extern const struct command cmd_volume_export;
extern const struct command cmd_volume_import;
extern const struct command cmd_volume_snapshot;
extern const struct command cmd_volume_reload;
extern const struct command cmd_secret_create;
extern const struct command cmd_secret_ls;
extern const struct command cmd_secret_inspect;
extern const struct command cmd_secret_rm;
extern const struct command cmd_secret_exists;
extern const struct command cmd_complete;  /* hidden */
extern const struct command cmd_man;       /* hidden */
extern const struct command cmd_errors_md; /* hidden */
extern const struct command cmd_cli_md;    /* hidden */
