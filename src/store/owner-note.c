/* SPDX-License-Identifier: Apache-2.0 */
#include "store/owner-note.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

int owner_note(int fd, uid_t uid, gid_t gid, const char *path, struct err *e)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%u:%u", (unsigned)uid, (unsigned)gid);

	if ((!uid && !gid) || fsetxattr(fd, OWNER_XATTR, text, (size_t)n, 0) == 0 ||
	    errno == EOPNOTSUPP || errno == EPERM)
		return 0;
	return err_sys(e, "cannot note the owner of '%s'", path);
}

bool owner_noted(int fd, uid_t *ret_uid, gid_t *ret_gid)
{
	char text[32], *colon;
	ssize_t n = fgetxattr(fd, OWNER_XATTR, text, sizeof(text) - 1);
	uint32_t uid, gid;

	if (n <= 0)
		return false;
	text[n] = '\0';
	colon = strchr(text, ':');
	if (!colon)
		return false;
	*colon = '\0';
	/* A program in the container may have written it. */
	if (parse_u32(text, &uid) < 0 || parse_u32(colon + 1, &gid) < 0 || uid == UINT32_MAX ||
	    gid == UINT32_MAX)
		return false;
	*ret_uid = uid;
	*ret_gid = gid;
	return true;
}
