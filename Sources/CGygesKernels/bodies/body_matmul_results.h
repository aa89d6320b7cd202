// What all matmuls share: prefetching weights, and handing over results. Part of body_matmul.h.

// Weights come from memory at the speed of the requests under way. A core has few of them between its first and second
// cache and more beyond, so lines are prefetched into the second this far ahead (measured for 2 to 32 KiB: 4 is 5 % slower,
// 16 up to 5 %; into the first cache gains nothing, and leaving it to the hardware loses a third with one row and a tenth
// with sixteen). With many rows it costs nothing.
enum { NAME(prefetch_distance) = 6 << 10 };

INLINE void prefetch(const uint8_t *from, size_t bytes) {
    for (size_t offset = 0; offset < bytes; offset += 64) __builtin_prefetch(from + offset, 0, 2);
}

/// Where the result of row `row` of the part and output `output` of the matrix goes.
INLINE float *result_place(const GygesMatmul *matmul, size_t row, size_t output) {
    return matmul->y + row * matmul->stride + (output - matmul->panel_begin * GYGES_PANEL_OUTPUTS);
}

/// Prefetches what results of `count` rows will be added to, while they are computed (13 % of a matmul that is added).
INLINE void prefetch_addends(const GygesMatmul *matmul, size_t row, size_t output, size_t count) {
    if (matmul->destination != GYGES_ADD) return;
    const float *y = result_place(matmul, row, output);
    for (size_t r = 0; r < count; r++) __builtin_prefetch(y + r * matmul->stride, 1, 3);
}

/// Hands over LANES results of each of `count` rows, from row `row` of the part and output `output` of the matrix on.
INLINE void store_results(
    const GygesMatmul *matmul, size_t row, size_t output, const Floats *results, size_t count) {
    const size_t stride = matmul->stride, left = matmul->outputs - output;
    float *y = result_place(matmul, row, output);
#if LEVEL == 2
    if (matmul->destination == GYGES_STREAM && left >= LANES && (uintptr_t)y % 64 == 0 && stride % LANES == 0) {
        for (size_t r = 0; r < count; r++) _mm512_stream_ps(y + r * stride, (__m512)results[r]);
        return;
    }
#endif
    for (size_t r = 0; r < count; r++, y += stride)
        store_some(matmul->destination == GYGES_ADD ? load_some(y, left) + results[r] : results[r], y, left);
}

/// The tiles of activations that stay in the second-level cache while every panel of the part passes by.
INLINE size_t cached_tiles(size_t tile_bytes) {
    const size_t cached = 512 << 10;
    return tile_bytes < cached ? cached / tile_bytes : 1;
}

/// Streamed results are in order before any later store, such as the one that says that the part is done. Others are anyway,
/// and to wait for them costs up to a twentieth of short products.
INLINE void finish_streams(const GygesMatmul *matmul) {
#if LEVEL == 2
    if (matmul->destination == GYGES_STREAM) _mm_sfence();
#endif
}
