/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-squeeze - compress a finished file of a log, or expand it again
 *
 * Standard input to standard output, and nothing else: a monitor must not stand still while a
 * hundred megabytes are compressed, nor have the code for it in its memory. The result has the
 * input's time of change, by which readers leave out what is too old.
 */
#include "base/err.h"
#include "base/fd.h"
#include "container/log-id.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { LEVEL = 3 };

struct buffers {
	void *in, *out;
	size_t in_size, out_size;
};

static int make_buffers(size_t in_size, size_t out_size, struct buffers *b)
{
	b->in = malloc(in_size);
	b->out = malloc(out_size);
	b->in_size = in_size;
	b->out_size = out_size;
	return b->in && b->out ? 0 : -ENOMEM;
}

static void done(struct buffers *b)
{
	free(b->in);
	free(b->out);
}

static int compress_all(ZSTD_CCtx *z, const struct buffers *b)
{
	for (;;) {
		ssize_t n = RETRY_EINTR(read(STDIN_FILENO, b->in, b->in_size));
		ZSTD_inBuffer in = { b->in, n > 0 ? (size_t)n : 0, 0 };
		ZSTD_EndDirective how = n == 0 ? ZSTD_e_end : ZSTD_e_continue;
		size_t left;

		if (n < 0)
			return -errno;
		do {
			ZSTD_outBuffer out = { b->out, b->out_size, 0 };
			int r;

			left = ZSTD_compressStream2(z, &out, &in, how);
			if (ZSTD_isError(left))
				return -EIO;
			r = fd_write_all(STDOUT_FILENO, out.dst, out.pos);
			if (r < 0)
				return r;
		} while (in.pos < in.size || (n == 0 && left > 0));
		if (n == 0)
			return 0;
	}
}

static int squeeze(void)
{
	char frame[LOG_ID_FRAME];
	struct buffers b = { 0 };
	ZSTD_CCtx *z = ZSTD_createCCtx();
	struct log_id id;
	int r = log_id_read(STDIN_FILENO, &id, NULL);

	if (r == 0)
		r = make_buffers(ZSTD_CStreamInSize(), ZSTD_CStreamOutSize(), &b);
	if (r == 0 &&
	    (!z || ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL)) ||
	     ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1))))
		r = -ENOMEM;
	if (r == 0) {
		log_id_frame(&id, frame);
		r = fd_write_all(STDOUT_FILENO, frame, sizeof(frame));
	}
	if (r == 0)
		r = compress_all(z, &b);
	(void)ZSTD_freeCCtx(z);
	done(&b);
	return r;
}

static int expand_all(ZSTD_DCtx *z, const struct buffers *b)
{
	size_t hint = 0;

	for (;;) {
		ssize_t n = RETRY_EINTR(read(STDIN_FILENO, b->in, b->in_size));
		ZSTD_inBuffer in = { b->in, n > 0 ? (size_t)n : 0, 0 };

		if (n < 0)
			return -errno;
		if (n == 0) /* in the middle of a frame: it was cut */
			return hint == 0 ? 0 : -EBADMSG;
		while (in.pos < in.size) {
			ZSTD_outBuffer out = { b->out, b->out_size, 0 };
			int r;

			hint = ZSTD_decompressStream(z, &out, &in);
			if (ZSTD_isError(hint))
				return -EBADMSG;
			r = fd_write_all(STDOUT_FILENO, out.dst, out.pos);
			if (r < 0)
				return r;
		}
	}
}

static int expand(void)
{
	struct buffers b = { 0 };
	ZSTD_DCtx *z = ZSTD_createDCtx();
	int r = make_buffers(ZSTD_DStreamInSize(), ZSTD_DStreamOutSize(), &b);

	if (!z)
		r = -ENOMEM;
	if (r == 0)
		r = expand_all(z, &b);
	(void)ZSTD_freeDCtx(z);
	done(&b);
	return r;
}

static void keep_time(void)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) == 0)
		(void)futimens(STDOUT_FILENO, (struct timespec[2]){ st.st_atim, st.st_mtim });
}

int main(int argc, char **argv)
{
	int r = -EINVAL;

	if (argc == 2 && !strcmp(argv[1], SQUEEZE_COMPRESS))
		r = squeeze();
	else if (argc == 2 && !strcmp(argv[1], SQUEEZE_EXPAND))
		r = expand();
	if (r == 0)
		keep_time();
	return r == 0 ? 0 : 1;
}
