import GygesKernels
import GygesTensors
import GygesTestSupport

/// Random weights in a block format, and the same numbers as floats.
struct QuantizedWeights {
    let format: WeightFormat
    let rows: Int
    let columns: Int
    private let bytes: [UInt8]

    /// Codes are random bytes; the halves that scale a block make weights of some tenths.
    init(_ format: WeightFormat, rows: Int, columns: Int, random: inout Randomness) {
        self.format = format
        self.rows = rows
        self.columns = columns
        var bytes = (0..<(format.byteCount(elementCount: rows * columns) ?? 0)).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        // A scale, and what code 0 stands for where the format has it: half the range of codes below zero.
        let (scale, minimum): (Float16, Float16?) =
            switch format {
            case .q8_0: (0.002, nil)
            case .q4_1: (0.03, -0.22)
            case .q4_K: (0.0006, 0.0045)
            case .q6_K: (0.00006, nil)
            default: fatalError("\(format) has no scales here")
            }
        func write(_ half: Float16, at place: Int) {
            withUnsafeBytes(of: half.bitPattern.littleEndian) { bytes.replaceSubrange(place..<place + 2, with: $0) }
        }
        for start in stride(from: 0, to: bytes.count, by: format.blockByteCount) {
            write(scale, at: start + (format == .q6_K ? format.blockByteCount - 2 : 0))
            if let minimum { write(minimum, at: start + 2) }
        }
        self.bytes = bytes
    }

    /// As a file would hold them, packed.
    func frozen(_ precision: MatmulPrecision, team: ThreadTeam) -> TapeMatrix {
        let owner = ByteOwner(bytes)
        return .frozen(
            WeightMatrix(
                owner.bytes, format: format, rows: rows, columns: columns, owner: owner,
                packed: PackedMatrix(
                    owner.bytes, format: format, rows: rows, columns: columns, precision: precision, team: team),
                release: {}))
    }

    /// Exactly the numbers that the format defines.
    func floats(team: ThreadTeam) -> [Float] {
        var floats = [Float](repeating: 0, count: rows * columns)
        bytes.withUnsafeBytes { bytes in
            var span = floats.mutableSpan
            dequantizeRows(bytes, format: format, columns: columns, rows: Array(0..<rows), into: &span, team: team)
        }
        return floats
    }
}

/// Bytes at a place that does not change.
private final class ByteOwner: Sendable {
    // Written before `init` returns only.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(_ source: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 64)
        copy.copyBytes(from: source)
        bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}
