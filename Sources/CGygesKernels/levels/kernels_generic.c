#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "CGygesKernels.h"
#include "half_floats.h"
#include "levels.h"
#include "panel_layout.h"

#define NAME(x) x##_generic
#define LEVEL 0

#include "body_matmul.h"
#include "body_vector.h"
#include "body_optimizer.h"

const GygesKernelTable gyges_kernels_generic = {
    .matmul = MATMUL_KERNELS, .vector = VECTOR_KERNELS, .dense = DENSE_KERNELS, .gradient = GRADIENT_KERNELS,
    .optimizer = OPTIMIZER_KERNELS};
