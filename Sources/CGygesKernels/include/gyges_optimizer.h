/// Optimizer kernels: a parameter, its gradient and its moments, read and written once.
///
/// A result element depends on the elements at its place alone. A moment is f32 or, to halve its memory, bfloat16; then it is
/// rounded up or down by chance, in proportion to what is cut off. Rounding to nearest would lose every change below half
/// a unit in the last place, which for a slow average (beta 0.999 changes by a thousandth, a unit is 1/128) is all of them.
#ifndef GYGES_OPTIMIZER_H
#define GYGES_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// How moments are kept.
typedef struct GygesMomentForm {
    /// Whether they are bfloat16 instead of f32.
    int bfloat16;
    /// What chance follows from, together with an element's place: for each tensor and step another.
    uint32_t key;
} GygesMomentForm;

/// The numbers of a step of Adam and its kin:
///
///     g = gradient · gradient_scale
///     m = m + first_share · (g - m)
///     v = second_decay · v + second_share · g²
///     parameter = parameter · decay - rate · m / (√v · root_scale + epsilon)
typedef struct GygesAdamStep {
    float gradient_scale, first_share, second_decay, second_share, decay, rate, root_scale, epsilon;
    GygesMomentForm moments;
} GygesAdamStep;

/// The numbers of a step of gradient descent with momentum:
///
///     g = gradient · gradient_scale + penalty · parameter
///     b = momentum · b + g
///     parameter = parameter · decay - rate · (nesterov ? g + momentum · b : b)
typedef struct GygesDescentStep {
    float gradient_scale, penalty, momentum, decay, rate;
    int nesterov;
    GygesMomentForm moments;
} GygesDescentStep;

/// The optimizer kernels of one instruction set.
///
/// `offset` is the place in its tensor of the first element that a call is given.
typedef struct GygesOptimizerKernels {
    /// A step of Adam over `count` elements.
    void (*_Nonnull adam)(
        const GygesAdamStep *step, size_t offset, size_t count, float *parameter, const float *gradient, void *first,
        void *second);
    /// Σ g² / max(v, epsilon²) with the `v` that the step is going to leave (before it is rounded), in double.
    double (*_Nonnull adam_ratio)(const GygesAdamStep *step, size_t count, const float *gradient, const void *second);
    /// A step of gradient descent; without a velocity b = g, and nothing is kept.
    void (*_Nonnull descend)(
        const GygesDescentStep *step, size_t offset, size_t count, float *parameter, const float *gradient,
        void *_Nullable velocity);
    /// Σ x² in double; neither overflows nor vanishes where a square would in f32.
    double (*_Nonnull sum_of_squares)(const float *x, size_t count);
} GygesOptimizerKernels;

#pragma clang assume_nonnull end

#endif
