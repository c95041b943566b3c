/* SPDX-License-Identifier: Apache-2.0 */
/* foreign-commands - commands of docker and podman that are not here, and why */
#pragma once

/**
 * struct foreign_command - one
 * @first: the first of two words; NULL: there is one
 * @name:  the last word
 * @why:   completes "NAME: ", no full stop
 * @hint:  what to do instead; NULL: nothing comes near
 */
struct foreign_command {
	const char *first, *name, *why, *hint;
};

/* NULL: it is none of them. @second may be NULL. */
const struct foreign_command *foreign_command_find(const char *first, const char *second);
