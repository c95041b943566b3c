/* SPDX-License-Identifier: Apache-2.0 */
/* asking - questions to a registry, in the hands of usr-ct-fetch (image/fetch-proto.h) */
#pragma once

#include "base/libexec.h"
#include "engine/engine.h"
#include "image/fetch-proto.h"

/* Fills what START says of how to reach a registry, and the secret that goes after it (NULL: none;
 * freed with secret_free()). */
int asking_options(const struct usrct_registry_options *o, struct fetch_start *m, char **ret_secret,
                   struct err *e);
int asking_send_secret(int sock_fd, const char *secret, struct err *e);
/* "Basic ..." of a name and a password. */
int asking_basic(const char *user, const char *password, char **ret, struct err *e);
void secret_free(char *secret);
static inline void cleanup_secret_text(char **s)
{
	secret_free(*s);
}
#define _cleanup_secret_text_ _cleanup_(cleanup_secret_text)

/* Starts the helper with START and SECRET. @fds may be NULL. */
int asking_start(struct libexec *fetcher, struct fetch_start *m, const char *reference,
                 const struct usrct_registry_options *o, const int *fds, size_t n_fds,
                 struct err *e);
/* The next packet, of that size; FAIL becomes our error. */
int asking_next(struct libexec *fetcher, void *buf, size_t size, struct err *e);
