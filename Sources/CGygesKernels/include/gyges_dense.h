/// Matmuls of floats that are laid out for one use, as training has them: y[i, j] = Σ_d left[i, d] · right[d, j].
///
/// Both operands are packed a block of depth at a time: the left one into panels of 12 rows, the right one into panels of 32
/// columns, so that whatever way they lie in memory, the inner loop reads both as one stream (Goto & van de Geijn 2008). A
/// sum runs over the depth of a block in order, and blocks are added in order, so that a result depends on no other row,
/// column, thread, or tile shape; on AVX2 and AVX-512 it has the same bits in f32.
#ifndef GYGES_DENSE_H
#define GYGES_DENSE_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The rows of a left panel.
#define GYGES_DENSE_LEFT 12
/// The columns of a right panel.
#define GYGES_DENSE_RIGHT 32

/// What is packed: items (rows of the left operand, columns of the right one) by depth.
typedef struct GygesDensePack {
    /// Item i at depth d is `x[i * item_stride + d * depth_stride]`; one of the strides is 1: either lies side by side.
    const float *x;
    size_t item_stride, depth_stride;
    size_t items, depth;
    /// The items of a panel: `GYGES_DENSE_LEFT` or `GYGES_DENSE_RIGHT`; missing ones are zeros.
    size_t width;
    /// Where the first panel goes, `[depth][width]`, and the floats from one panel to the next.
    float *packed;
    size_t panel_stride;
} GygesDensePack;

/// A block of results over one block of depth.
typedef struct GygesDenseBlock {
    /// `[⌈rows / 12⌉][depth][12]` and `[⌈columns / 32⌉][depth][32]`.
    const float *left, *right;
    size_t rows, columns, depth;
    /// The first result; rows are `stride` apart.
    float *y;
    size_t stride;
    /// Whether results are added to what is there, or replace it.
    int adds;
} GygesDenseBlock;

/// The dense matmuls of one instruction set. Every member is a function of that level.
typedef struct GygesDenseKernels {
    /// Lays out an operand for `multiply`.
    void (*_Nonnull pack)(const GygesDensePack *pack);
    /// Products and sums in f32.
    void (*_Nonnull multiply)(const GygesDenseBlock *block);
    /// Lays out an operand for `multiply_bfloat16`, rounded to bfloat16; as many bytes as `pack` writes, or fewer. Depth is
    /// even but in the last block of a sum.
    void (*_Nonnull pack_bfloat16)(const GygesDensePack *pack);
    /// Products of what was rounded to bfloat16, sums in f32.
    void (*_Nonnull multiply_bfloat16)(const GygesDenseBlock *block);
    /// Inputs `[column_begin, column_end)` of one packed panel as floats `[columns][16]`, exactly as its format defines them.
    /// Both bounds are whole blocks of the format.
    void (*_Nonnull panel_floats)(
        int format, const uint8_t *panel, size_t columns, size_t column_begin, size_t column_end, float *floats);
} GygesDenseKernels;

_Static_assert(
    GYGES_DENSE_LEFT % 6 == 0 && GYGES_DENSE_RIGHT % 32 == 0, "tiles are 6 or 12 rows by two vectors of at most 16 columns");

#pragma clang assume_nonnull end

#endif
