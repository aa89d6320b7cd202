/// Loops that do nothing but multiply and add in registers, and one that does nothing but read memory: the limits that
/// kernels are measured against.
#ifndef GYGES_PEAKS_H
#define GYGES_PEAKS_H

#include <stddef.h>
#include <stdint.h>

/// What is multiplied; sums are f32, and int32 for bytes.
enum {
    PEAK_FLOAT32,
    PEAK_BFLOAT16,
    PEAK_INT8,
};

/// The instruction that multiplies and adds fastest on this processor; null if it has none for that kind.
const char *peak_instruction(int kind);

/// The multiplications and additions of one pass; 0 where there is no instruction.
uint64_t peak_operations(int kind);

/// Runs passes of independent multiply-adds on the caller's thread. The result is there to be used, and means nothing.
float peak_run(int kind, uint64_t passes);

/// Reads `count` bytes, a multiple of 256, in order, calling them ahead as the kernels do. Returns the sum of all words.
uint64_t peak_read(const uint8_t *bytes, size_t count);

#endif
