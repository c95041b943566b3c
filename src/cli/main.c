/* SPDX-License-Identifier: Apache-2.0 */
/* main - the program usr-ct; all it does is in cli_run() */
#include "cli/cli.h"
#include "cli/no-room.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct cli c = { 0 };

	/* No setlocale(): it reads files at every start, and the output is the same everywhere. */
	term_init(&c.out, stdout);
	term_init(&c.err, stderr);
	no_room_tell();
	return cli_run(&c, argc, argv);
}
