// Compiled once per instruction set: NAME(x) adds the level's suffix, LEVEL is 0 generic, 1 AVX2, 2 AVX-512.
// Defines MATMUL_KERNELS, the initialiser of the level's GygesMatmulKernels, and DENSE_KERNELS of its GygesDenseKernels.

#include "lanes.h"
#include "matmul_lanes.h"

#include "body_quantize.h"
#include "body_matmul_results.h"
#include "body_matmul_blocks.h"
#include "body_matmul_superblocks.h"
#include "body_matmul_quantized.h"
#include "body_dequantize_panel.h"
#include "body_matmul_float.h"
#include "body_dense_pack.h"
#include "body_dense.h"

#define EACH_MATMUL_KERNEL(X)            \
    X(quantize_tile, quantize_tile)       \
    X(float32_tile, float32_tile)         \
    X(bfloat16_tile, bfloat16_tile)       \
    X(int8_tile, int8_tile)               \
    X(dequantize_panel, dequantize_panel) \
    X(quantized, matmul_quantized)        \
    X(float32, matmul_float32)            \
    X(bfloat16, matmul_bfloat16)          \
    X(int8, matmul_int8)
#define MATMUL_KERNELS {EACH_MATMUL_KERNEL(GYGES_ENTRY)}

GYGES_EXPECT_COMPLETE(GygesMatmulKernels, EACH_MATMUL_KERNEL);
