// Keys, values and queries of bidirectional attention in panels. Part of body_bidirectional.h.

INLINE int multiplies_pairs(const GygesBidirectionalHead *head) { return LEVEL == 2 && head->bfloat16; }

INLINE size_t rounded_up(size_t count, size_t multiple) { return (count + multiple - 1) / multiple * multiple; }

/// The bytes of 16 packed keys, or of 16 queries: for each channel, or pair of channels, their four bytes.
INLINE size_t key_panel_bytes(const GygesBidirectionalHead *head) {
    return rounded_up(multiplies_pairs(head) ? head->head_dimension / 2 : head->head_dimension, PANEL) * 64;
}

/// The bytes of 16 packed values: for each key, or pair of keys, four bytes of each channel, and zeros up to whole vectors.
INLINE size_t value_panel_bytes(const GygesBidirectionalHead *head) {
    return (multiplies_pairs(head) ? PANEL / 2 : PANEL) * rounded_up(head->head_dimension, PANEL) * 4;
}

static size_t NAME(bidirectional_bytes)(const GygesBidirectionalHead *head) {
    return head->panel_count * (key_panel_bytes(head) + value_panel_bytes(head));
}

INLINE uint8_t *packed_keys(const GygesBidirectionalHead *head, size_t panel) {
    return head->packed + (panel - head->first_panel) * key_panel_bytes(head);
}

INLINE uint8_t *packed_values(const GygesBidirectionalHead *head, size_t panel) {
    return head->packed + head->panel_count * key_panel_bytes(head) + (panel - head->first_panel) * value_panel_bytes(head);
}

/// Prefetches rows of a head, which lie far apart.
INLINE void prefetch_rows(const float *x, size_t stride, size_t rows, size_t channels, const int will_write) {
    for (size_t row = 0; row < rows; row++, x += stride)
        for (size_t c = 0; c < channels; c += 16)
            if (will_write) __builtin_prefetch(x + c, 1, 3);
            else __builtin_prefetch(x + c, 0, 3);
}

/// Rotates one row of 2 · `half` channels by its position, times `factor`.
INLINE void rotate_channels(
    const GygesBidirectionalHead *head, size_t half, const float *x, size_t position, float factor, float *rotated) {
    const float *cosines = head->cosines + position * half, *sines = head->sines + position * half;
    for (size_t c = 0; c < half; c += LANES) {
        const size_t left = half - c;
        const Floats cosine = load_some(cosines + c, left), sine = load_some(sines + c, left);
        const Floats a = load_some(x + c, left), b = load_some(x + half + c, left);
        store_some((a * cosine - b * sine) * factor, rotated + c, left);
        store_some((b * cosine + a * sine) * factor, rotated + half + c, left);
    }
}

// Loops over the channels of the most common heads, of constant length, are unrolled and have no rests.
INLINE void rotate_row(const GygesBidirectionalHead *head, const float *x, size_t position, float factor, float *rotated) {
    if (head->head_dimension == 64) rotate_channels(head, 32, x, position, factor, rotated);
    else rotate_channels(head, head->head_dimension / 2, x, position, factor, rotated);
}

/// Packs up to 16 rows of keys or queries that lie at `rotated`, `2 · PANEL`-padded, as a panel.
INLINE void pack_panel(
    const int pairs, const int rounded, size_t channels, const float *rotated, size_t stride, uint8_t *panel) {
    for (size_t lane = 0; lane < PANEL; lane += LANES, rotated += LANES * stride)
        for (size_t c = 0; c < channels; c += pairs ? 2 * LANES : LANES) {
            Bits rows[LANES];
            for (size_t row = 0; row < LANES; row++) {
                const float *x = rotated + row * stride + c;
#if LEVEL == 2
                rows[row] = pairs ? bfloat16_pairs(LOAD(Floats, x), LOAD(Floats, x + LANES)) : LOAD(Bits, x);
#else
                rows[row] = rounded ? (Bits)rounded_to_bfloat16(LOAD(Floats, x)) : LOAD(Bits, x);
#endif
            }
            transpose(rows);
            uint8_t *columns = panel + (pairs ? c / 2 : c) * 64 + lane * 4;
            for (size_t i = 0; i < LANES; i++) STORE(rows[i], columns + i * 64);
        }
}

static void NAME(pack_panel)(const GygesBidirectionalHead *head, const float *rotated, size_t stride, uint8_t *panel) {
    const size_t d = head->head_dimension;
    if (multiplies_pairs(head) && d == 64) pack_panel(1, 0, 64, rotated, 64, panel);
    else if (multiplies_pairs(head)) pack_panel(1, 0, d, rotated, stride, panel);
    else if (head->bfloat16) pack_panel(0, 1, d, rotated, stride, panel);
    else pack_panel(0, 0, d, rotated, stride, panel);
}

/// Packs up to 16 values of `d` channels.
INLINE void pack_values(
    const int pairs, const size_t d, const GygesBidirectionalHead *head, const float *values, size_t count,
    uint8_t *packed) {
    const size_t padded = rounded_up(d, PANEL);
    for (size_t key = 0; key < PANEL; key += pairs ? 2 : 1)
        for (size_t c = 0; c < padded; c += LANES, packed += 4 * LANES) {
            const float *x = values + key * head->stride + c;
            const size_t left = c < d ? d - c : 0;
            const Floats first = key < count ? load_some(x, left) : (Floats)0;
#if LEVEL == 2
            if (pairs) {
                // Channel by channel: the even key's in the low half.
                const Floats second = key + 1 < count ? load_some(x + head->stride, left) : (Floats)0;
                const Halves32 halves = (Halves32)bfloat16_pairs(first, second);
                STORE(
                    __builtin_shufflevector(
                        halves, halves, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11,
                        27, 12, 28, 13, 29, 14, 30, 15, 31),
                    packed);
                continue;
            }
#endif
            STORE(head->bfloat16 ? rounded_to_bfloat16(first) : first, packed);
        }
}

static void NAME(pack_values)(const GygesBidirectionalHead *head, const float *values, size_t count, uint8_t *packed) {
    const size_t d = head->head_dimension;
    if (multiplies_pairs(head) && d == 64) pack_values(1, 64, head, values, count, packed);
    else if (multiplies_pairs(head)) pack_values(1, d, head, values, count, packed);
    else pack_values(0, d, head, values, count, packed);
}

static void NAME(pack_bidirectional)(
    const GygesBidirectionalHead *head, size_t panel_begin, size_t panel_end, float *scratch) {
    const size_t stride = rounded_up(head->head_dimension, 2 * PANEL);
    memset(scratch, 0, PANEL * stride * sizeof *scratch);
    for (size_t panel = panel_begin; panel < panel_end; panel++) {
        const size_t first = panel * PANEL, left = head->length - first, count = left < PANEL ? left : PANEL;
        if (panel + 1 < panel_end) {
            const size_t next = left - count < PANEL ? left - count : PANEL, offset = (first + PANEL) * head->stride;
            prefetch_rows(head->keys + offset, head->stride, next, head->head_dimension, 0);
            prefetch_rows(head->values + offset, head->stride, next, head->head_dimension, 0);
        }
        for (size_t i = 0; i < count; i++)
            rotate_row(head, head->keys + (first + i) * head->stride, first + i, 1, scratch + i * stride);
        if (count < PANEL) memset(scratch + count * stride, 0, (PANEL - count) * stride * sizeof *scratch);
        NAME(pack_panel)(head, scratch, stride, packed_keys(head, panel));
        NAME(pack_values)(head, head->values + first * head->stride, count, packed_values(head, panel));
    }
}
