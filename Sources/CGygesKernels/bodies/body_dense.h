// Matmuls of floats that body_dense_pack.h has laid out. Part of body_matmul.h.

// The tile that registers hold: two vectors of columns by as many rows as leave room for a broadcast (16 registers, or 32).
enum { NAME(dense_rows) = LEVEL == 2 ? 12 : 6 };

/// Sums of `dense_rows` rows and two vectors of columns over a block's depth.
INLINE void dense_tile(const float *left, const float *right, size_t depth, Floats sums[NAME(dense_rows)][2]) {
    Floats held[NAME(dense_rows)][2];
    for (size_t r = 0; r < NAME(dense_rows); r++) held[r][0] = held[r][1] = 0;
    for (size_t d = 0; d < depth; d++, left += GYGES_DENSE_LEFT, right += GYGES_DENSE_RIGHT) {
        const Floats first = LOAD(Floats, right), second = LOAD(Floats, right + LANES);
        for (size_t r = 0; r < NAME(dense_rows); r++) {
            held[r][0] = multiply_add(first, (Floats)left[r], held[r][0]);
            held[r][1] = multiply_add(second, (Floats)left[r], held[r][1]);
        }
    }
    for (size_t r = 0; r < NAME(dense_rows); r++) {
        sums[r][0] = held[r][0];
        sums[r][1] = held[r][1];
    }
}

/// Prefetches the places of a tile's results while these are computed: lines that are only written are fetched first, too.
INLINE void prefetch_dense(const GygesDenseBlock *block, size_t i, size_t j) {
    const size_t left = block->columns - j, last = left < 2 * LANES ? left - 1 : 2 * LANES - 1;
    for (size_t r = 0; r < NAME(dense_rows) && i + r < block->rows; r++) {
        const float *y = block->y + (i + r) * block->stride + j;
        __builtin_prefetch(y, 1, 3);
        __builtin_prefetch(y + last, 1, 3);
    }
}

/// Hands over a tile of a block's results, from row `i` and column `j` on.
INLINE void store_dense(
    const GygesDenseBlock *block, size_t i, size_t j, const Floats sums[NAME(dense_rows)][2]) {
    for (size_t r = 0; r < NAME(dense_rows) && i + r < block->rows; r++)
        for (size_t v = 0; v < 2 && j + v * LANES < block->columns; v++) {
            float *y = block->y + (i + r) * block->stride + j + v * LANES;
            const size_t count = block->columns - j - v * LANES;
            store_some(block->adds ? load_some(y, count) + sums[r][v] : sums[r][v], y, count);
        }
}

static void NAME(dense)(const GygesDenseBlock *block) {
    // A right panel's vectors stay in the first cache while every left panel passes by.
    for (size_t j = 0; j < block->columns; j += 2 * LANES) {
        const float *right =
            block->right + j / GYGES_DENSE_RIGHT * GYGES_DENSE_RIGHT * block->depth + j % GYGES_DENSE_RIGHT;
        for (size_t i = 0; i < block->rows; i += NAME(dense_rows)) {
            const float *left =
                block->left + i / GYGES_DENSE_LEFT * GYGES_DENSE_LEFT * block->depth + i % GYGES_DENSE_LEFT;
            Floats sums[NAME(dense_rows)][2];
            prefetch_dense(block, i, j);
            dense_tile(left, right, block->depth, sums);
            store_dense(block, i, j, sums);
        }
    }
}

#if LEVEL == 2

static void NAME(dense_bfloat16)(const GygesDenseBlock *block) {
    const size_t pairs = (block->depth + 1) / 2;
    for (size_t j = 0; j < block->columns; j += 2 * LANES)
        for (size_t i = 0; i < block->rows; i += GYGES_DENSE_LEFT) {
            const uint32_t *right = (const uint32_t *)(block->right + j * block->depth);
            const uint32_t *left = (const uint32_t *)(block->left + i * block->depth);
            Floats sums[NAME(dense_rows)][2];
            prefetch_dense(block, i, j);
            for (size_t r = 0; r < NAME(dense_rows); r++) sums[r][0] = sums[r][1] = 0;
            for (size_t d = 0; d < pairs; d++, left += GYGES_DENSE_LEFT, right += GYGES_DENSE_RIGHT) {
                const Bits first = LOAD(Bits, right), second = LOAD(Bits, right + LANES);
                for (size_t r = 0; r < NAME(dense_rows); r++) {
                    sums[r][0] = add_pair_products(sums[r][0], first, (Bits)left[r]);
                    sums[r][1] = add_pair_products(sums[r][1], second, (Bits)left[r]);
                }
            }
            store_dense(block, i, j, sums);
        }
}

#else

static void NAME(dense_bfloat16)(const GygesDenseBlock *block) { NAME(dense)(block); }

#endif

static void NAME(panel_floats)(
    int format, const uint8_t *panel, size_t columns, size_t column_begin, size_t column_end, float *floats) {
    if (format != GYGES_INT8 && gyges_block_length(format) > 1) {
        NAME(dequantize_columns)(format, panel, columns, column_begin, column_end, floats);
        return;
    }
    for (size_t k = column_begin; k < column_end; k++, floats += GYGES_PANEL_OUTPUTS)
        for (size_t lane = 0; lane < GYGES_PANEL_OUTPUTS; lane += LANES) {
            Floats numbers;
            switch (format) {
            case GYGES_F32: numbers = LOAD(Floats, panel + k * 64 + 4 * lane); break;
            case GYGES_F16: numbers = floats_from_halves(panel + k * 32 + 2 * lane); break;
            case GYGES_BF16: {
                // Pairs of k share words.
                const Bits pairs = LOAD(Bits, panel + k / 2 * 64 + 4 * lane);
                numbers = floats_from_bits(k % 2 ? pairs & 0xffff0000 : pairs << 16);
                break;
            }
            default: {
                // GYGES_INT8: four k of an output share a word, and scales follow the codes.
                const Bits fours = LOAD(Bits, panel + k / 4 * 64 + 4 * lane);
                const Words codes = (Words)(fours >> (uint32_t)(8 * (k % 4)) & 255) - 128;
                numbers = floats_from_words(codes) * LOAD(Floats, panel + (columns + 3) / 4 * 64 + 4 * lane);
            }
            }
            STORE(numbers, floats + lane);
        }
}

#define EACH_DENSE_KERNEL(X)              \
    X(pack, pack_dense)                   \
    X(multiply, dense)                    \
    X(pack_bfloat16, pack_dense_bfloat16) \
    X(multiply_bfloat16, dense_bfloat16)  \
    X(panel_floats, panel_floats)
#define DENSE_KERNELS {EACH_DENSE_KERNEL(GYGES_ENTRY)}

GYGES_EXPECT_COMPLETE(GygesDenseKernels, EACH_DENSE_KERNEL);
