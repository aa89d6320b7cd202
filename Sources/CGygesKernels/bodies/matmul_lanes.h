// Codes and scales of packed weights and their products, LANES of a panel's 16 outputs at a time.

INLINE float float_at(const uint8_t *bytes) { return LOAD(float, bytes); }
INLINE int32_t word_at_x(const uint8_t *bytes) { return LOAD(int32_t, bytes); }

/// The groups that one call of `dot_groups` takes: all of a run whose pairs fit AVX2's int16, and elsewhere as few as there
/// are.
#define GROUPS_TOGETHER(bits) (LEVEL == 1 ? ((bits) == 4 ? 8 : (bits) == 6 ? 2 : (bits) == 8 ? 1 : 4) : 1)

/// sums + Σ over `groups` vectors of codes · four activations each, in int32: exact.
///
/// `bits` bounds the codes. Eight-bit codes are unsigned, but signed on AVX2 (see SIGNED_BYTE_CODES).
INLINE Words dot_groups(Words sums, const Words *codes, const uint8_t *x, int groups, int bits) {
#if LEVEL == 2
    for (int g = 0; g < groups; g++)
        sums = (Words)_mm512_dpbusd_epi32(
            (__m512i)sums, (__m512i)codes[g], _mm512_set1_epi32(word_at_x(x + 4 * g)));
    return sums;
#elif LEVEL == 1
    // Pairs of products meet in int16: |2 · (2^bits - 1) · 127 · together| must stay below 2^15.
    const int together = GROUPS_TOGETHER(bits);
    for (int g = 0; g < groups;) {
        __m256i pairs = _mm256_setzero_si256();
        for (int i = 0; i < together && g < groups; i++, g++) {
            __m256i weights = (__m256i)codes[g], activations = _mm256_set1_epi32(word_at_x(x + 4 * g));
            if (bits == 8) {
                activations = _mm256_sign_epi8(activations, weights);
                weights = _mm256_abs_epi8(weights);
            }
            pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(weights, activations));
        }
        sums += (Words)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    }
    return sums;
#else
    for (int g = 0; g < groups; g++)
        for (int byte = 0; byte < 4; byte++)
            sums += ((codes[g] >> 8 * byte) & 255) * (int32_t)(int8_t)x[4 * g + byte];
    return sums;
#endif
}

// AVX2 multiplies unsigned by signed bytes into saturating int16, too narrow for 255 · 127 · 2. It therefore keeps
// eight-bit codes signed and moves the sign to the activations.
#define SIGNED_BYTE_CODES (LEVEL == 1)

/// How far codes with an offset are shifted to the left: until their offset is 128, so that one figure of the activations,
/// -128 · Σ codes, starts the sums of all formats. On AVX2 the sums of pairs have no room for that.
INLINE int code_shift(int format) {
    return LEVEL == 2 && gyges_code_offset(format) ? 8 - gyges_weight_bits(format) : 0;
}

/// Whether the integers that are multiplied have to be put right by an offset.
INLINE bool has_offset(int format) {
    return gyges_code_offset(format) && !(SIGNED_BYTE_CODES && gyges_weight_bits(format) == 8);
}

/// Bits that begin at `from` of each byte, moved to begin at `to`; `mask` says where they end up.
INLINE Words moved_bits(Bits bits, int from, int to, uint32_t mask) {
    return (Words)((from < to ? bits << (to - from) : bits >> (from - to)) & mask);
}

/// What each byte, a code of four bits, stands for in IQ4_NL and IQ4_XS: plus 128 and unsigned, but signed on AVX2.
INLINE Words looked_up(Words codes) {
#if LEVEL == 2
    const __m128i table = _mm_xor_si128(LOAD(__m128i, gyges_iq4_values), _mm_set1_epi8((char)0x80));
    return (Words)_mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), (__m512i)codes);
#elif LEVEL == 1
    return (Words)_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(LOAD(__m128i, gyges_iq4_values)), (__m256i)codes);
#else
    uint8_t bytes[sizeof codes];
    memcpy(bytes, &codes, sizeof codes);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(gyges_iq4_values[bytes[i]] + 128);
    return LOAD(Words, bytes);
#endif
}

/// The integers to be multiplied of 32 k for LANES outputs, from the codes' first vector on, shifted to the left.
INLINE void load_codes(int format, int shift, const uint8_t *packed, Words codes[8]) {
    const int bits = gyges_code_bits(format);
    if (bits == 8) {
        for (int g = 0; g < 8; g++) {
            codes[g] = LOAD(Words, packed + 64 * g);
            if (SIGNED_BYTE_CODES) codes[g] ^= (int32_t)0x80808080;
        }
        return;
    }
    if (bits < 4) {
        for (int g = 0; g < 8; g++) {
            const int to = 2 + shift;
            codes[g] = moved_bits(LOAD(Bits, packed + 64 * (g / 4)), 2 * (g % 4), shift, 0x03030303u << shift);
            if (bits == 3) codes[g] |= moved_bits(LOAD(Bits, packed + 128), g, to, 0x01010101u << to);
        }
        return;
    }
    for (int g = 0; g < 8; g++) {
        codes[g] = moved_bits(LOAD(Bits, packed + 64 * (g / 2)), 4 * (g % 2), shift, 0x0f0f0f0fu << shift);
        if (gyges_has_table(format)) codes[g] = looked_up(codes[g]);
    }
    for (int g = 0; g < 8; g++) {
        const int to = 4 + shift;
        if (bits == 5) codes[g] |= moved_bits(LOAD(Bits, packed + 256), g, to, 0x01010101u << to);
        if (bits == 6)
            codes[g] |= moved_bits(LOAD(Bits, packed + 256 + 64 * (g / 4)), 2 * (g % 4), to, 0x03030303u << to);
    }
}

/// The scales and codes of a panel's next block, in the groups that panel_layout.h describes.
typedef struct {
    const uint8_t *codes, *scales;
    /// The first block of the next group.
    size_t end;
} NAME(PanelPlace);
#define PanelPlace NAME(PanelPlace)

/// Goes on to the group that begins with `block`, if one does.
///
/// - Returns: The bytes of its scales; 0 within a group.
INLINE size_t enter_group(PanelPlace *place, int format, size_t block, size_t blocks) {
    if (block < place->end) return 0;
    const size_t together = gyges_blocks_together(format, block, blocks);
    const size_t bytes = together * gyges_scale_bytes(format);
    place->end += together;
    place->scales = place->codes;
    place->codes += bytes;
    return bytes;
}

/// The scales of one 256-wide block of Q4_K or Q5_K for 16 outputs: eight 6-bit scales, then eight minima, unpacked.
INLINE void unpack_six_bit(const uint8_t *packed, uint8_t scales[128], uint8_t minima[128]) {
    const uint8_t *first = packed, *second = packed + 64, *third = packed + 128;
    for (int i = 0; i < 64; i++) {
        scales[i] = first[i] & 63;
        minima[i] = second[i] & 63;
        scales[64 + i] = (uint8_t)((third[i] & 15) | (first[i] >> 6) << 4);
        minima[64 + i] = (uint8_t)((third[i] >> 4) | (second[i] >> 6) << 4);
    }
}

/// The 6-bit scales of run `i` of one block of Q3_K or IQ4_XS for LANES outputs, less 32.
INLINE Floats six_bit_scales(int format, const uint8_t *packed, size_t i) {
    const bool is_q3 = format == GYGES_Q3_K;
    const Bytes low = LOAD(Bytes, packed + (is_q3 ? i % 8 : 2 + i / 2) * GYGES_PANEL_OUTPUTS) >> 4 * (is_q3 ? i / 8 : i % 2);
    const Bytes high = LOAD(Bytes, packed + (is_q3 ? 8 + i % 4 : i / 4) * GYGES_PANEL_OUTPUTS) >> 2 * (is_q3 ? i / 4 : i % 4);
    return __builtin_convertvector((low & 15) | (high & 3) << 4, Floats) - 32;
}

/// sums + the first · the first + the second · the second of each lane's pair of bfloat16, which share a word.
INLINE Floats add_pair_products(Floats sums, Bits a, Bits b) {
#if LEVEL == 2
    return (Floats)_mm512_dpbf16_ps((__m512)sums, (__m512bh)a, (__m512bh)b);
#else
    sums = multiply_add(floats_from_bits(a & 0xffff0000), floats_from_bits(b & 0xffff0000), sums);
    return multiply_add(floats_from_bits(a << 16), floats_from_bits(b << 16), sums);
#endif
}

/// Two numbers a lane rounded to bfloat16, in one word: the first in its low half. Subnormal numbers may become zeros.
INLINE Bits joined_as_bfloat16(Floats first, Floats second) {
#if LEVEL == 2
    const Halves32 halves = (Halves32)bfloat16_pairs(first, second);
    return (Bits)__builtin_shufflevector(
        halves, halves, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
        29, 14, 30, 15, 31);
#else
    return (Bits)rounded_to_bfloat16(first) >> 16 | ((Bits)rounded_to_bfloat16(second) & 0xffff0000);
#endif
}
