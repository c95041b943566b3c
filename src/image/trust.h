/* SPDX-License-Identifier: Apache-2.0 */
/* trust - certificates for one registry, as docker and podman keep them; private to image/ */
#pragma once

#include "image/http.h"

/* All *.crt (authorities) and the first *.cert with its *.key (ours) in @cert_dir, or where that is
 * NULL in the first of these that is there: $XDG_CONFIG_HOME/containers/certs.d/HOST:PORT,
 * /etc/containers/certs.d/HOST:PORT, /etc/docker/certs.d/HOST:PORT. The system's authorities count
 * besides. A missing @cert_dir is an error, a missing usual place none. */
int trust_find(const char *cert_dir, const char *host, struct http_trust *ret, struct err *e);
void trust_done(struct http_trust *t);
