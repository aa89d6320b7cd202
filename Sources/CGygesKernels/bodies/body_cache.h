// The key-value cache: storing rows, and reading elements of any format as floats. Part of body_vector.h.

enum { NAME(block) = GYGES_KEY_VALUE_BLOCK };
#define BLOCK NAME(block)

INLINE size_t cache_element_bytes(int format) {
    return format == GYGES_CACHE_F32 ? 4 : format == GYGES_CACHE_Q8 ? 1 : 2;
}

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

/// Stores x as codes `stride` bytes apart and returns their scale: max|x| / 127, or NaN if an element is not finite.
INLINE float store_codes(const float *x, size_t count, uint8_t *codes, size_t stride) {
    float largest = 0;
    int finite = 1;
    for (size_t i = 0; i < count; i++) {
        const float magnitude = fabsf(x[i]);
        finite &= magnitude < INFINITY;
        largest = magnitude > largest ? magnitude : largest;
    }
    // Below, 127 / largest would overflow; so small a row counts as zero.
    const int usable = finite && largest > 4e-37f;
    const float factor = usable ? 127 / largest : 0;
    for (size_t i = 0; i < count; i++) codes[i * stride] = usable ? (uint8_t)(int8_t)rintf(x[i] * factor) : 0;
    return finite ? (usable ? largest / 127 : 0) : NAN;
}

static void NAME(store_cache_row)(const GygesCacheRow *row) {
    const size_t d = row->head_dimension, bytes = cache_element_bytes(row->format);
    for (size_t head = 0; head < row->heads; head++) {
        uint8_t *keys = row->block + head * gyges_cache_head_bytes(row->format, d), *values = keys + BLOCK * d * bytes;
        const float *key = row->keys + head * d, *value = row->values + head * d;
        if (row->format == GYGES_CACHE_Q8) {
            uint8_t *scales = values + BLOCK * d;
            const float scale_of_key = store_codes(key, d, keys + row->offset, BLOCK);
            const float scale_of_value = store_codes(value, d, values + row->offset * d, 1);
            memcpy(scales + row->offset * sizeof(float), &scale_of_key, sizeof(float));
            memcpy(scales + (BLOCK + row->offset) * sizeof(float), &scale_of_value, sizeof(float));
            continue;
        }
        for (size_t i = 0; i < d; i++) {
            store_cached(row->format, key[i], keys + (i * BLOCK + row->offset) * bytes);
            store_cached(row->format, value[i], values + (row->offset * d + i) * bytes);
        }
    }
}

/// LANES elements as floats; codes without their scales.
INLINE Floats load_cached(const int format, const uint8_t *from) {
    switch (format) {
    case GYGES_CACHE_F32: return LOAD(Floats, from);
    case GYGES_CACHE_F16: return floats_from_halves(from);
    case GYGES_CACHE_BF16: return floats_from_bits(__builtin_convertvector(LOAD(Halves, from), Bits) << 16);
    default: return floats_from_words(__builtin_convertvector(LOAD(SignedBytes, from), Words));
    }
}

/// The first `columns` positions, a multiple of LANES, of a block's keys `[head_dimension][64]` as floats.
static void NAME(load_keys)(int format, const uint8_t *keys, size_t d, size_t columns, float *floats) {
    const size_t bytes = cache_element_bytes(format);
    for (size_t i = 0; i < d * BLOCK; i += BLOCK)
        for (size_t j = i; j < i + columns; j += LANES) STORE(load_cached(format, keys + j * bytes), floats + j);
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
