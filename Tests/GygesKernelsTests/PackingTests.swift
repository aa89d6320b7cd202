import GygesKernels
import GygesTestSupport
import Testing

/// Packing in parts, and the checksum that guards packed files.
@Suite struct PackingTests {
    @Test(arguments: WeightFormat.allCases, [MatmulPrecision.fast, .bfloat16, .int8])
    func panelsPackedInPartsAreThosePackedAtOnce(format: WeightFormat, precision: MatmulPrecision) {
        let columns = 3 * max(format.blockLength, 32) + (format.isQuantized ? 0 : 5)
        let stored = StoredMatrix(format: format, rows: 83, columns: columns, seed: 3)
        let layout = PanelLayout(rows: 83, columns: columns, source: format, precision: precision)
        #expect(layout.panelCount == 6)
        #expect(layout.panelByteCount % 64 == 0)
        let whole = packed(stored, layout, parts: [0..<6])
        for parts in [[0..<1, 1..<6], [0..<2, 2..<5, 5..<6]] {
            #expect(packed(stored, layout, parts: parts) == whole, "\(format) \(precision) \(parts)")
        }
    }

    /// Panels are kept in files under the layout's version. When this fails, raise `GYGES_PANEL_LAYOUT_VERSION` and put the
    /// new numbers here: otherwise programs read panels of the old arrangement as if they had the new one.
    @Test func theLayoutVersionNamesTheBytes() {
        func sum(_ formats: some Sequence<WeightFormat>, of precisions: [MatmulPrecision]) -> UInt64 {
            var sums: [UInt64] = []
            for format in formats {
                let columns = 2 * max(format.blockLength, 32)
                let stored = StoredMatrix(format: format, rows: 40, columns: columns, seed: 9)
                for precision in precisions {
                    let layout = PanelLayout(rows: 40, columns: columns, source: format, precision: precision)
                    sums.append(Reference.checksum(packed(stored, layout, parts: [0..<3])))
                }
            }
            return Reference.checksum(sums.flatMap { sum in withUnsafeBytes(of: sum.littleEndian) { Array($0) } })
        }
        #expect(PanelLayout.version == 1)
        let first = WeightFormat.allCases.prefix(11)  // Up to Q6_K.
        #expect(sum(first, of: [.fast, .bfloat16]) == 15_718_617_616_922_860_826)
        #expect(sum(first, of: [.int8]) == 7_842_515_036_088_861_523)
        #expect(sum(WeightFormat.allCases.dropFirst(11), of: MatmulPrecision.allCases) == 3_437_243_332_358_748_518)
    }

    private func packed(_ stored: StoredMatrix, _ layout: PanelLayout, parts: [Range<Int>]) -> [UInt8] {
        let team = ThreadTeam(threadCount: 2)
        var bytes = [UInt8](repeating: 0xAA, count: layout.byteCount)
        bytes.withUnsafeMutableBytes { bytes in
            stored.bytes.withUnsafeBytes { source in
                for part in parts {
                    let range = part.lowerBound * layout.panelByteCount..<part.upperBound * layout.panelByteCount
                    PackedMatrix.pack(
                        source, as: layout, panels: part,
                        into: UnsafeMutableRawBufferPointer(rebasing: bytes[range]), team: team)
                }
            }
        }
        return bytes
    }

    @Test(arguments: InstructionSet.supported, [0, 1, 7, 63, 64, 65, 255, 256, 257, 1000, 4096, (1 << 20) + 300])
    func checksumsMeetTheReference(level: InstructionSet, count: Int) {
        var random = Randomness(count)
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        let parts = stride(from: 0, to: count, by: checksumPartLength).map {
            Array(bytes[$0..<min(count, $0 + checksumPartLength)])
        }
        #expect(bytes.withUnsafeBytes { checksums(of: $0, team: team) } == parts.map(Reference.checksum))
    }

    @Test(arguments: InstructionSet.supported)
    func checksumsChangeWithEveryBitAndEveryMove(level: InstructionSet) {
        let team = ThreadTeam(threadCount: 1, instructionSet: level)
        func sum(_ bytes: [UInt8]) -> [UInt64] { bytes.withUnsafeBytes { checksums(of: $0, team: team) } }
        let zeros = [UInt8](repeating: 0, count: 1000)
        var seen: Set<[UInt64]> = [sum(zeros), sum(zeros + [0])]
        for bit in 0..<8000 {
            var changed = zeros
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            seen.insert(sum(changed))
        }
        #expect(seen.count == 8002)
        let pages = (0..<4).map { page in [UInt8](repeating: UInt8(page), count: 4096) }
        #expect(sum(Array(pages.joined())) != sum(pages[1] + pages[0] + pages[2] + pages[3]))
    }
}

extension Reference {
    /// `body_checksum.h`, word by word.
    static func checksum(_ bytes: [UInt8]) -> UInt64 {
        var keys = (1...32).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }
        var sums = keys
        func word(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) {
                $0 | UInt64(8 * index + $1 < bytes.count ? bytes[8 * index + $1] : 0) << UInt64(8 * $1)
            }
        }
        let lanes32 = bytes.count / 256 * 32
        for index in 0..<(bytes.count + 63) / 64 * 8 {
            let lane = index < lanes32 ? index % 32 : index % 8
            let mixed = word(index) &+ keys[lane]
            sums[lane] = sums[lane] &+ word(index) &+ (mixed & 0xFFFF_FFFF) &* (mixed >> 32)
            keys[lane] = keys[lane] &+ 0xD1B5_4A32_D192_ED03
        }
        return sums.reduce(UInt64(bytes.count)) { total, sum in
            let total = (total ^ sum) &* 0x9FB2_1C65_1E98_DF25
            return total ^ total >> 29
        }
    }
}
