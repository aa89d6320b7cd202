/// How block formats are packed: shared by packing and by the products of every level.
///
/// A panel is a run of groups in order of k, each the scales of a few blocks followed by their codes: one stream of memory,
/// in the order in which it is used. A group is as many blocks as make its scales whole cache lines; the last may have fewer.
///
/// Codes of 32 k × 16 outputs, in vectors of 16 outputs × 4 consecutive k (64 bytes). Groups are the runs of four k, 0...7:
/// - the low four bits: vector i holds group 2i in the low and group 2i + 1 in the high nibbles (8 bits: one group each);
/// - a single bit above (of 5 bits the fifth, of 3 the third): one vector, group g in bit g of each byte;
/// - a pair of bits (of 6 bits the upper two, of 2 and 3 the lower two): two vectors, group g in bits 2(g mod 4)... of
///   vector g / 4.
///
/// Scales, each entry for 16 outputs:
/// - Q8_0, Q4_0, Q5_0, IQ4_NL: per 32 k, f16 d. Q4_1, Q5_1: per 32 k, f16 d, f16 m.
/// - Q4_K, Q5_K: per 256 k, f16 d, f16 dmin, and the 12 bytes of 6-bit scales and minima as in the file.
/// - Q6_K: per 256 k, f16 d and 16 int8 scales.
/// - Q2_K: per 256 k, f16 d, f16 dmin, and 16 bytes: the scale of 16 k in the low nibble, their minimum in the high one.
/// - Q3_K, IQ4_XS: per 256 k, f16 d and the bytes of 6-bit scales as in the file (12, and 6).
#ifndef GYGES_PANEL_LAYOUT_H
#define GYGES_PANEL_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "CGygesKernels.h"

/// Bits of a code.
static inline int gyges_code_bits(int format) {
    switch (format) {
    case GYGES_Q8_0: return 8;
    case GYGES_Q6_K: return 6;
    case GYGES_Q5_0: case GYGES_Q5_1: case GYGES_Q5_K: return 5;
    case GYGES_Q3_K: return 3;
    case GYGES_Q2_K: return 2;
    default: return 4;
    }
}

/// What the codes of IQ4_NL and IQ4_XS stand for (`kvalues_iq4nl` in `ggml-common.h`).
static const int8_t gyges_iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// Whether codes stand for the integers of a table.
static inline int gyges_has_table(int format) { return format == GYGES_IQ4_NL || format == GYGES_IQ4_XS; }

/// Bits of the unsigned integers that are multiplied: those of a code, or of a table's integers plus 128.
static inline int gyges_weight_bits(int format) { return gyges_has_table(format) ? 8 : gyges_code_bits(format); }

/// What is subtracted from an unsigned integer that is multiplied to get the stored one.
static inline int gyges_code_offset(int format) {
    switch (format) {
    case GYGES_Q8_0: case GYGES_IQ4_NL: case GYGES_IQ4_XS: return 128;
    case GYGES_Q6_K: return 32;
    case GYGES_Q5_0: return 16;
    case GYGES_Q4_0: return 8;
    case GYGES_Q3_K: return 4;
    default: return 0;
    }
}

/// The 6-bit scale of run `i` of a block: of the 16 of Q3_K from its 12 bytes, of the 8 of IQ4_XS from its 6; `stride` bytes
/// lie between one byte and the next. The stored integer is less by 32.
static inline int gyges_six_bit_scale(int format, const uint8_t *packed, size_t stride, size_t i) {
    if (format == GYGES_Q3_K) {
        const int low = packed[i % 8 * stride] >> 4 * (i / 8) & 15;
        return low | (packed[(8 + i % 4) * stride] >> 2 * (i / 4) & 3) << 4;
    }
    const int low = packed[(2 + i / 2) * stride] >> 4 * (i % 2) & 15;
    return low | (packed[i / 4 * stride] >> 2 * (i % 4) & 3) << 4;
}

/// Bytes of the codes of 32 k × 16 outputs.
static inline size_t gyges_code_bytes(int format) { return (size_t)gyges_code_bits(format) * 64; }

/// Bytes of the scales of one block × 16 outputs.
static inline size_t gyges_scale_bytes(int format) {
    switch (format) {
    case GYGES_Q8_0: case GYGES_Q4_0: case GYGES_Q5_0: case GYGES_IQ4_NL: return 2 * 16;
    case GYGES_Q4_1: case GYGES_Q5_1: return 4 * 16;
    case GYGES_Q4_K: case GYGES_Q5_K: return (4 + 12) * 16;
    case GYGES_Q6_K: return (2 + 16) * 16;
    case GYGES_Q2_K: return (4 + 16) * 16;
    case GYGES_Q3_K: return (2 + 12) * 16;
    case GYGES_IQ4_XS: return (2 + 6) * 16;
    default: return 0;
    }
}

/// Blocks of a whole group.
static inline size_t gyges_group_blocks(int format) {
    switch (format) {
    case GYGES_Q2_K: case GYGES_Q4_K: case GYGES_Q5_K: case GYGES_IQ4_XS: return 1;
    case GYGES_Q3_K: case GYGES_Q6_K: return 2;
    default: return 8;
    }
}

/// Blocks of the group that begins with block `block` of `blocks`.
static inline size_t gyges_blocks_together(int format, size_t block, size_t blocks) {
    const size_t group = gyges_group_blocks(format), left = blocks - block;
    return left < group ? left : group;
}

#endif
