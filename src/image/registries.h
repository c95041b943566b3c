/* SPDX-License-Identifier: Apache-2.0 */
/* registries - what the user says about registries: mirrors, plain HTTP, none at all
 *
 * $XDG_CONFIG_HOME/usr-ct/registries.json, else /etc/usr-ct/registries.json (docs/images.md):
 *
 *	{"registries": {"HOST[:PORT]": {"mirrors": ["HOST[:PORT][/PREFIX]", ...], "insecure": BOOL,
 *	                               "blocked": BOOL, "location": "HOST[:PORT][/PREFIX]"}}}
 */
#pragma once

#include "base/err.h"
#include "image/reference.h"

enum { PLACES_MAX = 8 };

/* Where an image may come from. */
struct registry_place {
	struct reference ref; /* what to ask for there */
	bool is_insecure;
	bool is_mirror;
};

/* The places to ask for @ref, in order: mirrors, then the registry itself, which is the only one
 * without configuration. With @for_push no mirrors. UCT_REGISTRY_BLOCKED; UCT_BAD_VALUE: the file.
 */
int registries_find(const struct reference *ref, bool for_push, struct registry_place *ret,
                    size_t *ret_n, struct err *e);
