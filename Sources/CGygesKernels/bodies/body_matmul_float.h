// Matmuls in floats, and in bytes with scales of long blocks: operands in one stream. Part of body_matmul.h.

/// What the activations are.
typedef enum { FLOAT32_ROWS, BFLOAT16_ROWS, INT8_ROWS } RowKind;

/// The bytes of a row in a tile.
INLINE size_t row_bytes(RowKind kind, size_t columns) {
    return kind == INT8_ROWS ? gyges_int8_tile_bytes(1, columns)
        : kind == BFLOAT16_ROWS ? (columns + 1) / 2 * 4 : columns * 4;
}

/// Weights to be prefetched while others are multiplied, evenly: requests that come in a burst wait for each other, and the
/// products for them.
typedef struct {
    const uint8_t *next, *end;
    /// Lines prefetched at a time, the steps from one time to the next, and those until the next.
    size_t lines, interval, left;
} NAME(Prefetch);
#define Prefetch NAME(Prefetch)

INLINE Prefetch prefetch_evenly(const uint8_t *from, const uint8_t *to, size_t steps) {
    const size_t lines = (size_t)(to - from) / 64, interval = lines && lines < steps ? steps / lines : 1;
    return (Prefetch){from, to, (lines + steps - 1) / steps, interval, 1};
}

INLINE void prefetch_some(Prefetch *ahead) {
    if (--ahead->left) return;
    ahead->left = ahead->interval;
    for (size_t i = 0; i < ahead->lines && ahead->next < ahead->end; i++, ahead->next += 64)
        __builtin_prefetch(ahead->next, 0, 2);
}

/// How a float panel is stored.
typedef enum { FLOAT32_PANEL, FLOAT16_PANEL, BFLOAT16_PANEL } FloatPanel;

/// The weights of k and k + 1 for LANES outputs.
INLINE void load_two(FloatPanel kind, const uint8_t *panel, size_t k, size_t lane, Floats weights[2]) {
    if (kind == BFLOAT16_PANEL) {
        Bits pairs = LOAD(Bits, panel + k * 32 + 4 * lane);
        weights[0] = floats_from_bits(pairs << 16);
        weights[1] = floats_from_bits(pairs & 0xffff0000);
        return;
    }
    for (size_t i = 0; i < 2; i++)
        weights[i] = kind == FLOAT32_PANEL ? LOAD(Floats, panel + (k + i) * 64 + 4 * lane)
                                           : floats_from_halves(panel + (k + i) * 32 + 2 * lane);
}

/// One tile of `R` rows times LANES outputs of each of `P` panels, in order of k.
INLINE void float_tile(
    const FloatPanel kind, const size_t P, const size_t R, size_t columns, const uint8_t *panels, size_t panel_bytes,
    size_t lane, const float *x, Prefetch ahead, Floats results[2][GYGES_FLOAT_TILE_ROWS]) {
    Floats sums[2][GYGES_FLOAT_TILE_ROWS];
    for (size_t p = 0; p < P; p++)
        for (size_t r = 0; r < R; r++) sums[p][r] = 0;
    size_t k = 0;
    for (; k + 2 <= columns; k += 2, x += 2 * R) {
        Floats weights[2][2];
        prefetch_some(&ahead);
        for (size_t p = 0; p < P; p++) load_two(kind, panels + p * panel_bytes, k, lane, weights[p]);
        for (size_t i = 0; i < 2; i++)
            for (size_t r = 0; r < R; r++)
                for (size_t p = 0; p < P; p++)
                    sums[p][r] = multiply_add(weights[p][i], (Floats)x[i * R + r], sums[p][r]);
    }
    if (k < columns)
        for (size_t p = 0; p < P; p++) {
            Floats last;
            if (kind == FLOAT32_PANEL) last = LOAD(Floats, panels + p * panel_bytes + k * 64 + 4 * lane);
            else if (kind == FLOAT16_PANEL) last = floats_from_halves(panels + p * panel_bytes + k * 32 + 2 * lane);
            else last = floats_from_bits(LOAD(Bits, panels + p * panel_bytes + k * 32 + 4 * lane) << 16);
            for (size_t r = 0; r < R; r++) sums[p][r] = multiply_add(last, (Floats)x[r], sums[p][r]);
        }
    for (size_t p = 0; p < P; p++)
        for (size_t r = 0; r < R; r++) results[p][r] = sums[p][r];
}

/// The same for bfloat16 pairs on both sides.
INLINE void bfloat16_tile(
    const size_t P, const size_t R, size_t columns, const uint8_t *panels, size_t panel_bytes, size_t lane,
    const uint8_t *x, Prefetch ahead, Floats results[2][GYGES_FLOAT_TILE_ROWS]) {
    Floats sums[2][GYGES_FLOAT_TILE_ROWS];
    for (size_t p = 0; p < P; p++)
        for (size_t r = 0; r < R; r++) sums[p][r] = 0;
    for (size_t k = 0; k < columns; k += 2, x += 4 * R) {
        Bits weights[2];
        prefetch_some(&ahead);
        for (size_t p = 0; p < P; p++) weights[p] = LOAD(Bits, panels + p * panel_bytes + k * 32 + 4 * lane);
        for (size_t r = 0; r < R; r++)
            for (size_t p = 0; p < P; p++)
                sums[p][r] = add_pair_products(sums[p][r], weights[p], (Bits)(uint32_t)word_at_x(x + 4 * r));
    }
    for (size_t p = 0; p < P; p++)
        for (size_t r = 0; r < R; r++) results[p][r] = sums[p][r];
}

/// The same for `count` of the rows, from `row` on, and bytes on both sides: exact sums within a block, times the row's scale;
/// the output's scale comes last.
INLINE void int8_rows(
    const size_t P, const size_t R, const size_t row, const size_t count, size_t columns, const uint8_t *panels,
    size_t panel_bytes, size_t lane, const uint8_t *x, Prefetch *ahead, Floats results[2][GYGES_FLOAT_TILE_ROWS]) {
    const size_t fours = (columns + 3) / 4, fours_in_block = GYGES_INT8_BLOCK / 4;
    Floats totals[2][6];
    for (size_t p = 0; p < P; p++)
        for (size_t r = 0; r < count; r++) totals[p][r] = 0;
    for (size_t k = 0; k < fours; x += 8 * R) {
        const size_t end = fours - k < fours_in_block ? fours : k + fours_in_block;
        const uint8_t *figures = x + (end - k) * 4 * R + 4 * row;
        Words sums[2][6];
        for (size_t p = 0; p < P; p++)
            for (size_t r = 0; r < count; r++)
                // The stored codes are larger by 128.
                sums[p][r] = SIGNED_BYTE_CODES ? (Words)0 : (Words)word_at_x(figures + 4 * R + 4 * r);
        for (; k < end; k++, x += 4 * R) {
            Words codes[2];
            prefetch_some(ahead);
            for (size_t p = 0; p < P; p++) {
                codes[p] = LOAD(Words, panels + p * panel_bytes + k * 64 + 4 * lane);
                if (SIGNED_BYTE_CODES) codes[p] ^= (int32_t)0x80808080;
            }
            for (size_t r = 0; r < count; r++)
                for (size_t p = 0; p < P; p++)
                    sums[p][r] = dot_groups(sums[p][r], &codes[p], x + 4 * (row + r), 1, 8);
        }
        for (size_t p = 0; p < P; p++)
            for (size_t r = 0; r < count; r++)
                totals[p][r] =
                    multiply_add(floats_from_words(sums[p][r]), (Floats)float_at(figures + 4 * r), totals[p][r]);
    }
    for (size_t p = 0; p < P; p++) {
        const Floats scale = LOAD(Floats, panels + p * panel_bytes + fours * 64 + 4 * lane);
        for (size_t r = 0; r < count; r++) results[p][row + r] = totals[p][r] * scale;
    }
}

/// All rows of a tile: as many together as registers hold integers and floats for.
INLINE void int8_tile_matmul(
    const size_t P, const size_t R, size_t columns, const uint8_t *panels, size_t panel_bytes, size_t lane,
    const uint8_t *x, Prefetch ahead, Floats results[2][GYGES_FLOAT_TILE_ROWS]) {
    const size_t count = R > 6 ? R / 2 : R;
    for (size_t row = 0; row < R; row += count)
        int8_rows(P, R, row, count, columns, panels, panel_bytes, lane, x, &ahead, results);
}

/// One tile times one or two panels.
static void NAME(float_tile_panels)(
    const GygesMatmul *matmul, int format, const uint8_t *panels, size_t panel, size_t count, size_t tile,
    Prefetch ahead, RowKind kind) {
    const size_t columns = matmul->columns, first_row = tile * GYGES_FLOAT_TILE_ROWS;
    const size_t rows_left = matmul->rows - first_row;
    const size_t tile_rows = gyges_tile_rows(rows_left, GYGES_FLOAT_TILE_ROWS);
    const size_t rows = rows_left < tile_rows ? rows_left : tile_rows;
    const size_t panel_bytes = gyges_panel_bytes(format, columns);
    const uint8_t *x = matmul->activations + first_row * row_bytes(kind, columns);

    for (size_t lane = 0; lane < GYGES_PANEL_OUTPUTS; lane += LANES) {
        Floats results[2][GYGES_FLOAT_TILE_ROWS];
        const size_t place = (tile - matmul->tile_begin) * GYGES_FLOAT_TILE_ROWS;
        for (size_t p = 0; p < count; p++)
            prefetch_addends(matmul, place, (panel + p) * GYGES_PANEL_OUTPUTS + lane, rows);
#define CALL(P, R)                                                                                             \
    if (kind == BFLOAT16_ROWS) bfloat16_tile(P, R, columns, panels, panel_bytes, lane, x, ahead, results);     \
    else if (kind == INT8_ROWS)                                                                                \
        int8_tile_matmul(P, R, columns, panels, panel_bytes, lane, x, ahead, results);                        \
    else if (format == GYGES_F32)                                                                              \
        float_tile(FLOAT32_PANEL, P, R, columns, panels, panel_bytes, lane, (const float *)x, ahead, results); \
    else if (format == GYGES_F16)                                                                              \
        float_tile(FLOAT16_PANEL, P, R, columns, panels, panel_bytes, lane, (const float *)x, ahead, results); \
    else float_tile(BFLOAT16_PANEL, P, R, columns, panels, panel_bytes, lane, (const float *)x, ahead, results);
#define TILE(R)                               \
    case R:                                   \
        if (count == 2) { CALL(2, R) }        \
        else { CALL(1, R) }                   \
        break;
        switch (tile_rows) { TILE(1) TILE(2) TILE(3) TILE(4) TILE(6) TILE(8) TILE(12) }
#undef TILE
#undef CALL
        for (size_t p = 0; p < count; p++) {
            const size_t output = (panel + p) * GYGES_PANEL_OUTPUTS + lane;
            if (output >= matmul->outputs) break;
            store_results(matmul, place, output, results[p], rows);
        }
    }
}

/// Some tiles of the part times two panels at a time: a broadcast activation then feeds two vectors.
static void NAME(matmul_float_panels)(const GygesMatmul *matmul, RowKind kind, size_t begin, size_t end) {
    const int is_block = kind == FLOAT32_ROWS && gyges_block_length(matmul->format) > 1;
    const int format = is_block ? GYGES_F32 : matmul->format;
    const size_t panel_bytes = gyges_panel_bytes(matmul->format, matmul->columns);
    for (size_t panel = matmul->panel_begin; panel < matmul->panel_end; panel += 2) {
        const size_t count = matmul->panel_end - panel < 2 ? 1 : 2;
        const uint8_t *panels = matmul->panels + panel * panel_bytes;
        if (is_block) {
            for (size_t p = 0; p < count; p++)
                NAME(dequantize_panel)(
                    matmul->format, panels + p * panel_bytes, matmul->columns,
                    matmul->scratch + p * matmul->columns * GYGES_PANEL_OUTPUTS);
            panels = (const uint8_t *)matmul->scratch;
        }
        // The next two panels come from memory while these are computed, shared out among the tiles.
        const size_t tiles = end - begin, lines = is_block ? 0 : 2 * panel_bytes / 64;
        const uint8_t *next = panels + 2 * panel_bytes;
        for (size_t tile = begin; tile < end; tile++) {
            const size_t first = (tile - begin) * lines / tiles, last = (tile - begin + 1) * lines / tiles;
            // Of bytes there are half as many steps, but most tiles take them twice.
            const Prefetch ahead = prefetch_evenly(next + 64 * first, next + 64 * last, matmul->columns / 2 + 1);
            NAME(float_tile_panels)(matmul, format, panels, panel, count, tile, ahead, kind);
        }
    }
}

static void NAME(matmul_float_tiles)(const GygesMatmul *matmul, RowKind kind) {
    // Panels that are dequantised first are so once, for all tiles.
    const size_t step = kind == FLOAT32_ROWS && gyges_block_length(matmul->format) > 1
        ? matmul->tile_end : cached_tiles(GYGES_FLOAT_TILE_ROWS * row_bytes(kind, matmul->columns));
    for (size_t begin = matmul->tile_begin; begin < matmul->tile_end; begin += step)
        NAME(matmul_float_panels)(
            matmul, kind, begin, matmul->tile_end - begin < step ? matmul->tile_end : begin + step);
    finish_streams(matmul);
}

static void NAME(matmul_float32)(const GygesMatmul *matmul) { NAME(matmul_float_tiles)(matmul, FLOAT32_ROWS); }

static void NAME(matmul_bfloat16)(const GygesMatmul *matmul) {
    NAME(matmul_float_tiles)(matmul, BFLOAT16_ROWS);
}

static void NAME(matmul_int8)(const GygesMatmul *matmul) { NAME(matmul_float_tiles)(matmul, INT8_ROWS); }
