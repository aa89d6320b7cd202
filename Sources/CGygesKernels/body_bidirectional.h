// Attention in which every position sees both sides. Part of body_vector.h, after body_attention.h.
//
// Both products are of the kind that matrix products are (body_products_float.h): vectors of 16 keys, or of 16 channels of
// the values, meet four bytes of each of up to 12 queries that are broadcast, so that no sum runs across lanes. Four bytes
// are a pair of bfloat16 where an instruction multiplies such pairs, and elsewhere a float that was rounded to bfloat16.

#define SPAN GYGES_BIDIRECTIONAL_SPAN
#define TILES GYGES_BIDIRECTIONAL_TILES
#define TILE GYGES_FLOAT_TILE_ROWS
#define PANEL GYGES_PANEL_OUTPUTS

// As many rows as accumulators of two panels fit beside their operands.
#define ROWS_AT_ONCE (LEVEL == 2 ? TILE : 6)

INLINE int multiplies_pairs(const GygesBidirectionalHead *head) { return LEVEL == 2 && head->bfloat16; }

INLINE size_t rounded_up(size_t count, size_t multiple) { return (count + multiple - 1) / multiple * multiple; }

/// The bytes of 16 packed keys, or of 16 queries: for each channel, or pair of channels, their four bytes.
INLINE size_t key_panel_bytes(const GygesBidirectionalHead *head) {
    return rounded_up(multiplies_pairs(head) ? head->head_dimension / 2 : head->head_dimension, PANEL) * 64;
}

/// The bytes of 16 packed values: for each key, or pair of keys, four bytes of each channel, and zeros up to whole vectors.
INLINE size_t value_panel_bytes(const GygesBidirectionalHead *head) {
    return (multiplies_pairs(head) ? PANEL / 2 : PANEL) * rounded_up(head->head_dimension, PANEL) * 4;
}

static size_t NAME(bidirectional_bytes)(const GygesBidirectionalHead *head) {
    return head->panel_count * (key_panel_bytes(head) + value_panel_bytes(head));
}

INLINE uint8_t *packed_keys(const GygesBidirectionalHead *head, size_t panel) {
    return head->packed + (panel - head->first_panel) * key_panel_bytes(head);
}

INLINE uint8_t *packed_values(const GygesBidirectionalHead *head, size_t panel) {
    return head->packed + head->panel_count * key_panel_bytes(head) + (panel - head->first_panel) * value_panel_bytes(head);
}

/// Calls for rows of a head, which lie far apart, before they are needed.
INLINE void call_rows(const float *x, size_t stride, size_t rows, size_t channels, const int will_write) {
    for (size_t row = 0; row < rows; row++, x += stride)
        for (size_t c = 0; c < channels; c += 16)
            if (will_write) __builtin_prefetch(x + c, 1, 3);
            else __builtin_prefetch(x + c, 0, 3);
}

// MARK: Packing

/// Floats rounded to bfloat16, to nearest, ties to even. Keeps infinities; a NaN may lose its payload.
INLINE Floats rounded_to_bfloat16(Floats x) {
    const Bits bits = (Bits)x, rounded = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    return choose(x == x, (Floats)rounded, x);
}

#if LEVEL == 2
typedef uint16_t Halves32 __attribute__((ext_vector_type(32)));

/// LANES pairs of floats that follow one another, as bfloat16.
INLINE Bits bfloat16_pairs(Floats first, Floats second) {
    return (Bits)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
}
#define ZIP(a, b, first)                                                                                        \
    __builtin_shufflevector(                                                                                    \
        a, b, first, first + 16, first + 1, first + 17, first + 2, first + 18, first + 3, first + 19, first + 4, \
        first + 20, first + 5, first + 21, first + 6, first + 22, first + 7, first + 23)
#elif LEVEL == 1
#define ZIP(a, b, first) \
    __builtin_shufflevector(a, b, first, first + 8, first + 1, first + 9, first + 2, first + 10, first + 3, first + 11)
#else
#define ZIP(a, b, first) __builtin_shufflevector(a, b, first, first + 4, first + 1, first + 5)
#endif

/// Rows become columns. Shuffling like cards log₂ LANES times does it.
INLINE void transpose(Bits rows[LANES]) {
    for (int round = 1; round < LANES; round *= 2) {
        Bits next[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = ZIP(rows[i], rows[i + LANES / 2], 0);
            next[2 * i + 1] = ZIP(rows[i], rows[i + LANES / 2], LANES / 2);
        }
        for (int i = 0; i < LANES; i++) rows[i] = next[i];
    }
}

/// Turns one row of 2 · `half` channels by its position, times `factor`.
INLINE void turn_channels(
    const GygesBidirectionalHead *head, size_t half, const float *x, size_t position, float factor, float *turned) {
    const float *cosines = head->cosines + position * half, *sines = head->sines + position * half;
    for (size_t c = 0; c < half; c += LANES) {
        const size_t left = half - c;
        const Floats cosine = load_some(cosines + c, left), sine = load_some(sines + c, left);
        const Floats a = load_some(x + c, left), b = load_some(x + half + c, left);
        store_some((a * cosine - b * sine) * factor, turned + c, left);
        store_some((b * cosine + a * sine) * factor, turned + half + c, left);
    }
}

// Loops over the channels of the most common heads, of constant length, are unrolled and have no rests.
INLINE void turn_row(const GygesBidirectionalHead *head, const float *x, size_t position, float factor, float *turned) {
    if (head->head_dimension == 64) turn_channels(head, 32, x, position, factor, turned);
    else turn_channels(head, head->head_dimension / 2, x, position, factor, turned);
}

/// Packs up to 16 rows of keys or queries that lie at `turned`, `2 · PANEL`-padded, as a panel.
INLINE void pack_panel(
    const int pairs, const int rounded, size_t channels, const float *turned, size_t stride, uint8_t *panel) {
    for (size_t lane = 0; lane < PANEL; lane += LANES, turned += LANES * stride)
        for (size_t c = 0; c < channels; c += pairs ? 2 * LANES : LANES) {
            Bits rows[LANES];
            for (size_t row = 0; row < LANES; row++) {
                const float *x = turned + row * stride + c;
#if LEVEL == 2
                rows[row] = pairs ? bfloat16_pairs(LOAD(Floats, x), LOAD(Floats, x + LANES)) : LOAD(Bits, x);
#else
                rows[row] = rounded ? (Bits)rounded_to_bfloat16(LOAD(Floats, x)) : LOAD(Bits, x);
#endif
            }
            transpose(rows);
            uint8_t *columns = panel + (pairs ? c / 2 : c) * 64 + lane * 4;
            for (size_t i = 0; i < LANES; i++) STORE(rows[i], columns + i * 64);
        }
}

static void NAME(pack_panel)(const GygesBidirectionalHead *head, const float *turned, size_t stride, uint8_t *panel) {
    const size_t d = head->head_dimension;
    if (multiplies_pairs(head) && d == 64) pack_panel(1, 0, 64, turned, 64, panel);
    else if (multiplies_pairs(head)) pack_panel(1, 0, d, turned, stride, panel);
    else if (head->bfloat16) pack_panel(0, 1, d, turned, stride, panel);
    else pack_panel(0, 0, d, turned, stride, panel);
}

/// Packs up to 16 values of `d` channels.
INLINE void pack_values(
    const int pairs, const size_t d, const GygesBidirectionalHead *head, const float *values, size_t count,
    uint8_t *packed) {
    const size_t padded = rounded_up(d, PANEL);
    for (size_t key = 0; key < PANEL; key += pairs ? 2 : 1)
        for (size_t c = 0; c < padded; c += LANES, packed += 4 * LANES) {
            const float *x = values + key * head->stride + c;
            const size_t left = c < d ? d - c : 0;
            const Floats first = key < count ? load_some(x, left) : (Floats)0;
#if LEVEL == 2
            if (pairs) {
                // Channel by channel: the even key's in the low half.
                const Floats second = key + 1 < count ? load_some(x + head->stride, left) : (Floats)0;
                const Halves32 halves = (Halves32)bfloat16_pairs(first, second);
                STORE(
                    __builtin_shufflevector(
                        halves, halves, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11,
                        27, 12, 28, 13, 29, 14, 30, 15, 31),
                    packed);
                continue;
            }
#endif
            STORE(head->bfloat16 ? rounded_to_bfloat16(first) : first, packed);
        }
}

static void NAME(pack_values)(const GygesBidirectionalHead *head, const float *values, size_t count, uint8_t *packed) {
    const size_t d = head->head_dimension;
    if (multiplies_pairs(head) && d == 64) pack_values(1, 64, head, values, count, packed);
    else if (multiplies_pairs(head)) pack_values(1, d, head, values, count, packed);
    else pack_values(0, d, head, values, count, packed);
}

static void NAME(pack_bidirectional)(
    const GygesBidirectionalHead *head, size_t panel_begin, size_t panel_end, float *scratch) {
    const size_t stride = rounded_up(head->head_dimension, 2 * PANEL);
    memset(scratch, 0, PANEL * stride * sizeof *scratch);
    for (size_t panel = panel_begin; panel < panel_end; panel++) {
        const size_t first = panel * PANEL, left = head->length - first, count = left < PANEL ? left : PANEL;
        if (panel + 1 < panel_end) {
            const size_t next = left - count < PANEL ? left - count : PANEL, offset = (first + PANEL) * head->stride;
            call_rows(head->keys + offset, head->stride, next, head->head_dimension, 0);
            call_rows(head->values + offset, head->stride, next, head->head_dimension, 0);
        }
        for (size_t i = 0; i < count; i++)
            turn_row(head, head->keys + (first + i) * head->stride, first + i, 1, scratch + i * stride);
        if (count < PANEL) memset(scratch + count * stride, 0, (PANEL - count) * stride * sizeof *scratch);
        NAME(pack_panel)(head, scratch, stride, packed_keys(head, panel));
        NAME(pack_values)(head, head->values + first * head->stride, count, packed_values(head, panel));
    }
}

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

// MARK: Softmax

// The score of a key that is not seen, and the maximum of no keys: below all scores, and differences to them stay finite.
#define UNSEEN (-1e38f)

INLINE Words lane_numbers(void) {
    Words numbers;
    for (int lane = 0; lane < LANES; lane++) numbers[lane] = lane;
    return numbers;
}

INLINE float largest_of_lanes(Floats floats) {
#if LEVEL == 2
    return _mm512_reduce_max_ps((__m512)floats);
#else
    return largest_lane(floats);
#endif
}

/// 2^x for x ≤ 0 within 2^-22 of it, or within 2^-13 if the result is rounded to bfloat16; 0 below -125.
INLINE Floats power_of_two(const int rough, Floats x) {
    // x = n + r. Adding 1.5 · 2^23 rounds to an integer and leaves it in the low bits.
#if LEVEL == 2
    const Floats shifted = (Floats)_mm512_roundscale_ps((__m512)x, 8), r = x - shifted;
#else
    const Floats shifted = x + 0x1.8p23f, r = x - (shifted - 0x1.8p23f);
#endif
    // Minimax polynomials on [-1/2, 1/2].
    Floats p;
    if (rough) {
        p = multiply_add((Floats)0x1.c3f760p-5f, r, (Floats)0x1.f0de1ap-3f);
        p = multiply_add(p, r, (Floats)0x1.62f31ap-1f);
        p = multiply_add(p, r, (Floats)0x1.fff692p-1f);
    } else {
        p = multiply_add((Floats)0x1.41d334p-13f, r, (Floats)0x1.5f456ap-10f);
        p = multiply_add(p, r, (Floats)0x1.3b2dbcp-7f);
        p = multiply_add(p, r, (Floats)0x1.c6aed4p-5f);
        p = multiply_add(p, r, (Floats)0x1.ebfbdap-3f);
        p = multiply_add(p, r, (Floats)0x1.62e430p-1f);
        p = multiply_add(p, r, (Floats)1.0f);
    }
#if LEVEL == 2
    return (Floats)_mm512_scalef_ps((__m512)p, (__m512)shifted);
#else
    return choose(x < -125.0f, (Floats)0.0f, (Floats)((Bits)p + ((Bits)shifted << 23)));
#endif
}

/// The largest score of each of LANES keys' places, once those outside of `[begin, end)` are set to be unseen. `count` is
/// a number of panels, an even one for pairs.
INLINE Floats largest_scores(float *scores, size_t count, size_t begin, size_t end) {
    const Words lanes = lane_numbers();
    for (size_t j = 0; j < begin; j += LANES)
        STORE(choose(lanes < (int32_t)(begin - j), (Floats)UNSEEN, LOAD(Floats, scores + j)), scores + j);
    for (size_t j = end / LANES * LANES; j < count; j += LANES)
        STORE(choose(lanes < (int32_t)end - (int32_t)j, LOAD(Floats, scores + j), (Floats)UNSEEN), scores + j);
    Floats largest[2] = {UNSEEN, UNSEEN};
    for (size_t j = 0; j < count; j += PANEL) {
        largest[0] = larger(LOAD(Floats, scores + j), largest[0]);
        largest[1] = larger(LOAD(Floats, scores + j + PANEL - LANES), largest[1]);
        if (LANES < PANEL / 2)
            for (size_t i = LANES; i < PANEL - LANES; i += LANES)
                largest[0] = larger(LOAD(Floats, scores + j + i), largest[0]);
    }
    return larger(largest[0], largest[1]);
}

/// Turns the scores of one query into weights of the values, and returns `sum` and what these add to its partial sums. Weights
/// count as they were rounded, so that their roundings cancel where one is nearly all.
INLINE Floats weights_from_scores(
    const int pairs, const int rounded, float *scores, size_t count, float maximum, Floats sum) {
#if LEVEL == 2
    if (pairs) {
        // Weights take half of the place of their scores.
        uint8_t *weights = (uint8_t *)scores;
        const __m512bh ones = (__m512bh)_mm512_set1_epi32(0x3f803f80);
        for (size_t j = 0; j < count; j += 2 * LANES, weights += 4 * LANES) {
            const Floats first = power_of_two(rounded, LOAD(Floats, scores + j) - maximum);
            const Floats second = power_of_two(rounded, LOAD(Floats, scores + j + LANES) - maximum);
            const Bits both = bfloat16_pairs(first, second);
            sum = (Floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)both, ones);
            STORE(both, weights);
        }
        return sum;
    }
#endif
    for (size_t j = 0; j < count; j += LANES) {
        Floats weight = power_of_two(rounded, LOAD(Floats, scores + j) - maximum);
        if (rounded) weight = rounded_to_bfloat16(weight);
        sum += weight;
        STORE(weight, scores + j);
    }
    return sum;
}

/// Turns the scores of some queries into weights of the values, and moves their records to the new maxima.
///
/// A maximum is rounded up to an integer: outputs and sums are then multiplied by powers of two, exactly, and weights round
/// to the same bits whatever maximum was known when they were made.
INLINE void weigh_rows(
    const int pairs, const int rounded, float *scores, size_t rows, size_t count, const size_t *begin, const size_t *end,
    float *records, size_t padded, size_t record) {
    float maxima[TILE];
    for (size_t r = 0; r < rows; r++)
        maxima[r] = largest_of_lanes(largest_scores(scores + r * SPAN, count, begin[r], end[r]));
    for (size_t r = 0; r < rows; r++, records += record, scores += SPAN) {
        float *maximum = record_maximum(records, padded), *sums = record_sums(records, padded);
        const float before = *maximum, here = ceilf(maxima[r]), after = here > before ? here : before;
        if (begin[r] >= end[r]) {
            memset(scores, 0, count * sizeof *scores);
            continue;
        }
        Floats sum = LOAD(Floats, sums);
        if (after != before) {
            *maximum = after;
            const Floats correction = power_of_two(rounded, (Floats)(before - after));
            sum *= correction;
            // Before the first keys, outputs are not even written.
            for (size_t i = 0; before > UNSEEN && i < padded; i += LANES)
                STORE(LOAD(Floats, records + i) * correction, records + i);
        }
        STORE(weights_from_scores(pairs, rounded, scores, count, after, sum), sums);
    }
}

static void NAME(weigh_rows)(
    const GygesBidirectionalHead *head, float *scores, size_t rows, size_t count, const size_t *begin, const size_t *end,
    float *records, size_t padded, size_t record) {
    // Loops over a whole span, of constant length, are unrolled.
#define WEIGH(pairs, rounded)                                                                                     \
    if (count == SPAN)                                                                                            \
        weigh_rows(pairs, rounded, scores, rows, SPAN, begin, end, records, padded, record);                      \
    else weigh_rows(pairs, rounded, scores, rows, count, begin, end, records, padded, record)
    if (multiplies_pairs(head)) { WEIGH(1, 1); }
    else if (head->bfloat16) { WEIGH(0, 1); }
    else { WEIGH(0, 0); }
#undef WEIGH
}

// MARK: Attending

// Consecutive queries that share broadcasts and panels, and the keys that any of them sees.
typedef struct NAME(QueryTile) {
    size_t first, rows, begin, end;
} NAME(QueryTile);

INLINE size_t first_seen(const GygesBidirectionalHead *head, size_t position) {
    return position < head->reach ? 0 : position - head->reach;
}

INLINE size_t end_of_seen(const GygesBidirectionalHead *head, size_t position) {
    return head->length - position <= head->reach ? head->length : position + head->reach + 1;
}

/// Local attention: the keys that a tile sees fit one span wherever it begins, and are met at once. Otherwise spans begin at
/// their multiples. Either way a query meets its own keys in the same order and portions whatever its tile.
INLINE int is_local(const GygesBidirectionalHead *head) { return head->reach <= (SPAN - 4 * PANEL) / 2; }

/// Cuts a tile off the queries from `first` on, and packs it.
static NAME(QueryTile) NAME(next_tile)(
    const GygesBidirectionalHead *head, const GygesBidirectionalQueries *queries, size_t first, float *turned,
    uint8_t *panel) {
    const size_t stride = rounded_up(head->head_dimension, 2 * PANEL), position = (size_t)queries->positions[first];
    NAME(QueryTile) tile = {.first = first, .begin = first_seen(head, position) / (2 * PANEL) * (2 * PANEL)};
    for (; tile.rows < TILE && first + tile.rows < queries->count; tile.rows++) {
        const size_t query = first + tile.rows, next = (size_t)queries->positions[query];
        if (is_local(head) && next - position >= PANEL) break;
        turn_row(head, queries->queries + query * head->stride, next, head->scale, turned + tile.rows * stride);
        tile.end = end_of_seen(head, next);
    }
    memset(turned + tile.rows * stride, 0, (TILE - tile.rows) * stride * sizeof *turned);
    NAME(pack_panel)(head, turned, stride, panel);
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
    float *scores = queries->scratch, *turned = scores + TILE * SPAN;
    float *records = turned + PANEL * rounded_up(d, 2 * PANEL);
    uint8_t *panels = (uint8_t *)(records + TILES * TILE * record);
    memset(turned, 0, PANEL * rounded_up(d, 2 * PANEL) * sizeof *turned);

    for (size_t query = 0; query < queries->count;) {
        NAME(QueryTile) tiles[TILES];
        size_t count = 0;
        for (; count < tiles_together && query < queries->count; count++) {
            tiles[count] = NAME(next_tile)(head, queries, query, turned, panels + count * panel_bytes);
            query += tiles[count].rows;
        }
        const size_t left = queries->count - query, next = left < TILE ? left : TILE;
        call_rows(queries->queries + query * head->stride, head->stride, next, d, 0);
        call_rows(
            queries->output + tiles[0].first * head->stride, head->stride, query - tiles[0].first, d, 1);
        for (size_t row = 0; row < count * TILE; row++) {
            STORE((Floats)0, record_sums(records + row * record, padded));
            *record_maximum(records + row * record, padded) = UNSEEN;
        }

        const size_t limit = rounded_up(tiles[count - 1].end, PANEL) / PANEL, per_span = SPAN / PANEL;
        size_t begin = tiles[0].begin / PANEL, end = begin + per_span;
        if (!is_local(head)) end = (begin / per_span + 1) * per_span;
        // Tiles take turns with a span's keys and values, so that these are read from the nearest cache.
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
