/// How block formats are packed: shared by packing and by the products of every level.
///
/// A panel is a run of groups in order of k, each the scales of a few blocks followed by their codes: one stream of memory,
/// in the order in which it is used. A group is as many blocks as make its scales whole cache lines; the last may have fewer.
///
/// Codes of 32 k × 16 outputs, in vectors of 16 outputs × 4 consecutive k (64 bytes). Groups are the runs of four k, 0...7:
/// - the low four bits: vector i holds group 2i in the low and group 2i + 1 in the high nibbles (8 bits: one group each);
/// - the fifth bit: one vector, group g in bit g of each byte;
/// - bits five and six: two vectors, group g in bits 2(g mod 4)... of vector g / 4.
///
/// Scales, each entry for 16 outputs:
/// - Q8_0, Q4_0, Q5_0: per 32 k, f16 d. Q4_1, Q5_1: per 32 k, f16 d, f16 m.
/// - Q4_K, Q5_K: per 256 k, f16 d, f16 dmin, and the 12 bytes of 6-bit scales and minima as in the file.
/// - Q6_K: per 256 k, f16 d and 16 int8 scales.
#ifndef GYGES_PANEL_LAYOUT_H
#define GYGES_PANEL_LAYOUT_H

#include <stddef.h>

#include "CGygesKernels.h"

/// Bits of a code.
static inline int gyges_code_bits(int format) {
    switch (format) {
    case GYGES_Q8_0: return 8;
    case GYGES_Q6_K: return 6;
    case GYGES_Q5_0: case GYGES_Q5_1: case GYGES_Q5_K: return 5;
    default: return 4;
    }
}

/// What is subtracted from an unsigned code to get the stored integer.
static inline int gyges_code_offset(int format) {
    switch (format) {
    case GYGES_Q8_0: return 128;
    case GYGES_Q6_K: return 32;
    case GYGES_Q5_0: return 16;
    case GYGES_Q4_0: return 8;
    default: return 0;
    }
}

/// Bytes of the codes of 32 k × 16 outputs.
static inline size_t gyges_code_bytes(int format) { return (size_t)gyges_code_bits(format) * 64; }

/// Bytes of the scales of one block × 16 outputs.
static inline size_t gyges_scale_bytes(int format) {
    switch (format) {
    case GYGES_Q8_0: case GYGES_Q4_0: case GYGES_Q5_0: return 2 * 16;
    case GYGES_Q4_1: case GYGES_Q5_1: return 4 * 16;
    case GYGES_Q4_K: case GYGES_Q5_K: return (4 + 12) * 16;
    case GYGES_Q6_K: return (2 + 16) * 16;
    default: return 0;
    }
}

/// Blocks of a whole group.
static inline size_t gyges_group_blocks(int format) {
    switch (format) {
    case GYGES_Q4_K: case GYGES_Q5_K: return 1;
    case GYGES_Q6_K: return 2;
    default: return 8;
    }
}

/// Blocks of the group that begins with block `block` of `blocks`.
static inline size_t gyges_blocks_together(int format, size_t block, size_t blocks) {
    const size_t group = gyges_group_blocks(format), left = blocks - block;
    return left < group ? left : group;
}

#endif
