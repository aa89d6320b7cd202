// Vector-Jacobian products of rows and elements. Part of body_vector.h.

static void NAME(rms_norm_gradient)(
    const float *x, const float *weight, const float *dy, float epsilon, size_t rows, size_t columns, int adds,
    float *dx, float *dweight) {
    // y = x · f · w with f = (mean(x²) + ε)^-½, so dx = f · (w · dy - x · f² · mean(x · w · dy)).
    for (size_t row = 0; row < rows; row++, x += columns, dy += columns, dx += columns) {
        Floats squares = 0, products = 0;
        for (size_t i = 0; i < columns; i += LANES) {
            const size_t count = columns - i;
            const Floats value = load_some(x + i, count);
            squares = multiply_add(value, value, squares);
            products = multiply_add(value, load_some(weight + i, count) * load_some(dy + i, count), products);
        }
        const float factor = 1 / sqrtf(sum_of_lanes(squares) / (float)columns + epsilon);
        const float pull = sum_of_lanes(products) / (float)columns * factor * factor;
        for (size_t i = 0; i < columns; i += LANES) {
            const size_t count = columns - i;
            const Floats value = load_some(x + i, count), rise = load_some(dy + i, count);
            const Floats change = (load_some(weight + i, count) * rise - value * pull) * factor;
            store_some(adds ? load_some(dx + i, count) + change : change, dx + i, count);
            if (dweight) store_some(load_some(dweight + i, count) + rise * value * factor, dweight + i, count);
        }
    }
}

static void NAME(layer_norm_gradient)(
    const float *x, const float *weight, const float *dy, float epsilon, size_t rows, size_t columns, int adds,
    float *dx, float *dweight, float *dbias) {
    // With n = (x - mean) · f: dx = f · (w · dy - mean(w · dy) - n · mean(n · w · dy)).
    for (size_t row = 0; row < rows; row++, x += columns, dy += columns, dx += columns) {
        Floats sum = 0, squares = 0;
        for (size_t i = 0; i < columns; i += LANES) sum += load_some(x + i, columns - i);
        const float mean = sum_of_lanes(sum) / (float)columns;
        Floats rises = 0, products = 0;
        for (size_t i = 0; i < columns; i += LANES) {
            const size_t count = columns - i;
            const Floats value = first_lanes(load_some(x + i, count) - mean, count);
            const Floats rise = load_some(weight + i, count) * load_some(dy + i, count);
            squares = multiply_add(value, value, squares);
            rises += rise;
            products = multiply_add(value, rise, products);
        }
        const float factor = 1 / sqrtf(sum_of_lanes(squares) / (float)columns + epsilon);
        const float offset = sum_of_lanes(rises) / (float)columns;
        const float pull = sum_of_lanes(products) / (float)columns * factor * factor;
        for (size_t i = 0; i < columns; i += LANES) {
            const size_t count = columns - i;
            const Floats value = load_some(x + i, count) - mean, rise = load_some(dy + i, count);
            const Floats change = (load_some(weight + i, count) * rise - offset - value * pull) * factor;
            store_some(adds ? load_some(dx + i, count) + change : change, dx + i, count);
            if (dweight) store_some(load_some(dweight + i, count) + rise * value * factor, dweight + i, count);
            if (dbias) store_some(load_some(dbias + i, count) + rise, dbias + i, count);
        }
    }
}

static void NAME(silu_gate_gradient)(
    const float *gate, const float *up, const float *dy, size_t count, float *dgate, float *dup) {
    for (size_t i = 0; i < count; i += LANES) {
        const Floats z = load_some(gate + i, count - i), rise = load_some(dy + i, count - i);
        const Floats other = load_some(up + i, count - i), sigmoid = 1 / (1 + exponential(-z));
        store_some(rise * other * sigmoid * (1 + z * (1 - sigmoid)), dgate + i, count - i);
        store_some(rise * z * sigmoid, dup + i, count - i);
    }
}

static void NAME(gelu_gate_gradient)(
    const float *gate, const float *up, const float *dy, size_t count, float *dgate, float *dup) {
    for (size_t i = 0; i < count; i += LANES) {
        const Floats z = load_some(gate + i, count - i), rise = load_some(dy + i, count - i);
        const Floats other = load_some(up + i, count - i), cumulative = 0.5f * twice_normal_cumulative(z);
        // Φ' is the density exp(-z²/2) / √(2π).
        const Floats density = exponential(z * z * -0.5f) * 0x1.988454p-2f;
        store_some(rise * other * multiply_add(z, density, cumulative), dgate + i, count - i);
        store_some(rise * z * cumulative, dup + i, count - i);
    }
}

static float NAME(exponentials)(float *x, size_t count, float scale, float shift) {
    Floats sum = 0;
    for (size_t i = 0; i < count; i += LANES) {
        const Floats power = exponential(multiply_add(load_some(x + i, count - i), (Floats)scale, (Floats)-shift));
        sum += first_lanes(power, count - i);
        store_some(power, x + i, count - i);
    }
    return sum_of_lanes(sum);
}

static void NAME(softmax_gradient)(const float *weights, float *dweights, size_t count, float mean, float scale) {
    for (size_t i = 0; i < count; i++) dweights[i] = weights[i] * (dweights[i] - mean) * scale;
}

static void NAME(add_scaled)(const float *x, size_t count, float factor, float *y) {
    for (size_t i = 0; i < count; i++) y[i] += factor * x[i];
}

static float NAME(dot)(const float *x, const float *y, size_t count) {
    Floats sum = 0;
    for (size_t i = 0; i < count; i += LANES)
        sum = multiply_add(load_some(x + i, count - i), load_some(y + i, count - i), sum);
    return sum_of_lanes(sum);
}

#define EACH_GRADIENT_KERNEL(X)          \
    X(rms_norm, rms_norm_gradient)       \
    X(layer_norm, layer_norm_gradient)   \
    X(silu_gate, silu_gate_gradient)     \
    X(gelu_gate, gelu_gate_gradient)     \
    X(exponentials, exponentials)        \
    X(softmax, softmax_gradient)         \
    X(add_scaled, add_scaled)            \
    X(dot, dot)
#define GRADIENT_KERNELS {EACH_GRADIENT_KERNEL(GYGES_ENTRY)}

GYGES_EXPECT_COMPLETE(GygesGradientKernels, EACH_GRADIENT_KERNEL);
