/* SPDX-License-Identifier: Apache-2.0 */
/* macro - the few language extensions that every file may use
 *
 * Cleanup attributes release what a variable owns when it leaves scope. They do not run on exit,
 * _exit or exec. A variable with a cleanup is initialised where it is declared, descriptors with
 * -EBADF (0 is a valid descriptor).
 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _unused_      __attribute__((unused))
#define _warn_unused_ __attribute__((warn_unused_result))
/* For results that do not matter, where the compiler insists; the why belongs beside it. */
#define IGNORE(call)       ((void)!(call))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                       \
	__extension__({                 \
		__typeof__(a) a_ = (a); \
		__typeof__(b) b_ = (b); \
		a_ < b_ ? a_ : b_;      \
	})
#define MAX(a, b)                       \
	__extension__({                 \
		__typeof__(a) a_ = (a); \
		__typeof__(b) b_ = (b); \
		a_ > b_ ? a_ : b_;      \
	})

/* Hands ownership over: the variable forgets what it held. */
#define TAKE_PTR(p)                     \
	__extension__({                 \
		__typeof__(p) p_ = (p); \
		(p) = NULL;             \
		p_;                     \
	})
#define TAKE_FD(fd)             \
	__extension__({         \
		int fd_ = (fd); \
		(fd) = -EBADF;  \
		fd_;            \
	})

/* For read(2), write(2) and their like. Never for close(2): Linux has freed the number already. */
#define RETRY_EINTR(call)                         \
	__extension__({                           \
		__typeof__(call) r_;              \
		do                                \
			r_ = (call);              \
		while (r_ < 0 && errno == EINTR); \
		r_;                               \
	})

static inline void cleanup_free(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}
#define _cleanup_free_ _cleanup_(cleanup_free)

static inline void cleanup_close(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(
			*fd); /* nothing can be done about a failing close of a file we gave up */
	errno = saved;
}
#define _cleanup_close_ _cleanup_(cleanup_close)
