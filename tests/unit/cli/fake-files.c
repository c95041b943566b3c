/* SPDX-License-Identifier: Apache-2.0 */
/* fake-files - the part of the double that answers for usrct/files.h; web has one change */
#include "base/err.h"

#include <stdio.h>
#include <string.h>
#include <usrct/usrct.h>

static int unknown(struct usrct_err *e, const char *ref)
{
	*e = (struct usrct_err){ .kind = USRCT_ERR_NOT_FOUND,
		                 .code = -ENOENT,
		                 .number = UCT_CONTAINER_UNKNOWN };
	(void)snprintf(e->msg, sizeof(e->msg), "no container '%s'", ref);
	(void)snprintf(e->hint, sizeof(e->hint), "usr-ct ps -a lists all containers");
	return -ENOENT;
}

static int id_of(const char *ref, char **ret_id, struct usrct_err *e)
{
	if (strcmp(ref, "web") != 0)
		return unknown(e, ref);
	if (ret_id)
		*ret_id = strdup("sha256:0123");
	return ret_id && !*ret_id ? -ENOMEM : 0;
}

int usrct_copy_from(struct usrct *u, const char *ref, const char *path,
                    const struct usrct_copy_options *opts, struct usrct_copied *ret,
                    struct usrct_err *e)
{
	(void)u;
	(void)path;
	(void)opts;
	*ret = (struct usrct_copied){ .bytes = 5, .entries = 1 };
	return id_of(ref, NULL, e);
}

int usrct_copy_to(struct usrct *u, const char *ref, const char *path,
                  const struct usrct_copy_options *opts, struct usrct_copied *ret,
                  struct usrct_err *e)
{
	return usrct_copy_from(u, ref, path, opts, ret, e);
}

int usrct_copy_between(struct usrct *u, const struct usrct_place *from,
                       const struct usrct_place *to, const struct usrct_copy_options *opts,
                       struct usrct_copied *ret, struct usrct_err *e)
{
	int r = usrct_copy_from(u, from->container, from->path, opts, ret, e);

	return r < 0 ? r : usrct_copy_to(u, to->container, to->path, opts, ret, e);
}

int usrct_image_diff(struct usrct *u, const char *reference, const char *base,
                     int (*each)(const struct usrct_change *c, void *arg), void *arg,
                     struct usrct_err *e)
{
	static const struct usrct_change change = { 'C', "/etc" };

	(void)u;
	(void)reference;
	(void)base;
	(void)e;
	return each(&change, arg);
}

int usrct_container_diff(struct usrct *u, const char *ref,
                         int (*each)(const struct usrct_change *c, void *arg), void *arg,
                         struct usrct_err *e)
{
	static const struct usrct_change change = { 'A', "/etc/new" };
	int r = id_of(ref, NULL, e);

	(void)u;
	return r < 0 ? r : each(&change, arg);
}

int usrct_container_export(struct usrct *u, const char *ref, int fd, struct usrct_err *e)
{
	(void)u;
	(void)fd;
	return id_of(ref, NULL, e);
}

int usrct_container_commit(struct usrct *u, const char *ref,
                           const struct usrct_commit_options *opts, char **ret_id,
                           struct usrct_err *e)
{
	(void)u;
	(void)opts;
	return id_of(ref, ret_id, e);
}

int usrct_container_generate(struct usrct *u, const char *file,
                             const struct usrct_generate_options *opts, char **ret_id,
                             struct usrct_err *e)
{
	(void)u;
	(void)opts;
	return id_of(file, ret_id, e);
}

int usrct_container_recreate(struct usrct *u, const char *ref,
                             const struct usrct_generate_options *opts, char **ret_id,
                             struct usrct_err *e)
{
	return usrct_container_generate(u, ref, opts, ret_id, e);
}
