// Block formats times quantised activations: which tiles meet which panels, and when. Part of body_matmul.h.

/// Some full tiles, or one, times one or two panels: the bridge from values to the constants that quantized_tile and super_tile
/// are specialised for.
static void NAME(quantized_tiles_panels)(
    const GygesMatmul *matmul, size_t panel, size_t panel_count, size_t tile, size_t tile_count) {
    const size_t columns = matmul->columns, rows_left = matmul->rows - tile * GYGES_QUANTIZED_TILE_ROWS;
    const size_t tile_rows = gyges_tile_rows(rows_left, GYGES_QUANTIZED_TILE_ROWS);
    const size_t panel_bytes = gyges_panel_bytes(matmul->format, columns);
    const size_t tile_bytes = gyges_quantized_tile_bytes(GYGES_QUANTIZED_TILE_ROWS, columns);
    const uint8_t *packed = matmul->panels + panel * panel_bytes;
    const uint8_t *x = matmul->activations + tile * tile_bytes;

    for (size_t lane = 0; lane < GYGES_PANEL_OUTPUTS; lane += LANES) {
        TileSums results[NAME(most_tiles)];
        for (size_t p = 0; p < panel_count; p++) {
            const size_t rows = tile_count * GYGES_QUANTIZED_TILE_ROWS;
            prefetch_addends(
                matmul, (tile - matmul->tile_begin) * GYGES_QUANTIZED_TILE_ROWS,
                (panel + p) * GYGES_PANEL_OUTPUTS + lane, rows < rows_left ? rows : rows_left);
        }
#define CALL(format, P, R) \
    quantized_tile(format, P, R, columns, packed, panel_bytes, lane, x, tile_count, tile_bytes, results);
#define TILE(format, P, R) \
    case R: CALL(format, P, R) break;
#define SUPER_TILE(format, R) \
    case R: super_tile(format, R, columns, packed, lane, x, tile_count, tile_bytes, results); break;
#define SUPER_FORMAT(format)                                                                           \
    case format:                                                                                       \
        switch (tile_rows) {                                                                           \
            SUPER_TILE(format, 1) SUPER_TILE(format, 2) SUPER_TILE(format, 3) SUPER_TILE(format, 4)    \
            SUPER_TILE(format, 6) SUPER_TILE(format, 8) SUPER_TILE(format, 12) SUPER_TILE(format, 16)  \
        }                                                                                              \
        break;
#define FORMAT(format)                                                                         \
    case format:                                                                               \
        switch (shares_activations(format) && panel_count == 2 ? 0 : tile_rows) {              \
            TILE(format, 1, 1) TILE(format, 1, 2) TILE(format, 1, 3) TILE(format, 1, 4)        \
            TILE(format, 1, 6) TILE(format, 1, 8) TILE(format, 1, 12) TILE(format, 1, 16)      \
        case 0: if (shares_activations(format)) CALL(format, 2, 16)                            \
        }                                                                                      \
        break;
        switch (matmul->format) {
            FORMAT(GYGES_Q8_0) FORMAT(GYGES_Q4_0) FORMAT(GYGES_Q4_1) FORMAT(GYGES_Q5_0)
            FORMAT(GYGES_Q5_1) FORMAT(GYGES_IQ4_NL) SUPER_FORMAT(GYGES_Q2_K) SUPER_FORMAT(GYGES_Q3_K)
            SUPER_FORMAT(GYGES_Q4_K) SUPER_FORMAT(GYGES_Q5_K) SUPER_FORMAT(GYGES_Q6_K) SUPER_FORMAT(GYGES_IQ4_XS)
        }
#undef SUPER_FORMAT
#undef SUPER_TILE
#undef FORMAT
#undef TILE
#undef CALL
        for (size_t t = 0; t < tile_count; t++)
            for (size_t p = 0; p < panel_count; p++) {
                const size_t row = (tile - matmul->tile_begin + t) * GYGES_QUANTIZED_TILE_ROWS;
                const size_t left = rows_left - t * GYGES_QUANTIZED_TILE_ROWS;
                const size_t output = (panel + p) * GYGES_PANEL_OUTPUTS + lane;
                if (output >= matmul->outputs) break;
                store_results(matmul, row, output, results[t].rows[p], left < tile_rows ? left : tile_rows);
            }
    }
}

static void NAME(matmul_quantized)(const GygesMatmul *matmul) {
    const size_t step = cached_tiles(gyges_quantized_tile_bytes(GYGES_QUANTIZED_TILE_ROWS, matmul->columns));
    for (size_t begin = matmul->tile_begin; begin < matmul->tile_end; begin += step) {
        const size_t end = matmul->tile_end - begin < step ? matmul->tile_end : begin + step;
        for (size_t panel = matmul->panel_begin; panel < matmul->panel_end; panel += 2) {
            const size_t panels_left = matmul->panel_end - panel < 2 ? 1 : 2;
            for (size_t tile = begin, count; tile < end; tile += count) {
                const size_t rows = matmul->rows - tile * GYGES_QUANTIZED_TILE_ROWS;
                const size_t full = rows / GYGES_QUANTIZED_TILE_ROWS;
                const size_t together = shares_activations(matmul->format) && full > 0 ? panels_left : 1;
                const bool shares_codes = together == 2 || gyges_block_length(matmul->format) == 256;
                count = !shares_codes || full < 2 ? 1 : full < NAME(most_tiles) ? full : NAME(most_tiles);
                if (count > end - tile) count = end - tile;
                for (size_t p = 0; p < panels_left; p += together)
                    NAME(quantized_tiles_panels)(matmul, panel + p, together, tile, count);
            }
        }
    }
    finish_streams(matmul);
}
