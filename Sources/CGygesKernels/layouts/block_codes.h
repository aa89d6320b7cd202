/// The codes of one stored block of each format (`ggml/src/ggml-common.h`), for code that is not speed-critical.
#ifndef GYGES_BLOCK_CODES_H
#define GYGES_BLOCK_CODES_H

#include <stddef.h>
#include <stdint.h>

#include "CGygesKernels.h"

/// Where d, the scale of a whole block, lies in it.
static inline size_t gyges_scale_place(int format) {
    switch (format) {
    case GYGES_Q6_K: return 208;
    case GYGES_Q2_K: return 80;
    case GYGES_Q3_K: return 108;
    default: return 0;
    }
}

static inline void low_then_high_nibbles(const uint8_t *bytes, size_t count, uint8_t *low, uint8_t *high) {
    for (size_t i = 0; i < count; i++) {
        low[i] = bytes[i] & 15;
        high[i] = bytes[i] >> 4;
    }
}

/// Adds bit `32 · j + i` of Q5_0's and Q5_1's word, for k = i.
static inline void add_fifth_bits(const uint8_t *word, uint8_t codes[32]) {
    uint32_t bits = (uint32_t)word[0] | (uint32_t)word[1] << 8 | (uint32_t)word[2] << 16 | (uint32_t)word[3] << 24;
    for (int i = 0; i < 32; i++) codes[i] |= (uint8_t)((bits >> i & 1) << 4);
}

/// The low two bits of 256 codes: of 128 k, those of k = 32j + i are bits 2j... of byte i.
static inline void pairs_of_bits(const uint8_t bytes[64], uint8_t codes[256]) {
    for (int k = 0; k < 256; k++) codes[k] = bytes[k / 128 * 32 + k % 32] >> 2 * (k % 128 / 32) & 3;
}

/// The unsigned codes of a block, in order of k.
static inline void gyges_expand_codes(int format, const uint8_t *block, uint8_t *codes) {
    switch (format) {
    case GYGES_Q8_0:  // d, 32 signed codes
        for (int i = 0; i < 32; i++) codes[i] = block[2 + i] ^ 0x80;
        break;
    case GYGES_Q4_0: case GYGES_IQ4_NL:  // d, nibbles: k and k + 16 share a byte
        low_then_high_nibbles(block + 2, 16, codes, codes + 16);
        break;
    case GYGES_Q4_1:  // d, m, nibbles
        low_then_high_nibbles(block + 4, 16, codes, codes + 16);
        break;
    case GYGES_Q5_0:  // d, fifth bits, nibbles
        low_then_high_nibbles(block + 6, 16, codes, codes + 16);
        add_fifth_bits(block + 2, codes);
        break;
    case GYGES_Q5_1:  // d, m, fifth bits, nibbles
        low_then_high_nibbles(block + 8, 16, codes, codes + 16);
        add_fifth_bits(block + 4, codes);
        break;
    case GYGES_Q4_K:  // d, dmin, 12 bytes of scales, nibbles: of 64 k, the first and second 32 share bytes
        for (int run = 0; run < 4; run++)
            low_then_high_nibbles(block + 16 + 32 * run, 32, codes + 64 * run, codes + 64 * run + 32);
        break;
    case GYGES_Q5_K:  // d, dmin, 12 bytes of scales, fifth bits (bit j of byte i: k = 32j + i), nibbles
        for (int run = 0; run < 4; run++)
            low_then_high_nibbles(block + 48 + 32 * run, 32, codes + 64 * run, codes + 64 * run + 32);
        for (int j = 0; j < 8; j++)
            for (int i = 0; i < 32; i++) codes[32 * j + i] |= (uint8_t)((block[16 + i] >> j & 1) << 4);
        break;
    case GYGES_IQ4_XS:  // d, 6 bytes of scales, nibbles: of 32 k, the first and second 16 share bytes
        for (int run = 0; run < 8; run++)
            low_then_high_nibbles(block + 8 + 16 * run, 16, codes + 32 * run, codes + 32 * run + 16);
        break;
    case GYGES_Q2_K:  // 16 scales and minima, pairs of bits, d, dmin
        pairs_of_bits(block + 16, codes);
        break;
    case GYGES_Q3_K:  // third bits (bit j of byte i: k = 32j + i), pairs of bits, 12 bytes of scales, d
        pairs_of_bits(block + 32, codes);
        for (int j = 0; j < 8; j++)
            for (int i = 0; i < 32; i++) codes[32 * j + i] |= (uint8_t)((block[i] >> j & 1) << 2);
        break;
    case GYGES_Q6_K:  // 128 bytes of nibbles, 64 bytes of upper bits, 16 scales, d; in halves of 128 k
        for (int half = 0; half < 2; half++) {
            uint8_t *out = codes + 128 * half;
            const uint8_t *upper = block + 128 + 32 * half;
            low_then_high_nibbles(block + 64 * half, 64, out, out + 64);
            for (int j = 0; j < 4; j++)
                for (int i = 0; i < 32; i++) out[32 * j + i] |= (uint8_t)((upper[i] >> 2 * j & 3) << 4);
        }
        break;
    }
}

#endif
