/// Elementwise kernels, normalisation, rotary embedding, softmax and attention.
///
/// All matrices are row-major floats. A result row depends only on its own input row (and, in attention, on its own
/// sequence), in an order of operations that does not change with the number of rows.
#ifndef GYGES_VECTOR_H
#define GYGES_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The positions in one block of a key-value cache, and in one tile of attention.
#define GYGES_KEY_VALUE_BLOCK 64

/// The keys after which attention starts a new running maximum and sum, in blocks; see `attention`.
#define GYGES_KEY_SPAN_BLOCKS 16

/// The element types of a key-value cache.
enum {
    GYGES_CACHE_F32,
    GYGES_CACHE_F16,
    GYGES_CACHE_BF16,
    /// 8-bit codes with one f32 scale for each position and head, one for its key and one for its value.
    GYGES_CACHE_Q8,
};

/// The bytes of one head's part of a block: keys transposed `[head_dimension][64]`, then values `[64][head_dimension]`,
/// then, with 8-bit codes, the 64 scales of the keys and the 64 of the values.
size_t gyges_cache_head_bytes(int format, size_t head_dimension);

/// Where the keys and values of one position of all heads go.
typedef struct GygesCacheRow {
    /// `[heads · head_dimension]` each.
    const float *keys, *values;
    size_t heads, head_dimension;
    /// A `GYGES_CACHE_` type.
    int format;
    /// The block of one layer, its heads one after another.
    uint8_t *block;
    /// The position within the block, below 64.
    size_t offset;
} GygesCacheRow;

/// Causal attention of some consecutive positions of one sequence over one key-value head; or of single positions of several
/// sequences over keys that all of them share, every one of which lies before all of the positions.
typedef struct GygesAttentionTile {
    /// The first position's first query head that reads this key-value head; its other heads follow, `head_dimension`
    /// apart, and further positions `query_stride` floats apart. The second and third are what meets keys one chunk
    /// before the queries' own and keys of chunks before that; unused without chunks.
    const float *_Nonnull queries[3];
    size_t query_stride;
    /// Where the positions' queries are, if they do not follow one another, in strides from the first; or null.
    const size_t *_Nullable rows;
    /// For shared keys: where the positions' records go, in records from `records` on.
    const size_t *_Nullable row_records;
    /// Whether the first span goes on from records that shared keys before `block_begin` have left.
    int resumes;
    /// The positions, all of one chunk, and the query heads that read this key-value head.
    size_t positions, group;
    size_t head_dimension;
    /// The place in its sequence of the first position; each sees itself and everything before.
    size_t first_position;
    /// The blocks in a chunk of Dual Chunk Attention; 0 for ordinary attention.
    size_t chunk_blocks;
    /// The sequence's blocks in order, and the bytes from a block's start to this head's keys.
    const uint8_t *_Nonnull const *_Nonnull blocks;
    size_t head_offset;
    /// The blocks that are attended to; none of them after the last position.
    size_t block_begin, block_end;
    /// A `GYGES_CACHE_` type.
    int format;
    /// What scores are multiplied by.
    float scale;
    /// Where results go, shaped as the queries are.
    float *output;
    size_t output_stride;
    /// Where the logarithm of each query's Σ exp(score) goes, the heads of one position together, or null.
    float *_Nullable log_sum_exp;
    size_t log_sum_exp_stride;
    /// `gyges_attention_record(head_dimension)` floats for each query of each span of keys: what a span alone gives.
    float *records;
    /// `gyges_attention_scratch(positions · group, head_dimension)` floats, 64-byte aligned, the caller's own.
    float *scratch;
} GygesAttentionTile;

/// The floats that hold what a query makes of one span of keys: output, sum and maximum.
size_t gyges_attention_record(size_t head_dimension);

/// The floats of scratch that an attention tile of `queries` = positions · group needs.
size_t gyges_attention_scratch(size_t queries, size_t head_dimension);

/// The keys that bidirectional attention meets between two moves of its running maximum.
#define GYGES_BIDIRECTIONAL_SPAN 256
/// The tiles of queries that meet the keys of a span one after another.
#define GYGES_BIDIRECTIONAL_TILES 8

/// One head of one sequence in attention in which every position sees both sides.
typedef struct GygesBidirectionalHead {
    /// The head's first channel in the sequence's first row, not yet rotated; rows are `stride` floats apart.
    const float *keys, *values;
    size_t stride;
    /// The positions that are seen, from the first on; queries may stand beyond, near enough to see one.
    size_t length;
    /// Channels, an even number; channel c is rotated with c + head_dimension / 2.
    size_t head_dimension;
    /// `[positions][head_dimension / 2]`, of all positions of keys and queries.
    const float *cosines, *sines;
    /// The farthest that a position sees to either side, below 2^62.
    size_t window_radius;
    /// What scores are multiplied by, times log2(e).
    float scale;
    /// Whether queries, keys, values and weights are rounded to bfloat16.
    int bfloat16;
    /// The panels of 16 positions that are packed: all that the queries see.
    size_t first_panel, panel_count;
    /// `bidirectional_bytes` for rotated keys and for values, 64-byte aligned; null only until they are known.
    uint8_t *_Nullable packed;
} GygesBidirectionalHead;

/// Some queries of a head.
typedef struct GygesBidirectionalQueries {
    /// The head's first channel of the first query, and where its result goes; rows are the head's `stride` apart.
    const float *queries;
    float *output;
    /// Each query's position in the sequence, ascending.
    const int32_t *positions;
    size_t count;
    /// `gyges_bidirectional_scratch(head_dimension)` floats, 64-byte aligned, the caller's own.
    float *scratch;
} GygesBidirectionalQueries;

/// The floats of scratch that packing and attending need.
size_t gyges_bidirectional_scratch(size_t head_dimension);

/// The vector kernels of one instruction set. Every member is a function of that level.
typedef struct GygesVectorKernels {
    /// y = x / √(mean(x²) + epsilon) · weight, for each row.
    void (*_Nonnull rms_norm)(const float *x, const float *weight, float epsilon, size_t rows, size_t columns, float *y);
    /// y = (x - mean(x)) / √(mean((x - mean(x))²) + epsilon) · weight + bias, for each row; no bias where it is null.
    void (*_Nonnull layer_norm)(
        const float *x, const float *weight, const float *_Nullable bias, float epsilon, size_t rows, size_t columns, float *y);
    /// y = gate · sigmoid(gate) · up.
    void (*_Nonnull silu_gate)(const float *gate, const float *up, size_t count, float *y);
    /// y = gate · Φ(gate) · up, Φ by the error function (absolute error below 2e-7).
    void (*_Nonnull gelu_gate)(const float *gate, const float *up, size_t count, float *y);
    /// x = x · sigmoid(x).
    void (*_Nonnull silu)(float *x, size_t count);
    /// x = x · Φ(x), as `gelu_gate`.
    void (*_Nonnull gelu)(float *x, size_t count);
    /// y += x.
    void (*_Nonnull add)(const float *x, size_t count, float *y);
    /// Rotates each head's channel pairs by the angles of its row. Pair i is channels i and i + pairs (`interleaved` 0) or
    /// 2i and 2i + 1. Cosines and sines are `[rows][pairs]`; heads are `head_dimension` apart and rows `stride`.
    void (*_Nonnull rotate)(
        float *x, size_t stride, size_t rows, size_t heads, size_t head_dimension, size_t pairs, int interleaved,
        const float *cosines, const float *sines);
    /// The largest of `count` > 0 floats; NaN is ignored unless nothing else is there, then -infinity.
    float (*_Nonnull maximum)(const float *x, size_t count);
    /// Σ exp(x - shift), in f32 within runs of 256 and in double across them.
    double (*_Nonnull exp_sum)(const float *x, size_t count, float shift);
    /// x = exp(x - max) / Σ exp(x - max), for each row.
    void (*_Nonnull softmax)(float *x, size_t rows, size_t columns);
    /// Rounds one position's keys and values into a cache block.
    void (*_Nonnull store_cache_row)(const GygesCacheRow *row);
    /// Attention by blocks of 64 keys with a running maximum and sum (Dao et al. 2022, §3.1), which start again at every
    /// multiple of 1,024 positions; what the spans between give is merged in their order (Dao et al. 2023, split keys).
    /// Blocks and spans stand at fixed positions, so a result depends neither on how queries are cut into calls nor on
    /// how the spans are shared out.
    void (*_Nonnull attention)(const GygesAttentionTile *tile);
    /// The spans of blocks `[block_begin, block_end)`, each for itself, to `records` `[spans][queries][record]`.
    void (*_Nonnull attention_spans)(const GygesAttentionTile *tile);
    /// Of single positions of several sequences, keys that all of them share: blocks `[block_begin, block_end)` of one span, to
    /// records that are scattered as `row_records` says. Where the span ends later, `attention_spans` goes on from them.
    void (*_Nonnull attention_shared)(const GygesAttentionTile *tile);
    /// Merges the records of all the tile's spans, which it overwrites, and finishes as `attention` does.
    void (*_Nonnull attention_merge)(const GygesAttentionTile *tile);
    /// The bytes of a head's packed panels.
    size_t (*_Nonnull bidirectional_bytes)(const GygesBidirectionalHead *head);
    /// Rotates and packs the keys, and packs the values, of panels `[panel_begin, panel_end)` of the sequence.
    void (*_Nonnull pack_bidirectional)(
        const GygesBidirectionalHead *head, size_t panel_begin, size_t panel_end, float *scratch);
    /// Attention of some queries to all that they see, which has been packed: by spans of keys with a running maximum and
    /// sum (Dao et al. 2022, §3.1). A result does not depend on how queries are cut into calls.
    void (*_Nonnull attend_bidirectional)(const GygesBidirectionalHead *head, const GygesBidirectionalQueries *queries);
    /// A number that damage to `bytes` changes, the same on every instruction set. Not made to resist intent.
    uint64_t (*_Nonnull checksum)(const uint8_t *bytes, size_t count);
} GygesVectorKernels;

// What packing, the bodies and Swift's callers have in common.
_Static_assert(GYGES_KEY_VALUE_BLOCK == 64, "pages of other lengths have never been tested, and files of them are refused");
_Static_assert(
    GYGES_BIDIRECTIONAL_SPAN % 32 == 0, "spans are whole pairs of panels, which local attention begins with");
_Static_assert(
    GYGES_CACHE_F32 == 0 && GYGES_CACHE_Q8 == 3, "formats are numbered without gaps: body_attention.h indexes by them");

#pragma clang assume_nonnull end

#endif
