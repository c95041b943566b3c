/* SPDX-License-Identifier: Apache-2.0 */
/* file-capability - security.capability as images have it, and for the root of one namespace
 *
 * File capabilities count for the root of one user namespace. Version 2 of the attribute means
 * that of whoever writes it, version 3 names it (capabilities(7)).
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#define FILE_CAPABILITY_XATTR "security.capability"
enum { FILE_CAPABILITY_V2 = 20, FILE_CAPABILITY_V3 = 24 };

/* Version 2 or 3 becomes version 3, for this root; anything else: -EINVAL. */
int file_capability_for(const void *value, ssize_t size, uint32_t root,
                        uint8_t ret[FILE_CAPABILITY_V3]);
/* Version 3 becomes version 2, in place; the size. */
ssize_t file_capability_plain(void *value, ssize_t size);
