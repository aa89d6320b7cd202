// Block formats times quantised activations. Part of body_products.h.

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

// Weights come from memory at the speed of the requests under way. A core has few of them between its first and second
// cache and more beyond, so lines are called into the second this far ahead (measured for 2 to 32 KiB: 4 is 5 % slower,
// 16 up to 5 %; into the first cache gains nothing, and leaving it to the hardware loses a third with one row and a tenth
// with sixteen). With many rows it costs nothing.
enum { NAME(bytes_ahead) = 6 << 10 };

INLINE void prefetch(const uint8_t *from, size_t bytes) {
    for (size_t offset = 0; offset < bytes; offset += 64) __builtin_prefetch(from + offset, 0, 2);
}

/// What the integer sums of rows `[begin, end)` start from: -offset · Σ codes of the block or, in Q6_K, of its halves.
INLINE void start_dots(
    const int format, const int below_128, const size_t R, const size_t begin, const size_t end, const uint8_t *figures,
    Words dots[4], Words upper[4]) {
    const bool has_offset = gyges_code_offset(format) && !(format == GYGES_Q8_0 && SIGNED_BYTE_CODES);
#pragma clang loop unroll(full)
    for (size_t r = begin; r < end; r++) {
        const uint8_t *figure = figures + 4 * r;
        dots[r - begin] = upper[r - begin] = 0;
        if (format == GYGES_Q6_K) {
            dots[r - begin] = (Words)(word_at_x(figure + 12 * R) >> below_128);
            upper[r - begin] = (Words)(word_at_x(figure + 16 * R) >> below_128);
        } else if (has_offset) dots[r - begin] = (Words)(word_at_x(figure + 8 * R) >> below_128);
    }
}

/// One tile of `R` rows times LANES outputs of a panel. `format` and `R` are constants where this is inlined.
INLINE void quantized_tile(
    const int format, const size_t R, size_t columns, const uint8_t *panel, size_t lane, const uint8_t *x,
    Floats *results) {
    const int bits = gyges_code_bits(format), shift = code_shift(format), below_128 = 8 - bits - shift;
    const bool has_minimum = format == GYGES_Q4_1 || format == GYGES_Q5_1 || format == GYGES_Q4_K || format == GYGES_Q5_K;
    const size_t parts = gyges_block_length(format) / 32, blocks = columns / (32 * parts);

    Floats sums[GYGES_QUANTIZED_TILE_ROWS];
    for (size_t r = 0; r < R; r++) sums[r] = 0;
    const uint8_t *codes = panel, *scales = panel;
    for (size_t block = 0, end = 0; block < blocks; block++, scales += gyges_scale_bytes(format)) {
        if (block == end) {  // The next group.
            const size_t together = gyges_blocks_together(format, block, blocks);
            end += together;
            scales = codes;
            codes += together * gyges_scale_bytes(format);
            prefetch(scales + NAME(bytes_ahead), together * gyges_scale_bytes(format));
        }
        uint8_t part_scales[128], part_minima[128];
        const Floats d = floats_from_halves(scales + 2 * lane) / (float)(1 << shift);
        // What code 0 stands for: m, or -dmin times the part's minimum.
        Floats lowest = 0;
        if (has_minimum) lowest = floats_from_halves(scales + 32 + 2 * lane);
        const Floats dmin = lowest;
        if (format == GYGES_Q4_K || format == GYGES_Q5_K) unpack_six_bit(scales + 64, part_scales, part_minima);

        for (size_t part = 0; part < parts; part++, codes += gyges_code_bytes(format), x += R * 52) {
            prefetch(codes + NAME(bytes_ahead), gyges_code_bytes(format));
            Words weights[8];
            load_codes(bits, shift, codes + 4 * lane, weights);
            // Both products are exact: 11 bits of d times 6 of the part's scale.
            Floats scale = d;
            if (format == GYGES_Q4_K || format == GYGES_Q5_K) {
                scale *= __builtin_convertvector(LOAD(Bytes, part_scales + 16 * part + lane), Floats);
                lowest = -dmin * __builtin_convertvector(LOAD(Bytes, part_minima + 16 * part + lane), Floats);
            }
            // Exact as well: 11 bits of d times 7.
            Floats first = 0, second = 0;
            if (format == GYGES_Q6_K) {
                const uint8_t *pair = scales + 32 + 32 * part + lane;
                first = d * __builtin_convertvector(LOAD(SignedBytes, pair), Floats);
                second = d * __builtin_convertvector(LOAD(SignedBytes, pair + 16), Floats);
            }
            const uint8_t *figures = x + 32 * R;
            // A few rows side by side, because each of a row's products waits for the one before; as many as there are
            // registers for. Unrolled whole, or the compiler keeps the sums of twelve and sixteen rows in memory.
            const size_t abreast = format != GYGES_Q6_K ? 4 : R <= 8 ? 2 : 1;
#pragma clang loop unroll(full)
            for (size_t begin = 0; begin < R; begin += abreast) {
                const size_t end = begin + abreast < R ? begin + abreast : R;
                Words dots[4], upper[4];
                start_dots(format, below_128, R, begin, end, figures, dots, upper);
#pragma clang loop unroll(full)
                for (int g = 0; g < 8; g += GROUPS_TOGETHER(bits))
#pragma clang loop unroll(full)
                    for (size_t r = begin; r < end; r++) {
                        Words *dot = format == GYGES_Q6_K && g >= 4 ? upper : dots;
                        dot[r - begin] =
                            dot_groups(dot[r - begin], weights + g, x + 32 * r + 4 * g, GROUPS_TOGETHER(bits), bits);
                    }
#pragma clang loop unroll(full)
                for (size_t r = begin; r < end; r++) {
                    const uint8_t *figure = figures + 4 * r;
                    const Floats dot = floats_from_words(dots[r - begin]);
                    if (format == GYGES_Q6_K) {
                        const Floats both = multiply_add(floats_from_words(upper[r - begin]), second, dot * first);
                        sums[r] = multiply_add(both, (Floats)float_at(figure), sums[r]);
                    } else sums[r] = multiply_add(dot, scale * float_at(figure), sums[r]);
                    if (has_minimum) sums[r] = multiply_add(lowest, (Floats)float_at(figure + 4 * R), sums[r]);
                }
            }
        }
    }
    for (size_t r = 0; r < R; r++) results[r] = sums[r];
}

/// Writes LANES results of each of `count` rows to y, whose row has `left` outputs from here on. `streams` past the caches.
INLINE void store_results(
    const Floats *results, size_t count, float *y, size_t outputs, size_t left, bool streams) {
    if (left >= LANES) {
#if LEVEL == 2
        if (streams && (uintptr_t)y % 64 == 0 && outputs % LANES == 0) {
            for (size_t r = 0; r < count; r++) _mm512_stream_ps(y + r * outputs, (__m512)results[r]);
            return;
        }
#endif
        for (size_t r = 0; r < count; r++) STORE(results[r], y + r * outputs);
    } else {
        for (size_t r = 0; r < count; r++) memcpy(y + r * outputs, &results[r], left * sizeof *y);
    }
}

/// Whether results are too many to stay in the second-level cache until they are read: storing then need not read the lines
/// first (7 % of a prompt of 512).
INLINE bool streams_results(const GygesProduct *product) { return product->rows * product->outputs >= 1 << 19; }

/// Streamed results are in order before any later store, such as the one that says that the part is done.
INLINE void finish_streams(void) {
#if LEVEL == 2
    _mm_sfence();
#endif
}

/// One tile times one panel: the bridge from values to the constants that quantized_tile is specialised for.
static void NAME(quantized_tile_panel)(const GygesProduct *product, size_t panel, size_t tile) {
    const size_t columns = product->columns, first_row = tile * GYGES_QUANTIZED_TILE_ROWS;
    const size_t rows_left = product->rows - first_row;
    const size_t tile_rows = gyges_tile_rows(rows_left, GYGES_QUANTIZED_TILE_ROWS);
    const size_t count = rows_left < tile_rows ? rows_left : tile_rows;
    const uint8_t *packed = product->panels + panel * gyges_panel_bytes(product->format, columns);
    const uint8_t *x =
        product->activations + tile * gyges_quantized_tile_bytes(GYGES_QUANTIZED_TILE_ROWS, columns);

    for (size_t lane = 0; lane < GYGES_PANEL_OUTPUTS; lane += LANES) {
        const size_t output = panel * GYGES_PANEL_OUTPUTS + lane;
        if (output >= product->outputs) break;
        Floats results[GYGES_QUANTIZED_TILE_ROWS];
#define TILE(format, R) \
    case R: quantized_tile(format, R, columns, packed, lane, x, results); break;
#define FORMAT(format)                                                              \
    case format:                                                                    \
        switch (tile_rows) {                                                        \
            TILE(format, 1) TILE(format, 2) TILE(format, 3) TILE(format, 4)         \
            TILE(format, 6) TILE(format, 8) TILE(format, 12) TILE(format, 16)       \
        }                                                                           \
        break;
        switch (product->format) {
            FORMAT(GYGES_Q8_0) FORMAT(GYGES_Q4_0) FORMAT(GYGES_Q4_1) FORMAT(GYGES_Q5_0)
            FORMAT(GYGES_Q5_1) FORMAT(GYGES_Q4_K) FORMAT(GYGES_Q5_K) FORMAT(GYGES_Q6_K)
        }
#undef FORMAT
#undef TILE
        store_results(
            results, count, product->y + first_row * product->outputs + output, product->outputs,
            product->outputs - output, streams_results(product));
    }
}

static void NAME(multiply_quantized)(const GygesProduct *product) {
    // Activations that stay in the second-level cache while every panel of the part passes by.
    const size_t cached = 256 << 10;
    const size_t tile_bytes = gyges_quantized_tile_bytes(GYGES_QUANTIZED_TILE_ROWS, product->columns);
    const size_t stride = tile_bytes < cached ? cached / tile_bytes : 1;
    for (size_t begin = product->tile_begin; begin < product->tile_end; begin += stride) {
        const size_t end = product->tile_end - begin < stride ? product->tile_end : begin + stride;
        for (size_t panel = product->panel_begin; panel < product->panel_end; panel++)
            for (size_t tile = begin; tile < end; tile++) NAME(quantized_tile_panel)(product, panel, tile);
    }
    finish_streams();
}
