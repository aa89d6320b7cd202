/// The tables of the compiled levels, private to this target.
#ifndef GYGES_LEVELS_H
#define GYGES_LEVELS_H

#include "CGygesKernels.h"

extern const GygesKernelTable gyges_kernels_generic;
#if defined(__x86_64__)
extern const GygesKernelTable gyges_kernels_avx2;
extern const GygesKernelTable gyges_kernels_avx512;
#endif

#endif
