/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp - system call filters */
#pragma once

#include "base/err.h"

#include <linux/filter.h>

/* The default filter, compiled into this program (seccomp-default.txt). Never fails. */
const struct sock_filter *seccomp_default_program(size_t *ret_n);
/* For root of a container with one id (seccomp-single.txt). Likewise. */
const struct sock_filter *seccomp_single_program(size_t *ret_n);
/* Puts the calling process under the filter for good. Needs no_new_privs or CAP_SYS_ADMIN in the
 * process' user namespace (seccomp(2)). */
int seccomp_load_program(const struct sock_filter *program, size_t n, struct err *e);
