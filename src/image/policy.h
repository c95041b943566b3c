/* SPDX-License-Identifier: Apache-2.0 */
/* policy - what containers-policy.json(5) says about an image
 *
 * ~/.config/containers/policy.json, else /etc/containers/policy.json; without either everything is
 * accepted, as digests and TLS alone vouch for it then. Of the requirements that the narrowest
 * scope has, all have to be met: insecureAcceptAnything is, reject is not, sigstoreSigned is for
 * the caller to check (signature.h). signedBy is refused: it takes GnuPG, whose programs, agents
 * and files have no place in a helper that is confined.
 */
#pragma once

#include "image/signature.h"

struct policy {
	struct signed_rule *rules; /* each has to be met by some signature */
	size_t n;
};
void policy_done(struct policy *p);

/* UCT_IMAGE_POLICY. */
int policy_find(const struct reference *ref, struct policy *ret, struct err *e);
/* For a policy that was read: also for tests. */
int policy_find_in(const char *text, size_t n, const struct reference *ref, struct policy *ret,
                   struct err *e);
