/* SPDX-License-Identifier: Apache-2.0 */
/* confirm - ask before something is removed */
#include "cli/confirm.h"

#include "cli/cli.h"

#include <ctype.h>
#include <stdio.h>

int confirm(struct cli *c, const char *warning)
{
	char answer[64];
	struct err e;

	(void)fprintf(c->out.f, "%s\nAre you sure you want to continue? [y/N] ", warning);
	(void)fflush(c->out.f);
	if (fgets(answer, sizeof(answer), stdin))
		return tolower((unsigned char)answer[0]) == 'y';
	(void)fputc('\n', c->out.f);
	if (isatty(STDIN_FILENO))
		return 0; /* Ctrl+D */
	(void)err_set(&e, UCT_NO_TERMINAL, -ENOTTY, "%s asks first, and nobody can answer",
	              c->cmd->name);
	(void)cli_fail_local(c, &e);
	return -ENOTTY;
}
