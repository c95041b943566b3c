/* SPDX-License-Identifier: Apache-2.0 */
#include "store/claims.h"

#include "store/db.h"
#include "store/hex.h"

#include <fcntl.h>
#include <string.h>

enum { PLACE_DIGITS = 15 };

static off_t place_of(const char *digest)
{
	const char *hex = digest + strlen("sha256:");
	uint64_t place = 0;

	for (size_t i = 0; i < PLACE_DIGITS; i++)
		place = place << 4 | (uint64_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
	return (off_t)place;
}

int claim_take(struct claims *c, struct store *s, const char *digest, bool wait, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	if (!is_digest(digest))
		return err_set(e, UCT_BAD_DIGEST, -EINVAL, "'%s' is not a sha256 digest", digest);
	if (c->fd < 0)
		c->fd = openat(s->dirfd, "pull.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		               0600);
	if (c->fd < 0)
		return err_sys(e, "cannot open '%s/pull.lock'", s->path);
	lock.l_start = place_of(digest);
	if (RETRY_EINTR(fcntl(c->fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock)) == 0)
		return 1;
	return errno != EAGAIN && errno != EACCES;
}

void claim_drop(struct claims *c, const char *digest)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_len = 1 };

	if (c->fd < 0)
		return;
	lock.l_start = place_of(digest);
	(void)fcntl(c->fd, F_OFD_SETLK, &lock); /* unlocking cannot fail */
}

void claims_done(struct claims *c)
{
	cleanup_close(&c->fd);
	c->fd = -EBADF;
}
