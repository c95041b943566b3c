/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/attach-options.h"

#include "cli/selection.h"

const struct option attach_options[] = {
	{ "detach-keys", 0, OPTION_STRING, COMPLETE_NONE, "KEYS",
	  "Keys that leave it running, typed at a terminal", "ctrl-p,ctrl-q" },
	{ "sig-proxy", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Pass signals on to the container; --sig-proxy=false keeps them", "true" },
	{ NULL },
};

const struct option *const attach_tables[] = { attach_options, latest_option_l, NULL };

struct usrct_stdio attach_stdio(const struct args *a, bool with_stdin)
{
	return (struct usrct_stdio){
		.size = sizeof(struct usrct_stdio),
		.stdin_fd = with_stdin ? STDIN_FILENO : -1,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
		.forward_signals = !args_has(a, "sig-proxy") || args_flag(a, "sig-proxy"),
		.detach_keys = args_string(a, "detach-keys"),
	};
}
