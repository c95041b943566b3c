/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/no-room.h"

#include "cli/cli.h"

#include <signal.h>
#include <unistd.h>

/* A handler, since a fault comes to no signalfd; only what signal-safety(7) names is called. */
static void tell(int signal)
{
	static const char text[] =
		"usr-ct: the index cannot be written: no space or quota is left (UCT-1005)\n"
		"hint: free some space, or move the store with XDG_DATA_HOME\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)signal;
	(void)n; /* there is nobody else to tell */
	_exit(EXIT_OUR_FAULT);
}

void no_room_tell(void)
{
	const struct sigaction a = { .sa_handler = tell };

	(void)sigaction(SIGBUS, &a, NULL); /* fails only for a bad number */
}
