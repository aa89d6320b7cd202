/// Multiplies the same small matrices with the kernels of two instruction sets.
///
/// For a quick look at whether a machine computes what it should; the tests compare every kernel with a readable twin.
/// - Returns: For each weight format, the largest difference relative to the largest result.
public func differences(between first: InstructionSet, and second: InstructionSet) -> [(WeightFormat, Double)] {
    let (rows, columns, outputs) = (3, 512, 33)
    var x = [Float](repeating: 0, count: rows * columns)
    for index in x.indices { x[index] = Float((index * 37 + 11) % 101 - 50) / 50 }
    return WeightFormat.allCases.map { format in
        let bytes = sampleWeights(format, rows: outputs, columns: columns)
        let results = [first, second].map { instructionSet in
            let team = ThreadTeam(threadCount: 1, instructionSet: instructionSet)
            let matrix = bytes.withUnsafeBytes {
                PackedMatrix($0, format: format, rows: outputs, columns: columns, precision: .fast, team: team)
            }
            var activations = Activations()
            activations.load(x.span, rows: rows, columns: columns, for: [matrix], team: team)
            var y = [Float](repeating: 0, count: rows * outputs)
            var elements = y.mutableSpan
            matmul(activations, by: matrix, into: &elements, team: team)
            return y
        }
        let largest = results[0].reduce(0) { max($0, abs($1)) }
        let difference = zip(results[0], results[1]).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
        // Written so that a result that is not a number counts as different.
        return (format, difference <= largest ? Double(difference / largest) : .infinity)
    }
}

/// Weights whose bytes vary and whose scales are ordinary numbers.
private func sampleWeights(_ format: WeightFormat, rows: Int, columns: Int) -> [UInt8] {
    let count = format.byteCount(elementCount: rows * columns) ?? 0
    var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 / 251) }
    let half: [UInt8] = [0x66, 0x2E]  // 0.1 in binary16, little-endian.
    let block = format.blockByteCount
    for start in stride(from: 0, to: count, by: block) {
        switch format {
        case .f32: bytes.replaceSubrange(start + 2..<start + 4, with: [UInt8(start / 4 % 64) | 0x80, 0x3E])
        case .f16: bytes[start + 1] = bytes[start + 1] & 0x83 | 0x30
        case .bf16: bytes[start + 1] = bytes[start + 1] & 0x80 | 0x3E
        case .q6_K, .q3_K: bytes.replaceSubrange(start + block - 2..<start + block, with: half)
        case .q2_K: bytes.replaceSubrange(start + block - 4..<start + block, with: half + half)
        case .q4_1, .q5_1, .q4_K, .q5_K: bytes.replaceSubrange(start..<start + 4, with: half + half)
        case .q8_0, .q4_0, .q5_0, .iq4_nl, .iq4_xs: bytes.replaceSubrange(start..<start + 2, with: half)
        }
    }
    return bytes
}
