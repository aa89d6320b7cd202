// A checksum at the speed of memory. Part of body_vector.h.

typedef uint64_t ChecksumWords __attribute__((ext_vector_type(8)));

/// The same on every level: only widths of vectors differ, not what they hold.
///
/// Each of 32 lanes sums its words and, as XXH3 does (Collet, https://github.com/Cyan4973/xxHash), the product of their
/// halves after a key was added. Keys move on from stripe to stripe, so that stripes cannot change places unseen.
static uint64_t NAME(checksum)(const uint8_t *bytes, size_t count) {
    const ChecksumWords step = (ChecksumWords)0xd1b54a32d192ed03;
    ChecksumWords sums[4], keys[4];
    for (size_t i = 0; i < 4; i++)
        for (size_t lane = 0; lane < 8; lane++) keys[i][lane] = 0x9e3779b97f4a7c15 * (8 * i + lane + 1);
    memcpy(sums, keys, sizeof sums);
#define TAKE(i, words)                                                    \
    do {                                                                  \
        const ChecksumWords taken = (words), mixed = taken + keys[i];     \
        sums[i] += taken + (mixed & 0xffffffff) * (mixed >> 32);          \
        keys[i] += step;                                                  \
    } while (0)
    size_t offset = 0;
    for (; offset + 256 <= count; offset += 256) {
        for (size_t line = 0; line < 256; line += 64) __builtin_prefetch(bytes + offset + 6144 + line, 0, 2);
        TAKE(0, LOAD(ChecksumWords, bytes + offset));
        TAKE(1, LOAD(ChecksumWords, bytes + offset + 64));
        TAKE(2, LOAD(ChecksumWords, bytes + offset + 128));
        TAKE(3, LOAD(ChecksumWords, bytes + offset + 192));
    }
    for (; offset < count; offset += 64) {
        ChecksumWords rest = 0;
        memcpy(&rest, bytes + offset, count - offset < 64 ? count - offset : 64);
        TAKE(0, rest);
    }
#undef TAKE
    uint64_t total = count;
    for (size_t i = 0; i < 4; i++)
        for (size_t lane = 0; lane < 8; lane++) {
            total = (total ^ sums[i][lane]) * 0x9fb21c651e98df25;
            total ^= total >> 29;
        }
    return total;
}
