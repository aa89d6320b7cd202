/// Elementwise kernels, normalisation, rotary embedding, softmax and attention.
///
/// All matrices are row-major floats. A result row depends only on its own input row (and, in attention, on its own
/// sequence), in an order of operations that does not change with the number of rows.
#ifndef GYGES_VECTOR_H
#define GYGES_VECTOR_H

#include <stddef.h>
#include <stdint.h>

/// The positions in one block of a key-value cache, and in one tile of attention.
#define GYGES_KEY_VALUE_BLOCK 64

/// The element types of a key-value cache.
enum {
    GYGES_CACHE_F32,
    GYGES_CACHE_F16,
    GYGES_CACHE_BF16,
};

/// Where the keys and values of one position of all heads go.
typedef struct GygesCacheRow {
    /// `[heads · head_dimension]` each.
    const float *keys, *values;
    size_t heads, head_dimension;
    /// A `GYGES_CACHE_` type.
    int format;
    /// The block of one layer: for each head, keys transposed `[head_dimension][64]`, then values `[64][head_dimension]`.
    uint8_t *block;
    /// The position within the block, below 64.
    size_t offset;
} GygesCacheRow;

/// Causal attention of some consecutive positions of one sequence over one key-value head.
typedef struct GygesAttentionTile {
    /// The first position's first query head that reads this key-value head; its other heads follow, `head_dimension`
    /// apart, and further positions `query_stride` floats apart.
    const float *queries;
    size_t query_stride;
    /// The positions, and the query heads that read this key-value head.
    size_t positions, group;
    size_t head_dimension;
    /// The place in its sequence of the first position; each sees itself and everything before.
    size_t first_position;
    /// The sequence's blocks in order, and the bytes from a block's start to this head's keys.
    const uint8_t *const *blocks;
    size_t head_offset;
    /// A `GYGES_CACHE_` type.
    int format;
    /// What scores are multiplied by.
    float scale;
    /// Where results go, shaped as the queries are.
    float *output;
    size_t output_stride;
    /// `gyges_attention_scratch(positions · group, head_dimension)` floats, 64-byte aligned, the caller's own.
    float *scratch;
} GygesAttentionTile;

/// The floats of scratch that an attention tile of `queries` = positions · group needs.
size_t gyges_attention_scratch(size_t queries, size_t head_dimension);

/// The vector kernels of one instruction set.
typedef struct GygesVectorKernels {
    /// y = x / √(mean(x²) + epsilon) · weight, for each row.
    void (*rms_norm)(const float *x, const float *weight, float epsilon, size_t rows, size_t columns, float *y);
    /// y = gate · sigmoid(gate) · up.
    void (*silu_gate)(const float *gate, const float *up, size_t count, float *y);
    /// y = gate · Φ(gate) · up, Φ by the error function (absolute error below 2e-7).
    void (*gelu_gate)(const float *gate, const float *up, size_t count, float *y);
    /// y += x.
    void (*add)(const float *x, size_t count, float *y);
    /// Turns each head's channel pairs by the angles of its row. Pair i is channels i and i + pairs (`interleaved` 0) or
    /// 2i and 2i + 1. Cosines and sines are `[rows][pairs]`; heads are `head_dimension` apart and rows `stride`.
    void (*rotate)(
        float *x, size_t stride, size_t rows, size_t heads, size_t head_dimension, size_t pairs, int interleaved,
        const float *cosines, const float *sines);
    /// The largest of `count` > 0 floats; NaN is ignored unless nothing else is there, then -infinity.
    float (*maximum)(const float *x, size_t count);
    /// Σ exp(x - shift), in f32 within runs of 256 and in double across them.
    double (*exp_sum)(const float *x, size_t count, float shift);
    /// x = exp(x - max) / Σ exp(x - max), for each row.
    void (*softmax)(float *x, size_t rows, size_t columns);
    /// Rounds one position's keys and values into a cache block.
    void (*store_cache_row)(const GygesCacheRow *row);
    /// Attention by tiles of 64 keys with a running maximum and sum (Dao et al. 2022, §3.1). Tiles stand at multiples of
    /// 64 positions, so a position's result does not depend on how queries are cut into calls.
    void (*attention)(const GygesAttentionTile *tile);
    /// A number that damage to `bytes` changes, the same on every instruction set. Not made to resist intent.
    uint64_t (*checksum)(const uint8_t *bytes, size_t count);
} GygesVectorKernels;

#endif
