/* SPDX-License-Identifier: Apache-2.0 */
/* testing - what every unit test includes first: cmocka wants four headers before its own */
#pragma once

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A fresh directory for one test; scratch_done() wants it back empty. */
struct scratch {
	char path[64];
	int fd;
};

static inline void scratch_make(struct scratch *s)
{
	(void)snprintf(s->path, sizeof(s->path), "/tmp/usrct-unit-XXXXXX");
	assert_non_null(mkdtemp(s->path));
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->fd >= 0);
}

/* Fails if the test left something in it. */
static inline void scratch_done(struct scratch *s)
{
	(void)close(s->fd);
	assert_int_equal(rmdir(s->path), 0);
}

/* Numbers that are the same in every run, for random-looking input. */
static inline uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*seed >> 33);
}
