// Compiled once per instruction set: NAME(x) adds the level's suffix, LEVEL is 0 generic, 1 AVX2, 2 AVX-512.
// Defines VECTOR_KERNELS, the initialiser of the level's GygesVectorKernels.

#include "body_elementwise.h"
#include "body_cache.h"
#include "body_attention.h"
#include "body_bidirectional.h"
#include "body_checksum.h"

#define VECTOR_KERNELS                              \
    {                                               \
        .rms_norm = NAME(rms_norm),                 \
        .layer_norm = NAME(layer_norm),             \
        .silu_gate = NAME(silu_gate),               \
        .gelu_gate = NAME(gelu_gate),               \
        .silu = NAME(silu),                         \
        .gelu = NAME(gelu),                         \
        .add = NAME(add),                           \
        .rotate = NAME(rotate),                     \
        .maximum = NAME(maximum),                   \
        .exp_sum = NAME(exp_sum),                   \
        .softmax = NAME(softmax),                   \
        .store_cache_row = NAME(store_cache_row),   \
        .attention = NAME(attention),               \
        .checksum = NAME(checksum),                 \
        .attention_spans = NAME(attention_spans),   \
        .attention_merge = NAME(attention_merge),   \
        .bidirectional_bytes = NAME(bidirectional_bytes),   \
        .pack_bidirectional = NAME(pack_bidirectional),     \
        .attend_bidirectional = NAME(attend_bidirectional), \
    }
