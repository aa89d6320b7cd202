// The vectors of one instruction set, as every kernel's body sees them.
//
// Arithmetic on vectors is clang's own (ext_vector_type); only what has no operator is spelled out per level. Loads and
// stores need no alignment.

#if LEVEL == 2
#define LANES 16
#elif LEVEL == 1
#define LANES 8
#else
#define LANES 4
#endif

#define INLINE static inline __attribute__((always_inline))

// A product and a sum are fused where this file says so and nowhere else, so that every tile shape rounds alike.
#pragma clang fp contract(off)

typedef float Floats __attribute__((ext_vector_type(LANES)));
typedef int32_t Words __attribute__((ext_vector_type(LANES)));
typedef uint32_t Bits __attribute__((ext_vector_type(LANES)));
typedef uint16_t Halves __attribute__((ext_vector_type(LANES)));
typedef uint8_t Bytes __attribute__((ext_vector_type(LANES)));
typedef int8_t SignedBytes __attribute__((ext_vector_type(LANES)));

#define LOAD(Type, pointer) \
    ({ Type loaded; memcpy(&loaded, (pointer), sizeof loaded); loaded; })
#define STORE(vector, pointer) \
    do { __typeof__(vector) stored = (vector); memcpy((pointer), &stored, sizeof stored); } while (0)

/// a · b + c, rounded once where the instruction set can.
INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
#if LEVEL > 0
    return __builtin_elementwise_fma(a, b, c);
#else
    return a * b + c;
#endif
}

INLINE Floats floats_from_words(Words words) { return __builtin_convertvector(words, Floats); }

INLINE Floats floats_from_bits(Bits bits) { return (Floats)bits; }

/// LANES halves as floats.
INLINE Floats floats_from_halves(const uint8_t *halves) {
#if LEVEL == 2
    return (Floats)_mm512_cvtph_ps(LOAD(__m256i, halves));
#elif LEVEL == 1
    return (Floats)_mm256_cvtph_ps(LOAD(__m128i, halves));
#else
    Floats floats;
    for (int lane = 0; lane < LANES; lane++) floats[lane] = gyges_float_from_half(LOAD(uint16_t, halves + 2 * lane));
    return floats;
#endif
}

/// The first `count` floats, and zeros beyond.
INLINE Floats load_some(const float *x, size_t count) {
    if (count >= LANES) return LOAD(Floats, x);
#if LEVEL == 2
    return (Floats)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), x);
#endif
    Floats floats = 0;
    memcpy(&floats, x, count * sizeof *x);
    return floats;
}

/// Stores the first `count` floats.
INLINE void store_some(Floats floats, float *x, size_t count) {
    if (count >= LANES) STORE(floats, x);
#if LEVEL == 2
    else _mm512_mask_storeu_ps(x, (__mmask16)((1u << count) - 1), (__m512)floats);
#else
    else memcpy(x, &floats, count * sizeof *x);
#endif
}

#if LEVEL == 2
/// The lanes of two vectors, one of each alternately, from lane `first` of each on.
#define ZIP(a, b, first)                                                                                        \
    __builtin_shufflevector(                                                                                    \
        a, b, first, first + 16, first + 1, first + 17, first + 2, first + 18, first + 3, first + 19, first + 4, \
        first + 20, first + 5, first + 21, first + 6, first + 22, first + 7, first + 23)
/// Every other lane of two vectors one after the other, from lane `first` on.
#define UNZIP(a, b, first)                                                                                        \
    __builtin_shufflevector(                                                                                      \
        a, b, first, first + 2, first + 4, first + 6, first + 8, first + 10, first + 12, first + 14, first + 16, \
        first + 18, first + 20, first + 22, first + 24, first + 26, first + 28, first + 30)
#elif LEVEL == 1
#define ZIP(a, b, first) \
    __builtin_shufflevector(a, b, first, first + 8, first + 1, first + 9, first + 2, first + 10, first + 3, first + 11)
#define UNZIP(a, b, first) \
    __builtin_shufflevector(a, b, first, first + 2, first + 4, first + 6, first + 8, first + 10, first + 12, first + 14)
#else
#define ZIP(a, b, first) __builtin_shufflevector(a, b, first, first + 4, first + 1, first + 5)
#define UNZIP(a, b, first) __builtin_shufflevector(a, b, first, first + 2, first + 4, first + 6)
#endif

/// Rows become columns. Shuffling like cards log₂ LANES times does it.
INLINE void transpose(Bits rows[LANES]) {
    for (int round = 1; round < LANES; round *= 2) {
        Bits next[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = ZIP(rows[i], rows[i + LANES / 2], 0);
            next[2 * i + 1] = ZIP(rows[i], rows[i + LANES / 2], LANES / 2);
        }
        for (int i = 0; i < LANES; i++) rows[i] = next[i];
    }
}

#if LEVEL == 2
/// Four lanes of two vectors within each quarter of 128 bits; `b`'s lanes count from LANES on.
#define WITHIN_QUARTERS(a, b, w, x, y, z)                                                                  \
    __builtin_shufflevector(                                                                               \
        a, b, w, x, y, z, w + 4, x + 4, y + 4, z + 4, w + 8, x + 8, y + 8, z + 8, w + 12, x + 12, y + 12, z + 12)
#elif LEVEL == 1
#define WITHIN_QUARTERS(a, b, w, x, y, z) __builtin_shufflevector(a, b, w, x, y, z, w + 4, x + 4, y + 4, z + 4)
#else
#define WITHIN_QUARTERS(a, b, w, x, y, z) __builtin_shufflevector(a, b, w, x, y, z)
#endif

/// Rows become columns in each quarter by itself: quarter q of row r gets lane 4q + r of the four rows.
INLINE void transpose_quarters(Bits rows[4]) {
    const Bits low = WITHIN_QUARTERS(rows[0], rows[1], 0, LANES, 1, LANES + 1);
    const Bits high = WITHIN_QUARTERS(rows[0], rows[1], 2, LANES + 2, 3, LANES + 3);
    const Bits other_low = WITHIN_QUARTERS(rows[2], rows[3], 0, LANES, 1, LANES + 1);
    const Bits other_high = WITHIN_QUARTERS(rows[2], rows[3], 2, LANES + 2, 3, LANES + 3);
    rows[0] = WITHIN_QUARTERS(low, other_low, 0, 1, LANES, LANES + 1);
    rows[1] = WITHIN_QUARTERS(low, other_low, 2, 3, LANES + 2, LANES + 3);
    rows[2] = WITHIN_QUARTERS(high, other_high, 0, 1, LANES, LANES + 1);
    rows[3] = WITHIN_QUARTERS(high, other_high, 2, 3, LANES + 2, LANES + 3);
}

INLINE Floats choose(Words where, Floats yes, Floats no) {
    return (Floats)(((Words)yes & where) | ((Words)no & ~where));
}

/// Floats rounded to bfloat16, to nearest, ties to even. Keeps infinities; a NaN may lose its payload.
INLINE Floats rounded_to_bfloat16(Floats x) {
    const Bits bits = (Bits)x, rounded = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    return choose(x == x, (Floats)rounded, x);
}

#if LEVEL == 2
typedef uint16_t Halves32 __attribute__((ext_vector_type(32)));

/// LANES pairs of floats that follow one another, as bfloat16.
INLINE Bits bfloat16_pairs(Floats first, Floats second) {
    return (Bits)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
}
#endif

INLINE Floats larger(Floats a, Floats b) { return choose(a > b, a, b); }

/// The sum of the lanes, always in the same order.
INLINE float sum_of_lanes(Floats floats) {
    float halves[LANES];
    memcpy(halves, &floats, sizeof halves);
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++) halves[i] += halves[i + width];
    return halves[0];
}

INLINE float largest_lane(Floats floats) {
    float largest = -INFINITY;
    for (int i = 0; i < LANES; i++) largest = floats[i] > largest ? floats[i] : largest;
    return largest;
}

/// e^x within 2 units in the last place; 0 below -87.33 (no subnormal results), infinity above 88.72, NaN for NaN.
INLINE Floats exponential(Floats x) {
    // x = n · ln 2 + r. Adding 1.5 · 2^23 rounds to an integer and leaves it in the low bits.
    const Floats shifted = multiply_add(x, (Floats)0x1.715476p0f, (Floats)0x1.8p23f), n = shifted - 0x1.8p23f;
    Floats r = multiply_add(n, (Floats)-0x1.62e400p-1f, x);
    r = multiply_add(n, (Floats)-0x1.7f7d1cp-20f, r);
    // Taylor's polynomial of degree 7: below 2^-27 for |r| ≤ ln 2 / 2.
    Floats e = 1.0f / 5040;
    e = multiply_add(e, r, (Floats)(1.0f / 720));
    e = multiply_add(e, r, (Floats)(1.0f / 120));
    e = multiply_add(e, r, (Floats)(1.0f / 24));
    e = multiply_add(e, r, (Floats)(1.0f / 6));
    e = multiply_add(e, r, (Floats)0.5f);
    e = multiply_add(e, r, (Floats)1.0f);
    e = multiply_add(e, r, (Floats)1.0f);
    // 2^n in two factors, since n reaches 128.
    const Words exponent = (Words)shifted - 0x4b400000, half = exponent >> 1;
    e = e * (Floats)((half + 127) << 23) * (Floats)((exponent - half + 127) << 23);
    e = choose(x < -87.33f, (Floats)0.0f, e);
    return choose(x > 88.72f, (Floats)INFINITY, e);
}
