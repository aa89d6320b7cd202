// Packs weights from their file formats into panels. Runs once a matrix, so it is compiled for one level only.

#include <math.h>
#include <string.h>

#include "CGygesKernels.h"
#include "block_codes.h"
#include "half_floats.h"
#include "panel_layout.h"

enum { outputs_in_panel = GYGES_PANEL_OUTPUTS };

_Static_assert(GYGES_QUANTIZED_TILE_ROWS <= 16 && GYGES_FLOAT_TILE_ROWS <= 16, "gyges_tile_rows knows no larger tile");

size_t gyges_block_length(int format) {
    switch (format) {
    case GYGES_F32: case GYGES_F16: case GYGES_BF16: return 1;
    case GYGES_Q2_K: case GYGES_Q3_K: case GYGES_Q4_K: case GYGES_Q5_K: case GYGES_Q6_K: case GYGES_IQ4_XS: return 256;
    default: return 32;
    }
}

size_t gyges_block_bytes(int format) {
    switch (format) {
    case GYGES_F32: return 4;
    case GYGES_F16: case GYGES_BF16: return 2;
    default: return (gyges_code_bytes(format) * (gyges_block_length(format) / 32) + gyges_scale_bytes(format)) / 16;
    }
}

size_t gyges_panel_bytes(int format, size_t columns) {
    switch (format) {
    case GYGES_F32: return columns * 64;
    case GYGES_F16: return (columns + 1) / 2 * 64;
    case GYGES_BF16: return (columns + 1) / 2 * 64;
    case GYGES_INT8: return (columns + 3) / 4 * 64 + outputs_in_panel * 4;
    default: {
        size_t bytes = columns / gyges_block_length(format) * gyges_block_bytes(format) * outputs_in_panel;
        return (bytes + 63) / 64 * 64;
    }
    }
}

size_t gyges_tile_rows(size_t rows, size_t maximum) {
    static const size_t supported[] = {1, 2, 3, 4, 6, 8, 12, 16};
    size_t wanted = rows < maximum ? rows : maximum, i = 0;
    while (supported[i] < wanted && i < sizeof supported / sizeof *supported - 1) i++;
    return supported[i];
}

size_t gyges_int8_tile_bytes(size_t rows, size_t columns) {
    return rows * ((columns + 3) / 4 * 4 + (columns + GYGES_INT8_BLOCK - 1) / GYGES_INT8_BLOCK * 8);
}

size_t gyges_activation_block(int format) { return gyges_block_length(format) == 256 ? 64 : 32; }

/// Writes entry `output` of the block's 16-wide scales.
static void pack_scales(int format, const uint8_t *block, size_t output, uint8_t *scales) {
    memcpy(scales + 2 * output, block + gyges_scale_place(format), 2);
    switch (format) {
    case GYGES_Q4_K: case GYGES_Q5_K:
        for (int i = 0; i < 12; i++) scales[64 + 16 * i + output] = block[4 + i];
        // fall through
    case GYGES_Q4_1: case GYGES_Q5_1:
        memcpy(scales + 32 + 2 * output, block + 2, 2);
        break;
    case GYGES_Q6_K:
        for (int i = 0; i < 16; i++) scales[32 + 16 * i + output] = block[192 + i];
        break;
    case GYGES_Q2_K:
        memcpy(scales + 32 + 2 * output, block + 82, 2);
        for (int i = 0; i < 16; i++) scales[64 + 16 * i + output] = block[i];
        break;
    case GYGES_Q3_K:
        for (int i = 0; i < 12; i++) scales[32 + 16 * i + output] = block[96 + i];
        break;
    case GYGES_IQ4_XS:
        for (int i = 0; i < 6; i++) scales[32 + 16 * i + output] = block[2 + i];
        break;
    }
}

// MARK: - Panels

static uint32_t word_at(const uint8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, 4);
    return word;
}

/// Packs 32 codes of each of 16 outputs (`stride` apart) as panel_layout.h says.
static void pack_codes(int bits, const uint8_t *codes, size_t stride, uint8_t *packed) {
    uint32_t words[8][outputs_in_panel], vectors[8][outputs_in_panel] = {0};
    for (size_t group = 0; group < 8; group++)
        for (size_t output = 0; output < outputs_in_panel; output++)
            words[group][output] = word_at(codes + output * stride + 4 * group);

    if (bits == 8) {
        memcpy(packed, words, sizeof words);
        return;
    }
    for (size_t group = 0; group < 8; group++)
        for (size_t output = 0; output < outputs_in_panel; output++) {
            uint32_t word = words[group][output];
            if (bits < 4) {
                vectors[group / 4][output] |= (word & 0x03030303) << 2 * (group % 4);
                if (bits == 3) vectors[2][output] |= (word >> 2 & 0x01010101) << group;
                continue;
            }
            vectors[group / 2][output] |= (word & 0x0f0f0f0f) << 4 * (group % 2);
            if (bits == 5) vectors[4][output] |= (word >> 4 & 0x01010101) << group;
            if (bits == 6) vectors[4 + group / 4][output] |= (word >> 4 & 0x03030303) << 2 * (group % 4);
        }
    memcpy(packed, vectors, (size_t)bits * 64);
}

static void pack_block_panel(
    int format, const uint8_t *rows, size_t count, size_t row_bytes, size_t columns, uint8_t *panel) {
    size_t length = gyges_block_length(format), block_bytes = gyges_block_bytes(format);
    size_t blocks = columns / length;
    uint8_t codes[outputs_in_panel][256] = {0};
    memset(panel, 0, gyges_panel_bytes(format, columns));
    for (size_t block = 0; block < blocks;) {
        size_t together = gyges_blocks_together(format, block, blocks);
        uint8_t *scales = panel;
        panel += together * gyges_scale_bytes(format);
        for (size_t end = block + together; block < end; block++, scales += gyges_scale_bytes(format)) {
            for (size_t output = 0; output < count; output++) {
                const uint8_t *source = rows + output * row_bytes + block * block_bytes;
                gyges_expand_codes(format, source, codes[output]);
                pack_scales(format, source, output, scales);
            }
            for (size_t k = 0; k < length; k += 32, panel += gyges_code_bytes(format))
                pack_codes(gyges_code_bits(format), codes[0] + k, sizeof *codes, panel);
        }
    }
}

static void pack_float_panel(
    int format, const uint8_t *rows, size_t count, size_t row_bytes, size_t columns, uint8_t *panel) {
    size_t size = gyges_block_bytes(format);
    // bfloat16 keeps two consecutive k of one output together, the operand layout of vdpbf16ps.
    size_t together = format == GYGES_BF16 ? 2 : 1;
    memset(panel, 0, gyges_panel_bytes(format, columns));
    for (size_t output = 0; output < count; output++)
        for (size_t k = 0; k < columns; k++) {
            size_t place = (k / together * outputs_in_panel + output) * together + k % together;
            memcpy(panel + place * size, rows + output * row_bytes + k * size, size);
        }
}

void gyges_pack_panels(
    int format, const uint8_t *source, size_t outputs, size_t columns, size_t panel_begin, size_t panel_end,
    uint8_t *packed) {
    size_t row_bytes = columns / gyges_block_length(format) * gyges_block_bytes(format);
    size_t panel_bytes = gyges_panel_bytes(format, columns);
    for (size_t panel = panel_begin; panel < panel_end; panel++) {
        size_t first = panel * outputs_in_panel, left = outputs - first;
        size_t count = left < outputs_in_panel ? left : outputs_in_panel;
        (gyges_block_length(format) == 1 ? pack_float_panel : pack_block_panel)(
            format, source + first * row_bytes, count, row_bytes, columns, packed + panel * panel_bytes);
    }
}

void gyges_pack_bfloat16_panel(const float *panel, size_t columns, uint8_t *packed) {
    memset(packed, 0, gyges_panel_bytes(GYGES_BF16, columns));
    for (size_t k = 0; k < columns; k++)
        for (size_t output = 0; output < outputs_in_panel; output++) {
            uint16_t half = gyges_bfloat16_from_float(panel[k * outputs_in_panel + output]);
            memcpy(packed + ((k / 2 * outputs_in_panel + output) * 2 + k % 2) * 2, &half, 2);
        }
}

void gyges_pack_int8_panel(const float *panel, size_t columns, uint8_t *packed) {
    const size_t codes_bytes = (columns + 3) / 4 * 64;
    // Codes are stored plus 128: a byte beyond the last column stands for zero.
    memset(packed, 128, codes_bytes);
    for (size_t output = 0; output < outputs_in_panel; output++) {
        float largest = 0;
        for (size_t k = 0; k < columns; k++) {
            const float magnitude = fabsf(panel[k * outputs_in_panel + output]);
            // Written so that a weight that is not a number makes the scale none either.
            if (!(magnitude <= largest)) largest = magnitude;
        }
        const float inverse = largest < 4e-37f ? 0 : 127 / largest, scale = largest < 4e-37f ? 0 : largest / 127;
        memcpy(packed + codes_bytes + 4 * output, &scale, 4);
        if (!isfinite(scale)) continue;
        for (size_t k = 0; k < columns; k++)
            packed[(k / 4 * outputs_in_panel + output) * 4 + k % 4] =
                (uint8_t)(128 + (int)nearbyintf(panel[k * outputs_in_panel + output] * inverse));
    }
}
