import GygesKernels
import GygesTestSupport

/// A random matrix in a storage format, and what the format's definition says it holds
/// (`ggml-quants.c`, `dequantize_row_*`), written for reading and apart from the kernels.
struct StoredMatrix {
    var format: WeightFormat
    var rows: Int
    var columns: Int
    var bytes: [UInt8] = []
    /// `[rows][columns]`
    var values: [Double] = []
    /// `[rows][columns / 32]`: what code 0 stands for, in the formats that keep this for each run of 32.
    var lowest: [Double] = []

    init(format: WeightFormat, rows: Int, columns: Int, seed: Int) {
        self.format = format
        self.rows = rows
        self.columns = columns
        var random = Randomness(seed)
        for _ in 0..<(rows * columns / format.blockLength) { appendBlock(using: &random) }
    }

    var floats: [Float] { values.map { Float($0) } }

    func packed(_ precision: MatmulPrecision, team: ThreadTeam) -> PackedMatrix {
        bytes.withUnsafeBytes {
            PackedMatrix($0, format: format, rows: rows, columns: columns, precision: precision, team: team)
        }
    }

    // MARK: - Blocks

    private mutating func appendBlock(using random: inout Randomness) {
        func half(_ random: inout Randomness, _ largest: Float) -> Float16 {
            Float16(Float.random(in: -largest...largest, using: &random))
        }
        switch format {
        case .f32:
            let value = Float.random(in: -1...1, using: &random)
            append(value.bitPattern)
            values.append(Double(value))
        case .f16:
            let value = half(&random, 1)
            append(value.bitPattern)
            values.append(Double(value))
        case .bf16:
            let bits = UInt16(truncatingIfNeeded: Float.random(in: -1...1, using: &random).bitPattern >> 16)
            append(bits)
            values.append(Double(Float(bitPattern: UInt32(bits) << 16)))
        case .q8_0:
            let d = half(&random, 0.01)
            let codes = (0..<32).map { _ in Int8.random(in: -128...127, using: &random) }
            append(d.bitPattern)
            bytes += codes.map { UInt8(bitPattern: $0) }
            values += codes.map { Double(d) * Double($0) }
        case .q4_0, .q4_1, .q5_0, .q5_1:
            appendNibbleBlock(d: half(&random, 0.1), m: half(&random, 1), using: &random)
        case .q4_K, .q5_K:
            appendSixBitBlock(d: half(&random, 0.01), minimum: half(&random, 0.01), using: &random)
        case .q6_K:
            appendQ6K(d: half(&random, 0.001), using: &random)
        case .q2_K:
            appendQ2K(d: half(&random, 0.05), minimum: half(&random, 0.01), using: &random)
        case .q3_K:
            appendQ3K(d: half(&random, 0.01), using: &random)
        case .iq4_nl:
            appendTableRuns(1, d: half(&random, 0.01), using: &random)
        case .iq4_xs:
            appendTableRuns(8, d: half(&random, 0.001), using: &random)
        }
    }

    /// Q4_0: d(q - 8). Q4_1: dq + m. Q5 adds a fifth bit: d(q - 16), dq + m. Code i + 16 is the high nibble of byte i.
    private mutating func appendNibbleBlock(d: Float16, m: Float16, using random: inout Randomness) {
        let hasFifth = format == .q5_0 || format == .q5_1
        let hasMinimum = format == .q4_1 || format == .q5_1
        let codes = (0..<32).map { _ in Int.random(in: 0..<(hasFifth ? 32 : 16), using: &random) }
        append(d.bitPattern)
        if hasMinimum { append(m.bitPattern) }
        if hasFifth {
            append(codes.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element >> 4) << UInt32($1.offset) })
        }
        bytes += (0..<16).map { UInt8(codes[$0] & 15 | (codes[$0 + 16] & 15) << 4) }
        values += codes.map { code in
            hasMinimum ? Double(d) * Double(code) + Double(m) : Double(d) * Double(code - (hasFifth ? 16 : 8))
        }
    }

    /// Eight runs of 32 with 6-bit scale s and minimum m: d·s·q - dmin·m. Runs 2j and 2j + 1 share bytes.
    private mutating func appendSixBitBlock(d: Float16, minimum: Float16, using random: inout Randomness) {
        let hasFifth = format == .q5_K
        let scales = (0..<8).map { _ in Int.random(in: 0..<64, using: &random) }
        let minima = (0..<8).map { _ in Int.random(in: 0..<64, using: &random) }
        let codes = (0..<256).map { _ in Int.random(in: 0..<(hasFifth ? 32 : 16), using: &random) }
        append(d.bitPattern)
        append(minimum.bitPattern)
        var packed = [UInt8](repeating: 0, count: 12)
        for run in 0..<4 {
            packed[run] = UInt8(scales[run] | (scales[run + 4] >> 4) << 6)
            packed[run + 4] = UInt8(minima[run] | (minima[run + 4] >> 4) << 6)
            packed[run + 8] = UInt8(scales[run + 4] & 15 | (minima[run + 4] & 15) << 4)
        }
        bytes += packed
        if hasFifth {
            bytes += (0..<32).map { i in (0..<8).reduce(UInt8(0)) { $0 | UInt8(codes[$1 * 32 + i] >> 4) << UInt8($1) } }
        }
        for pair in 0..<4 {
            bytes += (0..<32).map { UInt8(codes[pair * 64 + $0] & 15 | (codes[pair * 64 + 32 + $0] & 15) << 4) }
        }
        values += codes.enumerated().map { index, code in
            Double(d) * Double(scales[index / 32] * code) - Double(minimum) * Double(minima[index / 32])
        }
        lowest += minima.map { -Double(minimum) * Double($0) }
    }

    /// Sixteen runs of 16 with int8 scales: d·s·(q - 32). In each half of 128, code 32j + i has its low bits in nibble
    /// j / 2 of byte (j % 2) · 32 + i and its upper two in bits 2j of byte i.
    private mutating func appendQ6K(d: Float16, using random: inout Randomness) {
        let scales = (0..<16).map { _ in Int8.random(in: -128...127, using: &random) }
        let codes = (0..<256).map { _ in Int.random(in: 0..<64, using: &random) }
        for half in 0..<2 {
            bytes += (0..<64).map { UInt8(codes[half * 128 + $0] & 15 | (codes[half * 128 + 64 + $0] & 15) << 4) }
        }
        for half in 0..<2 {
            bytes += (0..<32).map { i in
                (0..<4).reduce(UInt8(0)) { $0 | UInt8(codes[half * 128 + $1 * 32 + i] >> 4) << UInt8(2 * $1) }
            }
        }
        bytes += scales.map { UInt8(bitPattern: $0) }
        append(d.bitPattern)
        values += codes.enumerated().map { Double(d) * Double(Int(scales[$0 / 16]) * ($1 - 32)) }
    }

    /// Sixteen runs of 16 with 4-bit scale s and minimum m, which share a byte: d·s·q - dmin·m.
    private mutating func appendQ2K(d: Float16, minimum: Float16, using random: inout Randomness) {
        let scales = (0..<16).map { _ in Int.random(in: 0..<16, using: &random) }
        let minima = (0..<16).map { _ in Int.random(in: 0..<16, using: &random) }
        let codes = (0..<256).map { _ in Int.random(in: 0..<4, using: &random) }
        bytes += (0..<16).map { UInt8(scales[$0] | minima[$0] << 4) }
        bytes += pairsOfBits(codes)
        append(d.bitPattern)
        append(minimum.bitPattern)
        values += codes.enumerated().map { index, code in
            Double(d) * Double(scales[index / 16] * code) - Double(minimum) * Double(minima[index / 16])
        }
    }

    /// Sixteen runs of 16 with 6-bit scales less 32: d·s·(q - 4). The third bits come first: bit j of byte i is code 32j + i's.
    /// Of scale i, byte i mod 8 has the low bits (of 8 to 15 in its high nibble), byte 8 + i mod 4 the upper two.
    private mutating func appendQ3K(d: Float16, using random: inout Randomness) {
        let scales = (0..<16).map { _ in Int.random(in: -32..<32, using: &random) }
        let codes = (0..<256).map { _ in Int.random(in: 0..<8, using: &random) }
        for i in 0..<32 {
            var byte = 0
            for j in 0..<8 { byte |= (codes[32 * j + i] >> 2) << j }
            bytes.append(UInt8(byte))
        }
        bytes += pairsOfBits(codes)
        let stored = scales.map { $0 + 32 }
        for i in 0..<8 { bytes.append(UInt8(stored[i] & 15 | (stored[i + 8] & 15) << 4)) }
        for i in 0..<4 {
            var byte = 0
            for j in 0..<4 { byte |= (stored[4 * j + i] >> 4) << (2 * j) }
            bytes.append(UInt8(byte))
        }
        append(d.bitPattern)
        values += codes.enumerated().map { Double(d) * Double(scales[$0 / 16] * ($1 - 4)) }
    }

    /// The low two bits of 256 codes: in each half of 128, those of code 32j + i are bits 2j of byte i.
    private func pairsOfBits(_ codes: [Int]) -> [UInt8] {
        (0..<64).map { index in
            let first = index / 32 * 128 + index % 32
            var byte = 0
            for j in 0..<4 { byte |= (codes[first + 32 * j] & 3) << (2 * j) }
            return UInt8(byte)
        }
    }

    /// Runs of 32 codes that stand for integers of a table: one with d alone (IQ4_NL), or eight with 6-bit scales less 32, whose
    /// upper two bits come first (IQ4_XS). In a run, code i + 16 is the high nibble of byte i.
    private mutating func appendTableRuns(_ count: Int, d: Float16, using random: inout Randomness) {
        let table = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
        let scales = (0..<count).map { _ in count == 1 ? 1 : Int.random(in: -32..<32, using: &random) }
        let codes = (0..<32 * count).map { _ in Int.random(in: 0..<16, using: &random) }
        append(d.bitPattern)
        if count == 8 {
            let stored = scales.map { $0 + 32 }
            var upper = 0
            for i in 0..<8 { upper |= (stored[i] >> 4) << (2 * i) }
            append(UInt16(upper))
            for i in 0..<4 { bytes.append(UInt8(stored[2 * i] & 15 | (stored[2 * i + 1] & 15) << 4)) }
        }
        for run in 0..<count {
            for i in 0..<16 { bytes.append(UInt8(codes[32 * run + i] | codes[32 * run + 16 + i] << 4)) }
        }
        values += codes.enumerated().map { Double(d) * Double(scales[$0 / 32] * table[$1]) }
    }

    private mutating func append(_ bits: some FixedWidthInteger) {
        withUnsafeBytes(of: bits.littleEndian) { bytes += $0 }
    }
}
