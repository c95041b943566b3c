/* SPDX-License-Identifier: Apache-2.0 */
#include "network/etc-files.h"

#include "base/sbuf.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>

enum { HOST_FILE_MAX = 64 * 1024, FILE_MAX = 1 << 20 };

/* An address under which others reach this machine: the first that is not loopback. */
static int host_address(char buf[INET6_ADDRSTRLEN], struct err *e)
{
	static const sa_family_t families[] = { AF_INET, AF_INET6 };
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return err_sys(e, "cannot list the host's addresses");
	for (size_t i = 0; i < ARRAY_SIZE(families) && !found; i++)
		for (const struct ifaddrs *a = all; a && !found; a = a->ifa_next) {
			const void *at;

			if (!a->ifa_addr || a->ifa_addr->sa_family != families[i] ||
			    a->ifa_flags & IFF_LOOPBACK || !(a->ifa_flags & IFF_UP))
				continue;
			at = families[i] == AF_INET
			             ? (const void *)&((const struct sockaddr_in *)(const void *)
			                                       a->ifa_addr)
			                       ->sin_addr
			             : (const void *)&((const struct sockaddr_in6 *)(const void *)
			                                       a->ifa_addr)
			                       ->sin6_addr;
			found = inet_ntop(families[i], at, buf, INET6_ADDRSTRLEN) != NULL;
		}
	freeifaddrs(all);
	return found ? 0
	             : err_set(e, UCT_NO_HOST_ADDRESS, -EADDRNOTAVAIL,
	                       "host-gateway: this machine has no address beside its loopback");
}

static int add_host_lines(const struct etc *etc, struct sbuf *b, struct err *e)
{
	const json_t *list = json_at(etc->wishes, "hosts"), *v;
	size_t i, gateway = strlen(ETC_HOST_GATEWAY);
	char address[INET6_ADDRSTRLEN];

	json_array_foreach(list, i, v)
	{
		const char *line = json_string_value(v);
		int r = 0;

		if (!line)
			continue;
		if (!strncmp(line, ETC_HOST_GATEWAY "\t", gateway + 1)) {
			r = host_address(address, e);
			sbuf_addf(b, "%s%s\n", r < 0 ? "" : address, line + gateway);
		} else {
			sbuf_addf(b, "%s\n", line);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int etc_hosts(const struct etc *etc, const char *host, char **ret, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(FILE_MAX);
	int r = add_host_lines(etc, &b, e); /* first of all: the first line with a name counts */

	if (r < 0)
		return r;
	if (etc->network == NETWORK_HOST && *host) {
		sbuf_adds(&b, host);
		sbuf_adds(&b, host[strlen(host) - 1] == '\n' ? "" : "\n");
	} else {
		sbuf_adds(&b, "127.0.0.1\tlocalhost\n"
		              "::1\tlocalhost ip6-localhost ip6-loopback\n");
	}
	if (*etc->hostname && *etc->domainname)
		sbuf_addf(&b, "127.0.0.1\t%s.%s %s\n", etc->hostname, etc->domainname,
		          etc->hostname);
	else if (*etc->hostname)
		sbuf_addf(&b, "127.0.0.1\t%s\n", etc->hostname);
	r = sbuf_take(&b, ret);
	return r < 0 ? err_errno(e, r, "cannot make the container's /etc/hosts") : 0;
}

/* The lines of @text, but for those that begin with one of @without. */
static void add_lines(struct sbuf *b, const char *text, const char *const *without)
{
	while (*text) {
		size_t n = strcspn(text, "\n"), word = strcspn(text, " \t\n");
		bool drop = n == 0;

		for (const char *const *w = without; *w; w++)
			drop = drop || (strlen(*w) == word && !strncmp(*w, text, word));
		if (!drop) {
			sbuf_add(b, text, n);
			sbuf_addc(b, '\n');
		}
		text += n + (text[n] == '\n');
	}
}

static void add_line(struct sbuf *b, const char *keyword, const json_t *list, bool one_each)
{
	const json_t *v;
	size_t i, n = 0;

	json_array_foreach(list, i, v)
	{
		const char *word = json_string_value(v);

		if (!word || !strcmp(word, ".")) /* "--dns-search ." asks for an empty list */
			continue;
		sbuf_addf(b, "%s%s %s", n && one_each ? "\n" : "", n && !one_each ? "" : keyword,
		          word);
		n++;
	}
	sbuf_adds(b, n ? "\n" : "");
}

int etc_resolv_conf(const struct etc *etc, const char *host, char **ret, struct err *e)
{
	const json_t *dns = json_at(etc->wishes, "dns"), *search = json_at(etc->wishes, "search");
	const json_t *options = json_at(etc->wishes, "options");
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(FILE_MAX);
	_cleanup_free_ char *base = NULL;
	const char *without[5] = { NULL };
	size_t n = 0;
	int r = network_resolv_conf(etc->network, host, &base, e);

	if (r < 0)
		return r;
	if (json_array_size(dns))
		without[n++] = "nameserver";
	if (json_array_size(search)) {
		without[n++] = "search";
		without[n++] = "domain";
	}
	if (json_array_size(options))
		without[n++] = "options";
	add_lines(&b, base, without);
	add_line(&b, "search", search, false);
	add_line(&b, "options", options, false);
	add_line(&b, "nameserver", dns, true);
	r = sbuf_take(&b, ret);
	return r < 0 ? err_errno(e, r, "cannot make the container's /etc/resolv.conf") : 0;
}

/* Often a link into /run: followed, since it is the host's own file. Absent is empty. */
static char *read_host(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = malloc(HOST_FILE_MAX);
	ssize_t n = fd < 0 || !text ? 0 : RETRY_EINTR(read(fd, text, HOST_FILE_MAX - 1));

	if (text)
		text[MAX(n, (ssize_t)0)] = '\0';
	return text;
}

static int write_text(int dirfd, const char *name, const char *text, struct err *e)
{
	enum { FLAGS = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW };
	/* In place, not by rename: a bind mount of the old file would not see a new one. */
	_cleanup_close_ int fd = openat(dirfd, name, FLAGS, 0644);

	/* Given to the root of a container with ids of its own, when it ran (launch/ids.c). */
	if (fd < 0 && errno == EACCES && unlinkat(dirfd, name, 0) == 0)
		fd = openat(dirfd, name, FLAGS, 0644);

	if (fd < 0 || RETRY_EINTR(write(fd, text, strlen(text))) != (ssize_t)strlen(text))
		return err_sys(e, "cannot write the container's /etc/%s", name);
	if (fchmod(fd, 0644) < 0)
		return err_sys(e, "cannot set the mode of the container's /etc/%s", name);
	return 0;
}

int etc_write(const struct etc *etc, int container_dirfd, struct err *e)
{
	_cleanup_close_ int etc_dirfd =
		openat(container_dirfd, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_free_ char *host_resolv = read_host("/etc/resolv.conf"), *resolv = NULL;
	_cleanup_free_ char *host_hosts = read_host("/etc/hosts"), *hosts = NULL;
	_cleanup_free_ char *name = strf("%s\n", etc->hostname);
	int r;

	if (etc_dirfd < 0 && errno != ENOENT)
		return err_sys(e, "cannot open the container's directory");
	if (etc_dirfd >= 0)
		container_dirfd = etc_dirfd; /* an earlier version made it */
	if (!host_resolv || !host_hosts || !name)
		return err_oom(e);
	r = etc_resolv_conf(etc, host_resolv, &resolv, e);
	if (r == 0)
		r = etc_hosts(etc, host_hosts, &hosts, e);
	if (r == 0)
		r = write_text(container_dirfd, "resolv.conf", resolv, e);
	if (r == 0)
		r = write_text(container_dirfd, "hosts", hosts, e);
	return r < 0 ? r : write_text(container_dirfd, "hostname", name, e);
}
