/* SPDX-License-Identifier: Apache-2.0 */
/* mount-parse - the words of -v, --mount and --tmpfs, and of volumes' own options
 *
 * Pure: what a word means on this machine is found later (engine/mount-add.h). Results are to be
 * given to mount_spec_done(), also after a failure.
 */
#pragma once

#include "engine/mount-spec.h"

/* "[SOURCE:]TARGET[:OPTIONS]": a source with . or / in front is a path, else it names a volume;
 * without one the volume is anonymous. */
int mount_parse_volume(const char *text, struct mount_spec *ret, struct err *e);
/* "type=...,source=...,target=...", as RFC 4180 has values divided by commas. */
int mount_parse_mount(const char *text, struct mount_spec *ret, struct err *e);
/* "TARGET[:OPTIONS]" */
int mount_parse_tmpfs(const char *text, struct mount_spec *ret, struct err *e);
/* Options of a bind mount or tmpfs, divided by commas; @m->kind says which. */
int mount_parse_options(struct mount_spec *m, const char *text, struct err *e);
