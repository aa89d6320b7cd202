#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "CGygesKernels.h"
#include "levels.h"

int gyges_isa_best(void) {
#if defined(__x86_64__)
    // These checks include the operating system's saving of the wide registers, which bare CPUID does not tell.
    __builtin_cpu_init();
    if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")))
        return GYGES_ISA_GENERIC;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni")
        && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vbmi"))
        return GYGES_ISA_AVX512;
    return GYGES_ISA_AVX2;
#else
    return GYGES_ISA_GENERIC;
#endif
}

const GygesKernelTable *gyges_kernels_at(int level) {
    if (level < GYGES_ISA_GENERIC || level > gyges_isa_best()) return NULL;
    switch (level) {
#if defined(__x86_64__)
    case GYGES_ISA_AVX2: return &gyges_kernels_avx2;
    case GYGES_ISA_AVX512: return &gyges_kernels_avx512;
#endif
    default: return &gyges_kernels_generic;
    }
}

/// The level in the low byte and, above it, whether the environment's wish was refused.
static int chosen(void) {
    // Zero is "not chosen yet". Two threads that race here store the same value.
    static _Atomic int choice = 0;
    int known = atomic_load_explicit(&choice, memory_order_relaxed);
    if (known) return known;

    static const char *const names[GYGES_ISA_COUNT] = {"generic", "avx2", "avx512"};
    int best = gyges_isa_best(), level = best, refused = 0;
    const char *wish = getenv("GYGES_ISA");
    if (wish && *wish) {
        refused = 1;
        for (int candidate = GYGES_ISA_GENERIC; candidate <= best; candidate++)
            if (strcmp(wish, names[candidate]) == 0) {
                level = candidate;
                refused = 0;
            }
    }
    known = 1 << 16 | refused << 8 | level;
    atomic_store_explicit(&choice, known, memory_order_relaxed);
    return known;
}

int gyges_isa_level(void) { return chosen() & 0xff; }

int gyges_isa_override_refused(void) { return chosen() >> 8 & 1; }

size_t gyges_cache_head_bytes(int format, size_t head_dimension) {
    const size_t elements = 2 * GYGES_KEY_VALUE_BLOCK * head_dimension;
    switch (format) {
    case GYGES_CACHE_F32: return 4 * elements;
    case GYGES_CACHE_Q8: return elements + 2 * GYGES_KEY_VALUE_BLOCK * sizeof(float);
    default: return 2 * elements;
    }
}

size_t gyges_attention_record(size_t head_dimension) {
    // The output, 16 partial sums, and the maximum in a vector of its own.
    return (head_dimension + 15) / 16 * 16 + 32;
}

size_t gyges_attention_scratch(size_t queries, size_t head_dimension) {
    const size_t padded = (head_dimension + 15) / 16 * 16;
    // Keys and values of a block, then for each query scores and the records of all spans so far and of the next.
    return GYGES_KEY_VALUE_BLOCK * (head_dimension + padded)
        + queries * (GYGES_KEY_VALUE_BLOCK + 2 * gyges_attention_record(head_dimension));
}

size_t gyges_bidirectional_scratch(size_t head_dimension) {
    const size_t tile = GYGES_FLOAT_TILE_ROWS, rotated = (head_dimension + 31) / 32 * 32;
    // Scores of a tile, rows that were rotated, and for each tile its records and its packed queries.
    return tile * GYGES_BIDIRECTIONAL_SPAN + 16 * rotated
        + GYGES_BIDIRECTIONAL_TILES * (tile * gyges_attention_record(head_dimension) + 16 * rotated);
}
