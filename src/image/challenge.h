/* SPDX-License-Identifier: Apache-2.0 */
/* challenge - the WWW-Authenticate header of a registry (RFC 9110 section 11.6.1) */
#pragma once

#include "base/macro.h"

/* In the order of our liking. */
enum challenge_scheme { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

struct challenge {
	enum challenge_scheme scheme;
	char realm[1024]; /* Bearer: URL of the token service */
	char service[256];
	char scope[1024]; /* may be empty */
};

/* Reads one header line, which may hold several challenges, into @c; call it for each line with the
 * same, first empty @c. What we like best stays there. What cannot be parsed is passed over. */
void challenge_parse(const char *header, struct challenge *c);
