/* SPDX-License-Identifier: Apache-2.0 */
#include "container/journal.h"

#include "base/fd.h"
#include "base/sbuf.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

static void add_field(struct sbuf *b, const char *name, const char *value)
{
	size_t n = strlen(value);
	uint64_t length = htole64(n);

	sbuf_adds(b, name);
	if (memchr(value, '\n', n)) {
		sbuf_addc(b, '\n');
		sbuf_add(b, &length, sizeof(length));
	} else {
		sbuf_addc(b, '=');
	}
	sbuf_add(b, value, n);
	sbuf_addc(b, '\n');
}

static int make_fields(const struct journal_identity *who, struct journal *j)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(16384);
	char short_id[13] = "";
	int r;

	(void)snprintf(short_id, sizeof(short_id), "%.12s", who->id);
	add_field(&b, "CONTAINER_ID", short_id);
	add_field(&b, "CONTAINER_ID_FULL", who->id);
	add_field(&b, "CONTAINER_NAME", who->name);
	add_field(&b, "IMAGE_NAME", who->image);
	add_field(&b, "CONTAINER_TAG", who->tag ? who->tag : short_id);
	add_field(&b, "SYSLOG_IDENTIFIER", who->tag ? who->tag : short_id);
	j->fields_n = b.len;
	r = sbuf_take(&b, &j->fields);
	return r;
}

int journal_open(const struct journal_identity *who, struct journal *ret, struct err *e)
{
	const char *path = who->socket ? who->socket : JOURNAL_SOCKET;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 1 };
	struct journal j = { .fd = -EBADF };
	int r;

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, UCT_LOG_OPTION, -ENAMETOOLONG, "journal socket '%s'", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	j.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (j.fd < 0)
		return err_sys(e, "cannot make a socket");
	(void)setsockopt(j.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	r = connect(j.fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
	if (r < 0)
		r = err_set(e, UCT_LOG_DRIVER, r, "cannot reach the journal at '%s': %s", path,
		            strerror(-r));
	else if (make_fields(who, &j) < 0)
		r = err_oom(e);
	if (r < 0)
		journal_close(&j);
	else
		*ret = j;
	return r;
}

void journal_close(struct journal *j)
{
	cleanup_close(&j->fd);
	free(j->fields);
	*j = (struct journal){ .fd = -EBADF };
}

/* As a file, sealed so that the journal may map it. */
static int send_memory(const struct journal *j, const struct iovec *v, size_t n)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr m = { .msg_control = control.buf, .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	_cleanup_close_ int fd = memfd_create("journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = fd_write_all(fd, v[i].iov_base, v[i].iov_len);
	if (r == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		r = -errno;
	if (r < 0)
		return r;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return RETRY_EINTR(sendmsg(j->fd, &m, MSG_NOSIGNAL)) < 0 ? -errno : 0;
}

static void send_entry(struct journal *j, bool is_error, const char *data, size_t n, bool is_whole)
{
	static const char partial[] = "\nCONTAINER_PARTIAL_MESSAGE=true\n";
	const char *head = is_error ? "PRIORITY=3\nMESSAGE=" : "PRIORITY=6\nMESSAGE=";
	struct iovec v[] = { { j->fields, j->fields_n },
		             { (void *)(uintptr_t)head, strlen(head) },
		             { (void *)(uintptr_t)data, n },
		             { (void *)(uintptr_t)partial, is_whole ? 1 : sizeof(partial) - 1 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = ARRAY_SIZE(v) };
	int flags = MSG_NOSIGNAL | (j->is_stuck ? MSG_DONTWAIT : 0), r;

	r = RETRY_EINTR(sendmsg(j->fd, &m, flags)) < 0 ? -errno : 0;
	if (r == -EMSGSIZE || r == -ENOBUFS)
		r = send_memory(j, v, ARRAY_SIZE(v));
	j->is_stuck = r == -EAGAIN;
	if (r < 0)
		j->dropped_bytes += n;
}

void journal_append(struct journal *j, enum log_stream stream, const char *data, size_t n)
{
	while (n > 0) {
		const char *newline = memchr(data, '\n', n);
		size_t len = newline ? (size_t)(newline - data) : n;

		send_entry(j, stream == LOG_STDERR, data, len, newline != NULL);
		data += len + (newline ? 1 : 0);
		n -= len + (newline ? 1 : 0);
	}
}
