/* SPDX-License-Identifier: Apache-2.0 */
/* policy - what containers-policy.json(5) says about an image
 *
 * ~/.config/containers/policy.json, else /etc/containers/policy.json; without either everything is
 * accepted, as digests and TLS alone vouch for it then. Of the requirements that the narrowest
 * scope has, insecureAcceptAnything is met, reject is not; signedBy and sigstoreSigned cannot be
 * checked here, since no C library that does is kept well, and so are refusals as well.
 */
#pragma once

#include "base/err.h"
#include "image/reference.h"

/* UCT_IMAGE_POLICY. */
int policy_check(const struct reference *ref, struct err *e);
/* For a policy that was read: also for tests. */
int policy_check_text(const char *text, size_t n, const struct reference *ref, struct err *e);
