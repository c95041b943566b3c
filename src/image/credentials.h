/* SPDX-License-Identifier: Apache-2.0 */
/* credentials - what podman login and docker login left for us; private to image/ */
#pragma once

#include "base/err.h"

/* Looks for the registry, and in it for the repository, in @auth_file, or where that is NULL in the
 * usual places: $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json,
 * ~/.config/containers/auth.json, ~/.docker/config.json. 1 found: @ret_basic is the value of an
 * Authorization header ("Basic ...") or, after CREDENTIALS_IDENTITY, a refresh token for the
 * registry's token service; a secret to be freed with credentials_free(). 0 none. */
#define CREDENTIALS_IDENTITY "Identity "
int credentials_find(const char *auth_file, const char *host, const char *name, char **ret_basic,
                     struct err *e);
/* Whose they are: heap, empty if that is not to be read from it; NULL if out of memory. */
char *credentials_user(const char *basic);
/* Overwrites before it frees; NULL is fine. */
void credentials_free(char *secret);
static inline void cleanup_secret(char **s)
{
	credentials_free(*s);
}
#define _cleanup_secret_ _cleanup_(cleanup_secret)
