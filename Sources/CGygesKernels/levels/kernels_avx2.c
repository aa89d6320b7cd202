#if defined(__x86_64__)

// Before the attribute: headers declare functions of every level themselves.
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "CGygesKernels.h"
#include "half_floats.h"
#include "levels.h"
#include "panel_layout.h"

#define NAME(x) x##_avx2
#define LEVEL 1

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "body_matmul.h"
#include "body_vector.h"
#include "body_optimizer.h"
#pragma clang attribute pop

const GygesKernelTable gyges_kernels_avx2 = {
    .matmul = MATMUL_KERNELS, .vector = VECTOR_KERNELS, .dense = DENSE_KERNELS, .gradient = GRADIENT_KERNELS,
    .optimizer = OPTIMIZER_KERNELS};

#endif
