// Blocks of 256 (Q4_K, Q5_K, Q6_K) times activations with a scale for each 64 k. Part of body_matmul.h.
//
// What bounds these products are the core's two multiplying ports. Of 20 instructions on them for 64 k of a row 16 are
// products of codes; a scale for each 32 k took 22.

/// A quarter of a block, 64 k, for LANES outputs of a panel: its codes, and what they mean.
typedef struct {
    /// Four k each.
    Words codes[16];
    /// Of the runs of 32 k (16 in Q6_K), less the shift of the codes. Exact: 11 bits of d times 6 or 7 of the run's scale.
    Floats scales[4];
    /// Q4_K, Q5_K: what code 0 stands for in both runs, as a pair of bfloat16.
    Bits lowest;
} NAME(Quarter);

/// The runs of a quarter that have a scale of their own.
INLINE size_t quarter_runs(int format) { return format == GYGES_Q6_K ? 4 : 2; }

/// What a block says about all of its quarters.
typedef struct {
    Floats d, minimum;
    /// Q4_K, Q5_K: the runs' scales and minima, each for all 16 outputs.
    uint8_t scales[128], minima[128];
} NAME(SuperBlock);

INLINE void load_block(const int format, const uint8_t *scales, size_t lane, NAME(SuperBlock) *block) {
    block->d = floats_from_halves(scales + 2 * lane) / (float)(1 << code_shift(format));
    if (format == GYGES_Q6_K) return;
    block->minimum = floats_from_halves(scales + 32 + 2 * lane);
    unpack_six_bit(scales + 64, block->scales, block->minima);
}

INLINE NAME(Quarter) load_quarter(
    const int format, const NAME(SuperBlock) *block, const uint8_t *scales, const uint8_t *codes, size_t index,
    size_t lane) {
    NAME(Quarter) quarter = {.lowest = 0};
    for (size_t half = 0; half < 2; half++) {
        // By halves: as many lines again in one burst cost a single row a tenth.
        prefetch(codes + half * gyges_code_bytes(format) + NAME(prefetch_distance), gyges_code_bytes(format));
        load_codes(
            gyges_code_bits(format), code_shift(format), codes + half * gyges_code_bytes(format) + 4 * lane,
            quarter.codes + 8 * half);
    }
    for (size_t run = 0; run < quarter_runs(format); run++) {
        const size_t place = (index * quarter_runs(format) + run) * GYGES_PANEL_OUTPUTS + lane;
        quarter.scales[run] = block->d
            * (format == GYGES_Q6_K ? __builtin_convertvector(LOAD(SignedBytes, scales + 32 + place), Floats)
                                    : __builtin_convertvector(LOAD(Bytes, block->scales + place), Floats));
    }
    if (format != GYGES_Q6_K) {
        const uint8_t *minima = block->minima + 2 * index * GYGES_PANEL_OUTPUTS + lane;
        quarter.lowest = joined_as_bfloat16(
            -block->minimum * __builtin_convertvector(LOAD(Bytes, minima), Floats),
            -block->minimum * __builtin_convertvector(LOAD(Bytes, minima + GYGES_PANEL_OUTPUTS), Floats));
    }
    return quarter;
}

/// Adds what a quarter gives for `count` rows of a tile of `R`, at most four, from those on whose codes are at `x`.
INLINE void quarter_rows(
    const int format, const size_t R, const size_t count, const NAME(Quarter) *quarter, const uint8_t *x,
    const uint8_t *figures, Floats *sums) {
    const int bits = gyges_code_bits(format), below_128 = 8 - bits - code_shift(format);
    const size_t runs = quarter_runs(format), vectors = 16 / runs, together = GROUPS_TOGETHER(bits);
    Words dots[4][4];
    for (size_t r = 0; r < count; r++)
        for (size_t run = 0; run < runs; run++)
            dots[r][run] = gyges_code_offset(format)
                ? (Words)(word_at_x(figures + 4 * ((2 + run) * R + r)) >> below_128) : (Words)0;
    for (size_t v = 0; v < vectors; v += together)
        for (size_t r = 0; r < count; r++)
            for (size_t run = 0; run < runs; run++) {
                const size_t first = run * vectors + v;
                dots[r][run] = dot_groups(
                    dots[r][run], quarter->codes + first, x + 64 * r + 4 * first, (int)together, bits);
            }
    for (size_t r = 0; r < count; r++, figures += 4) {
        Floats sum = floats_from_words(dots[r][0]) * quarter->scales[0];
        for (size_t run = 1; run < runs; run++)
            sum = multiply_add(floats_from_words(dots[r][run]), quarter->scales[run], sum);
        sum = multiply_add(sum, (Floats)float_at(figures), sums[r]);
        if (has_minimum(format))
            sum = add_pair_products(sum, quarter->lowest, (Bits)(uint32_t)word_at_x(figures + 4 * R));
        sums[r] = sum;
    }
}

/// `tile_count` tiles of `R` rows times LANES outputs of a panel. `format` and `R` are constants where this is inlined.
///
/// A quarter's codes fill half of the registers and serve the rows of all tiles; the sums wait in memory.
INLINE void super_tile(
    const int format, const size_t R, size_t columns, const uint8_t *panel, size_t lane, const uint8_t *x,
    size_t tile_count, size_t tile_bytes, TileSums *results) {
    // Rows side by side, because each of a row's products waits for the one before; as many as there are registers for.
    const size_t abreast = format == GYGES_Q6_K ? 2 : 4, blocks = columns / 256;
    const size_t quarter_bytes = 2 * gyges_code_bytes(format), step_bytes = gyges_quantized_tile_bytes(R, 64);
    for (size_t t = 0; t < tile_count; t++)
        for (size_t r = 0; r < R; r++) results[t].rows[0][r] = 0;
    PanelPlace place = {panel, panel, 0};
    for (size_t block = 0; block < blocks; block++, place.scales += gyges_scale_bytes(format)) {
        const size_t bytes = enter_group(&place, format, block, blocks);
        prefetch(place.scales + NAME(prefetch_distance), bytes);
        NAME(SuperBlock) figures;
        load_block(format, place.scales, lane, &figures);
        for (size_t index = 0; index < 4; index++, place.codes += quarter_bytes, x += step_bytes) {
            const NAME(Quarter) quarter = load_quarter(format, &figures, place.scales, place.codes, index, lane);
            for (size_t t = 0; t < tile_count; t++) {
                const uint8_t *rows = x + t * tile_bytes;
                Floats *sums = results[t].rows[0];
                size_t r = 0;
#pragma clang loop unroll(disable)
                for (; r + abreast <= R; r += abreast)
                    quarter_rows(format, R, abreast, &quarter, rows + 64 * r, rows + 64 * R + 4 * r, sums + r);
                if (R % abreast)
                    quarter_rows(format, R, R % abreast, &quarter, rows + 64 * r, rows + 64 * R + 4 * r, sums + r);
            }
        }
    }
}
