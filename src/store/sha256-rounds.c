/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 SHA extensions (Intel's manual, volume 2, SHA256RNDS2): an instruction does two rounds
 * and takes the halves ABEF and CDGH of the state; each group here is four rounds. Two of these
 * instructions fit into the time that one needs, which is why there may be two streams.
 */
#include "store/sha256-rounds.h"

#include "base/sha256.h"

#include <cpuid.h>
#include <immintrin.h>

enum { LEAF_FEATURES = 7, HAS_SHA = 1 << 29, STREAMS = 2, GROUPS = 16, WORDS = 4 };

#define ROUNDS_TARGET __attribute__((target("sha,sse4.1,ssse3")))

/* What the compiler builds for all processors needs SSE2 alone. */
bool sha256_has_rounds(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSE4_1 && c & bit_SSSE3 &&
	       __get_cpuid_count(LEAF_FEATURES, 0, &a, &b, &c, &d) && b & HAS_SHA;
}

struct halves {
	__m128i abef, cdgh;
};

ROUNDS_TARGET static inline struct halves load_state(const uint32_t h[8])
{
	__m128i dcba = _mm_loadu_si128((const __m128i *)h);
	__m128i hgfe = _mm_loadu_si128((const __m128i *)(h + WORDS));
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);

	return (struct halves){ _mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0) };
}

ROUNDS_TARGET static inline void store_state(uint32_t h[8], struct halves s)
{
	__m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)h, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(h + WORDS), _mm_alignr_epi8(dchg, feba, 8));
}

/* Words of the message: four that follow the last sixteen. */
ROUNDS_TARGET static inline __m128i more_words(const __m128i w[WORDS], int g)
{
	__m128i sum = _mm_sha256msg1_epu32(w[g & 3], w[(g + 1) & 3]);

	sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[(g + 3) & 3], w[(g + 2) & 3], 4));
	return _mm_sha256msg2_epu32(sum, w[(g + 3) & 3]);
}

/* @n_streams is a constant where this is used, and all loops but the outer one are unrolled. */
ROUNDS_TARGET static inline __attribute__((always_inline)) void
hash(struct halves s[STREAMS], const uint8_t *data[STREAMS], size_t n, int n_streams)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);

	for (; n > 0; n--) {
		struct halves was[STREAMS];
		__m128i w[STREAMS][WORDS];

#pragma GCC unroll 2
		for (int i = 0; i < n_streams; i++) {
			was[i] = s[i];
#pragma GCC unroll 4
			for (int g = 0; g < WORDS; g++)
				w[i][g] = _mm_shuffle_epi8(
					_mm_loadu_si128((const __m128i *)(data[i] + 16 * g)), swap);
			data[i] += GROUPS * WORDS;
		}
#pragma GCC unroll 16
		for (int g = 0; g < GROUPS; g++) {
			const __m128i k =
				_mm_load_si128((const __m128i *)(sha256_constants + WORDS * g));

#pragma GCC unroll 2
			for (int i = 0; i < n_streams; i++) {
				__m128i m;

				if (g >= WORDS)
					w[i][g & 3] = more_words(w[i], g);
				m = _mm_add_epi32(w[i][g & 3], k);
				s[i].cdgh = _mm_sha256rnds2_epu32(s[i].cdgh, s[i].abef, m);
				m = _mm_shuffle_epi32(m, 0x0e);
				s[i].abef = _mm_sha256rnds2_epu32(s[i].abef, s[i].cdgh, m);
			}
		}
#pragma GCC unroll 2
		for (int i = 0; i < n_streams; i++) {
			s[i].abef = _mm_add_epi32(s[i].abef, was[i].abef);
			s[i].cdgh = _mm_add_epi32(s[i].cdgh, was[i].cdgh);
		}
	}
}

ROUNDS_TARGET void sha256_rounds(uint32_t h[8], const uint8_t *data, size_t n)
{
	struct halves s[STREAMS] = { load_state(h) };
	const uint8_t *p[STREAMS] = { data };

	hash(s, p, n, 1);
	store_state(h, s[0]);
}

ROUNDS_TARGET void sha256_rounds_both(uint32_t a[8], const uint8_t *a_data, uint32_t b[8],
                                      const uint8_t *b_data, size_t n)
{
	struct halves s[STREAMS] = { load_state(a), load_state(b) };
	const uint8_t *p[STREAMS] = { a_data, b_data };

	hash(s, p, n, STREAMS);
	store_state(a, s[0]);
	store_state(b, s[1]);
}
