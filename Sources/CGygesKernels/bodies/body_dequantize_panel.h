// A packed panel of a block format back to floats, exactly as the format defines them. Part of body_matmul.h.

/// The 16-wide scale and the value of code 0 for every 16 k of one block: at most 16 of each.
INLINE void block_scales(int format, const uint8_t *scales, size_t lane, Floats scale[16], Floats lowest[16]) {
    const Floats d = floats_from_halves(scales + 2 * lane);
    const size_t count = gyges_block_length(format) / 16;
    uint8_t part_scales[128], part_minima[128];
    const bool six_bit = format == GYGES_Q4_K || format == GYGES_Q5_K;
    if (six_bit) unpack_six_bit(scales + 64, part_scales, part_minima);
    for (size_t i = 0; i < count; i++) {
        scale[i] = d;
        lowest[i] = 0;
        if (format == GYGES_Q6_K)
            scale[i] *= __builtin_convertvector(LOAD(SignedBytes, scales + 32 + 16 * i + lane), Floats);
        if (format == GYGES_Q3_K || format == GYGES_IQ4_XS)
            scale[i] *= six_bit_scales(format, scales + 32 + lane, format == GYGES_Q3_K ? i : i / 2);
        if (format == GYGES_Q2_K) {
            const Bytes both = LOAD(Bytes, scales + 64 + 16 * i + lane);
            scale[i] *= __builtin_convertvector(both & 15, Floats);
            lowest[i] = -floats_from_halves(scales + 32 + 2 * lane) * __builtin_convertvector(both >> 4, Floats);
        }
        if (format == GYGES_Q4_1 || format == GYGES_Q5_1) lowest[i] = floats_from_halves(scales + 32 + 2 * lane);
        if (six_bit) {
            const Floats dmin = floats_from_halves(scales + 32 + 2 * lane);
            scale[i] *= __builtin_convertvector(LOAD(Bytes, part_scales + i / 2 * 16 + lane), Floats);
            lowest[i] = -dmin * __builtin_convertvector(LOAD(Bytes, part_minima + i / 2 * 16 + lane), Floats);
        }
    }
}

/// Columns `[begin, end)` of a panel, whole blocks; those before are only passed.
static void NAME(dequantize_columns)(
    int format, const uint8_t *panel, size_t columns, size_t begin, size_t end, float *floats) {
    const size_t length = gyges_block_length(format);
    const bool flip = gyges_weight_bits(format) == 8 && SIGNED_BYTE_CODES;
    const int offset = flip ? 0 : gyges_code_offset(format);
    for (size_t lane = 0; lane < GYGES_PANEL_OUTPUTS; lane += LANES) {
        PanelPlace place = {panel, panel, 0};
        const size_t blocks = columns / length;
        for (size_t block = 0; block < end / length; block++, place.scales += gyges_scale_bytes(format)) {
            enter_group(&place, format, block, blocks);
            if (block < begin / length) {
                place.codes += length / 32 * gyges_code_bytes(format);
                continue;
            }
            Floats scale[16], lowest[16];
            block_scales(format, place.scales, lane, scale, lowest);
            for (size_t k = 0; k < length; k += 32, place.codes += gyges_code_bytes(format)) {
                Words groups[8];
                load_codes(format, 0, place.codes + 4 * lane, groups);
                for (size_t i = 0; i < 32; i++) {
                    // Shifts to the top and back down: the byte as a signed or unsigned number.
                    Words code = groups[i / 4] << (24 - 8 * (int)(i % 4));
                    code = flip ? code >> 24 : (Words)((Bits)code >> 24);
                    const Floats number = floats_from_words(code - offset);
                    // One rounding: the product alone is exact but for Q6_K and IQ4_XS, which have nothing to add.
                    STORE(number * scale[(k + i) / 16] + lowest[(k + i) / 16],
                        floats + (block * length - begin + k + i) * GYGES_PANEL_OUTPUTS + lane);
                }
            }
        }
    }
}

static void NAME(dequantize_panel)(int format, const uint8_t *panel, size_t columns, float *floats) {
    NAME(dequantize_columns)(format, panel, columns, 0, columns, floats);
}
