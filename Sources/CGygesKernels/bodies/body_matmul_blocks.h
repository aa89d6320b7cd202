// Blocks of 32 times activations with a scale for each 32 k. Part of body_matmul.h.

/// Whether code 0 stands for something else than a multiple of the scale.
INLINE bool has_minimum(int format) {
    return format == GYGES_Q4_1 || format == GYGES_Q5_1 || format == GYGES_Q2_K || format == GYGES_Q4_K
        || format == GYGES_Q5_K;
}

/// The sums of a tile's rows for LANES outputs of each of up to two panels.
typedef struct {
    Floats rows[2][GYGES_QUANTIZED_TILE_ROWS];
} NAME(TileSums);
#define TileSums NAME(TileSums)

/// The most tiles that codes serve from one unpacking.
enum { NAME(most_tiles) = 6 };

/// What the integer sums of rows `[begin, end)` start from: -offset · Σ codes of the block.
INLINE void start_dots(
    const int format, const int below_128, const size_t R, const size_t begin, const size_t end, const uint8_t *figures,
    Words dots[4]) {
#pragma clang loop unroll(full)
    for (size_t r = begin; r < end; r++)
        dots[r - begin] = has_offset(format) ? (Words)(word_at_x(figures + 8 * R + 4 * r) >> below_128) : (Words)0;
}

/// What the codes of one block mean, for LANES outputs of a panel.
typedef struct {
    /// The block's scale, less the shift of the codes.
    Floats scale;
    /// What code 0 stands for.
    Floats lowest;
} NAME(BlockScales);

INLINE void load_scales(const int format, const uint8_t *scales, size_t lane, NAME(BlockScales) *block) {
    block->scale = floats_from_halves(scales + 2 * lane) / (float)(1 << code_shift(format));
    if (has_minimum(format)) block->lowest = floats_from_halves(scales + 32 + 2 * lane);
}

/// Adds what 32 k give for rows `[begin, end)` of a tile, at most `abreast` of them.
INLINE void quantized_rows(
    const int format, const size_t P, const size_t R, const size_t begin, const size_t end, const int bits,
    const int below_128, const Words weights[2][8], const NAME(BlockScales) meaning[2], const uint8_t *x,
    Floats sums[2][GYGES_QUANTIZED_TILE_ROWS]) {
    const uint8_t *figures = x + 32 * R;
    Words dots[2][4];
    for (size_t p = 0; p < P; p++) start_dots(format, below_128, R, begin, end, figures, dots[p]);
#pragma clang loop unroll(full)
    for (int g = 0; g < 8; g += GROUPS_TOGETHER(bits))
#pragma clang loop unroll(full)
        for (size_t r = begin; r < end; r++)
#pragma clang loop unroll(full)
            for (size_t p = 0; p < P; p++)
                dots[p][r - begin] = dot_groups(
                    dots[p][r - begin], weights[p] + g, x + 32 * r + 4 * g, GROUPS_TOGETHER(bits), bits);
#pragma clang loop unroll(full)
    for (size_t r = begin; r < end; r++) {
        const uint8_t *figure = figures + 4 * r;
#pragma clang loop unroll(full)
        for (size_t p = 0; p < P; p++) {
            const Floats dot = floats_from_words(dots[p][r - begin]);
            Floats sum = multiply_add(dot, meaning[p].scale * float_at(figure), sums[p][r]);
            if (has_minimum(format)) sum = multiply_add(meaning[p].lowest, (Floats)float_at(figure + 4 * R), sum);
            sums[p][r] = sum;
        }
    }
}

/// Whether two panels together are faster (by a tenth) than one: where start figures are loaded for every row, too.
INLINE bool shares_activations(int format) {
    return LEVEL == 2 && (format == GYGES_Q8_0 || format == GYGES_Q5_0 || format == GYGES_Q4_0 || format == GYGES_IQ4_NL);
}

/// One tile of `R` rows times LANES outputs of each of `P` panels; for two panels, `tile_count` tiles. `format`, `P` and `R` are
/// constants where this is inlined.
///
/// One panel keeps the sums of all rows in registers. Two share every activation that is loaded, because a core loads as
/// few vectors in a cycle (two) as it multiplies; their codes fill the registers, and the sums wait in memory.
INLINE void quantized_tile(
    const int format, const size_t P, const size_t R, size_t columns, const uint8_t *panels, size_t panel_bytes,
    size_t lane, const uint8_t *x, size_t tile_count, size_t tile_bytes, TileSums *results) {
    const int bits = gyges_weight_bits(format), shift = code_shift(format), below_128 = 8 - bits - shift;
    const size_t blocks = columns / 32;
    // A few rows side by side, because each of a row's products waits for the one before.
    const size_t abreast = 4;

    TileSums own, *sums = P == 2 ? results : &own;
    for (size_t t = 0; t < (P == 2 ? tile_count : 1); t++)
        for (size_t p = 0; p < P; p++)
            for (size_t r = 0; r < R; r++) sums[t].rows[p][r] = 0;
    // Places in the first panel; the second's are as far on.
    PanelPlace place = {panels, panels, 0};
    for (size_t block = 0; block < blocks; block++) {
        const size_t bytes = enter_group(&place, format, block, blocks);
        for (size_t p = 0; p < P; p++) prefetch(place.scales + p * panel_bytes + NAME(prefetch_distance), bytes);
        Words weights[2][8];
        NAME(BlockScales) meaning[2];
        for (size_t p = 0; p < P; p++) {
            prefetch(place.codes + p * panel_bytes + NAME(prefetch_distance), gyges_code_bytes(format));
            load_codes(format, shift, place.codes + p * panel_bytes + 4 * lane, weights[p]);
            load_scales(format, place.scales + p * panel_bytes, lane, &meaning[p]);
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
        place.codes += gyges_code_bytes(format);
        place.scales += gyges_scale_bytes(format);
        x += gyges_quantized_tile_bytes(R, 32);
    }
    if (P == 1)
        for (size_t r = 0; r < R; r++) results->rows[0][r] = own.rows[0][r];
}
