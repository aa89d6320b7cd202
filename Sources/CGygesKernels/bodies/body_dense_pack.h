// Operands of dense matmuls, laid out for one use. Part of body_matmul.h.

/// What packed numbers are.
typedef enum {
    /// Floats as they are.
    PACKED_FLOATS,
    /// Floats with the precision of bfloat16.
    PACKED_ROUNDED,
    /// Words of two bfloat16 of one item, from an even depth and the next.
    PACKED_PAIRS,
} PackedNumbers;

/// The first `count` numbers, and zeros beyond.
INLINE Floats packed_some(PackedNumbers kind, const float *x, size_t count) {
    const Floats numbers = load_some(x, count);
    return kind == PACKED_ROUNDED ? rounded_to_bfloat16(numbers) : numbers;
}

/// Two vectors of numbers as words of pairs, lane by lane.
INLINE Floats paired(Floats first, Floats second) { return (Floats)joined_as_bfloat16(first, second); }

/// A panel of `count` items that lie side by side in memory.
INLINE void pack_along_items(
    PackedNumbers kind, const GygesDensePack *pack, const size_t width, const size_t count, const float *x,
    float *packed) {
    const size_t step = kind == PACKED_PAIRS ? 2 : 1;
    for (size_t d = 0; d < pack->depth; d += step, x += step * pack->depth_stride, packed += width)
        for (size_t i = 0; i < width; i += LANES) {
            Floats numbers = 0;
            if (i < count) {
                numbers = packed_some(kind, x + i, count - i);
                if (kind == PACKED_PAIRS)
                    numbers = paired(
                        numbers,
                        d + 1 < pack->depth ? load_some(x + pack->depth_stride + i, count - i) : (Floats)0);
            }
            store_some(numbers, packed + i, width - i);
        }
}

/// LANES places of depth of one item, from x on, of which `left` are there; twice as many as pairs.
INLINE Floats along_depth(PackedNumbers kind, const float *x, size_t left) {
#if LEVEL == 2
    if (kind == PACKED_PAIRS)
        return (Floats)bfloat16_pairs(
            load_some(x, left), left > LANES ? load_some(x + LANES, left - LANES) : (Floats)0);
#endif
    return packed_some(kind, x, left);
}

/// Stores the four words of quarter `quarter` of a vector.
INLINE void store_quarter(Bits words, size_t quarter, float *x) {
    memcpy(x, (const char *)&words + 16 * quarter, 16);
}

/// LANES words of depth of a panel's items, four items at a time, or as many as `left` places of depth make.
INLINE void pack_across_some(
    PackedNumbers kind, size_t item_stride, const size_t width, const size_t count, const size_t left, const float *x,
    float *packed) {
    const size_t words = kind == PACKED_PAIRS ? (left + 1) / 2 : left;
    for (size_t i = 0; i < width; i += 4) {
        Bits rows[4];
        for (size_t r = 0; r < 4; r++) {
            const float *item = x + (i + r) * item_stride;
            rows[r] = i + r < count ? (Bits)along_depth(kind, item, left) : 0;
        }
        transpose_quarters(rows);
        for (size_t word = 0; word < LANES && word < words; word++)
            store_quarter(rows[word % 4], word / 4, packed + word * width + i);
    }
}

/// A panel of `count` items each of which lies along its depth in memory: a transposition.
INLINE void pack_across_items(
    PackedNumbers kind, const GygesDensePack *pack, const size_t width, const size_t count, const float *x,
    float *packed) {
    const size_t stride = pack->item_stride, depth = pack->depth, step = kind == PACKED_PAIRS ? 2 * LANES : LANES;
    size_t d = 0;
    for (; d + step <= depth; d += step, packed += LANES * width)
        pack_across_some(kind, stride, width, count, step, x + d, packed);
    if (d < depth) pack_across_some(kind, stride, width, count, depth - d, x + d, packed);
}

/// A panel of either kind. What is known when this is compiled costs no decision for each vector.
INLINE void pack_dense_panel(
    PackedNumbers kind, const GygesDensePack *pack, const size_t width, const size_t count, const float *x,
    float *packed) {
    if (pack->item_stride == 1) pack_along_items(kind, pack, width, count, x, packed);
    else pack_across_items(kind, pack, width, count, x, packed);
}

INLINE void pack_operand(PackedNumbers kind, const GygesDensePack *pack) {
    for (size_t first = 0; first < pack->items; first += pack->width) {
        const size_t left = pack->items - first;
        const float *x = pack->x + first * pack->item_stride;
        float *packed = pack->packed + first / pack->width * pack->panel_stride;
        if (left < pack->width) pack_dense_panel(kind, pack, pack->width, left, x, packed);
        else if (pack->width == GYGES_DENSE_LEFT)
            pack_dense_panel(kind, pack, GYGES_DENSE_LEFT, GYGES_DENSE_LEFT, x, packed);
        else pack_dense_panel(kind, pack, GYGES_DENSE_RIGHT, GYGES_DENSE_RIGHT, x, packed);
    }
}

static void NAME(pack_dense)(const GygesDensePack *pack) { pack_operand(PACKED_FLOATS, pack); }

// Without matmuls of bfloat16 in the instruction set, floats with the precision of bfloat16 are multiplied as floats.
static void NAME(pack_dense_bfloat16)(const GygesDensePack *pack) {
    pack_operand(LEVEL == 2 ? PACKED_PAIRS : PACKED_ROUNDED, pack);
}
