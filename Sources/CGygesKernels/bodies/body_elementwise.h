// Everything that goes once over a row. Part of body_vector.h.

static void NAME(rms_norm)(
    const float *x, const float *weight, float epsilon, size_t rows, size_t columns, float *y) {
    for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
        Floats squares[4] = {0, 0, 0, 0};
        size_t i = 0;
        for (; i + 4 * LANES <= columns; i += 4 * LANES)
            for (size_t part = 0; part < 4; part++) {
                const Floats value = LOAD(Floats, x + i + part * LANES);
                squares[part] = multiply_add(value, value, squares[part]);
            }
        for (; i < columns; i += LANES) {
            const Floats value = load_some(x + i, columns - i);
            squares[0] = multiply_add(value, value, squares[0]);
        }
        const float sum = sum_of_lanes((squares[0] + squares[1]) + (squares[2] + squares[3]));
        const Floats factor = 1 / sqrtf(sum / (float)columns + epsilon);
        for (i = 0; i < columns; i += LANES)
            store_some(load_some(x + i, columns - i) * factor * load_some(weight + i, columns - i), y + i, columns - i);
    }
}

/// The first `count` lanes, and zeros beyond.
INLINE Floats first_lanes(Floats floats, size_t count) {
    float lanes[LANES];
    memcpy(lanes, &floats, sizeof lanes);
    return load_some(lanes, count);
}

static void NAME(layer_norm)(
    const float *x, const float *weight, const float *bias, float epsilon, size_t rows, size_t columns, float *y) {
    for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
        Floats sums[4] = {0, 0, 0, 0}, squares[4] = {0, 0, 0, 0};
        size_t i = 0;
        for (; i + 4 * LANES <= columns; i += 4 * LANES)
            for (size_t part = 0; part < 4; part++) sums[part] += LOAD(Floats, x + i + part * LANES);
        for (; i < columns; i += LANES) sums[0] += load_some(x + i, columns - i);
        const float mean = sum_of_lanes((sums[0] + sums[1]) + (sums[2] + sums[3])) / (float)columns;
        // Differences first: a mean far from zero would leave the difference of two large squares no digits.
        for (i = 0; i + 4 * LANES <= columns; i += 4 * LANES)
            for (size_t part = 0; part < 4; part++) {
                const Floats value = LOAD(Floats, x + i + part * LANES) - mean;
                squares[part] = multiply_add(value, value, squares[part]);
            }
        for (; i < columns; i += LANES) {
            const Floats value = first_lanes(load_some(x + i, columns - i) - mean, columns - i);
            squares[0] = multiply_add(value, value, squares[0]);
        }
        const float sum = sum_of_lanes((squares[0] + squares[1]) + (squares[2] + squares[3]));
        const Floats factor = 1 / sqrtf(sum / (float)columns + epsilon);
        for (i = 0; i < columns; i += LANES) {
            const size_t count = columns - i;
            const Floats value = (load_some(x + i, count) - mean) * factor * load_some(weight + i, count);
            store_some(bias ? value + load_some(bias + i, count) : value, y + i, count);
        }
    }
}

/// z · sigmoid(z).
INLINE Floats silu(Floats z) { return z / (1 + exponential(-z)); }

/// 2 Φ(z), the error function after Abramowitz & Stegun 7.1.26.
INLINE Floats twice_normal_cumulative(Floats z) {
    const Floats scaled = z * 0x1.6a09e6p-1f, magnitude = choose(scaled < 0, -scaled, scaled);
    const Floats t = 1 / multiply_add((Floats)0.3275911f, magnitude, (Floats)1.0f);
    Floats p = 1.061405429f;
    p = multiply_add(p, t, (Floats)-1.453152027f);
    p = multiply_add(p, t, (Floats)1.421413741f);
    p = multiply_add(p, t, (Floats)-0.284496736f);
    p = multiply_add(p, t, (Floats)0.254829592f);
    // 1 - |erf|, so that the tail on the negative side keeps its digits.
    const Floats tail = p * t * exponential(-magnitude * magnitude);
    return choose(scaled < 0, tail, 2 - tail);
}

/// z · Φ(z).
INLINE Floats gelu(Floats z) { return 0.5f * z * twice_normal_cumulative(z); }

static void NAME(silu_gate)(const float *gate, const float *up, size_t count, float *y) {
    for (size_t i = 0; i < count; i += LANES)
        store_some(silu(load_some(gate + i, count - i)) * load_some(up + i, count - i), y + i, count - i);
}

static void NAME(gelu_gate)(const float *gate, const float *up, size_t count, float *y) {
    for (size_t i = 0; i < count; i += LANES)
        store_some(gelu(load_some(gate + i, count - i)) * load_some(up + i, count - i), y + i, count - i);
}

static void NAME(silu)(float *x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) store_some(silu(load_some(x + i, count - i)), x + i, count - i);
}

static void NAME(gelu)(float *x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) store_some(gelu(load_some(x + i, count - i)), x + i, count - i);
}

static void NAME(add)(const float *x, size_t count, float *y) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

static void NAME(rotate)(
    float *x, size_t stride, size_t rows, size_t heads, size_t head_dimension, size_t pairs, int interleaved,
    const float *cosines, const float *sines) {
    for (size_t row = 0; row < rows; row++, x += stride, cosines += pairs, sines += pairs)
        for (size_t head = 0; head < heads; head++) {
            float *first = x + head * head_dimension, *second = first + (interleaved ? 1 : pairs);
            const size_t step = interleaved ? 2 : 1;
            for (size_t pair = 0; pair < pairs; pair++) {
                const float a = first[pair * step], b = second[pair * step];
                first[pair * step] = a * cosines[pair] - b * sines[pair];
                second[pair * step] = b * cosines[pair] + a * sines[pair];
            }
        }
}

static float NAME(maximum)(const float *x, size_t count) {
    Floats largest = -INFINITY;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) largest = larger(LOAD(Floats, x + i), largest);
    float result = largest_lane(largest);
    for (; i < count; i++) result = x[i] > result ? x[i] : result;
    return result;
}

static double NAME(exp_sum)(const float *x, size_t count, float shift) {
    double total = 0;
    for (size_t run = 0; run < count; run += 256) {
        const size_t end = count - run < 256 ? count : run + 256;
        Floats sum = 0;
        size_t i = run;
        for (; i + LANES <= end; i += LANES) sum += exponential(LOAD(Floats, x + i) - shift);
        if (i < end) {
            float rest[LANES];
            for (size_t j = 0; j < LANES; j++) rest[j] = i + j < end ? x[i + j] - shift : -INFINITY;
            sum += exponential(LOAD(Floats, rest));
        }
        total += (double)sum_of_lanes(sum);
    }
    return total;
}

static void NAME(softmax)(float *x, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, x += columns) {
        const float shift = NAME(maximum)(x, columns);
        const float factor = (float)(1 / NAME(exp_sum)(x, columns, shift));
        for (size_t i = 0; i < columns; i += LANES)
            store_some(exponential(load_some(x + i, columns - i) - shift) * factor, x + i, columns - i);
    }
}
