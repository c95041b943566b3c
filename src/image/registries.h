/* SPDX-License-Identifier: Apache-2.0 */
/* registries - what the user says about registries and about names without one
 *
 * $XDG_CONFIG_HOME/usr-ct/registries.json, else /etc/usr-ct/registries.json (docs/images.md):
 *
 *	{"registries": {"HOST[:PORT]": {"mirrors": ["HOST[:PORT][/PREFIX]", ...], "insecure": BOOL,
 *	                               "blocked": BOOL, "location": "HOST[:PORT][/PREFIX]",
 *	                               "search": "HOST[:PORT]"}},
 *	 "aliases": {"NAME": "HOST[:PORT]/NAME"}, "short": "HOST[:PORT][/PREFIX]"}
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
/* Where `search TERM` asks: what docker.io's "search" says, else Docker Hub. As above. */
int registries_find_search(struct registry_place *ret, struct err *e);

/* A user's text with the registry that a short name stands for in front; heap. As it is, where
 * nothing is configured: reference_parse() then says docker.io. UCT_BAD_VALUE: the file. */
int registries_expand(const char *text, char **ret, struct err *e);
/* reference_parse() of that. For what users write; names in archives mean docker.io. */
int reference_resolve(const char *text, struct reference *ret, struct err *e);

/* The same with the file's text, for tests. */
int registries_find_text(const char *json, size_t n, const struct reference *ref,
                         struct registry_place *ret, size_t *ret_n, struct err *e);
int registries_expand_text(const char *json, size_t n, const char *text, char **ret, struct err *e);
