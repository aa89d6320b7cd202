// Causal attention over the key-value cache. Part of body_vector.h, after body_cache.h.

/// y[r][·] (+)= Σ_i a[r][i] · b[i][·] for R rows and V vectors of b's columns, in order of i.
///
/// The same places of `next`, which follows b in use but not in memory, are called for meanwhile.
INLINE void rows_times_panel(
    const int format, const size_t R, const size_t V, const int accumulate, const float *const *a, size_t count,
    const uint8_t *b, size_t stride, const uint8_t *next, float *const *y, size_t column) {
    const size_t bytes = cache_element_bytes(format);
    Floats sums[8][4];
    for (size_t r = 0; r < R; r++)
        for (size_t v = 0; v < V; v++) sums[r][v] = accumulate ? LOAD(Floats, y[r] + column + v * LANES) : (Floats)0;
    b += column * bytes;
    next += column * bytes;
    for (size_t i = 0; i < count; i++, b += stride * bytes, next += stride * bytes) {
        Floats columns[4];
        __builtin_prefetch(next, 0, 2);
        for (size_t v = 0; v < V; v++) columns[v] = load_cached(format, b + v * LANES * bytes);
        for (size_t r = 0; r < R; r++)
            for (size_t v = 0; v < V; v++) sums[r][v] = multiply_add((Floats)a[r][i], columns[v], sums[r][v]);
    }
    for (size_t r = 0; r < R; r++)
        for (size_t v = 0; v < V; v++) STORE(sums[r][v], y[r] + column + v * LANES);
}

/// `columns` is a multiple of LANES; b's rows are `stride` elements apart.
INLINE void rows_times_matrix(
    const int format, const size_t R, const int accumulate, const float *const *a, size_t count, const uint8_t *b,
    size_t stride, const uint8_t *next, size_t columns, float *const *y) {
    // As many vectors at once as accumulators fit beside their operands.
    const size_t V = (LEVEL == 2 ? 4 : 2) / (R > 6 ? 2 : 1);
    size_t column = 0;
    for (; column + V * LANES <= columns; column += V * LANES)
        rows_times_panel(format, R, V, accumulate, a, count, b, stride, next, y, column);
    if (V > 1)
        for (; column < columns; column += LANES)
            rows_times_panel(format, R, 1, accumulate, a, count, b, stride, next, y, column);
}

// One function for each format, of as many rows as a tile takes at once (6, or 8 straight from the cache).
#define ROWS(format, accumulate, R) \
    case R: rows_times_matrix(format, R, accumulate, a, count, b, stride, next, columns, y); break;
#define ROWS_TIMES(name, format, accumulate)                                                             \
    static void NAME(name)(                                                                              \
        size_t rows, const float *const *a, size_t count, const uint8_t *b, size_t stride,               \
        const uint8_t *next, size_t columns, float *const *y) {                                          \
        switch (rows) {                                                                                  \
            ROWS(format, accumulate, 1) ROWS(format, accumulate, 2) ROWS(format, accumulate, 3)          \
            ROWS(format, accumulate, 4) ROWS(format, accumulate, 5) ROWS(format, accumulate, 6)          \
            ROWS(format, accumulate, 7) ROWS(format, accumulate, 8)                                      \
        }                                                                                                \
    }
ROWS_TIMES(keys_f32, GYGES_CACHE_F32, 0)
ROWS_TIMES(keys_f16, GYGES_CACHE_F16, 0)
ROWS_TIMES(keys_bf16, GYGES_CACHE_BF16, 0)
ROWS_TIMES(keys_q8, GYGES_CACHE_Q8, 0)
ROWS_TIMES(values_f32, GYGES_CACHE_F32, 1)
ROWS_TIMES(values_f16, GYGES_CACHE_F16, 1)
ROWS_TIMES(values_bf16, GYGES_CACHE_BF16, 1)
ROWS_TIMES(values_q8, GYGES_CACHE_Q8, 1)
#undef ROWS_TIMES
#undef ROWS

typedef void (*NAME(RowsTimes))(
    size_t rows, const float *const *a, size_t count, const uint8_t *b, size_t stride, const uint8_t *next, size_t columns,
    float *const *y);

static const NAME(RowsTimes) NAME(times_keys)[] = {
    [GYGES_CACHE_F32] = NAME(keys_f32), [GYGES_CACHE_F16] = NAME(keys_f16), [GYGES_CACHE_BF16] = NAME(keys_bf16),
    [GYGES_CACHE_Q8] = NAME(keys_q8)};
static const NAME(RowsTimes) NAME(times_values)[] = {
    [GYGES_CACHE_F32] = NAME(values_f32), [GYGES_CACHE_F16] = NAME(values_f16),
    [GYGES_CACHE_BF16] = NAME(values_bf16), [GYGES_CACHE_Q8] = NAME(values_q8)};

// What a query has made of some keys: its output so far, 16 partial sums (one sum at the end) and the maximum.
INLINE float *record_sums(float *record, size_t padded) { return record + padded; }
INLINE float *record_maximum(float *record, size_t padded) { return record + padded + 16; }

/// Turns the first `columns` scores of one query into weights of the values, and moves its record to the new maximum.
/// Codes have 64 scales for keys and 64 for values.
INLINE void update_query(
    float *scores, long valid, const size_t columns, float scale, const int coded, const float *scales, float *record,
    size_t padded) {
    float *maximum = record_maximum(record, padded), *sums = record_sums(record, padded);
    const float before = *maximum;
    Floats largest = before;
    for (size_t j = 0; j < columns; j += LANES) {
        Words position;
        for (int lane = 0; lane < LANES; lane++) position[lane] = (int)j + lane;
        Floats score = LOAD(Floats, scores + j);
        if (coded) score *= LOAD(Floats, scales + j);
        // What lies beyond the query's own position may be anything, NaN too: selected away, never multiplied away.
        score = choose(position < (int)valid, score * scale, (Floats)-INFINITY);
        STORE(score, scores + j);
        largest = larger(score, largest);
    }
    const float after = largest_lane(largest);
    Floats sum = LOAD(Floats, sums);
    if (after != before) {  // Else everything would be multiplied by exp(0).
        *maximum = after;
        const Floats correction = exponential((Floats)(before - after));
        sum *= correction;
        for (size_t i = 0; i < padded; i += LANES) STORE(LOAD(Floats, record + i) * correction, record + i);
    }
    for (size_t j = 0; j < columns; j += LANES) {
        const Floats weight = exponential(LOAD(Floats, scores + j) - after);
        STORE(coded ? weight * LOAD(Floats, scales + BLOCK + j) : weight, scores + j);
        sum += weight;
    }
    STORE(sum, sums);
}

// Loops over a whole block, of constant length, are unrolled and stay in registers.
static void NAME(update_query)(
    float *scores, long valid, size_t columns, float scale, const float *scales, float *record, size_t padded) {
    if (scales && columns == BLOCK) update_query(scores, valid, BLOCK, scale, 1, scales, record, padded);
    else if (scales) update_query(scores, valid, columns, scale, 1, scales, record, padded);
    else if (columns == BLOCK) update_query(scores, valid, BLOCK, scale, 0, NULL, record, padded);
    else update_query(scores, valid, columns, scale, 0, NULL, record, padded);
}

/// Records of queries that have met no key yet.
INLINE void clear_records(float *records, size_t queries, size_t record, size_t padded) {
    memset(records, 0, queries * record * sizeof(float));
    for (size_t query = 0; query < queries; query++) *record_maximum(records + query * record, padded) = -INFINITY;
}

/// Adds up the partial sums of records whose span is complete.
INLINE void close_records(float *records, size_t queries, size_t record, size_t padded) {
    for (size_t query = 0; query < queries; query++) {
        float *sums = record_sums(records + query * record, padded);
        sums[0] = sum_of_lanes(LOAD(Floats, sums));
    }
}

/// Attends to blocks `[begin, end)` of one span, one record a query, which goes on from what it is.
static void NAME(attend_to_blocks)(const GygesAttentionTile *tile, size_t begin, size_t end, float *records) {
    const size_t d = tile->head_dimension, padded = (d + 15) / 16 * 16, group = tile->group;
    const size_t queries = tile->positions * group, element_bytes = cache_element_bytes(tile->format);
    const size_t record = gyges_attention_record(d);
    float *keys = tile->scratch, *values = keys + BLOCK * d, *scores = values + BLOCK * padded;
    // Few queries read the cache straight; more share one conversion of it. The sums are the same.
    const int straight = queries <= 8 && d % 16 == 0;
    const size_t rows_at_once = straight ? 8 : 6, stride_of_values = straight ? d : padded;
    const NAME(RowsTimes) times_keys = NAME(times_keys)[straight ? tile->format : GYGES_CACHE_F32];
    const NAME(RowsTimes) times_values = NAME(times_values)[straight ? tile->format : GYGES_CACHE_F32];

    const size_t last = tile->first_position + tile->positions - 1;
    for (size_t block = begin; block < end; block++) {
        const size_t first_key = block * BLOCK, count = last - first_key + 1 < BLOCK ? last - first_key + 1 : BLOCK;
        const uint8_t *stored = tile->blocks[block] + tile->head_offset;
        const uint8_t *keys_of_block = stored, *values_of_block = stored + BLOCK * d * element_bytes;
        const float *scales =
            tile->format == GYGES_CACHE_Q8 ? (const float *)(const void *)(stored + 2 * BLOCK * d) : NULL;
        if (!straight) {
            NAME(load_keys)(tile->format, keys_of_block, d, (count + LANES - 1) / LANES * LANES, keys);
            NAME(load_values)(tile->format, values_of_block, count, d, padded, values);
            keys_of_block = (const uint8_t *)keys;
            values_of_block = (const uint8_t *)values;
        }
        // What is read straight is called for a block ahead; elsewhere the calls find what is there.
        const uint8_t *next_keys = keys_of_block, *next_values = values_of_block;
        if (straight && block + 1 < end) {
            next_keys = tile->blocks[block + 1] + tile->head_offset;
            next_values = next_keys + BLOCK * d * element_bytes;
        }
        const float *block_queries = tile->queries[0];
        if (tile->chunk_blocks) {
            const size_t chunks = tile->first_position / BLOCK / tile->chunk_blocks - block / tile->chunk_blocks;
            block_queries = tile->queries[chunks < 2 ? chunks : 2];
        }
        for (size_t query = 0; query < queries; query += rows_at_once) {
            const size_t rows = queries - query < rows_at_once ? queries - query : rows_at_once;
            // The last of these queries sees the most.
            const long most_valid = (long)(tile->first_position + (query + rows - 1) / group) - (long)first_key + 1;
            if (most_valid <= 0) continue;
            const size_t seen = most_valid < (long)count ? (size_t)most_valid : count;
            const size_t columns = (seen + LANES - 1) / LANES * LANES;
            const float *rows_of_queries[8], *rows_of_scores[8];
            float *score_rows[8], *output_rows[8];
            for (size_t r = 0; r < rows; r++) {
                const size_t position = (query + r) / group, row = tile->rows ? tile->rows[position] : position;
                rows_of_queries[r] = block_queries + row * tile->query_stride + (query + r) % group * d;
                rows_of_scores[r] = score_rows[r] = scores + (query + r) * BLOCK;
                output_rows[r] = records + (query + r) * record;
            }
            times_keys(rows, rows_of_queries, d, keys_of_block, BLOCK, next_keys, columns, score_rows);
            for (size_t r = 0; r < rows; r++) {
                const long valid = (long)(tile->first_position + (query + r) / group) - (long)first_key + 1;
                if (valid <= 0) memset(score_rows[r], 0, columns * sizeof(float));
                else NAME(update_query)(score_rows[r], valid, columns, tile->scale, scales, output_rows[r], padded);
            }
            times_values(
                rows, rows_of_scores, seen, values_of_block, stride_of_values, next_values, padded, output_rows);
        }
    }
}

/// Attends to blocks `[begin, end)` of one span alone, or beside what records know of those before, one record a query.
static void NAME(attend_to_span)(
    const GygesAttentionTile *tile, size_t begin, size_t end, int resumes, float *records) {
    const size_t d = tile->head_dimension, padded = (d + 15) / 16 * 16, queries = tile->positions * tile->group;
    const size_t record = gyges_attention_record(d);
    if (!resumes) clear_records(records, queries, record, padded);
    NAME(attend_to_blocks)(tile, begin, end, records);
    close_records(records, queries, record, padded);
}

/// Merges what a query made of later keys into what it made of earlier ones.
INLINE void merge_record(float *earlier, const float *later, size_t padded) {
    const float before = *record_maximum(earlier, padded), maximum = later[padded + 16];
    if (maximum == -INFINITY) return;  // It saw none of them.
    const float after = maximum > before ? maximum : before;
    const Floats keep = exponential((Floats)(before - after)), take = exponential((Floats)(maximum - after));
    for (size_t i = 0; i < padded; i += LANES)
        STORE(LOAD(Floats, earlier + i) * keep + LOAD(Floats, later + i) * take, earlier + i);
    float *sum = record_sums(earlier, padded);
    *sum = *sum * keep[0] + later[padded] * take[0];
    *record_maximum(earlier, padded) = after;
}

/// Divides by the sums. A query that saw no key gets zeros and the logarithm of 0.
static void NAME(finish_attention)(const GygesAttentionTile *tile, float *records) {
    const size_t d = tile->head_dimension, padded = (d + 15) / 16 * 16, record = gyges_attention_record(d);
    for (size_t query = 0; query < tile->positions * tile->group; query++, records += record) {
        const size_t position = query / tile->group, head = query % tile->group;
        const float sum = *record_sums(records, padded), maximum = *record_maximum(records, padded);
        const float factor = maximum == -INFINITY ? 0 : 1 / sum;
        float *y = tile->output + position * tile->output_stride + head * d;
        for (size_t i = 0; i < d; i++) y[i] = records[i] * factor;
        if (tile->log_sum_exp)
            tile->log_sum_exp[position * tile->log_sum_exp_stride + head] =
                maximum == -INFINITY ? -INFINITY : maximum + logf(sum);
    }
}

/// The end of the span that starts or goes on at `block`.
INLINE size_t end_of_span(size_t block, size_t limit) {
    const size_t end = (block / GYGES_KEY_SPAN_BLOCKS + 1) * GYGES_KEY_SPAN_BLOCKS;
    return end < limit ? end : limit;
}

static void NAME(attention)(const GygesAttentionTile *tile) {
    const size_t d = tile->head_dimension, padded = (d + 15) / 16 * 16, queries = tile->positions * tile->group;
    const size_t record = gyges_attention_record(d), limit = tile->block_end;
    float *merged = tile->scratch + BLOCK * (d + padded + queries), *next = merged + queries * record;
    size_t block = end_of_span(tile->block_begin, limit);
    NAME(attend_to_span)(tile, tile->block_begin, block, 0, merged);
    while (block < limit) {
        const size_t end = end_of_span(block, limit);
        NAME(attend_to_span)(tile, block, end, 0, next);
        for (size_t query = 0; query < queries; query++)
            merge_record(merged + query * record, next + query * record, padded);
        block = end;
    }
    NAME(finish_attention)(tile, merged);
}

static void NAME(attention_spans)(const GygesAttentionTile *tile) {
    float *records = tile->records;
    for (size_t block = tile->block_begin; block < tile->block_end;) {
        const size_t end = end_of_span(block, tile->block_end);
        NAME(attend_to_span)(tile, block, end, tile->resumes && block == tile->block_begin, records);
        records += tile->positions * tile->group * gyges_attention_record(tile->head_dimension);
        block = end;
    }
}

static void NAME(attention_shared)(const GygesAttentionTile *tile) {
    const size_t d = tile->head_dimension, padded = (d + 15) / 16 * 16, group = tile->group;
    const size_t record = gyges_attention_record(d), queries = tile->positions * group;
    float *records = tile->scratch + BLOCK * (d + padded + queries);
    clear_records(records, queries, record, padded);
    NAME(attend_to_blocks)(tile, tile->block_begin, tile->block_end, records);
    if (tile->block_end % GYGES_KEY_SPAN_BLOCKS == 0) close_records(records, queries, record, padded);
    for (size_t position = 0; position < tile->positions; position++)
        memcpy(
            tile->records + tile->row_records[position] * record, records + position * group * record,
            group * record * sizeof(float));
}

static void NAME(attention_merge)(const GygesAttentionTile *tile) {
    const size_t d = tile->head_dimension, padded = (d + 15) / 16 * 16, record = gyges_attention_record(d);
    const size_t queries = tile->positions * tile->group;
    const float *later = tile->records + queries * record;
    for (size_t block = end_of_span(tile->block_begin, tile->block_end); block < tile->block_end;) {
        for (size_t query = 0; query < queries; query++, later += record)
            merge_record(tile->records + query * record, later, padded);
        block = end_of_span(block, tile->block_end);
    }
    NAME(finish_attention)(tile, tile->records);
}
#undef BLOCK
