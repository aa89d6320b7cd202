/// The tables of the compiled levels, private to this target.
#ifndef GYGES_LEVELS_H
#define GYGES_LEVELS_H

#include "CGygesKernels.h"

// A table is written from a list X(member, function) of all its kernels. A member that a list forgot would be null, and
// one that is named twice would hide that, so both are errors when a level is compiled.
#pragma clang diagnostic error "-Winitializer-overrides"
#define GYGES_ENTRY(member, function) .member = NAME(function),
#define GYGES_COUNT(member, function) +1
#define GYGES_EXPECT_COMPLETE(Table, EACH)                               \
    _Static_assert(                                                      \
        sizeof(Table) == (0 EACH(GYGES_COUNT)) * sizeof(void (*)(void)), \
        "the list of kernels leaves out a member of " #Table)

extern const GygesKernelTable gyges_kernels_generic;
#if defined(__x86_64__)
extern const GygesKernelTable gyges_kernels_avx2;
extern const GygesKernelTable gyges_kernels_avx512;
#endif

#endif
