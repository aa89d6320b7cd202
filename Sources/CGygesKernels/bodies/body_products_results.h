// What all products share: calling for weights, and handing over results. Part of body_products.h.

// Weights come from memory at the speed of the requests under way. A core has few of them between its first and second
// cache and more beyond, so lines are called into the second this far ahead (measured for 2 to 32 KiB: 4 is 5 % slower,
// 16 up to 5 %; into the first cache gains nothing, and leaving it to the hardware loses a third with one row and a tenth
// with sixteen). With many rows it costs nothing.
enum { NAME(bytes_ahead) = 6 << 10 };

INLINE void prefetch(const uint8_t *from, size_t bytes) {
    for (size_t offset = 0; offset < bytes; offset += 64) __builtin_prefetch(from + offset, 0, 2);
}

/// Where the result of row `row` of the part and output `output` of the matrix goes.
INLINE float *result_place(const GygesProduct *product, size_t row, size_t output) {
    return product->y + row * product->stride + (output - product->panel_begin * GYGES_PANEL_OUTPUTS);
}

/// Calls for what results of `count` rows will be added to, while they are computed (13 % of a product that is added).
INLINE void call_addends(const GygesProduct *product, size_t row, size_t output, size_t count) {
    if (product->destination != GYGES_ADD) return;
    const float *y = result_place(product, row, output);
    for (size_t r = 0; r < count; r++) __builtin_prefetch(y + r * product->stride, 1, 3);
}

/// Hands over LANES results of each of `count` rows, from row `row` of the part and output `output` of the matrix on.
INLINE void store_results(
    const GygesProduct *product, size_t row, size_t output, const Floats *results, size_t count) {
    const size_t stride = product->stride, left = product->outputs - output;
    float *y = result_place(product, row, output);
#if LEVEL == 2
    if (product->destination == GYGES_STREAM && left >= LANES && (uintptr_t)y % 64 == 0 && stride % LANES == 0) {
        for (size_t r = 0; r < count; r++) _mm512_stream_ps(y + r * stride, (__m512)results[r]);
        return;
    }
#endif
    for (size_t r = 0; r < count; r++, y += stride)
        store_some(product->destination == GYGES_ADD ? load_some(y, left) + results[r] : results[r], y, left);
}

/// The tiles of activations that stay in the second-level cache while every panel of the part passes by.
INLINE size_t cached_tiles(size_t tile_bytes) {
    const size_t cached = 512 << 10;
    return tile_bytes < cached ? cached / tile_bytes : 1;
}

/// Streamed results are in order before any later store, such as the one that says that the part is done. Others are anyway,
/// and to wait for them costs up to a twentieth of short products.
INLINE void finish_streams(const GygesProduct *product) {
#if LEVEL == 2
    if (product->destination == GYGES_STREAM) _mm_sfence();
#endif
}
