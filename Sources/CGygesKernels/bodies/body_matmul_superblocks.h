// Blocks of 256 times activations with a scale for each 64 k. Part of body_matmul.h.
//
// What bounds these products are the core's two multiplying ports. Of 20 instructions on them for 64 k of a row 16 are
// products of codes; a scale for each 32 k took 22.

/// A quarter of a block, 64 k, for LANES outputs of a panel: its codes, and what they mean.
typedef struct {
    /// Four k each.
    Words codes[16];
    /// Of the runs of 32 k (16 in Q6_K), less the shift of the codes. Exact: 11 bits of d times 6 or 7 of the run's scale.
    Floats scales[4];
    /// Q2_K, Q3_K: the integer scales of the runs of 16 k, as `add_scaled_run` wants them, and what they are multiples of.
    Words integer_scales[4];
    Floats d;
    /// Q2_K: what code 0 stands for in the four runs, divided by -128: the sums of activations are multiplied by that.
    Floats minima[4];
    /// Q4_K, Q5_K: what code 0 stands for in both runs, as a pair of bfloat16.
    Bits lowest;
} NAME(Quarter);

/// The runs of a quarter that have a scale of their own.
INLINE size_t quarter_runs(int format) {
    return format == GYGES_Q2_K || format == GYGES_Q3_K || format == GYGES_Q6_K ? 4 : 2;
}

/// What a block says about all of its quarters.
typedef struct {
    Floats d, minimum;
    /// The runs' scales and minima as integers, each for all 16 outputs. Not for Q6_K and IQ4_XS; minima of Q2_K, Q4_K, Q5_K.
    uint8_t scales[256], minima[256];
} NAME(SuperBlock);

/// Whether the scales of runs are so small that a quarter's sum stays an exact integer, which costs a row less than a float for
/// each run.
INLINE bool has_small_scales(int format) { return format == GYGES_Q2_K || format == GYGES_Q3_K; }

/// The 16 scales of one block of Q2_K or Q3_K for 16 outputs as bytes, those of Q3_K signed, and the minima of Q2_K.
INLINE void unpack_small_scales(const int format, const uint8_t *packed, uint8_t scales[256], uint8_t minima[256]) {
    if (format == GYGES_Q2_K)
        for (int i = 0; i < 256; i++) {
            scales[i] = packed[i] & 15;
            minima[i] = packed[i] >> 4;
        }
    else
        for (int i = 0; i < 64; i++) {  // Four runs at a time, so that shifts are the same for all.
            const uint8_t first = packed[i], second = packed[64 + i], high = packed[128 + i];
            scales[i] = (uint8_t)((first & 15) | (high & 3) << 4) - 32;
            scales[64 + i] = (uint8_t)((second & 15) | (high >> 2 & 3) << 4) - 32;
            scales[128 + i] = (uint8_t)((first >> 4) | (high >> 4 & 3) << 4) - 32;
            scales[192 + i] = (uint8_t)((second >> 4) | (high >> 6) << 4) - 32;
        }
}

INLINE void load_block(const int format, const uint8_t *scales, size_t lane, NAME(SuperBlock) *block) {
    block->d = floats_from_halves(scales + 2 * lane) / (float)(1 << code_shift(format));
    if (has_minimum(format)) block->minimum = floats_from_halves(scales + 32 + 2 * lane);
    if (has_small_scales(format))
        unpack_small_scales(format, scales + (has_minimum(format) ? 64 : 32), block->scales, block->minima);
    else if (has_minimum(format)) unpack_six_bit(scales + 64, block->scales, block->minima);
}

/// The integer scale of the run whose `place`, or number among the block's, times 16 outputs, and `lane`, make up.
INLINE Floats run_scale(
    const int format, const NAME(SuperBlock) *block, const uint8_t *scales, size_t place, size_t lane) {
    switch (format) {
    case GYGES_Q6_K: return __builtin_convertvector(LOAD(SignedBytes, scales + 32 + place), Floats);
    case GYGES_IQ4_XS: return six_bit_scales(format, scales + 32 + lane, place / GYGES_PANEL_OUTPUTS);
    default: return __builtin_convertvector(LOAD(Bytes, block->scales + place), Floats);
    }
}

INLINE NAME(Quarter) load_quarter(
    const int format, const NAME(SuperBlock) *block, const uint8_t *scales, const uint8_t *codes, size_t index,
    size_t lane) {
    // Members that a format does not use are not set: clearing them costs a single row 3 %.
    NAME(Quarter) quarter;
    quarter.lowest = 0;
    for (size_t half = 0; half < 2; half++) {
        // By halves: as many lines again in one burst cost a single row a tenth.
        prefetch(codes + half * gyges_code_bytes(format) + NAME(prefetch_distance), gyges_code_bytes(format));
        load_codes(
            format, code_shift(format), codes + half * gyges_code_bytes(format) + 4 * lane,
            quarter.codes + 8 * half);
    }
    const Floats minimum = format == GYGES_Q2_K ? block->minimum * 0x1p-7f : (Floats)0;
    quarter.d = block->d;
    for (size_t run = 0; run < quarter_runs(format); run++) {
        const size_t place = (index * quarter_runs(format) + run) * GYGES_PANEL_OUTPUTS + lane;
        if (has_small_scales(format)) {
            const Words scale = __builtin_convertvector(LOAD(SignedBytes, block->scales + place), Words);
            quarter.integer_scales[run] = LEVEL == 1 ? (scale & 0xffff) | scale << 16 : scale;
            if (format == GYGES_Q2_K)
                quarter.minima[run] = minimum * __builtin_convertvector(LOAD(Bytes, block->minima + place), Floats);
        } else quarter.scales[run] = block->d * run_scale(format, block, scales, place, lane);
    }
    if (format == GYGES_Q4_K || format == GYGES_Q5_K) {
        const uint8_t *minima = block->minima + 2 * index * GYGES_PANEL_OUTPUTS + lane;
        quarter.lowest = joined_as_bfloat16(
            -block->minimum * __builtin_convertvector(LOAD(Bytes, minima), Floats),
            -block->minimum * __builtin_convertvector(LOAD(Bytes, minima + GYGES_PANEL_OUTPUTS), Floats));
    }
    return quarter;
}

/// What the integer sums of a run of a quarter start from: -offset · Σ codes of the row whose figures these are.
INLINE Words start_of_run(const int format, const size_t R, size_t run, const uint8_t *figures) {
    if (!has_offset(format)) return 0;
    const int below_128 = 8 - gyges_weight_bits(format) - code_shift(format);
    const size_t quarters = 4 / quarter_runs(format);
    int32_t sum = 0;
    for (size_t i = 0; i < quarters; i++) sum += word_at_x(figures + 4 * (2 + run * quarters + i) * R);
    return (Words)(sum >> below_128);
}

/// sum + scale · (Σ codes · activations of a run of 16 k, less what codes without an offset would give): exact.
INLINE Words add_scaled_run(
    const int format, Words sum, Words scale, const Words *codes, const uint8_t *x, Words start) {
#if LEVEL == 1
    // The scale's two copies meet the sums of pairs, of which none leaves int16: at most 7 · 127 · 8, and 4 · 127 · 16 less.
    __m256i pairs = (__m256i)(start & 0xffff);
    for (int g = 0; g < 4; g++)
        pairs = _mm256_add_epi16(
            pairs, _mm256_maddubs_epi16((__m256i)codes[g], _mm256_set1_epi32(word_at_x(x + 4 * g))));
    return sum + (Words)_mm256_madd_epi16(pairs, (__m256i)scale);
#else
    return sum + dot_groups(start, codes, x, 4, gyges_weight_bits(format)) * scale;
#endif
}

/// Adds what a quarter of a format with small scales gives for `count` rows, as `quarter_rows`.
INLINE void small_scale_rows(
    const int format, const size_t R, const size_t count, const NAME(Quarter) *quarter, const uint8_t *x,
    const uint8_t *figures, Floats *sums) {
    Words totals[4] = {0};
    for (size_t run = 0; run < 4; run++)
        for (size_t r = 0; r < count; r++)
            totals[r] = add_scaled_run(
                format, totals[r], quarter->integer_scales[run], quarter->codes + 4 * run, x + 64 * r + 16 * run,
                start_of_run(format, R, run, figures + 4 * r));
    for (size_t r = 0; r < count; r++, figures += 4) {
        Floats sum = floats_from_words(totals[r]) * quarter->d;
        if (format == GYGES_Q2_K)
            for (size_t run = 0; run < 4; run++)
                sum = multiply_add(
                    floats_from_words((Words)word_at_x(figures + 4 * (2 + run) * R)), quarter->minima[run], sum);
        sums[r] = multiply_add(sum, (Floats)float_at(figures), sums[r]);
    }
}

/// Adds what a quarter gives for `count` rows of a tile of `R`, at most four, from those on whose codes are at `x`.
INLINE void quarter_rows(
    const int format, const size_t R, const size_t count, const NAME(Quarter) *quarter, const uint8_t *x,
    const uint8_t *figures, Floats *sums) {
    if (has_small_scales(format)) {
        small_scale_rows(format, R, count, quarter, x, figures, sums);
        return;
    }
    const int bits = gyges_weight_bits(format);
    const size_t runs = quarter_runs(format), vectors = 16 / runs, together = GROUPS_TOGETHER(bits);
    Words dots[4][4];
    for (size_t r = 0; r < count; r++)
        for (size_t run = 0; run < runs; run++)
            dots[r][run] = start_of_run(format, R, run, figures + 4 * r);
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
        if (format == GYGES_Q4_K || format == GYGES_Q5_K)
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
