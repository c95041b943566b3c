/* SPDX-License-Identifier: Apache-2.0 */
/* fake-images - the part of fake-usrct.c that deals with names, steps and layers of images */
#include "base/err.h"
#include "base/sbuf.h"

#include <stdio.h>
#include <string.h>
#include <usrct/usrct.h>

static int unknown(struct usrct_err *e, const char *image)
{
	if (!strcmp(image, "alpine"))
		return 0;
	*e = (struct usrct_err){ .code = -ENOENT, .number = UCT_IMAGE_UNKNOWN };
	(void)snprintf(e->msg, sizeof(e->msg), "no such image '%s'", image);
	(void)snprintf(e->hint, sizeof(e->hint), "see usr-ct images");
	return -ENOENT;
}

static int answer(const char *text, char **ret)
{
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

int usrct_image_tag(struct usrct *u, const char *image, const char *name, struct usrct_err *e)
{
	(void)u;
	(void)name;
	return unknown(e, image);
}

int usrct_image_untag(struct usrct *u, const char *image, const char *const *names,
                      struct usrct_err *e)
{
	(void)u;
	(void)names;
	return unknown(e, image);
}

int usrct_image_history(struct usrct *u, const char *reference, char **ret_json,
                        struct usrct_err *e)
{
	int r = unknown(e, reference);

	(void)u;
	return r < 0 ? r
	             : answer("[{\"Id\":\"sha256:3456789abcdef0\",\"Created\":\"\",\"CreatedBy\":"
	                      "\"CMD "
	                      "[\\\"sh\\\"]\",\"Comment\":\"\",\"Size\":0,\"EmptyLayer\":true,"
	                      "\"Tags\":[\"alpine:latest\"]},{\"Id\":\"<missing>\",\"Created\":"
	                      "\"\","
	                      "\"CreatedBy\":\"ADD a-rather-long-name-of-an-archive.tar.xz / with "
	                      "more\",\"Comment\":\"c\",\"Size\":7800000,\"EmptyLayer\":false,"
	                      "\"Tags\":[]}]",
	                      ret_json);
}

int usrct_image_layers(struct usrct *u, char **ret_json, struct usrct_err *e)
{
	(void)u;
	(void)e;
	return answer(
		"[{\"Chain\":\"aaaaaaaaaaaaaaaa\",\"Parent\":\"\",\"Size\":7800000,\"Users\":3,"
		"\"Images\":[{\"Id\":\"sha256:3456789abcdef0\",\"Names\":[\"alpine:latest\"],"
		"\"Size\":7800000}]},"
		"{\"Chain\":\"bbbbbbbbbbbbbbbb\",\"Parent\":\"aaaaaaaaaaaaaaaa\",\"Size\":100,"
		"\"Users\":1,\"Images\":[{\"Id\":\"sha256:4456789abcdef0\",\"Names\":[],"
		"\"Size\":1}]},"
		"{\"Chain\":\"cccccccccccccccc\",\"Parent\":\"bbbbbbbbbbbbbbbb\",\"Size\":5,"
		"\"Users\":1,\"Images\":[]},"
		"{\"Chain\":\"dddddddddddddddd\",\"Parent\":\"aaaaaaaaaaaaaaaa\",\"Size\":5,"
		"\"Users\":1,\"Images\":[]}]",
		ret_json);
}

int usrct_image_load(struct usrct *u, int fd, const struct usrct_load_options *opts,
                     struct usrct_err *e)
{
	(void)u;
	(void)fd;
	(void)e;
	opts->loaded("sha256:3456789abcdef0", "alpine:latest", opts->arg);
	opts->loaded("sha256:4456789abcdef0", NULL, opts->arg);
	return 0;
}

int usrct_image_load_url(struct usrct *u, const char *url, const struct usrct_load_options *opts,
                         struct usrct_err *e)
{
	(void)url;
	return usrct_image_load(u, 0, opts, e);
}

int usrct_image_import(struct usrct *u, int fd, const struct usrct_import_options *opts,
                       char **ret_id, struct usrct_err *e)
{
	(void)u;
	(void)fd;
	(void)opts;
	(void)e;
	return answer("sha256:3456789abcdef0", ret_id);
}

int usrct_image_import_url(struct usrct *u, const char *url,
                           const struct usrct_import_options *opts, char **ret_id,
                           struct usrct_err *e)
{
	(void)url;
	return usrct_image_import(u, 0, opts, ret_id, e);
}

int usrct_image_save(struct usrct *u, const char *const *images, enum usrct_save_format format,
                     int fd, struct usrct_err *e)
{
	(void)u;
	(void)format;
	(void)fd;
	return unknown(e, images[0]);
}

int usrct_image_save_as(struct usrct *u, const char *image, const char *name,
                        enum usrct_save_format format, int fd, struct usrct_err *e)
{
	(void)name;
	return usrct_image_save(u, (const char *const[]){ image, NULL }, format, fd, e);
}

int usrct_image_push(struct usrct *u, const char *image, const char *to,
                     const struct usrct_push_options *opts, struct usrct_pushed *ret,
                     struct usrct_err *e)
{
	int r = unknown(e, image);

	(void)u;
	(void)opts;
	if (r < 0)
		return r;
	(void)snprintf(ret->name, sizeof(ret->name), "%s:1", to ? to : "docker.io/library/alpine");
	(void)snprintf(ret->digest, sizeof(ret->digest), "sha256:7");
	ret->size_bytes = 1234;
	return 0;
}

int usrct_registry_login(struct usrct *u, const char *registry,
                         const struct usrct_registry_options *opts, struct usrct_err *e)
{
	(void)u;
	(void)registry;
	(void)e;
	return opts->user && opts->password ? 0 : -EINVAL;
}

int usrct_registry_logout(struct usrct *u, const char *registry,
                          const struct usrct_registry_options *opts, struct usrct_err *e)
{
	(void)u;
	(void)registry;
	(void)opts;
	(void)e;
	return 0;
}

int usrct_registry_get_login(struct usrct *u, const char *registry,
                             const struct usrct_registry_options *opts, char **ret_user,
                             struct usrct_err *e)
{
	(void)u;
	(void)registry;
	(void)opts;
	(void)e;
	return answer("me", ret_user);
}

int usrct_registry_search(struct usrct *u, const struct usrct_search_options *opts, char **ret_json,
                          struct usrct_err *e)
{
	(void)u;
	(void)e;
	*ret_json = strf("[{\"Name\":\"%d %s %u\",\"Description\":\"d\",\"StarCount\":5,"
	                 "\"IsOfficial\":true,\"IsAutomated\":false}]",
	                 (int)opts->kind, opts->what, opts->limit);
	return *ret_json ? 0 : -ENOMEM;
}
