/// SIMD kernels of Gyges: one shared body compiled per instruction set, one table of functions per level.
///
/// Conventions: nothing here allocates, starts threads or keeps state (but for the level, chosen once). Callers own
/// every buffer, scratch space included, and split work by passing ranges. No pointer is null where a declaration does not
/// say `_Nullable`, and every kernel exists on every level (levels.h).
#ifndef CGYGES_KERNELS_H
#define CGYGES_KERNELS_H

#include "gyges_dense.h"
#include "gyges_gradient.h"
#include "gyges_matmul.h"
#include "gyges_optimizer.h"
#include "gyges_vector.h"

/// The instruction sets the kernels are compiled for, in increasing order of capability.
enum {
    /// Plain C: the reference of the other two, and the only level off x86-64.
    GYGES_ISA_GENERIC = 0,
    /// AVX2, FMA and F16C (Haswell, Zen 1 and later).
    GYGES_ISA_AVX2 = 1,
    /// AVX-512 F, BW, VL, DQ, VNNI, BF16 and VBMI (Zen 4, Sapphire Rapids and later).
    GYGES_ISA_AVX512 = 2,
};

/// The number of levels.
#define GYGES_ISA_COUNT 3

/// Every kernel of one instruction set.
typedef struct GygesKernelTable {
    GygesMatmulKernels matmul;
    GygesVectorKernels vector;
    GygesDenseKernels dense;
    GygesGradientKernels gradient;
    GygesOptimizerKernels optimizer;
} GygesKernelTable;

/// The most capable level that this processor and operating system support.
int gyges_isa_best(void);

/// The level in use: the value of `GYGES_ISA` (`generic`, `avx2` or `avx512`) at the first call if this processor has
/// that level, and `gyges_isa_best()` otherwise.
int gyges_isa_level(void);

/// Whether `GYGES_ISA` was set to something unknown or to a level this processor lacks, and was therefore ignored.
int gyges_isa_override_refused(void);

/// The kernels of one level; null for a level that is unknown or that this processor lacks.
const GygesKernelTable *_Nullable gyges_kernels_at(int level);

#endif
