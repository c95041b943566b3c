/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 SHA extensions (Intel's manual, volume 2, SHA256RNDS2): an instruction does two rounds
 * and takes the halves ABEF and CDGH of the state; each group here is four rounds. Two of these
 * instructions fit into the time that one needs, which is why there may be two streams.
 *
 * With two, the processor's one SHA unit is what all waits for. So where a vector can be rotated in
 * one instruction (AVX-512VL), half of the message's schedule is left to the other units: a tenth
 * faster where this was measured, and there is 3 % left to what the rounds alone would take.
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

/* What sha256msg1 does: adds to each word the small sigma 0 of the one behind it. Not left to the
 * compiler: allowed to use AVX, it might write to upper halves of registers, and with these in use
 * the SHA instructions, which know nothing of them, take 150 times longer. */
ROUNDS_TARGET static inline __attribute__((always_inline)) __m128i add_sigma(__m128i now,
                                                                             __m128i next)
{
	__m128i w = _mm_alignr_epi8(next, now, 4), shifted = _mm_srli_epi32(w, 3), turned;

	__asm__("vprord $7, %2, %1\n\t"
	        "vprord $18, %2, %2\n\t"
	        "vpternlogd $0x96, %1, %2, %0" /* the exclusive or of all three */
	        : "+x"(shifted), "=&x"(turned), "+x"(w));
	return _mm_add_epi32(now, shifted);
}

/* Words of the message: four that follow the last sixteen. */
ROUNDS_TARGET static inline __attribute__((always_inline)) __m128i
more_words(const __m128i w[WORDS], int g, bool is_wide)
{
	__m128i now = w[g & 3], next = w[(g + 1) & 3], sum;

	sum = is_wide ? add_sigma(now, next) : _mm_sha256msg1_epu32(now, next);
	sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[(g + 3) & 3], w[(g + 2) & 3], 4));
	return _mm_sha256msg2_epu32(sum, w[(g + 3) & 3]);
}

/* @n_streams and @is_wide are constants where this is used, and all loops but the outer one are
 * unrolled. */
ROUNDS_TARGET static inline __attribute__((always_inline)) void
hash(struct halves s[STREAMS], const uint8_t *data[STREAMS], size_t n, int n_streams, bool is_wide)
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
					w[i][g & 3] = more_words(w[i], g, is_wide);
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

	hash(s, p, n, 1, false);
	store_state(h, s[0]);
}

ROUNDS_TARGET void sha256_rounds_both_simply(uint32_t a[8], const uint8_t *a_data, uint32_t b[8],
                                             const uint8_t *b_data, size_t n)
{
	struct halves s[STREAMS] = { load_state(a), load_state(b) };
	const uint8_t *p[STREAMS] = { a_data, b_data };

	hash(s, p, n, STREAMS, false);
	store_state(a, s[0]);
	store_state(b, s[1]);
}

/* Who ran before may have left something in the upper halves of registers, as ISA-L's checksum
 * does. Nothing in here would touch them, but see add_sigma(). */
ROUNDS_TARGET static void both_wide(uint32_t a[8], const uint8_t *a_data, uint32_t b[8],
                                    const uint8_t *b_data, size_t n)
{
	struct halves s[STREAMS];
	const uint8_t *p[STREAMS] = { a_data, b_data };

	__asm__ volatile("vzeroupper" ::
	                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
	                           "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
	                           "xmm15");
	s[0] = load_state(a);
	s[1] = load_state(b);
	hash(s, p, n, STREAMS, true);
	store_state(a, s[0]);
	store_state(b, s[1]);
}

void sha256_rounds_both(uint32_t a[8], const uint8_t *a_data, uint32_t b[8], const uint8_t *b_data,
                        size_t n)
{
	if (__builtin_cpu_supports("avx512vl")) /* which asks the operating system as well */
		both_wide(a, a_data, b, b_data, n);
	else
		sha256_rounds_both_simply(a, a_data, b, b_data, n);
}
