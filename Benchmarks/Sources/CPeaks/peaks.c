#include "peaks.h"

#include <stdbool.h>

// Enough independent sums for two instructions a cycle of five cycles' latency each, and few enough for the 16 registers of AVX2 to
// hold them beside what is multiplied.
#define CHAINS 12

// The instruction is written out, so that no compiler merges, hoists or drops what is counted.
#define LOOP(vector, instruction)                                                                                      \
    vector sums[CHAINS] = {0}, a = {0}, b = {0};                                                                       \
    for (uint64_t pass = 0; pass < passes; pass++) {                                                                   \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++)                                            \
            __asm__ volatile(instruction : "+v"(sums[i]) : "v"(a), "v"(b));                                            \
    }                                                                                                                  \
    float total = 0;                                                                                                   \
    for (int i = 0; i < CHAINS; i++) total += (float)sums[i][0];                                                       \
    return total

typedef struct Peak {
    const char *instruction;
    uint64_t operations;
    float (*run)(uint64_t passes);
} Peak;

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET(features) __attribute__((target(features)))

TARGET("avx512f") static float float32_512(uint64_t passes) { LOOP(__m512, "vfmadd231ps %1, %2, %0"); }
TARGET("avx512f,avx512bf16") static float bfloat16_512(uint64_t passes) { LOOP(__m512, "vdpbf16ps %1, %2, %0"); }
TARGET("avx512f,avx512vnni") static float int8_512(uint64_t passes) { LOOP(__m512i, "vpdpbusd %1, %2, %0"); }
TARGET("avx2,fma") static float float32_256(uint64_t passes) { LOOP(__m256, "vfmadd231ps %1, %2, %0"); }
TARGET("avx2,avxvnni") static float int8_256(uint64_t passes) { LOOP(__m256i, "%{vex%} vpdpbusd %1, %2, %0"); }

// Without VNNI: products of bytes to 16-bit sums, those to 32-bit ones, those added.
TARGET("avx2") static float int8_256_in_three(uint64_t passes) {
    __m256i a = _mm256_setzero_si256(), ones = _mm256_set1_epi16(1), sums[CHAINS / 2] = {0};
    for (uint64_t pass = 0; pass < passes; pass++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS / 2; i++) {
            __m256i pairs;
            __asm__ volatile("vpmaddubsw %1, %1, %0" : "=v"(pairs) : "v"(a));
            __asm__ volatile("vpmaddwd %1, %0, %0" : "+v"(pairs) : "v"(ones));
            __asm__ volatile("vpaddd %1, %0, %0" : "+v"(sums[i]) : "v"(pairs));
        }
    }
    float total = 0;
    for (int i = 0; i < CHAINS / 2; i++) total += (float)sums[i][0];
    return total;
}

static Peak peak_of(int kind) {
    bool has512 = __builtin_cpu_supports("avx512f"), has256 = __builtin_cpu_supports("avx2");
    switch (kind) {
    case PEAK_FLOAT32:
        if (has512) return (Peak){"vfmadd231ps zmm", CHAINS * 16 * 2, float32_512};
        if (has256 && __builtin_cpu_supports("fma")) return (Peak){"vfmadd231ps ymm", CHAINS * 8 * 2, float32_256};
        break;
    case PEAK_BFLOAT16:
        if (has512 && __builtin_cpu_supports("avx512bf16"))
            return (Peak){"vdpbf16ps zmm", CHAINS * 32 * 2, bfloat16_512};
        break;
    case PEAK_INT8:
        if (has512 && __builtin_cpu_supports("avx512vnni")) return (Peak){"vpdpbusd zmm", CHAINS * 64 * 2, int8_512};
        if (has256 && __builtin_cpu_supports("avxvnni")) return (Peak){"vpdpbusd ymm", CHAINS * 32 * 2, int8_256};
        if (has256) return (Peak){"vpmaddubsw ymm", CHAINS / 2 * 32 * 2, int8_256_in_three};
        break;
    }
    return (Peak){0};
}

#else

static Peak peak_of(int kind) { return (Peak){0}; }

#endif

const char *peak_instruction(int kind) { return peak_of(kind).instruction; }

uint64_t peak_operations(int kind) { return peak_of(kind).operations; }

float peak_run(int kind, uint64_t passes) {
    Peak peak = peak_of(kind);
    return peak.run ? peak.run(passes) : 0;
}

uint64_t peak_read(const uint8_t *bytes, size_t count) {
    typedef uint64_t Words __attribute__((vector_size(64), aligned(16)));
    Words sums[4] = {0};
    for (size_t offset = 0; offset < count; offset += 256) {
        for (int line = 0; line < 4; line++) __builtin_prefetch(bytes + offset + 6144 + 64 * line);
        for (int i = 0; i < 4; i++) sums[i] += *(const Words *)(bytes + offset + 64 * i);
    }
    Words sum = sums[0] + sums[1] + sums[2] + sums[3];
    uint64_t total = 0;
    for (int i = 0; i < 8; i++) total += sum[i];
    return total;
}
