// Activations into tiles. Part of body_matmul.h. Every level gives the same bits, but for subnormal numbers: there is no sum of
// floats here.

/// The words of up to LANES rows of a tile, LANES of each: word i of row r goes `tile_rows` words after word i - 1. Uses up
/// `rows`.
INLINE void store_words(Bits rows[LANES], size_t words, size_t rows_left, size_t tile_rows, uint8_t *target) {
    transpose(rows);
    for (size_t i = 0; i < LANES && i < words; i++)
        store_some((Floats)rows[i], (float *)(target + i * tile_rows * 4), rows_left);
}

static void NAME(float32_tile)(
    const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, float *tile) {
    for (size_t k = 0; k < columns; k += LANES)
        for (size_t first = 0; first < tile_rows; first += LANES) {
            Bits words[LANES];
            for (size_t row = first; row < first + LANES; row++)
                words[row - first] = row < rows ? (Bits)load_some(x + row * stride + k, columns - k) : 0;
            store_words(words, columns - k, tile_rows - first, tile_rows, (uint8_t *)(tile + k * tile_rows + first));
        }
}

/// The first `count` of two runs of LANES floats as bfloat16 pairs: neighbours share a word.
INLINE Bits bfloat16_words(const float *x, size_t count) {
#if LEVEL == 2
    return bfloat16_pairs(load_some(x, count), count > LANES ? load_some(x + LANES, count - LANES) : (Floats)0);
#else
    Bits words = 0;
    for (size_t i = 0; i < LANES && 2 * i < count; i++)
        words[i] = (uint32_t)gyges_bfloat16_from_float(x[2 * i])
            | (2 * i + 1 < count ? (uint32_t)gyges_bfloat16_from_float(x[2 * i + 1]) << 16 : 0);
    return words;
#endif
}

static void NAME(bfloat16_tile)(
    const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile) {
    for (size_t k = 0; k < columns; k += 2 * LANES)
        for (size_t first = 0; first < tile_rows; first += LANES) {
            Bits words[LANES];
            for (size_t row = first; row < first + LANES; row++)
                words[row - first] = row < rows ? bfloat16_words(x + row * stride + k, columns - k) : 0;
            store_words(
                words, (columns - k + 1) / 2, tile_rows - first, tile_rows, tile + (k / 2 * tile_rows + first) * 4);
        }
}

// Rounding to bytes. What is found out once a block is found out for as many blocks as fill a vector.

/// The largest lane of each of LANES vectors. Uses up `rows`.
INLINE Words largest_lanes(Words rows[LANES]) {
    for (int count = LANES / 2; count > 0; count /= 2)
        for (int i = 0; i < count; i++)
            rows[i] = __builtin_elementwise_max(
                UNZIP(rows[2 * i], rows[2 * i + 1], 0), UNZIP(rows[2 * i], rows[2 * i + 1], 1));
    return rows[0];
}

/// Sums of neighbouring lanes of `2 · count` vectors, in `count`.
INLINE void add_neighbours(Words *rows, int count) {
    for (int i = 0; i < count; i++)
        rows[i] = UNZIP(rows[2 * i], rows[2 * i + 1], 0) + UNZIP(rows[2 * i], rows[2 * i + 1], 1);
}

/// The magnitude of floats by its bits, which order as it does: a NaN is larger than anything and stays.
INLINE Words magnitude_bits(Floats floats) { return (Words)floats & 0x7fffffff; }

/// The scales of blocks with these largest magnitudes, and what their floats are multiplied by before rounding.
INLINE Floats scales_of_largest(Words largest, Floats *inverse) {
    // Below this, 127 / maximum would overflow: such a block is zero.
    const Floats maximum = (Floats)largest;
    const Words is_zero = maximum < 4e-37f;
    *inverse = choose(is_zero, (Floats)0.0f, 127 / maximum);
    return choose(is_zero, (Floats)0.0f, maximum / 127);
}

/// Floats of magnitudes up to 127 as bytes, rounded to the nearest, ties to even.
INLINE Bits rounded_to_bytes(const Floats floats[4]) {
    // Adding 1.5 · 2^23 rounds to an integer and leaves it in the low bits.
    Words rounded[4];
    for (int v = 0; v < 4; v++) rounded[v] = (Words)(floats[v] + 0x1.8p23f);
#if LEVEL == 2
    const __m512i lowest = _mm512_set_epi64(
        0, 0, 0, 0, 0x7c7874706c686460, 0x5c5854504c484440, 0x3c3834302c282420, 0x1c1814100c080400);
    const __m512i first = _mm512_permutex2var_epi8((__m512i)rounded[0], lowest, (__m512i)rounded[1]);
    const __m512i second = _mm512_permutex2var_epi8((__m512i)rounded[2], lowest, (__m512i)rounded[3]);
    return (Bits)_mm512_inserti64x4(first, _mm512_castsi512_si256(second), 1);
#else
    SignedBytes bytes[4];
    for (int v = 0; v < 4; v++) bytes[v] = __builtin_convertvector(rounded[v] << 24 >> 24, SignedBytes);
    return LOAD(Bits, bytes);
#endif
}

/// The sum of the four bytes of each lane.
INLINE Words sums_of_bytes(Bits codes) {
#if LEVEL == 2
    return (Words)_mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8(1), (__m512i)codes);
#else
    const Words words = (Words)codes;
    return (words << 24 >> 24) + (words << 16 >> 24) + (words << 8 >> 24) + (words >> 24);
#endif
}

/// Every fourth lane of four vectors one after the other, from each of the first four on.
INLINE void unzip_fours(Words vectors[4]) {
    const Words even[2] = {UNZIP(vectors[0], vectors[1], 0), UNZIP(vectors[2], vectors[3], 0)};
    const Words odd[2] = {UNZIP(vectors[0], vectors[1], 1), UNZIP(vectors[2], vectors[3], 1)};
    vectors[0] = UNZIP(even[0], even[1], 0);
    vectors[1] = UNZIP(odd[0], odd[1], 0);
    vectors[2] = UNZIP(even[0], even[1], 1);
    vectors[3] = UNZIP(odd[0], odd[1], 1);
}

/// What a tile says about blocks of 32 beside their codes: `figures[i]` of one block a lane. Uses up `sums`, of four codes each.
INLINE size_t figures_of_32(Floats scale, Words *sums, Words figures[6]) {
    add_neighbours(sums, 4);
    add_neighbours(sums, 2);
    add_neighbours(sums, 1);
    figures[0] = (Words)scale;
    figures[1] = (Words)(scale * floats_from_words(sums[0]));
    figures[2] = sums[0] * -128;
    return 3;
}

/// The same about blocks of 64.
INLINE size_t figures_of_64(Floats scale, Words *sums, Words figures[6]) {
    add_neighbours(sums, 8);
    add_neighbours(sums, 4);
    unzip_fours(sums);
    figures[0] = (Words)scale;
    figures[1] = (Words)joined_as_bfloat16(
        scale * floats_from_words(sums[0] + sums[1]), scale * floats_from_words(sums[2] + sums[3]));
    for (int i = 0; i < 4; i++) figures[2 + i] = sums[i] * -128;
    return 6;
}

/// Quantises `count` blocks of `B` (32 or 64), which follow one another, of each of `R` rows, at most LANES in all, into a
/// tile.
///
/// A lane is a block of a row: the rows of the first block, then those of the next.
INLINE void quantize_blocks(
    const size_t B, const size_t R, size_t count, const float *x, size_t stride, size_t row, size_t tile_rows,
    uint8_t *tile) {
    const size_t block_bytes = gyges_quantized_tile_bytes(tile_rows, B);
    Words largest[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
        largest[lane] = 0;
        for (size_t k = 0; k < B && lane < R * count; k += LANES)
            largest[lane] = __builtin_elementwise_max(
                largest[lane], magnitude_bits(LOAD(Floats, x + lane % R * stride + lane / R * B + k)));
    }
    Floats inverse;
    const Floats scale = scales_of_largest(largest_lanes(largest), &inverse);
    float inverses[LANES];
    STORE(inverse, inverses);

    Words sums[16];
    for (size_t unit = 0; unit < B / 4; unit++) {
        Floats scaled[4];
        const size_t place = unit * 4 * LANES;
        for (size_t v = 0; v < 4; v++) {
            const size_t lane = (place + v * LANES) / B, k = (place + v * LANES) % B;
            scaled[v] = lane < R * count
                ? LOAD(Floats, x + lane % R * stride + lane / R * B + k) * inverses[lane] : (Floats)0.0f;
        }
        const Bits bytes = rounded_to_bytes(scaled);
        sums[unit] = sums_of_bytes(bytes);
        const size_t piece = sizeof bytes < B ? sizeof bytes : B;
        for (size_t i = 0; i < sizeof bytes; i += piece) {
            const size_t lane = (place + i) / B;
            if (lane < R * count)
                memcpy(
                    tile + lane / R * block_bytes + (row + lane % R) * B + (place + i) % B,
                    (const uint8_t *)&bytes + i, piece);
        }
    }
    Words figures[6];
    const size_t figure_count = B == 64 ? figures_of_64(scale, sums, figures) : figures_of_32(scale, sums, figures);
    for (size_t i = 0; i < figure_count; i++)
        for (size_t block = 0; block < count; block++)
            memcpy(
                tile + block * block_bytes + tile_rows * (B + 4 * i) + 4 * row,
                (const uint8_t *)&figures[i] + 4 * R * block, 4 * R);
}

INLINE void quantize_rows(
    const size_t B, const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile) {
    const size_t blocks = columns / B;
    if (rows < tile_rows) memset(tile, 0, gyges_quantized_tile_bytes(tile_rows, columns));
    for (size_t row = 0, together; row < rows; row += together) {
        together = LANES;
        while (together > rows - row) together /= 2;
        const size_t step = LANES / together;
        for (size_t block = 0; block < blocks; block += step) {
            const float *from = x + row * stride + B * block;
            uint8_t *to = tile + gyges_quantized_tile_bytes(tile_rows, B * block);
            const size_t count = blocks - block < step ? blocks - block : step;
            // Constant numbers have no conditions.
#define ROWS(R)                                                                                          \
    case R:                                                                                              \
        if (LANES >= R && count == LANES / R)                                                            \
            quantize_blocks(B, R, LANES / R, from, stride, row, tile_rows, to);                          \
        else quantize_blocks(B, R, count, from, stride, row, tile_rows, to);                             \
        break;
            switch (together) { ROWS(1) ROWS(2) ROWS(4) ROWS(8) ROWS(16) }
#undef ROWS
        }
    }
}

static void NAME(quantize_tile)(
    const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, size_t block, uint8_t *tile) {
    if (block == 64) quantize_rows(64, x, stride, rows, tile_rows, columns, tile);
    else quantize_rows(32, x, stride, rows, tile_rows, columns, tile);
}

/// Rounds one block of up to LANES rows to 8 bits, and lays out words of four k and figures for `rows_left` rows.
INLINE void int8_block(
    const float *x, size_t stride, size_t rows, size_t columns, size_t rows_left, size_t tile_rows, uint8_t *codes,
    uint8_t *figures) {
    Words largest[LANES], sums[LANES];
    for (size_t row = 0; row < LANES; row++) {
        largest[row] = sums[row] = 0;
        for (size_t k = 0; k < columns && row < rows; k += LANES)
            largest[row] = __builtin_elementwise_max(
                largest[row], magnitude_bits(load_some(x + row * stride + k, columns - k)));
    }
    Floats inverse;
    const Floats scale = scales_of_largest(largest_lanes(largest), &inverse);
    float inverses[LANES];
    STORE(inverse, inverses);
    for (size_t k = 0; k < columns; k += 4 * LANES) {
        Bits words[LANES];
        for (size_t row = 0; row < LANES; row++) {
            Floats scaled[4];
            for (size_t v = 0; v < 4; v++) {
                const size_t place = k + v * LANES;
                scaled[v] = row < rows && place < columns
                    ? load_some(x + row * stride + place, columns - place) * inverses[row] : (Floats)0.0f;
            }
            words[row] = rounded_to_bytes(scaled);
            sums[row] += sums_of_bytes(words[row]);
        }
        store_words(words, (columns - k + 3) / 4, rows_left, tile_rows, codes + k * tile_rows);
    }
    for (int count = LANES / 2; count > 0; count /= 2) add_neighbours(sums, count);
    store_some(scale, (float *)figures, rows_left);
    store_some((Floats)(sums[0] * -128), (float *)(figures + 4 * tile_rows), rows_left);
}

static void NAME(int8_tile)(
    const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile) {
    for (size_t k = 0; k < columns; k += GYGES_INT8_BLOCK) {
        const size_t count = columns - k < GYGES_INT8_BLOCK ? columns - k : GYGES_INT8_BLOCK;
        uint8_t *codes = tile + gyges_int8_tile_bytes(tile_rows, k);
        uint8_t *figures = codes + (count + 3) / 4 * 4 * tile_rows;
        for (size_t first = 0; first < tile_rows; first += LANES) {
            const size_t left = rows > first ? rows - first : 0;
            const float *from = x + first * stride + k;
            uint8_t *to = codes + 4 * first, *figures_to = figures + 4 * first;
            // Loops of constant length have no conditions.
            if (count == GYGES_INT8_BLOCK && rows == GYGES_FLOAT_TILE_ROWS && LANES > GYGES_FLOAT_TILE_ROWS)
                int8_block(
                    from, stride, GYGES_FLOAT_TILE_ROWS, GYGES_INT8_BLOCK, GYGES_FLOAT_TILE_ROWS, tile_rows, to,
                    figures_to);
            else int8_block(from, stride, left, count, tile_rows - first, tile_rows, to, figures_to);
        }
    }
}
