// Compiled once per instruction set: NAME(x) adds the level's suffix, LEVEL is 0 generic, 1 AVX2, 2 AVX-512.
// Defines VECTOR_KERNELS, the initialiser of the level's GygesVectorKernels, and GRADIENT_KERNELS of its GygesGradientKernels.

#include "body_elementwise.h"
#include "body_cache.h"
#include "body_attention.h"
#include "body_bidirectional.h"
#include "body_checksum.h"
#include "body_gradient.h"

#define EACH_VECTOR_KERNEL(X)                     \
    X(rms_norm, rms_norm)                         \
    X(layer_norm, layer_norm)                     \
    X(silu_gate, silu_gate)                       \
    X(gelu_gate, gelu_gate)                       \
    X(silu, silu)                                 \
    X(gelu, gelu)                                 \
    X(add, add)                                   \
    X(rotate, rotate)                             \
    X(maximum, maximum)                           \
    X(exp_sum, exp_sum)                           \
    X(softmax, softmax)                           \
    X(store_cache_row, store_cache_row)           \
    X(attention, attention)                       \
    X(attention_spans, attention_spans)           \
    X(attention_shared, attention_shared)         \
    X(attention_merge, attention_merge)           \
    X(bidirectional_bytes, bidirectional_bytes)   \
    X(pack_bidirectional, pack_bidirectional)     \
    X(attend_bidirectional, attend_bidirectional) \
    X(checksum, checksum)
#define VECTOR_KERNELS {EACH_VECTOR_KERNEL(GYGES_ENTRY)}

GYGES_EXPECT_COMPLETE(GygesVectorKernels, EACH_VECTOR_KERNEL);
