/* SPDX-License-Identifier: Apache-2.0 */
/* init - the container's first process, from its birth in the new namespaces to its exec(2) */
#pragma once

#include "container/backend.h"
#include "container/rootfs.h"
#include "container/spec.h"
#include "launch/secrets.h"

#include <jansson.h>

struct init_context {
	const struct spec *spec;
	const struct secrets *secrets;
	const json_t *accounts; /* container/accounts.h; may be NULL */
	struct backend_root root;
	int sync_fd;         /* to the launcher; close-on-exec */
	int stdio[3];        /* the program's ends; unused with a terminal */
	int shm_fd;          /* another container's /dev/shm, a detached mount; -EBADF: its own */
	int init_program_fd; /* usr-ct-init for --init, else -EBADF */
	bool has_own_network;
	bool has_own_cgroup; /* born in it: the cgroup namespace is made there */
	bool is_born_hidden; /* not dumpable, with its OOM score */
	uint32_t n_ids;      /* how many group ids are mapped, for ping */
	bool is_single;      /* there is one id only */
	bool is_mapped;      /* the launcher makes some mounts (ids.h) */
};

/* In the child of clone3(2). Never returns: it becomes the program, or reports FAIL and exits. */
_Noreturn void init_main(const struct init_context *c);
