/// The vector-Jacobian products of rows and elements, and what else training computes of a row.
///
/// A `d` before a name means the loss's gradient with respect to it. Where a gradient "adds", it goes on top of what other
/// uses of the same activation have left there.
#ifndef GYGES_GRADIENT_H
#define GYGES_GRADIENT_H

#include <stddef.h>

#pragma clang assume_nonnull begin

/// The gradient kernels of one instruction set. Every member is a function of that level.
typedef struct GygesGradientKernels {
    /// Of `rms_norm`: `dx` is written or added to (`adds`); the rows' shares of `dweight` are added, if it is wanted.
    void (*_Nonnull rms_norm)(
        const float *x, const float *weight, const float *dy, float epsilon, size_t rows, size_t columns, int adds,
        float *dx, float *_Nullable dweight);
    /// Of `layer_norm`, likewise.
    void (*_Nonnull layer_norm)(
        const float *x, const float *weight, const float *dy, float epsilon, size_t rows, size_t columns, int adds,
        float *dx, float *_Nullable dweight, float *_Nullable dbias);
    /// Of y = gate · sigmoid(gate) · up. `dgate` may be `gate` and `dup` may be `up`.
    void (*_Nonnull silu_gate)(
        const float *gate, const float *up, const float *dy, size_t count, float *dgate, float *dup);
    /// Of y = gate · Φ(gate) · up, likewise.
    void (*_Nonnull gelu_gate)(
        const float *gate, const float *up, const float *dy, size_t count, float *dgate, float *dup);
    /// x = exp(scale · x - shift).
    ///
    /// - Returns: Their sum.
    float (*_Nonnull exponentials)(float *x, size_t count, float scale, float shift);
    /// dweights = weights · (dweights - mean) · scale: of a softmax of scores that were multiplied by `scale`, `mean` being
    /// Σ weights · dweights.
    void (*_Nonnull softmax)(const float *weights, float *dweights, size_t count, float mean, float scale);
    /// y += factor · x.
    void (*_Nonnull add_scaled)(const float *x, size_t count, float factor, float *y);
    /// Σ x · y.
    float (*_Nonnull dot)(const float *x, const float *y, size_t count);
} GygesGradientKernels;

#pragma clang assume_nonnull end

#endif
