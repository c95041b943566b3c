/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-init - a container's process 1 under --init: reap, forward signals, end as the child ends
 *
 * argv[1] is the number of a child that is there already, forked before our exec.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t parse_pid(const char *s)
{
	long v = 0;

	for (; *s >= '0' && *s <= '9' && v < 100000000; s++)
		v = v * 10 + (*s - '0');
	return (pid_t)v;
}

/* Reaps all there are; the child's status ends us. */
static void reap(pid_t child)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child)
			continue;
		/* When process 1 ends the kernel kills the rest of the namespace. */
		_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	}
	if (pid < 0 && errno == ECHILD)
		_exit(0);
}

int main(int argc, char **argv)
{
	pid_t child = argc == 2 ? parse_pid(argv[1]) : 0;
	sigset_t all;

	if (child <= 0)
		return 127;
	(void)prctl(PR_SET_NAME, "init", 0, 0, 0); /* not the name of the memory we run from */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	reap(child); /* it may have ended before we got here */
	for (;;) {
		siginfo_t si;
		int sig = sigwaitinfo(&all, &si);

		if (sig == SIGCHLD)
			reap(child);
		else if (sig > 0)
			(void)kill(child, sig);
	}
}
