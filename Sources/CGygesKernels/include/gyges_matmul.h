/// Matmuls with packed weights: y[m, n] = Σ_k x[m, k] · w[n, k].
///
/// Weights are repacked once, into panels of 16 outputs, so that one broadcast of four activation bytes meets four
/// consecutive k of 16 outputs (the operand layout of `vpdpbusd`) and no sum ever runs across the lanes of a vector.
/// Activations are laid out in tiles of a few rows. One output is always accumulated in the same order, whatever tile
/// its row falls into, so results do not depend on the number of rows or threads.
#ifndef GYGES_MATMUL_H
#define GYGES_MATMUL_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Counts the arrangements of packed panels so far. Panels are kept in files: raise it with every change of
/// panel_layout.h that moves a byte.
#define GYGES_PANEL_LAYOUT_VERSION 1
/// The outputs in a panel.
#define GYGES_PANEL_OUTPUTS 16
/// The most rows in a tile of quantised activations.
#define GYGES_QUANTIZED_TILE_ROWS 16
/// The most rows in a tile of float activations.
#define GYGES_FLOAT_TILE_ROWS 12

/// The storage formats of weights, named as in GGUF.
enum {
    GYGES_F32,
    GYGES_F16,
    GYGES_BF16,
    GYGES_Q8_0,
    GYGES_Q4_0,
    GYGES_Q4_1,
    GYGES_Q5_0,
    GYGES_Q5_1,
    GYGES_Q4_K,
    GYGES_Q5_K,
    GYGES_Q6_K,
    GYGES_Q2_K,
    GYGES_Q3_K,
    GYGES_IQ4_NL,
    GYGES_IQ4_XS,
    /// Panels only: signed bytes with one scale for each output.
    GYGES_INT8,
};

/// The number of consecutive k in one block of a format (1 for the float formats).
size_t gyges_block_length(int format);

/// The bytes of one block of a format.
size_t gyges_block_bytes(int format);

/// Reads one stored row of `columns` elements as floats, exactly as the format defines them.
void gyges_dequantize_row(int format, const uint8_t *row, size_t columns, float *floats);

/// The bytes of one packed panel of `columns` k, a multiple of 64: as many as in the file, up to that rounding.
size_t gyges_panel_bytes(int format, size_t columns);

/// Packs panels `[panel_begin, panel_end)` of a matrix of `outputs` rows and `columns` columns.
///
/// `columns` is a multiple of the format's block length. Outputs beyond the last one are packed as zeros.
void gyges_pack_panels(
    int format, const uint8_t *source, size_t outputs, size_t columns, size_t panel_begin, size_t panel_end,
    uint8_t *packed);

/// Packs one panel of floats `[columns][16]`, rounded to bfloat16, as `GYGES_BF16` panels are.
void gyges_pack_bfloat16_panel(const float *panel, size_t columns, uint8_t *packed);

/// Rounds one panel of floats `[columns][16]` to `GYGES_INT8`: a scale for each output, max|w| / 127, and codes rounded to
/// the nearest, ties to even.
void gyges_pack_int8_panel(const float *panel, size_t columns, uint8_t *packed);

/// The rows that a tile is laid out for when `rows` are left: the smallest supported number not below
/// `min(rows, maximum)`. The tile's surplus rows are zero.
size_t gyges_tile_rows(size_t rows, size_t maximum);

/// The columns of quantised activations that share a scale where they meet a block format: 32, or 64 for blocks of 256.
size_t gyges_activation_block(int format);

/// The bytes of a tile of `tile_rows` quantised rows: for each block of columns, the rows' int8 codes, then for each row
/// - the scale;
/// - blocks of 32: scale · Σ codes, and -128 · Σ codes;
/// - blocks of 64: scale · Σ codes of both halves, as a pair of bfloat16, and -128 · Σ codes of the four quarters.
///
/// That is 44 bytes for 32 columns of a row either way.
static inline size_t gyges_quantized_tile_bytes(size_t tile_rows, size_t columns) { return columns / 32 * tile_rows * 44; }

/// The columns of int8 activations that share a scale.
#define GYGES_INT8_BLOCK 128

/// The bytes of `rows` rows of int8 activations in a tile: for each block of `GYGES_INT8_BLOCK` k codes, four k of all
/// rows at a time, then the rows' scales and their -128 · Σ codes.
size_t gyges_int8_tile_bytes(size_t rows, size_t columns);

/// What becomes of a matmul's results.
typedef enum {
    /// They replace what is there.
    GYGES_STORE,
    /// The same, past the caches where that is possible: for more than a cache holds.
    GYGES_STREAM,
    /// They are added to what is there.
    GYGES_ADD,
} GygesDestination;

/// One matmul, or the part of one that a thread takes.
typedef struct GygesMatmul {
    /// A `GYGES_` format.
    int format;
    /// The packed weights, from panel 0.
    const uint8_t *panels;
    /// The outputs (n) and inputs (k) of the matrix.
    size_t outputs, columns;
    /// The activations in tiles: all of full size (see above), but for the last, which is as `gyges_tile_rows` says.
    const uint8_t *activations;
    /// All rows of the activations.
    size_t rows;
    /// The part: panels and tiles.
    size_t panel_begin, panel_end, tile_begin, tile_end;
    /// Where the results of the part go, from its first row and first output on, and how far apart the rows are.
    float *y;
    size_t stride;
    /// How they go there.
    GygesDestination destination;
    /// For `float32` over block formats: room for `columns · 32` floats, the caller's own. Null for everything else.
    float *_Nullable scratch;
} GygesMatmul;

/// The matmuls of one instruction set. Every member is a function of that level.
typedef struct GygesMatmulKernels {
    /// Quantises `rows` ≤ `tile_rows` rows of `columns` floats, `stride` apart, into one tile, or into the part of one that
    /// holds these columns.
    ///
    /// Blocks of `block` (32 or 64) along k: scale = max|x| / 127, codes = round-to-even(x · 127 / max|x|). A block with a
    /// value that is not finite gets a scale that is not finite. `columns` is a multiple of `block`.
    void (*_Nonnull quantize_tile)(
        const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, size_t block, uint8_t *tile);
    /// Lays `rows` ≤ `tile_rows` rows of floats into one tile `[columns][tile_rows]`.
    void (*_Nonnull float32_tile)(
        const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, float *tile);
    /// Rounds rows to bfloat16 and lays them into one tile of pairs `[⌈columns / 2⌉][tile_rows][2]`.
    void (*_Nonnull bfloat16_tile)(
        const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile);
    /// Rounds rows to 8 bits with a scale for each block of a row, max|x| / 127, and lays them into one tile, or into the part
    /// of one that holds these blocks. A block with a value that is not finite gets a scale that is not finite.
    void (*_Nonnull int8_tile)(
        const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile);
    /// Dequantises one packed panel of a block format to floats `[columns][16]`, exactly as the format defines them.
    void (*_Nonnull dequantize_panel)(int format, const uint8_t *panel, size_t columns, float *floats);
    /// Block formats times activations quantised in blocks as `gyges_activation_block` says: int32 within a block, f32 across
    /// blocks.
    void (*_Nonnull quantized)(const GygesMatmul *matmul);
    /// Any format times float activations, in f32.
    void (*_Nonnull float32)(const GygesMatmul *matmul);
    /// `GYGES_BF16` panels times bfloat16 activations, accumulated in f32.
    void (*_Nonnull bfloat16)(const GygesMatmul *matmul);
    /// `GYGES_INT8` panels times int8 activations: int32 within a block, f32 across blocks.
    void (*_Nonnull int8)(const GygesMatmul *matmul);
} GygesMatmulKernels;

// What packing, the bodies and Swift's callers have in common.
_Static_assert(sizeof(float) == 4 && sizeof(size_t) == 8, "floats have 32 bits, sizes and pointers 64");
_Static_assert(GYGES_PANEL_OUTPUTS == 16, "panel_layout.h, lanes.h and six-bit scales are written for 16 outputs");
_Static_assert(
    GYGES_QUANTIZED_TILE_ROWS == 16 && GYGES_FLOAT_TILE_ROWS == 12, "the largest rows that bodies are specialised for");
_Static_assert(
    GYGES_QUANTIZED_TILE_ROWS % 4 == 0 && GYGES_FLOAT_TILE_ROWS % 4 == 0, "rows are computed four abreast");
_Static_assert(GYGES_INT8_BLOCK % 64 == 0, "whole vectors of bytes share a scale");
_Static_assert(GYGES_F32 == 0 && GYGES_INT8 == 15, "formats are numbered without gaps, as WeightFormat.code passes them");

#pragma clang assume_nonnull end

#endif
