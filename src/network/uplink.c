/* SPDX-License-Identifier: Apache-2.0 */
#include "network/uplink.h"

#include "base/num.h"
#include "base/proc.h"
#include "base/sbuf.h"
#include "base/strv.h"

#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const struct {
	const char *name, *program, *resolver;
} kinds[] = {
	[NETWORK_NONE] = { "none", NULL, NULL },
	[NETWORK_HOST] = { "host", NULL, NULL },
	[NETWORK_SLIRP4NETNS] = { "slirp4netns", "slirp4netns", "10.0.2.3" },
	[NETWORK_PASTA] = { "pasta", "pasta", "169.254.1.1" },
};

const char *network_name(enum network_kind kind)
{
	return kinds[kind].name;
}

int network_parse_name(const char *name, enum network_kind *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(name, kinds[i].name)) {
			*ret = (enum network_kind)i;
			return 0;
		}
	return -EINVAL;
}

int network_choose(const char *text, enum network_kind *ret, struct err *e)
{
	char path[64];

	/* Docker's names for "as usual". */
	if (!text || !*text || !strcmp(text, "private") || !strcmp(text, "bridge") ||
	    !strcmp(text, "default")) {
		for (int k = NETWORK_SLIRP4NETNS; k <= NETWORK_PASTA; k++)
			if (proc_find_program(kinds[k].program, path, sizeof(path)) == 0) {
				*ret = (enum network_kind)k;
				return 0;
			}
		return err_set(e, UCT_NO_NETWORK_HELPER, -ENOENT,
		               "neither slirp4netns nor pasta is installed");
	}
	if (!strncmp(text, "private:", 8))
		text += 8;
	if (network_parse_name(text, ret) < 0)
		return err_hint(e,
		                err_set(e, UCT_BAD_VALUE, -EINVAL,
		                        "network '%s' is none of private, none, host", text),
		                "there are no user networks yet, and networks of other containers "
		                "cannot be joined");
	if (kinds[*ret].program && proc_find_program(kinds[*ret].program, path, sizeof(path)) < 0)
		return err_set(e, UCT_NO_NETWORK_HELPER, -ENOENT, "%s is not installed", text);
	return 0;
}

static int slirp_arguments(struct strv *argv)
{
	int r = strv_add(argv, "slirp4netns");

	/* Its sandbox pivots into an empty root and its filter forbids most calls: it reads what a
	 * container sends. The host's loopback stays closed, as in podman. */
	static const char *const fixed[] = {
		"--configure",  "--mtu=65520", "--disable-host-loopback", "--enable-seccomp",
		"--ready-fd=3", "--exit-fd=4", "--netns-type=path"
	};

	for (size_t i = 0; i < ARRAY_SIZE(fixed) && r == 0; i++)
		r = strv_add(argv, fixed[i]);
	/* Given a namespace by path, version 1.2 can build its sandbox only as root of the
	 * namespace that it starts in: not where there is no holder. */
	if (r == 0 && geteuid() == 0)
		r = strv_add(argv, "--enable-sandbox");
	if (r == 0)
		r = strv_add(argv, "--userns-path=/proc/self/fd/5");
	if (r == 0)
		r = strv_add(argv, "/proc/self/fd/6");
	return r < 0 ? r : strv_add(argv, "tap0");
}

static int pasta_arguments(struct strv *argv)
{
	/* No ports in either direction, the host's addresses are not reachable by its gateway. */
	static const char *const fixed[] = {
		"pasta",
		"--config-net",
		"--no-map-gw",
		"--quiet",
		"-t",
		"none",
		"-u",
		"none",
		"-T",
		"none",
		"-U",
		"none",
		"--dns-forward",
		"169.254.1.1",
		"--pid",
		"/proc/self/fd/3",
		"--userns",
		"/proc/self/fd/5",
		"--netns",
		"/proc/self/fd/6",
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed) && r == 0; i++)
		r = strv_add(argv, fixed[i]);
	return r;
}

/* Nobody reads @words while the program runs: what does not fit is lost, and nothing waits for it
 * (O_NONBLOCK). The reading end stays open, so that no SIGPIPE ends the program. */
static int open_pipes(int ready[2], int exiting[2], int words[2], struct err *e)
{
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(exiting, O_CLOEXEC) < 0 ||
	    pipe2(words, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, "cannot make a pipe");
	return 0;
}

int uplink_start(enum network_kind kind, const struct uplink_target *target, struct uplink *ret,
                 struct err *e)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), pidfd = -EBADF;
	int ready[2] = { -EBADF, -EBADF }, exiting[2] = { -EBADF, -EBADF };
	int words[2] = { -EBADF, -EBADF }, r;
	_cleanup_strv_ struct strv argv = { 0 };
	char path[64], *env[] = { NULL };
	struct uplink u = UPLINK_NONE;

	*ret = u;
	if (!kinds[kind].program)
		return 0;
	r = kind == NETWORK_SLIRP4NETNS ? slirp_arguments(&argv) : pasta_arguments(&argv);
	if (r < 0)
		return err_oom(e);
	if (null_fd < 0 || proc_find_program(kinds[kind].program, path, sizeof(path)) < 0)
		return err_set(e, UCT_NO_NETWORK_HELPER, -ENOENT, "%s is not installed",
		               kinds[kind].program);
	r = open_pipes(ready, exiting, words, e);
	if (r == 0) {
		struct spawn_fd fds[] = { { null_fd, 0 },         { null_fd, 1 },
			                  { words[1], 2 },        { ready[1], 3 },
			                  { exiting[0], 4 },      { target->userns_fd, 5 },
			                  { target->netns_fd, 6 } };
		struct spawn s = { .path = path,
			           .argv = argv.v,
			           .env = env,
			           .fds = fds,
			           .n_fds = ARRAY_SIZE(fds) };

		pidfd = proc_spawn(&s, &u.pid, e);
		r = MIN(pidfd, 0);
	}
	cleanup_close(&ready[1]);
	cleanup_close(&exiting[0]);
	cleanup_close(&words[1]);
	u.ready_fd = ready[0];
	u.exit_fd = exiting[1];
	u.words_fd = words[0];
	if (r < 0) {
		cleanup_close(&u.ready_fd);
		cleanup_close(&u.exit_fd);
		cleanup_close(&u.words_fd);
		return r;
	}
	*ret = u;
	return 0;
}

/* The last line that it wrote says why it gave up. */
static void last_words(const struct uplink *u, char *buf, size_t size)
{
	ssize_t n = RETRY_EINTR(read(u->words_fd, buf, size - 1));
	char *line;

	buf[MAX(n, 0)] = '\0';
	for (n--; n >= 0 && buf[n] == '\n'; n--)
		buf[n] = '\0';
	line = strrchr(buf, '\n');
	if (line)
		memmove(buf, line + 1, strlen(line));
}

static int uplink_failed(enum network_kind kind, const struct uplink *u, struct err *e)
{
	char words[4096];
	int r;

	last_words(u, words, sizeof(words));
	r = err_set(e, UCT_NETWORK_FAILED, -EIO, "%s ended before the network was ready%s%.200s",
	            kinds[kind].program, *words ? ": " : "", words);
	return kind == NETWORK_PASTA
	               ? err_hint(e, r,
	                          "pasta needs an interface with a default route on this machine, "
	                          "slirp4netns does not; --network none needs neither")
	               : r;
}

/* pasta goes to the background when it is ready, and writes its new number into our pipe. We are
 * its subreaper (prctl(2)), so that number stays its own until we reap it. */
static int wait_pasta(struct uplink *u, struct err *e)
{
	char text[16] = "";
	size_t n = 0;
	uint32_t pid;
	int status;

	if (RETRY_EINTR(waitpid(u->pid, &status, 0)) < 0 || status != 0) {
		u->pid = 0;
		return uplink_failed(NETWORK_PASTA, u, e);
	}
	u->pid = 0;
	/* Not to the end of file: the one in the background keeps its end open. */
	while (n < sizeof(text) - 1 && !strchr(text, '\n') &&
	       RETRY_EINTR(read(u->ready_fd, text + n, 1)) == 1)
		n++;
	text[strcspn(text, "\n")] = '\0';
	if (parse_u32(text, &pid) < 0)
		return uplink_failed(NETWORK_PASTA, u, e);
	u->pid = (pid_t)pid;
	return 0;
}

int uplink_wait(enum network_kind kind, struct uplink *u, struct err *e)
{
	char byte;
	int r = 0;

	if (u->pid == 0)
		return 0;
	if (kind == NETWORK_PASTA)
		r = wait_pasta(u, e);
	else if (RETRY_EINTR(read(u->ready_fd, &byte, 1)) != 1)
		r = uplink_failed(kind, u, e);
	cleanup_close(&u->ready_fd);
	u->ready_fd = -EBADF;
	return r;
}

void uplink_stop(struct uplink *u)
{
	int status;

	if (u->pid > 0) {
		(void)kill(u->pid, SIGTERM); /* our own child, not yet reaped: the number is its */
		(void)RETRY_EINTR(waitpid(u->pid, &status, 0));
	}
	cleanup_close(&u->ready_fd);
	cleanup_close(&u->exit_fd);
	cleanup_close(&u->words_fd);
	*u = (struct uplink)UPLINK_NONE;
}

static void copy_lines(const char *text, struct sbuf *b, int (*wanted)(const char *line))
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (wanted(text)) {
			sbuf_add(b, text, n);
			sbuf_addc(b, '\n');
		}
		text += n + (text[n] == '\n');
	}
}

static int is_not_nameserver(const char *line)
{
	return !strncmp(line, "search", 6) || !strncmp(line, "domain", 6) ||
	       !strncmp(line, "options", 7);
}

static int is_anything(const char *line)
{
	return line[0] != '\0';
}

int network_resolv_conf(enum network_kind kind, const char *host_text, char **ret, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(64 * 1024);
	int r;

	if (kinds[kind].resolver) {
		copy_lines(host_text, &b, is_not_nameserver);
		sbuf_addf(&b, "nameserver %s\n", kinds[kind].resolver);
	} else if (kind == NETWORK_HOST) {
		copy_lines(host_text, &b, is_anything);
	}
	r = sbuf_take(&b, ret);
	return r < 0 ? err_errno(e, r, "cannot make resolv.conf") : 0;
}

int network_loopback_up(struct err *e)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { .ifr_name = "lo" };

	req.ifr_flags = IFF_UP;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &req) < 0)
		return err_sys(e, "cannot bring up the loopback device");
	return 0;
}
