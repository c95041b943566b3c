/* SPDX-License-Identifier: Apache-2.0 */
/* overlay - mounts of the type "overlay" in the document: lowerdir=, upperdir=, workdir=
 *
 * As overlayfs has them (a colon divides directories, a backslash protects), and mountpoint=: an
 * empty directory at which it is mounted first. What the container sees is a copy of that mount.
 */
#pragma once

#include "base/err.h"
#include "base/strv.h"

struct overlay_options {
	const char *lowerdir, *upperdir, *workdir, *mountpoint;
};

/* 1 it was one of these, 0 it is another option. */
int overlay_take_option(const char *text, struct overlay_options *ret);
/* The directories of lowerdir=, topmost first; those behind "::" are for data only. -EINVAL. */
int overlay_split(const char *text, struct strv *ret_lower, struct strv *ret_data);
/* A descriptor of the mounted root, at its mountpoint. */
int overlay_mount(const struct overlay_options *o, const char *target, struct err *e);
