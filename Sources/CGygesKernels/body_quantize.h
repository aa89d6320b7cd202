// Activations into tiles. Part of body_products.h. The loops below are left to the vectoriser and give the same bits at
// every level: there is no sum of floats in them.

static void NAME(quantize_tile)(const float *x, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile) {
    size_t block_bytes = tile_rows * 52;
    for (size_t row = 0; row < tile_rows; row++)
        for (size_t block = 0; block < columns / 32; block++) {
            uint8_t *codes = tile + block * block_bytes + 32 * row;
            uint8_t *figures = tile + block * block_bytes + 32 * tile_rows + 4 * row;
            float scale = 0, scaled_sum = 0;
            int32_t sums[2] = {0, 0}, quantized[32] = {0};
            if (row < rows) {
                float values[32];
                memcpy(values, x + row * columns + 32 * block, sizeof values);

                // The largest magnitude, by its bits: a NaN is larger than anything and stays.
                int32_t largest = 0;
                for (int i = 0; i < 32; i++) {
                    int32_t magnitude = (int32_t)(gyges_bits_from_float(values[i]) & 0x7fffffff);
                    largest = magnitude > largest ? magnitude : largest;
                }
                float maximum = gyges_float_from_bits((uint32_t)largest);
                // Below this, 127 / maximum would overflow: such a block is zero.
                float inverse = maximum < 4e-37f ? 0 : 127 / maximum;
                scale = maximum < 4e-37f ? 0 : maximum / 127;

                // Adding 1.5 · 2^23 rounds to an integer, ties to even, and leaves it in the low bits.
                for (int i = 0; i < 32; i++)
                    quantized[i] = (int8_t)(gyges_bits_from_float(values[i] * inverse + 0x1.8p23f) & 0xff);
                for (int i = 0; i < 16; i++) sums[0] += quantized[i];
                for (int i = 16; i < 32; i++) sums[1] += quantized[i];
                scaled_sum = scale * (float)(sums[0] + sums[1]);
            }
            int8_t narrow[32];
            for (int i = 0; i < 32; i++) narrow[i] = (int8_t)quantized[i];
            memcpy(codes, narrow, 32);
            int32_t negated[3] = {-(sums[0] + sums[1]), -sums[0], -sums[1]};
            memcpy(figures, &scale, 4);
            memcpy(figures + 4 * tile_rows, &scaled_sum, 4);
            for (int i = 0; i < 3; i++) memcpy(figures + 4 * tile_rows * (size_t)(2 + i), &negated[i], 4);
        }
}

static void NAME(float32_tile)(const float *x, size_t rows, size_t tile_rows, size_t columns, float *tile) {
    for (size_t row = 0; row < tile_rows; row++)
        for (size_t k = 0; k < columns; k++) tile[k * tile_rows + row] = row < rows ? x[row * columns + k] : 0;
}

static void NAME(bfloat16_tile)(const float *x, size_t rows, size_t tile_rows, size_t columns, uint8_t *tile) {
    for (size_t row = 0; row < tile_rows; row++)
        for (size_t k = 0; k < (columns + 1) / 2 * 2; k++) {
            uint16_t half = row < rows && k < columns ? gyges_bfloat16_from_float(x[row * columns + k]) : 0;
            memcpy(tile + ((k / 2 * tile_rows + row) * 2 + k % 2) * 2, &half, 2);
        }
}
