/* SPDX-License-Identifier: Apache-2.0 */
#include "image/digest.h"

#include <openssl/evp.h>
#include <string.h>

struct digest {
	EVP_MD_CTX *ctx;
	bool failed; /* sticky: libcrypto refused; the result is then no digest at all */
};

int digest_new(struct digest **ret, struct err *e)
{
	struct digest *d = calloc(1, sizeof(*d));

	if (!d)
		return err_oom(e);
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1) {
		digest_free(d);
		return err_set(e, UCT_SYSTEM, -ENOTSUP, "libcrypto has no usable SHA-256");
	}
	*ret = d;
	return 0;
}

void digest_add(struct digest *d, const void *data, size_t n)
{
	if (EVP_DigestUpdate(d->ctx, data, n) != 1)
		d->failed = true;
}

void digest_finish(struct digest *d, char ret[72])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char *p = ret + 7;

	/* An empty string never equals an expected digest, so a failure reads as a mismatch. */
	ret[0] = '\0';
	if (EVP_DigestFinal_ex(d->ctx, md, &n) == 1 && n == 32 && !d->failed) {
		memcpy(ret, "sha256:", 7);
		for (unsigned i = 0; i < n; i++) {
			*p++ = hex[md[i] >> 4];
			*p++ = hex[md[i] & 15];
		}
		*p = '\0';
	}
	digest_free(d);
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

int digest_of(const void *data, size_t n, char ret[72], struct err *e)
{
	struct digest *d = NULL;
	int r = digest_new(&d, e);

	if (r < 0)
		return r;
	digest_add(d, data, n);
	digest_finish(d, ret);
	return 0;
}

int digest_chain_ids(const char (*diff_ids)[72], size_t n, char (*ret_chains)[65], struct err *e)
{
	char above[72] = "", text[2 * 72];
	int r;

	for (size_t i = 0; i < n; i++) {
		if (!digest_is_valid(diff_ids[i]))
			return err_set(e, UCT_BAD_MANIFEST, -EINVAL,
			               "diff id of layer %zu is not a sha256 digest", i);
		if (i == 0) {
			memcpy(above, diff_ids[0], sizeof(above));
		} else {
			int len = snprintf(text, sizeof(text), "%s %s", above, diff_ids[i]);

			r = digest_of(text, (size_t)len, above, e);
			if (r < 0)
				return r;
			if (!above[0]) /* libcrypto failed; a chain id must not be empty */
				return err_set(e, UCT_SYSTEM, -EIO, "cannot hash chain ids");
		}
		memcpy(ret_chains[i], above + 7, 65);
	}
	return 0;
}
