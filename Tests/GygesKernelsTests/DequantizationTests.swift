import Foundation
import GygesKernels
import GygesTestSupport
import Testing

/// Blocks as gguf-py reads them (`scripts/fixtures/make_blocks.py`).
@Suite struct DequantizationTests {
    @Test("Blocks become the floats of gguf-py, bit for bit")
    func blocksOfTheReference() throws {
        let path = fixturePath("blocks.txt", of: "GygesKernels")
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 4)
        for line in lines {
            let parts = line.split(separator: " ")
            let format = try #require(WeightFormat(rawValue: String(parts[0])))
            let blocks = bytes(parts[1]), bits = bytes(parts[2])
            #expect(blocks.count == 3 * format.blockByteCount)
            let count = 3 * format.blockLength
            var floats = [Float](repeating: .nan, count: count)
            blocks.withUnsafeBytes { blocks in
                var span = floats.mutableSpan
                dequantizeRows(
                    blocks, format: format, columns: count, rows: [0], into: &span,
                    team: ThreadTeam(threadCount: 1))
            }
            let expected = stride(from: 0, to: bits.count, by: 4).map { start in
                bits[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            }
            #expect(floats.map(\.bitPattern) == expected, "\(format)")
        }
    }

    private func bytes(_ digits: Substring) -> [UInt8] {
        let digits = Array(digits.utf8).map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
