// Attention in which every position sees both sides. Part of body_vector.h, after body_attention.h.
//
// Both products are computed as matmuls are (body_matmul_float.h): vectors of 16 keys, or of 16 channels of
// the values, meet four bytes of each of up to 12 queries that are broadcast, so that no sum runs across lanes. Four bytes
// are a pair of bfloat16 where an instruction multiplies such pairs, and elsewhere a float that was rounded to bfloat16.

#define SPAN GYGES_BIDIRECTIONAL_SPAN
#define TILES GYGES_BIDIRECTIONAL_TILES
#define TILE GYGES_FLOAT_TILE_ROWS
#define PANEL GYGES_PANEL_OUTPUTS

// As many rows as accumulators of two panels fit beside their operands.
#define ROWS_AT_ONCE (LEVEL == 2 ? TILE : 6)

#include "body_bidirectional_pack.h"
#include "body_bidirectional_softmax.h"

// MARK: Products

/// y[r][16p…] (+)= Σ over `steps` of x[r] · w[16p…], a float or a pair a step, in their order.
///
/// Distances are in bytes: of x between rows and steps, of w between panels and steps, of y between rows.
INLINE void rows_times_panels(
    const int pairs, int accumulate, const size_t P, const size_t R, size_t steps, const uint8_t *x,
    const size_t x_row, const size_t x_step, const uint8_t *w, size_t w_panel, size_t w_step, float *y, size_t y_row) {
    for (size_t lane = 0; lane < PANEL; lane += LANES) {
        Floats sums[2][TILE];
        for (size_t p = 0; p < P; p++)
            for (size_t r = 0; r < R; r++)
                sums[p][r] = accumulate ? LOAD(Floats, y + r * y_row + p * PANEL + lane) : (Floats)0;
        const uint8_t *from = x, *weights = w + 4 * lane;
        for (size_t step = 0; step < steps; step++, from += x_step, weights += w_step) {
            Floats columns[2];
            for (size_t p = 0; p < P; p++) columns[p] = LOAD(Floats, weights + p * w_panel);
            for (size_t r = 0; r < R; r++)
                for (size_t p = 0; p < P; p++) {
#if LEVEL == 2
                    if (pairs) {
                        sums[p][r] = (Floats)_mm512_dpbf16_ps(
                            (__m512)sums[p][r], (__m512bh)columns[p],
                            (__m512bh)_mm512_set1_epi32(word_at_x(from + r * x_row)));
                        continue;
                    }
#endif
                    sums[p][r] = multiply_add((Floats)float_at(from + r * x_row), columns[p], sums[p][r]);
                }
        }
        for (size_t p = 0; p < P; p++)
            for (size_t r = 0; r < R; r++) STORE(sums[p][r], y + r * y_row + p * PANEL + lane);
    }
}

/// Scores of R queries with some panels of keys.
INLINE void score_rows(
    const int pairs, const size_t R, size_t steps, const uint8_t *queries, const uint8_t *keys, size_t panels,
    size_t panel_bytes, float *scores) {
    size_t panel = 0;
    for (; panel + 2 <= panels; panel += 2, keys += 2 * panel_bytes, scores += 2 * PANEL)
        rows_times_panels(pairs, 0, 2, R, steps, queries, 4, 64, keys, panel_bytes, 64, scores, SPAN);
    if (panel < panels) rows_times_panels(pairs, 0, 1, R, steps, queries, 4, 64, keys, 0, 64, scores, SPAN);
}

/// Adds values, weighted, to what the records of R queries hold, if anything.
INLINE void add_values(
    const int pairs, int accumulate, const size_t R, size_t steps, const float *weights, const uint8_t *values, size_t padded,
    float *records, size_t record) {
    const uint8_t *x = (const uint8_t *)weights;
    size_t c = 0;
    for (; c + 2 * PANEL <= padded; c += 2 * PANEL)
        rows_times_panels(
            pairs, accumulate, 2, R, steps, x, 4 * SPAN, 4, values + 4 * c, 64, 4 * padded, records + c, record);
    if (c < padded)
        rows_times_panels(pairs, accumulate, 1, R, steps, x, 4 * SPAN, 4, values + 4 * c, 0, 4 * padded, records + c, record);
}

#define FOR_EACH_ROW_COUNT(CALL) CALL(1) CALL(2) CALL(3) CALL(4) CALL(6) CALL(8) CALL(12)
#define SCORE(R) case R: score_rows(pairs, R, steps, queries, keys, panels, panel_bytes, scores); break;
#define ADD(R) case R: add_values(pairs, accumulate, R, steps, weights, values, padded, records, record); break;
#define PRODUCTS(kind, is_pairs)                                                                                \
    static void NAME(scores_##kind)(                                                                            \
        size_t rows, size_t steps, const uint8_t *queries, const uint8_t *keys, size_t panels,                  \
        size_t panel_bytes, float *scores) {                                                                    \
        const int pairs = is_pairs;                                                                             \
        switch (rows) { FOR_EACH_ROW_COUNT(SCORE) }                                                             \
    }                                                                                                           \
    static void NAME(values_##kind)(                                                                            \
        int accumulate, size_t rows, size_t steps, const float *weights, const uint8_t *values, size_t padded, float *records,  \
        size_t record) {                                                                                        \
        const int pairs = is_pairs;                                                                             \
        switch (rows) { FOR_EACH_ROW_COUNT(ADD) }                                                               \
    }
PRODUCTS(floats, 0)
#if LEVEL == 2
PRODUCTS(pairs, 1)
#else
#define scores_pairs_generic scores_floats_generic
#define values_pairs_generic values_floats_generic
#define scores_pairs_avx2 scores_floats_avx2
#define values_pairs_avx2 values_floats_avx2
#endif
#undef PRODUCTS
#undef SCORE
#undef ADD
#undef FOR_EACH_ROW_COUNT

// MARK: Attending

// Consecutive queries that share broadcasts and panels, and the keys that any of them sees.
typedef struct NAME(QueryTile) {
    size_t first, rows, begin, end;
} NAME(QueryTile);

INLINE size_t first_seen(const GygesBidirectionalHead *head, size_t position) {
    return position < head->window_radius ? 0 : position - head->window_radius;
}

INLINE size_t end_of_seen(const GygesBidirectionalHead *head, size_t position) {
    return position + head->window_radius < head->length ? position + head->window_radius + 1 : head->length;
}

/// Local attention: the keys that a tile sees fit one span wherever it begins, and are met at once. Otherwise spans begin at
/// their multiples. Either way a query meets its own keys in the same order and portions whatever its tile.
INLINE int is_local(const GygesBidirectionalHead *head) { return head->window_radius <= (SPAN - 4 * PANEL) / 2; }

/// Cuts a tile off the queries from `first` on, and packs it.
static NAME(QueryTile) NAME(next_tile)(
    const GygesBidirectionalHead *head, const GygesBidirectionalQueries *queries, size_t first, float *rotated,
    uint8_t *panel) {
    const size_t stride = rounded_up(head->head_dimension, 2 * PANEL), position = (size_t)queries->positions[first];
    NAME(QueryTile) tile = {.first = first, .begin = first_seen(head, position) / (2 * PANEL) * (2 * PANEL)};
    for (; tile.rows < TILE && first + tile.rows < queries->count; tile.rows++) {
        const size_t query = first + tile.rows, next = (size_t)queries->positions[query];
        if (is_local(head) && next - position >= PANEL) break;
        rotate_row(head, queries->queries + query * head->stride, next, head->scale, rotated + tile.rows * stride);
        tile.end = end_of_seen(head, next);
    }
    memset(rotated + tile.rows * stride, 0, (TILE - tile.rows) * stride * sizeof *rotated);
    NAME(pack_panel)(head, rotated, stride, panel);
    return tile;
}

/// What the queries of a tile make of the panels `[begin, end)`, at most SPAN keys.
static void NAME(attend_to_panels)(
    const GygesBidirectionalHead *head, const int32_t *positions, const NAME(QueryTile) *tile, size_t begin, size_t end,
    int is_first, const uint8_t *queries, float *records, float *scores) {
    const int pairs = multiplies_pairs(head);
    const size_t d = head->head_dimension, padded = rounded_up(d, PANEL), record = gyges_attention_record(d);
    const size_t first_key = begin * PANEL, count = (end - begin) * PANEL;
    size_t begins[TILE], ends[TILE];
    for (size_t row = 0; row < tile->rows; row += ROWS_AT_ONCE) {
        const size_t left = tile->rows - row, rows = gyges_tile_rows(left, ROWS_AT_ONCE);
        const size_t used = left < rows ? left : rows;
        for (size_t r = 0; r < used; r++) {
            const size_t position = (size_t)positions[tile->first + row + r];
            const size_t from = first_seen(head, position), to = end_of_seen(head, position);
            ends[r] = to < first_key ? 0 : to - first_key < count ? to - first_key : count;
            begins[r] = from < first_key ? 0 : from - first_key < ends[r] ? from - first_key : ends[r];
        }
        // Only what some query sees; elsewhere weights are zeros.
        const size_t unseen = begins[0] / PANEL;
        (pairs ? NAME(scores_pairs) : NAME(scores_floats))(
            rows, pairs ? d / 2 : d, queries + 4 * row, packed_keys(head, begin + unseen), end - begin - unseen,
            key_panel_bytes(head), scores + unseen * PANEL);
        NAME(weigh_rows)(
            head, scores, used, rounded_up(count, pairs ? 2 * PANEL : PANEL), begins, ends, records + row * record, padded,
            record);
        const size_t keys_a_step = pairs ? 2 : 1, first = begins[0] / keys_a_step;
        const size_t steps = (ends[used - 1] + keys_a_step - 1) / keys_a_step - first;
        (pairs ? NAME(values_pairs) : NAME(values_floats))(
            !is_first, rows, steps, scores + first, packed_values(head, begin) + first * 4 * padded, padded,
            records + row * record, record);
    }
}

static void NAME(attend_bidirectional)(const GygesBidirectionalHead *head, const GygesBidirectionalQueries *queries) {
    const size_t d = head->head_dimension, padded = rounded_up(d, PANEL), record = gyges_attention_record(d);
    const size_t panel_bytes = key_panel_bytes(head), tiles_together = is_local(head) ? 1 : TILES;
    float *scores = queries->scratch, *rotated = scores + TILE * SPAN;
    float *records = rotated + PANEL * rounded_up(d, 2 * PANEL);
    uint8_t *panels = (uint8_t *)(records + TILES * TILE * record);
    memset(rotated, 0, PANEL * rounded_up(d, 2 * PANEL) * sizeof *rotated);

    for (size_t query = 0; query < queries->count;) {
        NAME(QueryTile) tiles[TILES];
        size_t count = 0;
        for (; count < tiles_together && query < queries->count; count++) {
            tiles[count] = NAME(next_tile)(head, queries, query, rotated, panels + count * panel_bytes);
            query += tiles[count].rows;
        }
        const size_t left = queries->count - query, next = left < TILE ? left : TILE;
        prefetch_rows(queries->queries + query * head->stride, head->stride, next, d, 0);
        prefetch_rows(
            queries->output + tiles[0].first * head->stride, head->stride, query - tiles[0].first, d, 1);
        for (size_t row = 0; row < count * TILE; row++) {
            STORE((Floats)0, record_sums(records + row * record, padded));
            *record_maximum(records + row * record, padded) = UNSEEN;
        }

        const size_t limit = rounded_up(tiles[count - 1].end, PANEL) / PANEL, per_span = SPAN / PANEL;
        size_t begin = tiles[0].begin / PANEL, end = begin + per_span;
        if (!is_local(head)) end = (begin / per_span + 1) * per_span;
        // One tile after another meets a span's keys and values, so that these are read from the nearest cache.
        for (; begin < limit; begin = end, end += per_span)
            for (size_t tile = 0; tile < count; tile++) {
                const size_t first = tiles[tile].begin / PANEL, last = rounded_up(tiles[tile].end, PANEL) / PANEL;
                const size_t from = first > begin ? first : begin, to = last < end ? last : end;
                if (from < to)
                    NAME(attend_to_panels)(
                        head, queries->positions, &tiles[tile], from, to, from == first, panels + tile * panel_bytes,
                        records + tile * TILE * record, scores);
            }
        for (size_t tile = 0; tile < count; tile++)
            for (size_t row = 0; row < tiles[tile].rows; row++) {
                const float *from = records + (tile * TILE + row) * record;
                const Floats factor = 1 / sum_of_lanes(LOAD(Floats, from + padded));
                float *y = queries->output + (tiles[tile].first + row) * head->stride;
                for (size_t c = 0; c < d; c += LANES) store_some(LOAD(Floats, from + c) * factor, y + c, d - c);
            }
    }
}
#undef SPAN
#undef TILE
#undef TILES
#undef UNSEEN
#undef PANEL
#undef ROWS_AT_ONCE
#undef ZIP
