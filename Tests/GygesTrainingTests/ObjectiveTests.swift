import GygesTensors
import GygesTestSupport
import GygesTokenizer
import Testing

@testable import GygesTraining

@Suite struct ObjectiveTests {
    private static func pack(_ documents: [Document], number: Int = 0) -> Pack {
        Pack(
            number: number,
            references: documents.enumerated().map {
                SampleReference(source: 0, document: $0 * 10, tokens: 5..<5 + $1.tokens.count)
            }, documents: documents)
    }

    @Test func rowsAreAskedForTheTokenAfterThem() {
        let pack = Self.pack([
            Document(tokens: [10, 11, 12, 13]), Document(tokens: [20]),
            Document(tokens: [30, 31, 32, 33, 34], supervised: [0..<2, 3..<5]),
        ])
        let batch = TrainingBatch(predictingNextOf: pack)
        #expect(batch.batch.tokens == [10, 11, 12, 13, 20, 30, 31, 32, 33, 34])
        #expect(batch.batch.sequences.map(\.rows) == [0..<4, 4..<5, 5..<10])
        #expect(batch.batch.sequences.allSatisfy { $0.firstPosition == 0 })
        // No row of one sequence is asked for a token of the next, and no first token is asked for.
        #expect(batch.rows == [0, 1, 2, 5, 7, 8] && batch.targets == [11, 12, 13, 31, 33, 34])
        #expect(batch.supervisedCount == pack.documents.reduce(0) { $0 + $1.supervisedCount })
        let origin = batch.origin(ofRow: 7)
        #expect(origin?.reference.document == 20 && origin?.place == 7)
        #expect(batch.origin(ofRow: 4)?.reference.document == 10)
        #expect(batch.origin(ofRow: 10) == nil && batch.origin(ofRow: -1) == nil)
    }

    private static func tokenizer() throws -> Tokenizer {
        try fixtureTokenizer("modernbert")
    }

    @Test func sharesOfHiddenTokens() throws {
        let tokenizer = try Self.tokenizer()
        let masking = try TokenMasking(for: tokenizer, seed: 3)
        let ordinary = (0..<Int32(tokenizer.vocabularyCount)).filter { !tokenizer.isSpecial($0) }
        var random = Randomness(1)
        let begin = tokenizer.beginningTokens, end = tokenizer.endTokens
        #expect(!begin.isEmpty && !end.isEmpty)
        var hidden = 0, masked = 0, kept = 0, replaced: [Int32: Int] = [:], total = 0
        for number in 0..<200 {
            let text = (0..<500).map { _ in ordinary[Int.random(in: 0..<ordinary.count, using: &random)] }
            let pack = Self.pack([Document(tokens: begin + text + end)], number: number)
            let batch = TrainingBatch(guessingTokensOf: pack, hiddenBy: masking)
            let tokens = batch.batch.tokens
            #expect(tokens.first == begin.first && tokens.last == end.last)
            for (row, target) in zip(batch.rows, batch.targets) {
                #expect(target == pack.documents[0].tokens[row])
                hidden += 1
                if tokens[row] == tokenizer.maskToken {
                    masked += 1
                } else if tokens[row] == target {
                    kept += 1
                } else {
                    replaced[tokens[row], default: 0] += 1
                }
            }
            for row in Set(tokens.indices).subtracting(batch.rows) {
                #expect(tokens[row] == pack.documents[0].tokens[row])
            }
            total += text.count
        }
        func expect(_ count: Int, of total: Int, _ share: Double) {
            let deviation = (share * (1 - share) / Double(total)).squareRoot()
            #expect(abs(Double(count) / Double(total) - share) < 4 * deviation, "\(count) of \(total), not \(share)")
        }
        expect(hidden, of: total, 0.3)
        expect(masked, of: hidden, 0.8)
        expect(kept, of: hidden, 0.1)
        #expect(replaced.keys.allSatisfy { !tokenizer.isSpecial($0) } && replaced.count > ordinary.count * 3 / 4)
    }

    @Test func chanceFollowsFromTheSeedAndThePack() throws {
        let tokenizer = try Self.tokenizer()
        let documents = [
            Document(tokens: Array(300..<400)), Document(tokens: Array(300..<400), supervised: [50..<100]),
        ]
        func rows(seed: UInt64, number: Int) throws -> [Int] {
            let masking = try TokenMasking(for: tokenizer, seed: seed)
            return TrainingBatch(guessingTokensOf: Self.pack(documents, number: number), hiddenBy: masking).rows
        }
        let first = try rows(seed: 1, number: 1)
        #expect(try first == rows(seed: 1, number: 1))
        #expect(try first != rows(seed: 2, number: 1) && first != rows(seed: 1, number: 2))
        // Two sequences of the same tokens hide others, and what is not to be predicted is never hidden.
        #expect(first.filter { $0 < 100 } != first.filter { $0 >= 100 }.map { $0 - 100 })
        #expect(first.allSatisfy { !(100..<150).contains($0) })
    }

    @Test func sharesThatMeanNothingAreRefused() throws {
        let tokenizer = try Self.tokenizer()
        for shares in [
            TokenMasking.Shares(hidden: 0), .init(hidden: 1.5), .init(hidden: .nan), .init(masked: -0.1),
            .init(masked: 0.8, random: 0.3),
        ] {
            #expect(throws: SettingsError.self) { _ = try TokenMasking(shares, for: tokenizer, seed: 1) }
        }
        let decoder = try fixtureTokenizer("qwen2")
        #expect(throws: SettingsError.self) { _ = try TokenMasking(for: decoder, seed: 1) }
        // All and nothing are possible.
        let masking = try TokenMasking(.init(hidden: 1, masked: 1, random: 0), for: tokenizer, seed: 1)
        let batch = TrainingBatch(guessingTokensOf: Self.pack([Document(tokens: [300, 301])]), hiddenBy: masking)
        #expect(batch.batch.tokens == [tokenizer.maskToken, tokenizer.maskToken] && batch.targets == [300, 301])
    }
}
