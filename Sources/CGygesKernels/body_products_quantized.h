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

/// Whether code 0 stands for something else than a multiple of the scale.
INLINE bool has_minimum(int format) {
    return format == GYGES_Q4_1 || format == GYGES_Q5_1 || format == GYGES_Q4_K || format == GYGES_Q5_K;
}

/// What the codes of one block mean, for LANES outputs of a panel.
typedef struct {
    /// The block's scale, less the shift of the codes.
    Floats d;
    /// What code 0 stands for: m, or what a part's minimum times it is subtracted.
    Floats lowest;
    /// Q4_K, Q5_K: the parts' scales and minima for all 16 outputs.
    uint8_t scales[128], minima[128];
} NAME(BlockScales);

INLINE void load_scales(const int format, const uint8_t *scales, size_t lane, NAME(BlockScales) *block) {
    block->d = floats_from_halves(scales + 2 * lane) / (float)(1 << code_shift(format));
    if (has_minimum(format)) block->lowest = floats_from_halves(scales + 32 + 2 * lane);
    if (format == GYGES_Q4_K || format == GYGES_Q5_K) unpack_six_bit(scales + 64, block->scales, block->minima);
}

/// What the codes of 32 k mean: a scale, the scale of the upper half (Q6_K) and what code 0 stands for. The products are
/// exact: 11 bits of d times 6 or 7 of the part's scale.
typedef struct {
    Floats scale, upper, lowest;
} NAME(PartScales);

INLINE NAME(PartScales) part_scales(
    const int format, const NAME(BlockScales) *block, const uint8_t *scales, size_t part, size_t lane) {
    NAME(PartScales) result = {block->d, 0, block->lowest};
    if (format == GYGES_Q4_K || format == GYGES_Q5_K) {
        result.scale *= __builtin_convertvector(LOAD(Bytes, block->scales + 16 * part + lane), Floats);
        result.lowest =
            -block->lowest * __builtin_convertvector(LOAD(Bytes, block->minima + 16 * part + lane), Floats);
    }
    if (format == GYGES_Q6_K) {
        const uint8_t *pair = scales + 32 + 32 * part + lane;
        result.scale *= __builtin_convertvector(LOAD(SignedBytes, pair), Floats);
        result.upper = block->d * __builtin_convertvector(LOAD(SignedBytes, pair + 16), Floats);
    }
    return result;
}

/// Adds what 32 k give for rows `[begin, end)` of a tile, at most `abreast` of them.
INLINE void quantized_rows(
    const int format, const size_t P, const size_t R, const size_t begin, const size_t end, const int bits,
    const int below_128, const Words weights[2][8], const NAME(PartScales) meaning[2], const uint8_t *x,
    Floats sums[2][GYGES_QUANTIZED_TILE_ROWS]) {
    const uint8_t *figures = x + 32 * R;
    Words dots[2][4], upper[2][4];
    for (size_t p = 0; p < P; p++) start_dots(format, below_128, R, begin, end, figures, dots[p], upper[p]);
#pragma clang loop unroll(full)
    for (int g = 0; g < 8; g += GROUPS_TOGETHER(bits))
#pragma clang loop unroll(full)
        for (size_t r = begin; r < end; r++)
#pragma clang loop unroll(full)
            for (size_t p = 0; p < P; p++) {
                Words *dot = format == GYGES_Q6_K && g >= 4 ? upper[p] : dots[p];
                dot[r - begin] =
                    dot_groups(dot[r - begin], weights[p] + g, x + 32 * r + 4 * g, GROUPS_TOGETHER(bits), bits);
            }
#pragma clang loop unroll(full)
    for (size_t r = begin; r < end; r++) {
        const uint8_t *figure = figures + 4 * r;
#pragma clang loop unroll(full)
        for (size_t p = 0; p < P; p++) {
            const Floats dot = floats_from_words(dots[p][r - begin]);
            Floats sum = sums[p][r];
            if (format == GYGES_Q6_K) {
                const Floats both =
                    multiply_add(floats_from_words(upper[p][r - begin]), meaning[p].upper, dot * meaning[p].scale);
                sum = multiply_add(both, (Floats)float_at(figure), sum);
            } else sum = multiply_add(dot, meaning[p].scale * float_at(figure), sum);
            if (has_minimum(format)) sum = multiply_add(meaning[p].lowest, (Floats)float_at(figure + 4 * R), sum);
            sums[p][r] = sum;
        }
    }
}

/// The sums of a tile's rows for LANES outputs of each of up to two panels.
typedef struct {
    Floats rows[2][GYGES_QUANTIZED_TILE_ROWS];
} NAME(TileSums);
#define TileSums NAME(TileSums)

/// Whether two panels together are faster (by a tenth) than one: where start figures are loaded for every row, too.
INLINE bool shares_activations(int format) {
    return LEVEL == 2 && (format == GYGES_Q6_K || format == GYGES_Q8_0 || format == GYGES_Q5_0 || format == GYGES_Q4_0);
}

/// The most tiles that codes serve from one unpacking.
enum { NAME(most_tiles) = 4 };

/// One tile of `R` rows times LANES outputs of each of `P` panels. `format`, `P` and `R` are constants where this is inlined.
///
/// One panel keeps the sums of all rows in registers. Two share every activation that is loaded, because a core loads as
/// few vectors in a cycle (two) as it multiplies; their codes fill the registers, and the sums wait in memory.
INLINE void quantized_tile(
    const int format, const size_t P, const size_t R, size_t columns, const uint8_t *panels, size_t panel_bytes,
    size_t lane, const uint8_t *x, size_t tile_count, size_t tile_bytes, TileSums *results) {
    const int bits = gyges_code_bits(format), shift = code_shift(format), below_128 = 8 - bits - shift;
    const size_t parts = gyges_block_length(format) / 32, blocks = columns / (32 * parts);
    // A few rows side by side, because each of a row's products waits for the one before; as many as there are
    // registers for.
    const size_t abreast = format != GYGES_Q6_K ? 4 : P == 2 || R <= 8 ? 2 : 1;

    TileSums own, *sums = P == 2 ? results : &own;
    for (size_t t = 0; t < (P == 2 ? tile_count : 1); t++)
        for (size_t p = 0; p < P; p++)
            for (size_t r = 0; r < R; r++) sums[t].rows[p][r] = 0;
    // Places in the first panel; the second's are as far on.
    const uint8_t *codes = panels, *scales = panels;
    for (size_t block = 0, end = 0; block < blocks; block++, scales += gyges_scale_bytes(format)) {
        if (block == end) {  // The next group.
            const size_t together = gyges_blocks_together(format, block, blocks);
            end += together;
            scales = codes;
            codes += together * gyges_scale_bytes(format);
            for (size_t p = 0; p < P; p++)
                prefetch(scales + p * panel_bytes + NAME(bytes_ahead), together * gyges_scale_bytes(format));
        }
        NAME(BlockScales) block_scales[2];
        for (size_t p = 0; p < P; p++) load_scales(format, scales + p * panel_bytes, lane, &block_scales[p]);

        for (size_t part = 0; part < parts; part++, codes += gyges_code_bytes(format), x += R * 52) {
            Words weights[2][8];
            NAME(PartScales) meaning[2];
            for (size_t p = 0; p < P; p++) {
                prefetch(codes + p * panel_bytes + NAME(bytes_ahead), gyges_code_bytes(format));
                load_codes(bits, shift, codes + p * panel_bytes + 4 * lane, weights[p]);
                meaning[p] = part_scales(format, &block_scales[p], scales + p * panel_bytes, part, lane);
            }
#define ROWS(begin, x, sums)                                                                             \
    quantized_rows(                                                                                      \
        format, P, R, begin, begin + abreast < R ? begin + abreast : R, bits, below_128, weights, meaning, x, sums)
            if (P == 2) {
                for (size_t t = 0; t < tile_count; t++)
#pragma clang loop unroll(disable)
                    for (size_t begin = 0; begin < R; begin += abreast) ROWS(begin, x + t * tile_bytes, sums[t].rows);
            } else {
                // Unrolled whole, or the compiler keeps the sums of twelve and sixteen rows in memory.
#pragma clang loop unroll(full)
                for (size_t begin = 0; begin < R; begin += abreast) ROWS(begin, x, own.rows);
            }
#undef ROWS
        }
    }
    if (P == 1)
        for (size_t r = 0; r < R; r++) results->rows[0][r] = own.rows[0][r];
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
    const size_t cached = 256 << 10;
    return tile_bytes < cached ? cached / tile_bytes : 1;
}

/// Streamed results are in order before any later store, such as the one that says that the part is done.
INLINE void finish_streams(void) {
#if LEVEL == 2
    _mm_sfence();
#endif
}

/// Some full tiles, or one, times one or two panels: the bridge from values to the constants that quantized_tile is
/// specialised for.
static void NAME(quantized_tiles_panels)(
    const GygesProduct *product, size_t panel, size_t panel_count, size_t tile, size_t tile_count) {
    const size_t columns = product->columns, rows_left = product->rows - tile * GYGES_QUANTIZED_TILE_ROWS;
    const size_t tile_rows = gyges_tile_rows(rows_left, GYGES_QUANTIZED_TILE_ROWS);
    const size_t panel_bytes = gyges_panel_bytes(product->format, columns);
    const size_t tile_bytes = gyges_quantized_tile_bytes(GYGES_QUANTIZED_TILE_ROWS, columns);
    const uint8_t *packed = product->panels + panel * panel_bytes;
    const uint8_t *x = product->activations + tile * tile_bytes;

    for (size_t lane = 0; lane < GYGES_PANEL_OUTPUTS; lane += LANES) {
        TileSums results[NAME(most_tiles)];
        for (size_t p = 0; p < panel_count; p++) {
            const size_t rows = tile_count * GYGES_QUANTIZED_TILE_ROWS;
            call_addends(
                product, (tile - product->tile_begin) * GYGES_QUANTIZED_TILE_ROWS,
                (panel + p) * GYGES_PANEL_OUTPUTS + lane, rows < rows_left ? rows : rows_left);
        }
#define CALL(format, P, R) \
    quantized_tile(format, P, R, columns, packed, panel_bytes, lane, x, tile_count, tile_bytes, results);
#define TILE(format, P, R) \
    case R: CALL(format, P, R) break;
#define FORMAT(format)                                                                         \
    case format:                                                                               \
        switch (shares_activations(format) && panel_count == 2 ? 0 : tile_rows) {              \
            TILE(format, 1, 1) TILE(format, 1, 2) TILE(format, 1, 3) TILE(format, 1, 4)        \
            TILE(format, 1, 6) TILE(format, 1, 8) TILE(format, 1, 12) TILE(format, 1, 16)      \
        case 0: if (shares_activations(format)) CALL(format, 2, 16)                            \
        }                                                                                      \
        break;
        switch (product->format) {
            FORMAT(GYGES_Q8_0) FORMAT(GYGES_Q4_0) FORMAT(GYGES_Q4_1) FORMAT(GYGES_Q5_0)
            FORMAT(GYGES_Q5_1) FORMAT(GYGES_Q4_K) FORMAT(GYGES_Q5_K) FORMAT(GYGES_Q6_K)
        }
#undef FORMAT
#undef TILE
#undef CALL
        for (size_t t = 0; t < tile_count; t++)
            for (size_t p = 0; p < panel_count; p++) {
                const size_t row = (tile - product->tile_begin + t) * GYGES_QUANTIZED_TILE_ROWS;
                const size_t left = rows_left - t * GYGES_QUANTIZED_TILE_ROWS;
                const size_t output = (panel + p) * GYGES_PANEL_OUTPUTS + lane;
                if (output >= product->outputs) break;
                store_results(product, row, output, results[t].rows[p], left < tile_rows ? left : tile_rows);
            }
    }
}

static void NAME(multiply_quantized)(const GygesProduct *product) {
    const size_t step = cached_tiles(gyges_quantized_tile_bytes(GYGES_QUANTIZED_TILE_ROWS, product->columns));
    for (size_t begin = product->tile_begin; begin < product->tile_end; begin += step) {
        const size_t end = product->tile_end - begin < step ? product->tile_end : begin + step;
        for (size_t panel = product->panel_begin; panel < product->panel_end; panel += 2) {
            const size_t panels_left = product->panel_end - panel < 2 ? 1 : 2;
            for (size_t tile = begin, count; tile < end; tile += count) {
                const size_t rows = product->rows - tile * GYGES_QUANTIZED_TILE_ROWS;
                const size_t full = rows / GYGES_QUANTIZED_TILE_ROWS;
                const size_t together = shares_activations(product->format) && full > 0 ? panels_left : 1;
                count = together < 2 || full < 2 ? 1 : full < NAME(most_tiles) ? full : NAME(most_tiles);
                if (count > end - tile) count = end - tile;
                for (size_t p = 0; p < panels_left; p += together)
                    NAME(quantized_tiles_panels)(product, panel + p, together, tile, count);
            }
        }
    }
    finish_streams();
}
