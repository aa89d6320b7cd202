// Activations into tiles. Part of body_products.h. Every level gives the same bits: there is no sum of floats here.

/// Quantises one block of 32 and writes its codes and, `stride` bytes apart, its figures.
INLINE void quantize_block(const float *x, int8_t *codes, uint8_t *figures, size_t stride) {
    enum { vectors = 32 / LANES };
    Floats values[vectors];
    // The largest magnitude, by its bits: a NaN is larger than anything and stays.
    Words largest = 0;
    for (int v = 0; v < vectors; v++) {
        values[v] = LOAD(Floats, x + v * LANES);
        largest = __builtin_elementwise_max(largest, (Words)values[v] & 0x7fffffff);
    }
    const float maximum = gyges_float_from_bits((uint32_t)__builtin_reduce_max(largest));
    // Below this, 127 / maximum would overflow: such a block is zero.
    const float inverse = maximum < 4e-37f ? 0 : 127 / maximum, scale = maximum < 4e-37f ? 0 : maximum / 127;

    int32_t sums[2] = {0, 0};
    for (int v = 0; v < vectors; v++) {
        // Adding 1.5 · 2^23 rounds to an integer, ties to even, and leaves it in the low bits.
        const Words rounded = (Words)(values[v] * inverse + 0x1.8p23f) << 24 >> 24;
        STORE(__builtin_convertvector(rounded, SignedBytes), codes + v * LANES);
        sums[v * LANES / 16] += __builtin_reduce_add(rounded);
    }
    const float scaled_sum = scale * (float)(sums[0] + sums[1]);
    const int32_t negated[3] = {-128 * (sums[0] + sums[1]), -128 * sums[0], -128 * sums[1]};
    memcpy(figures, &scale, 4);
    memcpy(figures + stride, &scaled_sum, 4);
    for (size_t i = 0; i < 3; i++) memcpy(figures + stride * (2 + i), &negated[i], 4);
}

static void NAME(quantize_tile)(
    const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile) {
    const size_t block_bytes = tile_rows * 52;
    if (rows < tile_rows) memset(tile, 0, gyges_quantized_tile_bytes(tile_rows, columns));
    for (size_t row = 0; row < rows; row++)
        for (size_t block = 0; block < columns / 32; block++) {
            uint8_t *target = tile + block * block_bytes;
            quantize_block(
                x + row * stride + 32 * block, (int8_t *)target + 32 * row, target + 32 * tile_rows + 4 * row,
                4 * tile_rows);
        }
}

static void NAME(float32_tile)(
    const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, float *tile) {
    for (size_t row = 0; row < tile_rows; row++)
        for (size_t k = 0; k < columns; k++) tile[k * tile_rows + row] = row < rows ? x[row * stride + k] : 0;
}

/// Two runs of LANES floats as bfloat16 pairs: neighbours share a word.
INLINE Bits bfloat16_words(const float *x) {
#if LEVEL == 2
    return (Bits)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + LANES), _mm512_loadu_ps(x));
#else
    Bits words;
    for (size_t i = 0; i < LANES; i++)
        words[i] = (uint32_t)gyges_bfloat16_from_float(x[2 * i])
            | (uint32_t)gyges_bfloat16_from_float(x[2 * i + 1]) << 16;
    return words;
#endif
}

static void NAME(bfloat16_tile)(
    const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile) {
    const size_t pairs = (columns + 1) / 2;
    if (rows < tile_rows) memset(tile, 0, pairs * tile_rows * 4);
    for (size_t row = 0; row < rows; row++, x += stride)
        for (size_t pair = 0; pair < pairs; pair += LANES) {
            float rest[2 * LANES] = {0};
            const size_t left = columns - 2 * pair;
            if (left < 2 * LANES) memcpy(rest, x + 2 * pair, left * sizeof *rest);
            const Bits words = bfloat16_words(left < 2 * LANES ? rest : x + 2 * pair);
            uint8_t *target = tile + (pair * tile_rows + row) * 4;
            for (size_t i = 0; i < LANES && pair + i < pairs; i++) {
                const uint32_t word = words[i];
                memcpy(target + i * tile_rows * 4, &word, 4);
            }
        }
}

/// Rounds one block of a row to 8 bits; codes of four k go `tile_rows` words apart.
INLINE void int8_block(const float *x, size_t columns, size_t tile_rows, uint8_t *codes, uint8_t *figures) {
    Words largest = 0;
    for (size_t k = 0; k < columns; k += LANES)
        largest = __builtin_elementwise_max(largest, (Words)load_some(x + k, columns - k) & 0x7fffffff);
    const float maximum = gyges_float_from_bits((uint32_t)__builtin_reduce_max(largest));
    const float inverse = maximum < 4e-37f ? 0 : 127 / maximum, scale = maximum < 4e-37f ? 0 : maximum / 127;

    Words sums = 0;
    for (size_t k = 0; k < columns; k += LANES) {
        // As in quantize_block.
        const Words rounded = (Words)(load_some(x + k, columns - k) * inverse + 0x1.8p23f) << 24 >> 24;
        sums += rounded;
        const SignedBytes bytes = __builtin_convertvector(rounded, SignedBytes);
        for (size_t word = 0; word < LANES / 4 && k + 4 * word < columns; word++)
            memcpy(codes + (k / 4 + word) * tile_rows * 4, (const uint8_t *)&bytes + 4 * word, 4);
    }
    const int32_t negated = -128 * __builtin_reduce_add(sums);
    memcpy(figures, &scale, 4);
    memcpy(figures + 4 * tile_rows, &negated, 4);
}

static void NAME(int8_tile)(
    const float *x, size_t stride, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile) {
    if (rows < tile_rows) memset(tile, 0, gyges_int8_tile_bytes(tile_rows, columns));
    uint8_t *figures = tile + (columns + 3) / 4 * 4 * tile_rows;
    for (size_t row = 0; row < rows; row++)
        for (size_t k = 0; k < columns; k += GYGES_INT8_BLOCK)
            int8_block(
                x + row * stride + k, columns - k < GYGES_INT8_BLOCK ? columns - k : GYGES_INT8_BLOCK, tile_rows,
                tile + (k * tile_rows + 4 * row), figures + (k / GYGES_INT8_BLOCK * 2 * tile_rows + row) * 4);
}
