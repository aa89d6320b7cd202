// Compiled once per instruction set: NAME(x) adds the level's suffix. Defines OPTIMIZER_KERNELS, the initialiser of the
// level's GygesOptimizerKernels. Included after body_matmul.h, which brings the vectors.

typedef double Doubles __attribute__((ext_vector_type(LANES)));

/// The sum of the lanes, always in the same order.
INLINE double sum_of_doubles(const Doubles *doubles) {
    // By address, since a vector this wide is not passed alike on every level.
    double halves[LANES];
    memcpy(halves, doubles, sizeof halves);
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++) halves[i] += halves[i + width];
    return halves[0];
}

/// Some moments from `index` on, at most LANES; zeros beyond.
INLINE Floats load_moments(const void *moments, int bfloat16, size_t index, size_t count) {
    if (!bfloat16) return load_some((const float *)moments + index, count);
    const uint16_t *place = (const uint16_t *)moments + index;
    Halves halves = 0;
    if (count >= LANES)
        halves = LOAD(Halves, place);
    else
        memcpy(&halves, place, count * sizeof *place);
    return floats_from_bits(__builtin_convertvector(halves, Bits) << 16);
}

/// Stores some moments; as bfloat16, `noise` (16 bits) decides which way each is rounded.
INLINE void store_moments(Floats x, Bits noise, void *moments, int bfloat16, size_t index, size_t count) {
    if (!bfloat16) {
        store_some(x, (float *)moments + index, count);
        return;
    }
    // A number that is none has no part to cut off, and could overflow to one.
    const Bits rounded = (Bits)choose(x == x, (Floats)((Bits)x + noise), x) >> 16;
    const Halves halves = __builtin_convertvector(rounded, Halves);
    uint16_t *place = (uint16_t *)moments + index;
    if (count >= LANES)
        STORE(halves, place);
    else
        memcpy(place, &halves, count * sizeof *place);
}

/// 32 random bits for each of LANES places from `place` on: Wellons's hash `lowbias32`
/// (https://nullprogram.com/blog/2018/07/31/).
INLINE Bits noise_at(uint32_t place) {
    static const uint32_t lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    Bits x = LOAD(Bits, lanes) + place;
    x = (x ^ x >> 16) * 0x7feb352d;
    x = (x ^ x >> 15) * 0x846ca68b;
    return x ^ x >> 16;
}

INLINE Floats next_second(const GygesAdamStep *step, Floats gradient, Floats second) {
    return multiply_add((Floats)step->second_decay, second, step->second_share * gradient * gradient);
}

/// Where whole vectors are worked on, `count` is known to the compiler, and no rest is asked for.
INLINE void adam_lanes(
    const GygesAdamStep *step, int bfloat16, size_t offset, size_t i, size_t count, float *parameter,
    const float *gradient, void *first, void *second) {
    const Floats g = load_some(gradient + i, count) * step->gradient_scale;
    const Floats old = load_moments(first, bfloat16, i, count);
    const Floats m = multiply_add((Floats)step->first_share, g - old, old);
    const Floats v = next_second(step, g, load_moments(second, bfloat16, i, count));
    const Floats root = multiply_add(__builtin_elementwise_sqrt(v), (Floats)step->root_scale, (Floats)step->epsilon);
    const Floats x = load_some(parameter + i, count) * step->decay;
    store_some(x - step->rate * m / root, parameter + i, count);
    const Bits noise = bfloat16 ? noise_at(step->moments.key + (uint32_t)(offset + i)) : (Bits)0;
    store_moments(m, noise & 0xffff, first, bfloat16, i, count);
    store_moments(v, noise >> 16, second, bfloat16, i, count);
}

INLINE void adam_of(
    const GygesAdamStep *given, int bfloat16, size_t offset, size_t count, float *parameter, const float *gradient,
    void *first, void *second) {
    // A copy, which storing parameters cannot change.
    const GygesAdamStep step = *given;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        adam_lanes(&step, bfloat16, offset, i, LANES, parameter, gradient, first, second);
    if (i < count) adam_lanes(&step, bfloat16, offset, i, count - i, parameter, gradient, first, second);
}

static void NAME(adam)(
    const GygesAdamStep *step, size_t offset, size_t count, float *parameter, const float *gradient, void *first,
    void *second) {
    if (step->moments.bfloat16)
        adam_of(step, 1, offset, count, parameter, gradient, first, second);
    else
        adam_of(step, 0, offset, count, parameter, gradient, first, second);
}

INLINE Floats ratio_lanes(
    const GygesAdamStep *step, int bfloat16, size_t i, size_t count, const float *gradient, const void *second) {
    const Floats g = load_some(gradient + i, count) * step->gradient_scale;
    const Floats v = next_second(step, g, load_moments(second, bfloat16, i, count));
    const Floats least = step->epsilon * step->epsilon;
    // Lanes beyond the end have no gradient. Where epsilon is 0 their quotient would be none, too.
    return choose(g == 0, (Floats)0.0f, g * g / larger(least, v));
}

INLINE double adam_ratio_of(
    const GygesAdamStep *step, int bfloat16, size_t count, const float *gradient, const void *second) {
    Doubles sum = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        sum += __builtin_convertvector(ratio_lanes(step, bfloat16, i, LANES, gradient, second), Doubles);
    if (i < count)
        sum += __builtin_convertvector(ratio_lanes(step, bfloat16, i, count - i, gradient, second), Doubles);
    return sum_of_doubles(&sum);
}

static double NAME(adam_ratio)(const GygesAdamStep *step, size_t count, const float *gradient, const void *second) {
    return step->moments.bfloat16 ? adam_ratio_of(step, 1, count, gradient, second)
                                  : adam_ratio_of(step, 0, count, gradient, second);
}

INLINE void descend_lanes(
    const GygesDescentStep *step, int bfloat16, size_t offset, size_t i, size_t count, float *parameter,
    const float *gradient, void *velocity) {
    const Floats x = load_some(parameter + i, count);
    const Floats g = multiply_add((Floats)step->penalty, x, load_some(gradient + i, count) * step->gradient_scale);
    Floats change = g;
    if (velocity) {
        const Floats b = multiply_add((Floats)step->momentum, load_moments(velocity, bfloat16, i, count), g);
        change = step->nesterov ? multiply_add((Floats)step->momentum, b, g) : b;
        const Bits noise = bfloat16 ? noise_at(step->moments.key + (uint32_t)(offset + i)) & 0xffff : (Bits)0;
        store_moments(b, noise, velocity, bfloat16, i, count);
    }
    store_some(multiply_add((Floats)-step->rate, change, x * step->decay), parameter + i, count);
}

INLINE void descend_of(
    const GygesDescentStep *given, int bfloat16, size_t offset, size_t count, float *parameter, const float *gradient,
    void *velocity) {
    const GygesDescentStep step = *given;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        descend_lanes(&step, bfloat16, offset, i, LANES, parameter, gradient, velocity);
    if (i < count) descend_lanes(&step, bfloat16, offset, i, count - i, parameter, gradient, velocity);
}

static void NAME(descend)(
    const GygesDescentStep *step, size_t offset, size_t count, float *parameter, const float *gradient, void *velocity) {
    if (step->moments.bfloat16)
        descend_of(step, 1, offset, count, parameter, gradient, velocity);
    else
        descend_of(step, 0, offset, count, parameter, gradient, velocity);
}

static double NAME(sum_of_squares)(const float *x, size_t count) {
    Doubles sums[2] = {0, 0};
    size_t i = 0;
    for (; i + 2 * LANES <= count; i += 2 * LANES)
        for (size_t part = 0; part < 2; part++) {
            const Doubles value = __builtin_convertvector(LOAD(Floats, x + i + part * LANES), Doubles);
            sums[part] += value * value;
        }
    for (; i < count; i += LANES) {
        const Doubles value = __builtin_convertvector(load_some(x + i, count - i), Doubles);
        sums[0] += value * value;
    }
    sums[0] += sums[1];
    return sum_of_doubles(&sums[0]);
}

#define EACH_OPTIMIZER_KERNEL(X) \
    X(adam, adam)                \
    X(adam_ratio, adam_ratio)    \
    X(descend, descend)          \
    X(sum_of_squares, sum_of_squares)
#define OPTIMIZER_KERNELS {EACH_OPTIMIZER_KERNEL(GYGES_ENTRY)}

GYGES_EXPECT_COMPLETE(GygesOptimizerKernels, EACH_OPTIMIZER_KERNEL);
