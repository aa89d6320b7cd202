/// Conversions of 16-bit floats in plain C, for code that may not assume the instructions.
#ifndef GYGES_HALF_FLOATS_H
#define GYGES_HALF_FLOATS_H

#include <stdint.h>
#include <string.h>

static inline float gyges_float_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static inline uint32_t gyges_bits_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}

static inline float gyges_float_from_bfloat16(uint16_t half) { return gyges_float_from_bits((uint32_t)half << 16); }

/// Rounds to nearest, ties to even. Keeps NaN a NaN.
static inline uint16_t gyges_bfloat16_from_float(float value) {
    uint32_t bits = gyges_bits_from_float(value);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Exact, subnormals, infinities and NaN included.
static inline float gyges_float_from_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) return gyges_float_from_bits(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
    // The exponent's bias is off by 112; the product puts it right for normal and subnormal numbers alike.
    float value = gyges_float_from_bits(magnitude << 13) * 0x1p112f;
    return gyges_float_from_bits(sign | gyges_bits_from_float(value));
}

/// Rounds to nearest, ties to even; too large becomes infinity. Keeps NaN a NaN.
static inline uint16_t gyges_half_from_float(float value) {
    uint32_t bits = gyges_bits_from_float(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00);
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) {  // Subnormal: the sum below rounds at the last bit that stays.
        float shifted = gyges_float_from_bits(magnitude) + 0.5f;
        return (uint16_t)(sign | (gyges_bits_from_float(shifted) - 0x3f000000));
    }
    magnitude += 0xc8000fff + (magnitude >> 13 & 1);
    return (uint16_t)(sign | magnitude >> 13);
}

#endif
