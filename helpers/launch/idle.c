/* SPDX-License-Identifier: Apache-2.0 */
/* idle - waiting for a long time, in as little memory as can be
 *
 * A monitor waits for months and its user has a hundred of them. After a second in which nothing
 * happened it gives back what the next event can have again: free heap, stack below, buffers, and
 * from its page tables the program itself, of which all monitors share one copy.
 *
 * The program's pages come back as they are touched, and the kernel maps sixteen around each that
 * is (do_fault_around() in mm/memory.c), but none beyond the mapping's end. So the few pages that
 * wait are made mappings of their own, by an advice that changes nothing else for memory.
 */
#include "launch/monitor.h"

#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { SEGMENTS_MAX = 8, STACK_BELOW = 256 * 1024 };

struct segments {
	struct {
		void *at;
		size_t bytes;
	} v[SEGMENTS_MAX];
	size_t n;
};

static uintptr_t page_of(uintptr_t address)
{
	return address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

static int find_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct segments *s = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum && s->n < SEGMENTS_MAX; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t at = page_of(info->dlpi_addr + p->p_vaddr);

		if (p->p_type != PT_LOAD || p->p_flags & PF_W)
			continue;
		s->v[s->n].at = (void *)at;
		s->v[s->n++].bytes = info->dlpi_addr + p->p_vaddr + p->p_memsz - at;
	}
	return 0;
}

/* Two pages from that on which a function begins. */
static void keep_apart(uintptr_t function)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)madvise((void *)page_of(function), 2 * page, MADV_RANDOM);
}

/* The pages that lie within a buffer; their contents are lost. */
static void drop_buffer(void *buffer, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = page_of((uintptr_t)buffer + page - 1);
	uintptr_t to = page_of((uintptr_t)buffer + n);

	if (to > from)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

/* What deeper calls have used of the stack, two pages from here down. The address below which there
 * is none is an error, after the rest was done. */
static void drop_stack(void)
{
	uintptr_t top = page_of((uintptr_t)__builtin_frame_address(0)) -
	                2 * (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)madvise((void *)(top - STACK_BELOW), STACK_BELOW, MADV_DONTNEED);
}

/* Through syscall(2) alone: wrappers would be one more page each. */
static long wait_asleep(const struct segments *s, int epoll_fd, struct epoll_event *ev, int max,
                        int timeout_ms)
{
	for (size_t i = 0; i < s->n; i++)
		(void)syscall(SYS_madvise, s->v[i].at, s->v[i].bytes, MADV_DONTNEED);
	return syscall(SYS_epoll_pwait, epoll_fd, ev, max, timeout_ms, NULL, (size_t)_NSIG / 8);
}

int idle_wait(struct monitor *m, struct epoll_event *ev, int max, int timeout_ms)
{
	struct segments s = { .n = 0 };
	int n;

	if (timeout_ms >= 0 && timeout_ms <= IDLE_AFTER_MS)
		return epoll_wait(m->epoll_fd, ev, max, timeout_ms);
	n = epoll_wait(m->epoll_fd, ev, max, IDLE_AFTER_MS);
	if (n != 0)
		return n;
	(void)malloc_trim(0);
	drop_buffer(m->buf, sizeof(m->buf));
	drop_buffer(m->scratch, sizeof(m->scratch));
	(void)dl_iterate_phdr(find_segments, &s);
	keep_apart((uintptr_t)wait_asleep);
	keep_apart((uintptr_t)syscall);
	drop_stack();
	return (int)wait_asleep(&s, m->epoll_fd, ev, max,
	                        timeout_ms < 0 ? -1 : timeout_ms - IDLE_AFTER_MS);
}
