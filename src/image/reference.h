/* SPDX-License-Identifier: Apache-2.0 */
/* reference - image references, as the distribution specification and Docker's users write them
 *
 *	[HOST[:PORT]/]NAME[:TAG][@sha256:HEX]     a registry; HOST has a dot, a colon
 *	                                          or is localhost; "docker://" before
 *	                                          it, as skopeo has it, changes nothing
 *	                                          but that it is never a short name
 *	oci:DIRECTORY[:TAG]                       an OCI image layout on disk; DIRECTORY has no
 *colon
 *
 * A name without a host is docker.io's, and without a slash in library/ (what a user may have
 * configured instead is registries.h's business); the tag is "latest" when
 * there is neither tag nor digest. Everything is copied in here; no heap.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum reference_kind { REFERENCE_REGISTRY, REFERENCE_LAYOUT };

struct reference {
	enum reference_kind kind;
	char host[256];  /* with port; "docker.io" normalised; brackets kept around IPv6 */
	char name[256];  /* "library/debian" */
	char tag[129];   /* empty if only a digest was given; a layout's may be a whole reference */
	char digest[72]; /* empty or "sha256:..." */
	char path[4096]; /* REFERENCE_LAYOUT: the directory */
};

/* UCT_BAD_REFERENCE says which part is wrong. */
int reference_parse(const char *text, struct reference *ret, struct err *e);
/* Whether a registry is named, or a layout: a text without is a short name. */
bool reference_has_host(const char *text);
/* "host/name:tag", the key in the store; "host/name@digest" if there is no tag. A layout's name
 * comes from its tag, parsed as a reference of its own; without a tag it is empty. */
int reference_full_name(const struct reference *r, char *buf, size_t size, struct err *e);
/* A host that is this machine ("localhost", 127/8, ::1, with or without port). */
bool host_is_loopback(const char *host);
/* What people want to read: "debian:12" for docker.io/library/debian:12, if that means the same
 * where they write it (registries.h). */
void reference_familiar(const char *full_name, char *buf, size_t size);
