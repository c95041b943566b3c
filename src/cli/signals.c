/* SPDX-License-Identifier: Apache-2.0 */
/* signals - their names, with and without SIG, and numbers */
#include "cli/signals.h"

#include "base/num.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	int number;
} table[] = {
	{ "TERM", SIGTERM }, { "KILL", SIGKILL }, { "INT", SIGINT },       { "HUP", SIGHUP },
	{ "QUIT", SIGQUIT }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 },     { "STOP", SIGSTOP },
	{ "CONT", SIGCONT }, { "ABRT", SIGABRT }, { "ALRM", SIGALRM },     { "BUS", SIGBUS },
	{ "CHLD", SIGCHLD }, { "FPE", SIGFPE },   { "ILL", SIGILL },       { "IO", SIGIO },
	{ "PIPE", SIGPIPE }, { "PROF", SIGPROF }, { "PWR", SIGPWR },       { "SEGV", SIGSEGV },
	{ "SYS", SIGSYS },   { "TRAP", SIGTRAP }, { "TSTP", SIGTSTP },     { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU }, { "URG", SIGURG },   { "VTALRM", SIGVTALRM }, { "WINCH", SIGWINCH },
	{ "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
};

const char *signal_name(size_t i)
{
	return i < ARRAY_SIZE(table) ? table[i].name : NULL;
}

/* "RTMIN", "RTMIN+3", "RTMAX", "RTMAX-3" */
static int parse_realtime(const char *s, int *ret)
{
	bool from_max = strncasecmp(s, "RTMAX", 5) == 0;
	int base = from_max ? SIGRTMAX : SIGRTMIN;
	uint32_t n = 0;

	if (!from_max && strncasecmp(s, "RTMIN", 5) != 0)
		return -EINVAL;
	if (s[5] != '\0' && (s[5] != (from_max ? '-' : '+') || parse_u32(s + 6, &n) < 0))
		return -EINVAL;
	if (n > (uint32_t)(SIGRTMAX - SIGRTMIN))
		return -EINVAL;
	*ret = from_max ? base - (int)n : base + (int)n;
	return 0;
}

int signal_parse(const char *s, int *ret)
{
	uint32_t n;

	if (parse_u32(s, &n) == 0) {
		if (n == 0 || n > (uint32_t)SIGRTMAX)
			return -EINVAL;
		*ret = (int)n;
		return 0;
	}
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcasecmp(table[i].name, s) == 0) {
			*ret = table[i].number;
			return 0;
		}
	}
	return parse_realtime(s, ret);
}
