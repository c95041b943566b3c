/* SPDX-License-Identifier: Apache-2.0 */
/* commands - the list of all commands, and ways to look into their descriptions */
#include "cli/commands.h"

#include "base/sbuf.h"

#include <string.h>

/* clang-format off */
static const struct command *const table[] = {
	&cmd_run,
	&cmd_create,
	&cmd_recreate,
	&cmd_start,
	&cmd_stop,
	&cmd_restart,
	&cmd_kill,
	&cmd_rm,
	&cmd_rename,
	&cmd_delete,
	&cmd_pause,
	&cmd_unpause,
	&cmd_wait,
	&cmd_attach,
	&cmd_exec,
	&cmd_stats,
	&cmd_top,
	&cmd_update,
	&cmd_healthcheck,
	&cmd_mount,
	&cmd_cp,
	&cmd_diff,
	&cmd_commit,
	&cmd_export,
	&cmd_ps,
	&cmd_list,
	&cmd_port,
	&cmd_logs,
	&cmd_container_prune,
	&cmd_pull,
	&cmd_push,
	&cmd_login,
	&cmd_logout,
	&cmd_search,
	&cmd_images,
	&cmd_image_prune,
	&cmd_image_share,
	&cmd_rmi,
	&cmd_tag,
	&cmd_untag,
	&cmd_history,
	&cmd_image_diff,
	&cmd_image_tree,
	&cmd_image_exists,
	&cmd_image_update,
	&cmd_save,
	&cmd_load,
	&cmd_import,
	&cmd_volume_create,
	&cmd_volume_ls,
	&cmd_volume_inspect,
	&cmd_volume_rm,
	&cmd_volume_exists,
	&cmd_volume_prune,
	&cmd_volume_export,
	&cmd_volume_import,
	&cmd_volume_snapshot,
	&cmd_volume_reload,
	&cmd_secret_create,
	&cmd_secret_ls,
	&cmd_secret_inspect,
	&cmd_secret_rm,
	&cmd_secret_exists,
	&cmd_inspect,
	&cmd_container_exists,
	&cmd_container_inspect,
	&cmd_image_inspect,
	&cmd_events,
	&cmd_init,
	&cmd_doctor,
	&cmd_explain,
	&cmd_info,
	&cmd_system_check,
	&cmd_system_df,
	&cmd_system_migrate,
	&cmd_system_prune,
	&cmd_unshare,
	&cmd_version,
	&cmd_help,
	&cmd_complete,
	&cmd_man,
	&cmd_errors_md,
	&cmd_cli_md,
	NULL,
};
/* clang-format on */

const struct command *const *commands_all(void)
{
	return table;
}

const char *command_group_title(enum command_group g)
{
	static const char *const titles[N_COMMAND_GROUPS] = {
		[GROUP_CONTAINERS] = "Containers",
		[GROUP_IMAGES] = "Images",
		[GROUP_VOLUMES] = "Volumes and secrets",
		[GROUP_SYSTEM] = "Looking into things",
	};

	return titles[g];
}

/* Whether @alias is "@first @second". */
static bool is_two_words(const char *alias, const char *first, const char *second)
{
	size_t n = strlen(first);

	return second && strncmp(alias, first, n) == 0 && alias[n] == ' ' &&
	       strcmp(alias + n + 1, second) == 0;
}

static int words_taken(const struct command *cmd, const char *first, const char *second)
{
	if (strcmp(cmd->name, first) == 0)
		return 1;
	if (is_two_words(cmd->name, first, second))
		return 2;
	for (const char *const *a = cmd->aliases; a && *a; a++) {
		if (strcmp(*a, first) == 0)
			return 1;
		if (is_two_words(*a, first, second))
			return 2;
	}
	return 0;
}

const struct command *command_find(const char *first, const char *second, int *ret_words)
{
	int n;

	for (const struct command *const *c = table; *c; c++) {
		n = words_taken(*c, first, second);
		if (n == 0)
			continue;
		if (ret_words)
			*ret_words = n;
		return *c;
	}
	return NULL;
}

/* The name, then the aliases; NULL beyond the last. */
static const char *name_at(const struct command *cmd, size_t i)
{
	if (i == 0)
		return cmd->name;
	return cmd->aliases ? cmd->aliases[i - 1] : NULL;
}

const char *command_next_word(const struct command *cmd, const char *first, const char *after)
{
	size_t n = strlen(first);
	const char *name;

	for (size_t i = 0; (name = name_at(cmd, i)); i++) {
		if (strncmp(name, first, n) != 0 || name[n] != ' ')
			continue;
		if (!after)
			return name + n + 1;
		if (name + n + 1 == after)
			after = NULL;
	}
	return NULL;
}

bool command_is_first_word(const char *first)
{
	for (const struct command *const *c = table; *c; c++)
		if (!(*c)->hidden && command_next_word(*c, first, NULL))
			return true;
	return false;
}

/* Whether the walk is in this table. */
static bool is_in(const struct option *list, const struct option *o)
{
	for (; list && list->name; list++)
		if (list == o)
			return true;
	return false;
}

/* The table at a position: the command's own, then the shared ones. NULL beyond the last. */
static const struct option *table_at(const struct command *cmd, size_t position)
{
	static const struct option none[] = { { NULL } };

	if (position == 0)
		return cmd->options ? cmd->options : none;
	return cmd->shared ? cmd->shared[position - 1] : NULL;
}

const struct option *command_next_option(const struct command *cmd, const struct option *after)
{
	const struct option *list;
	size_t i = 0;

	if (after) {
		while ((list = table_at(cmd, i)) && !is_in(list, after))
			i++;
		if (!list)
			return NULL;
		if (after[1].name)
			return after + 1;
		i++;
	}
	for (; (list = table_at(cmd, i)); i++)
		if (list->name)
			return list;
	return NULL;
}

/* A command asks for each of its hundred flags, so most are told apart by one character. */
static bool is_name(const char *name, const char *s, size_t n)
{
	return name && name[0] == s[0] && strncmp(name, s, n) == 0 && name[n] == '\0';
}

const struct option *command_option(const struct command *cmd, const char *name, size_t n)
{
	const struct option *list;

	for (size_t i = 0; (list = table_at(cmd, i)); i++)
		for (const struct option *o = list; o->name; o++)
			if (is_name(o->name, name, n) || is_name(o->alias, name, n))
				return o;
	return NULL;
}

const struct option *command_letter(const struct command *cmd, char letter)
{
	const struct option *o = NULL;

	while ((o = command_next_option(cmd, o)))
		if (o->letter == letter)
			return o;
	return NULL;
}

const struct positional *command_arg(const struct command *cmd, size_t position)
{
	const struct positional *p = cmd->args;

	for (; p && p->metavar; p++, position--)
		if (position == 0 || p->many)
			return p;
	return NULL;
}

void command_add_args(struct sbuf *b, const struct command *cmd)
{
	for (const struct positional *p = cmd->args; p && p->metavar; p++)
		sbuf_addf(b, "%s%s%s%s%s", p == cmd->args ? "" : " ", p->optional ? "[" : "",
		          p->metavar, p->many ? "..." : "", p->optional ? "]" : "");
}

void command_add_usage(struct sbuf *b, const struct command *cmd)
{
	sbuf_addf(b, "usr-ct %s", cmd->name);
	if (command_next_option(cmd, NULL))
		sbuf_adds(b, " [OPTIONS]");
	if (cmd->args && cmd->args->metavar) {
		sbuf_addc(b, ' ');
		command_add_args(b, cmd);
	}
}
