// From scores to weights in bidirectional attention. Part of body_bidirectional.h.

// The score of a key that is not seen, and the maximum of no keys: below all scores, and differences to them stay finite.
#define UNSEEN (-1e38f)

INLINE Words lane_numbers(void) {
    Words numbers;
    for (int lane = 0; lane < LANES; lane++) numbers[lane] = lane;
    return numbers;
}

INLINE float largest_of_lanes(Floats floats) {
#if LEVEL == 2
    return _mm512_reduce_max_ps((__m512)floats);
#else
    return largest_lane(floats);
#endif
}

/// 2^x for x ≤ 0 within 2^-22 of it, or within 2^-13 if the result is rounded to bfloat16; 0 below -125.
INLINE Floats power_of_two(const int rough, Floats x) {
    // x = n + r. Adding 1.5 · 2^23 rounds to an integer and leaves it in the low bits.
#if LEVEL == 2
    const Floats shifted = (Floats)_mm512_roundscale_ps((__m512)x, 8), r = x - shifted;
#else
    const Floats shifted = x + 0x1.8p23f, r = x - (shifted - 0x1.8p23f);
#endif
    // Minimax polynomials on [-1/2, 1/2].
    Floats p;
    if (rough) {
        p = multiply_add((Floats)0x1.c3f760p-5f, r, (Floats)0x1.f0de1ap-3f);
        p = multiply_add(p, r, (Floats)0x1.62f31ap-1f);
        p = multiply_add(p, r, (Floats)0x1.fff692p-1f);
    } else {
        p = multiply_add((Floats)0x1.41d334p-13f, r, (Floats)0x1.5f456ap-10f);
        p = multiply_add(p, r, (Floats)0x1.3b2dbcp-7f);
        p = multiply_add(p, r, (Floats)0x1.c6aed4p-5f);
        p = multiply_add(p, r, (Floats)0x1.ebfbdap-3f);
        p = multiply_add(p, r, (Floats)0x1.62e430p-1f);
        p = multiply_add(p, r, (Floats)1.0f);
    }
#if LEVEL == 2
    return (Floats)_mm512_scalef_ps((__m512)p, (__m512)shifted);
#else
    return choose(x < -125.0f, (Floats)0.0f, (Floats)((Bits)p + ((Bits)shifted << 23)));
#endif
}

/// The largest score of each of LANES keys' places, once those outside of `[begin, end)` are set to be unseen. `count` is
/// a number of panels, an even one for pairs.
INLINE Floats largest_scores(float *scores, size_t count, size_t begin, size_t end) {
    const Words lanes = lane_numbers();
    for (size_t j = 0; j < begin; j += LANES)
        STORE(choose(lanes < (int32_t)(begin - j), (Floats)UNSEEN, LOAD(Floats, scores + j)), scores + j);
    for (size_t j = end / LANES * LANES; j < count; j += LANES)
        STORE(choose(lanes < (int32_t)end - (int32_t)j, LOAD(Floats, scores + j), (Floats)UNSEEN), scores + j);
    Floats largest[2] = {UNSEEN, UNSEEN};
    for (size_t j = 0; j < count; j += PANEL) {
        largest[0] = larger(LOAD(Floats, scores + j), largest[0]);
        largest[1] = larger(LOAD(Floats, scores + j + PANEL - LANES), largest[1]);
        if (LANES < PANEL / 2)
            for (size_t i = LANES; i < PANEL - LANES; i += LANES)
                largest[0] = larger(LOAD(Floats, scores + j + i), largest[0]);
    }
    return larger(largest[0], largest[1]);
}

/// Turns the scores of one query into weights of the values, and returns `sum` and what these add to its partial sums. Weights
/// count as they were rounded, so that their roundings cancel where one is nearly all.
INLINE Floats weights_from_scores(
    const int pairs, const int rounded, float *scores, size_t count, float maximum, Floats sum) {
#if LEVEL == 2
    if (pairs) {
        // Weights take half of the place of their scores.
        uint8_t *weights = (uint8_t *)scores;
        const __m512bh ones = (__m512bh)_mm512_set1_epi32(0x3f803f80);
        for (size_t j = 0; j < count; j += 2 * LANES, weights += 4 * LANES) {
            const Floats first = power_of_two(rounded, LOAD(Floats, scores + j) - maximum);
            const Floats second = power_of_two(rounded, LOAD(Floats, scores + j + LANES) - maximum);
            const Bits both = bfloat16_pairs(first, second);
            sum = (Floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)both, ones);
            STORE(both, weights);
        }
        return sum;
    }
#endif
    for (size_t j = 0; j < count; j += LANES) {
        Floats weight = power_of_two(rounded, LOAD(Floats, scores + j) - maximum);
        if (rounded) weight = rounded_to_bfloat16(weight);
        sum += weight;
        STORE(weight, scores + j);
    }
    return sum;
}

/// Turns the scores of some queries into weights of the values, and moves their records to the new maxima.
///
/// A maximum is rounded up to an integer: outputs and sums are then multiplied by powers of two, exactly, and weights round
/// to the same bits whatever maximum was known when they were made.
INLINE void weigh_rows(
    const int pairs, const int rounded, float *scores, size_t rows, size_t count, const size_t *begin, const size_t *end,
    float *records, size_t padded, size_t record) {
    float maxima[TILE];
    for (size_t r = 0; r < rows; r++)
        maxima[r] = largest_of_lanes(largest_scores(scores + r * SPAN, count, begin[r], end[r]));
    for (size_t r = 0; r < rows; r++, records += record, scores += SPAN) {
        float *maximum = record_maximum(records, padded), *sums = record_sums(records, padded);
        const float before = *maximum, here = ceilf(maxima[r]), after = here > before ? here : before;
        if (begin[r] >= end[r]) {
            memset(scores, 0, count * sizeof *scores);
            continue;
        }
        Floats sum = LOAD(Floats, sums);
        if (after != before) {
            *maximum = after;
            const Floats correction = power_of_two(rounded, (Floats)(before - after));
            sum *= correction;
            // Before the first keys, outputs are not even written.
            for (size_t i = 0; before > UNSEEN && i < padded; i += LANES)
                STORE(LOAD(Floats, records + i) * correction, records + i);
        }
        STORE(weights_from_scores(pairs, rounded, scores, count, after, sum), sums);
    }
}

static void NAME(weigh_rows)(
    const GygesBidirectionalHead *head, float *scores, size_t rows, size_t count, const size_t *begin, const size_t *end,
    float *records, size_t padded, size_t record) {
    // Loops over a whole span, of constant length, are unrolled.
#define WEIGH(pairs, rounded)                                                                                     \
    if (count == SPAN)                                                                                            \
        weigh_rows(pairs, rounded, scores, rows, SPAN, begin, end, records, padded, record);                      \
    else weigh_rows(pairs, rounded, scores, rows, count, begin, end, records, padded, record)
    if (multiplies_pairs(head)) { WEIGH(1, 1); }
    else if (head->bfloat16) { WEIGH(0, 1); }
    else { WEIGH(0, 0); }
#undef WEIGH
}
