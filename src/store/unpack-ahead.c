/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unpack-ahead.h"

#include "base/fd.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/eventfd.h>

enum { N_BLOCKS = 4, BLOCK_SIZE = 256 * 1024 };
enum { BLOCKS_ALONE = 4, STACK_SIZE = 512 * 1024 };

/* Blocks are a ring: the reader has the one numbered n_done, or waits for it. */
struct ahead {
	struct decoder *decoder;
	int stop_fd;
	bool is_threaded;
	pthread_t thread;
	pthread_mutex_t lock;   /* of all below but the blocks' contents */
	pthread_cond_t changed; /* only one of the two ever waits */
	bool stop;
	uint64_t n_made, n_done; /* blocks decompressed; blocks the reader is through with */
	bool has_block;          /* the reader looks at one */
	ssize_t lengths[N_BLOCKS];
	struct err e; /* why the last one is negative */
	uint8_t blocks[N_BLOCKS][BLOCK_SIZE];
};

int ahead_new(struct decoder *d, struct ahead **ret, struct err *e)
{
	struct ahead *a = malloc(sizeof(*a)); /* not cleared: most layers need one block of it */

	if (!a) {
		decoder_free(d);
		return err_oom(e);
	}
	a->decoder = d;
	a->stop_fd = -EBADF;
	a->is_threaded = a->stop = a->has_block = false;
	a->n_made = a->n_done = 0;
	a->e = (struct err){ 0 };
	/* Neither fails with default attributes. */
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->changed, NULL);
	*ret = a;
	return 0;
}

static void *decode(void *data)
{
	struct ahead *a = data;
	ssize_t n;

	do {
		uint64_t i;

		(void)pthread_mutex_lock(&a->lock);
		while (a->n_made - a->n_done == N_BLOCKS && !a->stop)
			(void)pthread_cond_wait(&a->changed, &a->lock);
		i = a->n_made % N_BLOCKS;
		n = a->stop ? 0 : 1;
		(void)pthread_mutex_unlock(&a->lock);
		if (n > 0)
			n = decoder_read(a->decoder, a->blocks[i], BLOCK_SIZE, &a->e);
		(void)pthread_mutex_lock(&a->lock);
		a->lengths[i] = n;
		a->n_made++;
		(void)pthread_cond_signal(&a->changed);
		(void)pthread_mutex_unlock(&a->lock);
	} while (n > 0);
	return NULL;
}

/* Where no thread can be had it goes on without. */
static void start(struct ahead *a)
{
	pthread_attr_t how;

	a->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (a->stop_fd < 0 || pthread_attr_init(&how) != 0)
		return;
	(void)pthread_attr_setstacksize(&how, STACK_SIZE); /* or as large as they are by default */
	decoder_stop_by(a->decoder, a->stop_fd);
	a->is_threaded = pthread_create(&a->thread, &how, decode, a) == 0;
	if (!a->is_threaded)
		decoder_stop_by(a->decoder, -EBADF);
	(void)pthread_attr_destroy(&how);
}

static ssize_t next_alone(struct ahead *a, const uint8_t **ret, struct err *e)
{
	size_t i = a->n_made % N_BLOCKS;
	ssize_t n = decoder_read(a->decoder, a->blocks[i], BLOCK_SIZE, e);

	a->n_done = a->n_made++;
	a->has_block = true;
	*ret = a->blocks[i];
	if (n > 0 && a->n_made == BLOCKS_ALONE)
		start(a);
	return n;
}

ssize_t ahead_next(struct ahead *a, const uint8_t **ret, struct err *e)
{
	ssize_t n;

	if (!a->is_threaded)
		return next_alone(a, ret, e);
	(void)pthread_mutex_lock(&a->lock);
	if (a->has_block) {
		a->n_done++;
		(void)pthread_cond_signal(&a->changed);
	}
	a->has_block = true;
	while (a->n_made == a->n_done)
		(void)pthread_cond_wait(&a->changed, &a->lock);
	n = a->lengths[a->n_done % N_BLOCKS];
	*ret = a->blocks[a->n_done % N_BLOCKS];
	(void)pthread_mutex_unlock(&a->lock);
	if (n < 0 && e) /* it was the thread's last act */
		*e = a->e;
	return n;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	if (a->is_threaded) {
		(void)pthread_mutex_lock(&a->lock);
		a->stop = true;
		(void)pthread_cond_signal(&a->changed);
		(void)pthread_mutex_unlock(&a->lock);
		(void)eventfd_write(a->stop_fd, 1); /* a counter of 0 has room for it */
		(void)pthread_join(a->thread, NULL);
	}
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
	cleanup_close(&a->stop_fd);
	decoder_free(a->decoder);
	free(a);
}
