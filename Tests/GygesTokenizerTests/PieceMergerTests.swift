import GygesStatistics
import GygesFiles
import Testing

@testable import GygesTokenizer

@Suite struct PieceMergerTests {
    /// Pieces of every length around the switch from scanning to the heap agree with merging by the definition.
    @Test func agreesWithDefinition() throws {
        let tokenizer = try fixtureTokenizer("gpt2")
        var merger = tokenizer.merger
        var generator = SeededGenerator(seed: 41)
        for length in Array(1...140) + [500, 1000] {
            for alphabet in ["a", "ab", "abcdefghijklmnopqrstuvwxyz", "theingsta re"] {
                let piece = (0..<length).map { _ in Array(alphabet.utf8).randomElement(using: &generator)! }
                let expected = try merged(piece, tokenizer)
                #expect(piece.withUnsafeBufferPointer { merger.encode($0.baseAddress!, length) } == expected)
            }
        }
    }

    /// Byte-pair encoding as it is defined (Sennrich et al. 2016): the earliest merge anywhere, leftmost first, one at a time.
    private func merged(_ piece: [UInt8], _ tokenizer: Tokenizer) throws -> [Int32] {
        let merges = try #require(try fixtureJSON("gpt2")["model"]?["merges"]?.array)
        var ranks: [[String]: Int] = [:]
        for (rank, merge) in merges.enumerated() { ranks[merge.array!.compactMap(\.string)] = rank }
        var parts = piece.map { $0 == 0x20 ? "Ġ" : String(UnicodeScalar($0)) }
        while let best = (0..<parts.count - 1).compactMap({ index in
            ranks[[parts[index], parts[index + 1]]].map { ($0, index) }
        })
        .min(by: { $0 < $1 }) {
            parts.replaceSubrange(best.1...best.1 + 1, with: [parts[best.1] + parts[best.1 + 1]])
        }
        return try parts.map { try #require(tokenizer.id(of: $0.replacing("Ġ", with: " "))) }
    }
}
