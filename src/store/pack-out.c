/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pack-out.h"

#include "base/fd.h"
#include "store/pack.h"

#include <isa-l/igzip_lib.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { OUT_SIZE = 256 * 1024 };

struct pack_out {
	int fd;
	bool is_compressed;
	EVP_MD_CTX *tar_hash, *blob_hash; /* NULL: nobody asks */
	uint64_t tar_bytes, blob_bytes;
	struct isal_zstream z;
	uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
	uint8_t buf[OUT_SIZE];
};

static EVP_MD_CTX *new_hash(void)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	if (c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1)
		return c;
	EVP_MD_CTX_free(c);
	return NULL;
}

int pack_out_new(int fd, bool is_layer, bool is_compressed, struct pack_out **ret, struct err *e)
{
	struct pack_out *o = calloc(1, sizeof(*o));

	if (!o)
		return err_oom(e);
	o->fd = fd;
	o->is_compressed = is_compressed;
	if (is_layer) {
		o->tar_hash = new_hash();
		o->blob_hash = new_hash();
		if (!o->tar_hash || !o->blob_hash) {
			pack_out_free(o);
			return err_set(e, UCT_SYSTEM, -EIO, "libcrypto offers no SHA-256");
		}
	}
	isal_deflate_init(&o->z);
	o->z.gzip_flag = IGZIP_GZIP;
	o->z.level = 1;
	o->z.level_buf = o->level_buf;
	o->z.level_buf_size = sizeof(o->level_buf);
	o->z.flush = NO_FLUSH;
	*ret = o;
	return 0;
}

void pack_out_free(struct pack_out *o)
{
	if (!o)
		return;
	EVP_MD_CTX_free(o->tar_hash);
	EVP_MD_CTX_free(o->blob_hash);
	free(o);
}

static int emit(struct pack_out *o, const void *data, size_t n, struct err *e)
{
	int r = fd_write_all(o->fd, data, n);

	if (r < 0)
		return err_errno(e, r, "cannot write the archive");
	if (o->blob_hash && EVP_DigestUpdate(o->blob_hash, data, n) != 1)
		return err_set(e, UCT_SYSTEM, -EIO, "cannot hash the archive");
	o->blob_bytes += n;
	return 0;
}

static int deflate_some(struct pack_out *o, const void *data, size_t n, bool is_last, struct err *e)
{
	int r;

	o->z.next_in = (uint8_t *)(uintptr_t)data;
	o->z.avail_in = (uint32_t)n;
	o->z.end_of_stream = is_last;
	do {
		o->z.next_out = o->buf;
		o->z.avail_out = OUT_SIZE;
		if (isal_deflate(&o->z) != COMP_OK)
			return err_set(e, UCT_SYSTEM, -EIO, "cannot compress the archive");
		r = emit(o, o->buf, OUT_SIZE - o->z.avail_out, e);
		if (r < 0)
			return r;
	} while (o->z.avail_out == 0 || o->z.avail_in > 0 ||
	         (is_last && o->z.internal_state.state != ZSTATE_END));
	return 0;
}

int pack_out_write(struct pack_out *o, const void *data, size_t n, struct err *e)
{
	const char *p = data;

	o->tar_bytes += n;
	if (o->tar_hash && EVP_DigestUpdate(o->tar_hash, data, n) != 1)
		return err_set(e, UCT_SYSTEM, -EIO, "cannot hash the archive");
	if (!o->is_compressed)
		return emit(o, data, n, e);
	while (n > 0) { /* ISA-L counts in 32 bits */
		size_t part = MIN(n, (size_t)1 << 30);
		int r = deflate_some(o, p, part, false, e);

		if (r < 0)
			return r;
		p += part;
		n -= part;
	}
	return 0;
}

static int digest(EVP_MD_CTX *c, char ret[72], struct err *e)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(c, sum, &n) != 1 || n != 32)
		return err_set(e, UCT_SYSTEM, -EIO, "cannot hash the archive");
	memcpy(ret, "sha256:", 8);
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(ret + 7 + 2 * (size_t)i, 3, "%02x", sum[i]);
	return 0;
}

int pack_out_finish(struct pack_out *o, struct pack_sums *ret, struct err *e)
{
	int r = o->is_compressed ? deflate_some(o, NULL, 0, true, e) : 0;

	if (r == 0 && o->tar_hash)
		r = digest(o->tar_hash, ret->diff_id, e);
	if (r == 0 && o->blob_hash)
		r = digest(o->blob_hash, ret->digest, e);
	ret->tar_bytes = o->tar_bytes;
	ret->blob_bytes = o->blob_bytes;
	return r;
}
