/* SPDX-License-Identifier: Apache-2.0 */
/* transport - "docker-archive:FILE" and its relatives (containers-transports(5))
 *
 * podman's pull and push take a place on disk where a registry is meant otherwise. Here that is
 * load and save under other names.
 */
#pragma once

#include "base/err.h"
#include "cli/command.h"

#include <usrct/image.h>

struct cli;

/**
 * struct place - where an image is or goes
 * @path: owned; NULL: a registry, or what the engine makes of the text
 * @name: what stands behind the path, "" for nothing; lives as long as the text
 */
struct place {
	enum usrct_save_format format;
	char *path;
	const char *name;
};
void place_done(struct place *p);
#define _cleanup_place_ _cleanup_(place_done)

/* UCT_BAD_REFERENCE for a transport that is no place for us, or without a path. */
int place_parse(const char *text, struct place *ret, struct err *e);

/* Each prints what fails, and gives the exit status. */
int archive_save(struct cli *c, const char *const *images, enum usrct_save_format format,
                 const char *file);
/* One image, under the name that the place has, if any. */
int archive_save_at(struct cli *c, const char *image, const struct place *place);
/* @file: may be an address; NULL or "-": standard input. */
int archive_load(struct cli *c, const char *file, const struct usrct_load_options *o);
/* A file, or standard input; -1 after a failure, whose status is *ret_status. */
int archive_open(struct cli *c, const char *file, int *ret_status);
bool archive_is_url(const char *text);
