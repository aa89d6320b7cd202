// Compiled once per instruction set: NAME(x) adds the level's suffix, LEVEL is 0 generic, 1 AVX2, 2 AVX-512.
// Defines PRODUCT_KERNELS, the initialiser of the level's GygesProductKernels.

#include "lanes.h"
#include "product_lanes.h"

#include "body_quantize.h"
#include "body_products_results.h"
#include "body_products_blocks.h"
#include "body_products_superblocks.h"
#include "body_products_quantized.h"
#include "body_dequantize_panel.h"
#include "body_products_float.h"

#define PRODUCT_KERNELS                                   \
    {                                                     \
        .quantize_tile = NAME(quantize_tile),             \
        .float32_tile = NAME(float32_tile),               \
        .bfloat16_tile = NAME(bfloat16_tile),             \
        .int8_tile = NAME(int8_tile),                     \
        .dequantize_panel = NAME(dequantize_panel),       \
        .quantized = NAME(multiply_quantized),            \
        .float32 = NAME(multiply_float32),                \
        .bfloat16 = NAME(multiply_bfloat16),              \
        .int8 = NAME(multiply_int8),                      \
    }
