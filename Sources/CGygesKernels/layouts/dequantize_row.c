// Rows of stored matrices as floats: embeddings, gains, biases. Compiled for one level only.

#include <string.h>

#include "CGygesKernels.h"
#include "block_codes.h"
#include "half_floats.h"
#include "panel_layout.h"

// A product and a sum round separately, as in the reference implementation.
#pragma clang fp contract(off)

static float half_at(const uint8_t *bytes) {
    uint16_t half;
    memcpy(&half, bytes, 2);
    return gyges_float_from_half(half);
}

/// The `i`-th 6-bit scale and minimum of a Q4_K or Q5_K block.
static void six_bit(const uint8_t *packed, size_t i, float *scale, float *minimum) {
    if (i < 4) {
        *scale = packed[i] & 63;
        *minimum = packed[i + 4] & 63;
    } else {
        *scale = (packed[i + 4] & 15) | (packed[i - 4] >> 6) << 4;
        *minimum = (packed[i + 4] >> 4) | (packed[i] >> 6) << 4;
    }
}

static void dequantize_block(int format, const uint8_t *block, float *floats) {
    uint8_t codes[256];
    gyges_expand_codes(format, block, codes);
    const size_t length = gyges_block_length(format);
    const float d = half_at(block + gyges_scale_place(format));
    const int offset = gyges_code_offset(format);
    for (size_t k = 0; k < length; k++) {
        // Adding -0 leaves a zero's sign. The formats up to Q6_K lose it, and panels packed from their floats are kept in files.
        float scale = d, lowest = format <= GYGES_Q6_K ? 0 : -0.0f;
        switch (format) {
        case GYGES_Q4_1: case GYGES_Q5_1: lowest = half_at(block + 2); break;
        case GYGES_Q6_K: scale *= (float)(int8_t)block[192 + k / 16]; break;
        case GYGES_Q3_K: scale *= (float)(gyges_six_bit_scale(format, block + 96, 1, k / 16) - 32); break;
        case GYGES_IQ4_XS: scale *= (float)(gyges_six_bit_scale(format, block + 2, 1, k / 32) - 32); break;
        case GYGES_Q2_K:
            scale *= (float)(block[k / 16] & 15);
            lowest = -half_at(block + 82) * (float)(block[k / 16] >> 4);
            break;
        case GYGES_Q4_K: case GYGES_Q5_K: {
            float minimum;
            six_bit(block + 4, k / 32, &scale, &minimum);
            scale *= d;
            lowest = -half_at(block + 2) * minimum;
            break;
        }
        }
        const int integer = gyges_has_table(format) ? gyges_iq4_values[codes[k]] : codes[k] - offset;
        floats[k] = scale * (float)integer + lowest;
    }
}

void gyges_dequantize_row(int format, const uint8_t *row, size_t columns, float *floats) {
    switch (format) {
    case GYGES_F32: memcpy(floats, row, columns * 4); return;
    case GYGES_F16:
        for (size_t k = 0; k < columns; k++) floats[k] = half_at(row + 2 * k);
        return;
    case GYGES_BF16:
        for (size_t k = 0; k < columns; k++) {
            uint16_t half;
            memcpy(&half, row + 2 * k, 2);
            floats[k] = gyges_float_from_bfloat16(half);
        }
        return;
    }
    const size_t length = gyges_block_length(format), bytes = gyges_block_bytes(format);
    for (size_t block = 0; block < columns / length; block++)
        dequantize_block(format, row + block * bytes, floats + block * length);
}
