/* SPDX-License-Identifier: Apache-2.0 */
/* tidy - the last thing a monitor does: become the program that removes the image, if one is to go
 * with the container (engine/image-wish.c)
 */
#include "launch/launch.h"

#include "base/libexec.h"
#include "base/sbuf.h"
#include "launch/process.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

static bool path_of(int fd, char *buf, size_t size)
{
	char link[32];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size - 1);
	if (n <= 0 || (size_t)n >= size - 1)
		return false;
	buf[n] = '\0';
	return true;
}

void launch_tidy(const struct launch *l)
{
	_cleanup_free_ char *wish = strf("rmi/%s", l->id), *path = libexec_path("tidy");
	char data[PATH_MAX], runtime[PATH_MAX];
	char *argv[] = { (char *)(uintptr_t) "usr-ct-tidy", data, runtime, NULL };

	if (!wish || !path || faccessat(LAUNCH_STORE, wish, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !path_of(LAUNCH_STORE, data, sizeof(data)) ||
	    !path_of(LAUNCH_RUNTIME_TOP, runtime, sizeof(runtime)))
		return;
	process_reset_signals();
	(void)execve(path, argv, environ); /* if that fails, the next command does it */
}
