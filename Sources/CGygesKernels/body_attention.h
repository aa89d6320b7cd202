// The key-value cache and causal attention over it. Part of body_vector.h.

enum { NAME(block) = GYGES_KEY_VALUE_BLOCK };
#define BLOCK NAME(block)

INLINE size_t cache_element_bytes(int format) { return format == GYGES_CACHE_F32 ? 4 : 2; }

INLINE void store_cached(int format, float value, uint8_t *to) {
    if (format == GYGES_CACHE_F32) memcpy(to, &value, 4);
    else {
#if LEVEL > 0
        const uint16_t half =
            format == GYGES_CACHE_F16 ? (uint16_t)_cvtss_sh(value, 0) : gyges_bfloat16_from_float(value);
#else
        const uint16_t half =
            format == GYGES_CACHE_F16 ? gyges_half_from_float(value) : gyges_bfloat16_from_float(value);
#endif
        memcpy(to, &half, 2);
    }
}

static void NAME(store_cache_row)(const GygesCacheRow *row) {
    const size_t d = row->head_dimension, bytes = cache_element_bytes(row->format);
    for (size_t head = 0; head < row->heads; head++) {
        uint8_t *keys = row->block + head * 2 * BLOCK * d * bytes, *values = keys + BLOCK * d * bytes;
        for (size_t i = 0; i < d; i++) {
            store_cached(row->format, row->keys[head * d + i], keys + (i * BLOCK + row->offset) * bytes);
            store_cached(row->format, row->values[head * d + i], values + (row->offset * d + i) * bytes);
        }
    }
}

INLINE Floats load_cached(int format, const uint8_t *from) {
    if (format == GYGES_CACHE_F32) return LOAD(Floats, from);
    if (format == GYGES_CACHE_F16) return floats_from_halves(from);
    return floats_from_bits(__builtin_convertvector(LOAD(Halves, from), Bits) << 16);
}

/// The keys of one block `[head_dimension][64]` as floats.
static void NAME(load_keys)(int format, const uint8_t *keys, size_t d, float *floats) {
    const size_t bytes = cache_element_bytes(format);
    for (size_t i = 0; i < d * BLOCK; i += LANES) STORE(load_cached(format, keys + i * bytes), floats + i);
}

/// The first `count` values of one block as floats `[count][padded]`, zeros in the padding.
static void NAME(load_values)(int format, const uint8_t *values, size_t count, size_t d, size_t padded, float *floats) {
    const size_t bytes = cache_element_bytes(format);
    for (size_t j = 0; j < count; j++, values += d * bytes, floats += padded) {
        size_t i = 0;
        for (; i + LANES <= d; i += LANES) STORE(load_cached(format, values + i * bytes), floats + i);
        if (i < d) {
            uint8_t rest[4 * LANES] = {0};
            memcpy(rest, values + i * bytes, (d - i) * bytes);
            STORE(load_cached(format, rest), floats + i);
            i += LANES;
        }
        for (; i < padded; i++) floats[i] = 0;
    }
}

/// y[r][·] (+)= Σ_i a[r][i] · b[i][·] for R rows and V vectors of b's columns, in order of i.
INLINE void rows_times_panel(
    const size_t R, const size_t V, const int accumulate, const float *const *a, size_t count, const float *b,
    size_t stride, float *const *y, size_t column) {
    Floats sums[4][4];
    for (size_t r = 0; r < R; r++)
        for (size_t v = 0; v < V; v++) sums[r][v] = accumulate ? LOAD(Floats, y[r] + column + v * LANES) : (Floats)0;
    b += column;
    for (size_t i = 0; i < count; i++, b += stride) {
        Floats columns[4];
        for (size_t v = 0; v < V; v++) columns[v] = LOAD(Floats, b + v * LANES);
        for (size_t r = 0; r < R; r++)
            for (size_t v = 0; v < V; v++) sums[r][v] = multiply_add((Floats)a[r][i], columns[v], sums[r][v]);
    }
    for (size_t r = 0; r < R; r++)
        for (size_t v = 0; v < V; v++) STORE(sums[r][v], y[r] + column + v * LANES);
}

// As many vectors at once as accumulators fit beside their operands.
#define VECTORS (LEVEL == 2 ? 4 : 2)

INLINE void rows_times_matrix(
    const size_t R, const int accumulate, const float *const *a, size_t count, const float *b, size_t columns,
    float *const *y) {
    size_t column = 0;
    for (; column + VECTORS * LANES <= columns; column += VECTORS * LANES)
        rows_times_panel(R, VECTORS, accumulate, a, count, b, columns, y, column);
    for (; column < columns; column += LANES) rows_times_panel(R, 1, accumulate, a, count, b, columns, y, column);
}

static void NAME(rows_times)(
    size_t rows, int accumulate, const float *const *a, size_t count, const float *b, size_t columns,
    float *const *y) {
#define ROWS(R)                                                                    \
    case R:                                                                        \
        if (accumulate) rows_times_matrix(R, 1, a, count, b, columns, y);          \
        else rows_times_matrix(R, 0, a, count, b, columns, y);                     \
        break;
    switch (rows) { ROWS(1) ROWS(2) ROWS(3) ROWS(4) }
#undef ROWS
}

/// Turns scores of one query into weights, and moves its running maximum, sum and output to the new maximum.
INLINE void update_query(
    float *scores, long valid, float scale, float *maximum, float *sums, float *output, size_t padded) {
    const float before = *maximum;
    Floats largest = before;
    for (long j = 0; j < BLOCK; j += LANES) {
        Words position;
        for (int lane = 0; lane < LANES; lane++) position[lane] = (int)j + lane;
        // What lies beyond the query's own position may be anything, NaN too: selected away, never multiplied away.
        const Floats score = choose(position < (int)valid, LOAD(Floats, scores + j) * scale, (Floats)-INFINITY);
        STORE(score, scores + j);
        largest = larger(score, largest);
    }
    const float after = largest_lane(largest);
    *maximum = after;
    const Floats correction = exponential((Floats)(before - after));
    Floats sum = LOAD(Floats, sums) * correction;
    for (long j = 0; j < BLOCK; j += LANES) {
        const Floats weight = exponential(LOAD(Floats, scores + j) - after);
        STORE(weight, scores + j);
        sum += weight;
    }
    STORE(sum, sums);
    for (size_t i = 0; i < padded; i += LANES) STORE(LOAD(Floats, output + i) * correction, output + i);
}

static void NAME(attention)(const GygesAttentionTile *tile) {
    const size_t d = tile->head_dimension, padded = (d + 15) / 16 * 16, group = tile->group;
    const size_t queries = tile->positions * group, element_bytes = cache_element_bytes(tile->format);
    float *keys = tile->scratch, *values = keys + BLOCK * d, *scores = values + BLOCK * padded;
    float *outputs = scores + queries * BLOCK, *sums = outputs + queries * padded, *maxima = sums + queries * 16;
    memset(outputs, 0, queries * (padded + 16) * sizeof(float));
    for (size_t query = 0; query < queries; query++) maxima[query] = -INFINITY;

    const size_t last = tile->first_position + tile->positions - 1;
    for (size_t block = 0; block <= last / BLOCK; block++) {
        const size_t first_key = block * BLOCK, count = last - first_key + 1 < BLOCK ? last - first_key + 1 : BLOCK;
        const uint8_t *stored = tile->blocks[block] + tile->head_offset;
        NAME(load_keys)(tile->format, stored, d, keys);
        NAME(load_values)(tile->format, stored + BLOCK * d * element_bytes, count, d, padded, values);

        for (size_t query = 0; query < queries; query += 4) {
            const size_t rows = queries - query < 4 ? queries - query : 4;
            // The last of these queries sees the most.
            const long chunk_valid =
                (long)(tile->first_position + (query + rows - 1) / group) - (long)first_key + 1;
            if (chunk_valid <= 0) continue;
            const float *rows_of_queries[4], *rows_of_scores[4];
            float *score_rows[4], *output_rows[4];
            for (size_t r = 0; r < rows; r++) {
                rows_of_queries[r] = tile->queries + (query + r) / group * tile->query_stride + (query + r) % group * d;
                rows_of_scores[r] = score_rows[r] = scores + (query + r) * BLOCK;
                output_rows[r] = outputs + (query + r) * padded;
            }
            NAME(rows_times)(rows, 0, rows_of_queries, d, keys, BLOCK, score_rows);
            for (size_t r = 0; r < rows; r++) {
                const size_t index = query + r;
                const long valid = (long)(tile->first_position + index / group) - (long)first_key + 1;
                if (valid <= 0) memset(score_rows[r], 0, BLOCK * sizeof(float));
                else
                    update_query(
                        score_rows[r], valid, tile->scale, maxima + index, sums + index * 16, output_rows[r], padded);
            }
            const size_t seen = chunk_valid < (long)count ? (size_t)chunk_valid : count;
            NAME(rows_times)(rows, 1, rows_of_scores, seen, values, padded, output_rows);
        }
    }
    for (size_t query = 0; query < queries; query++) {
        const float factor = 1 / sum_of_lanes(LOAD(Floats, sums + query * 16));
        float *y = tile->output + query / group * tile->output_stride + query % group * d;
        for (size_t i = 0; i < d; i++) y[i] = outputs[query * padded + i] * factor;
    }
}
#undef BLOCK
#undef VECTORS
