import GygesKernels
import GygesStatistics
import Testing

@testable import GygesEvaluation

/// Searches against twins that compare one pair at a time.
@Suite struct SearchTests {
    static func floats(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
    }

    /// Vectors of so many tokens a text.
    static func tokenVectors(_ counts: [Int], dimension: Int, seed: UInt64) -> EmbeddedTexts {
        .tokenVectors(floats(counts.reduce(0, +) * dimension, seed: seed), dimension: dimension, counts: counts)
    }

    static func sparse(_ count: Int, seed: UInt64) -> EmbeddedTexts {
        var generator = SeededGenerator(seed: seed)
        return .sparse(
            (0..<count).map { _ in
                let terms = (0..<Int32(40)).filter { _ in Int.random(in: 0..<8, using: &generator) == 0 }
                return .init(terms: terms, weights: terms.map { _ in Float.random(in: 0.1...2, using: &generator) })
            })
    }

    /// Some of the texts.
    static func part(_ texts: EmbeddedTexts, _ range: Range<Int>) -> EmbeddedTexts {
        switch texts {
        case .vectors(let elements, let dimension):
            let part = elements[(range.lowerBound * dimension)..<(range.upperBound * dimension)]
            return .vectors(Array(part), dimension: dimension)
        case .tokenVectors(let elements, let dimension, let counts):
            let start = counts[..<range.lowerBound].reduce(0, +)
            let end = start + counts[range].reduce(0, +)
            return .tokenVectors(
                Array(elements[(start * dimension)..<(end * dimension)]), dimension: dimension,
                counts: Array(counts[range]))
        case .sparse(let texts): return .sparse(Array(texts[range]))
        }
    }

    /// The score of a pair in double precision; `nil` if such a pair is never found.
    static func score(_ query: EmbeddedTexts, _ document: EmbeddedTexts) -> Double? {
        func dot(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
            zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        switch (query, document) {
        case (.vectors(let a, _), .vectors(let b, _)): return dot(a[...], b[...])
        case (.tokenVectors(let a, let dimension, let counts), .tokenVectors(let b, _, let others)):
            guard counts[0] > 0, others[0] > 0 else { return nil }
            func rows(_ x: [Float]) -> [ArraySlice<Float>] {
                stride(from: 0, to: x.count, by: dimension).map { x[$0..<($0 + dimension)] }
            }
            return rows(a).reduce(0.0) { sum, row in sum + (rows(b).map { dot(row, $0) }.max() ?? 0) }
        case (.sparse(let a), .sparse(let b)):
            let weights = Dictionary(uniqueKeysWithValues: zip(b[0].terms, b[0].weights))
            let shared = zip(a[0].terms, a[0].weights).compactMap { term, weight in weights[term].map { ($0, weight) } }
            return shared.isEmpty ? nil : shared.reduce(0) { $0 + Double($1.0) * Double($1.1) }
        default: return nil
        }
    }

    static func hits(
        _ queries: EmbeddedTexts, _ documents: EmbeddedTexts, depth: Int, block: Int, team: ThreadTeam
    ) throws -> [[SearchHit]] {
        var search = try ExactSearch(queries: queries, depth: depth, team: team)
        let count = try #require(documents.count)
        for start in stride(from: 0, to: count, by: block) {
            try search.add(part(documents, start..<min(start + block, count)))
        }
        return (0..<(queries.count ?? 0)).map { search.hits(ofQuery: $0) }
    }

    /// Pairs of queries and documents of each kind, at odd sizes that go beyond one group and one block.
    static let cases: [(queries: EmbeddedTexts, documents: EmbeddedTexts)] = [
        (.vectors(floats(3 * 7, seed: 1), dimension: 7), .vectors(floats(90 * 7, seed: 2), dimension: 7)),
        (.vectors(floats(37 * 24, seed: 3), dimension: 24), .vectors(floats(2100 * 24, seed: 4), dimension: 24)),
        (.vectors(floats(2077 * 8, seed: 5), dimension: 8), .vectors(floats(41 * 8, seed: 6), dimension: 8)),
        (
            tokenVectors([3, 0, 1, 17, 5], dimension: 12, seed: 7),
            tokenVectors((0..<61).map { $0 == 9 ? 0 : 1 + $0 * 7 % 23 }, dimension: 12, seed: 8)
        ),
        (
            tokenVectors((0..<90).map { 20 + $0 % 11 }, dimension: 5, seed: 9),
            tokenVectors([700, 500, 1300, 2, 1], dimension: 5, seed: 10)
        ),
        (sparse(23, seed: 11), sparse(301, seed: 12)),
    ]

    @Test("The best documents are those that comparing pair by pair finds", arguments: InstructionSet.supported)
    func findsTheBest(level: InstructionSet) throws {
        let team = ThreadTeam(threadCount: 2, instructionSet: level)
        for (index, (queries, documents)) in Self.cases.enumerated() {
            let found = try Self.hits(queries, documents, depth: 10, block: 33, team: team)
            let documentCount = try #require(documents.count)
            for query in stride(from: 0, to: found.count, by: max(1, found.count / 40)) {
                let one = Self.part(queries, query..<(query + 1))
                let expected = (0..<documentCount).compactMap { document in
                    Self.score(one, Self.part(documents, document..<(document + 1))).map { (document, $0) }
                }.sorted { $0.1 > $1.1 }.prefix(10)
                #expect(found[query].count == expected.count, "case \(index), query \(query)")
                for (hit, (_, score)) in zip(found[query], expected) {
                    // By score, since scores that nearly agree may change places.
                    #expect(abs(Double(hit.score) - score) < 1e-4, "case \(index), query \(query)")
                    let own = Self.score(one, Self.part(documents, hit.document..<(hit.document + 1))) ?? .nan
                    #expect(abs(Double(hit.score) - own) < 1e-4, "case \(index), query \(query)")
                }
            }
        }
    }

    @Test("Neither blocks nor threads change a bit")
    func doesNotDependOnBlocks() throws {
        for (queries, documents) in Self.cases {
            let one = try Self.hits(queries, documents, depth: 7, block: .max / 2, team: ThreadTeam(threadCount: 1))
            for (block, threads) in [(1, 2), (16, 3), (50, 1)] {
                let other = try Self.hits(
                    queries, documents, depth: 7, block: block, team: ThreadTeam(threadCount: threads))
                #expect(one == other)
            }
        }
    }

    @Test("Of equal scores the earlier document wins, and zero is zero whatever its sign")
    func breaksTies() throws {
        let team = ThreadTeam(threadCount: 2)
        let values: [Float] = [0, -0.0, 1, 1, -2, 1, 0, 1, 2, 1]
        for block in [1, 3, 10] {
            let found = try Self.hits(
                .vectors([1], dimension: 1), .vectors(values, dimension: 1), depth: 7, block: block, team: team)
            #expect(found[0].map(\.document) == [8, 2, 3, 5, 7, 9, 0], "\(found)")
            #expect(found[0].map(\.score) == [2, 1, 1, 1, 1, 1, 0])
        }
        let few = try Self.hits(
            .vectors([1], dimension: 1), .vectors(values, dimension: 1), depth: 2, block: 1, team: team)
        #expect(few[0].map(\.document) == [8, 2])
    }

    @Test("What cannot be searched is refused")
    func refuses() throws {
        let team = ThreadTeam(threadCount: 1)
        #expect(throws: EvaluationError.self) {
            _ = try ExactSearch(queries: .vectors([1, .nan], dimension: 2), depth: 1, team: team)
        }
        #expect(throws: EvaluationError.self) {
            _ = try ExactSearch(queries: .vectors([1, 2, 3], dimension: 2), depth: 1, team: team)
        }
        let others: [EmbeddedTexts] = [
            .vectors([1, 2, 3], dimension: 3), .sparse([.init(terms: [1], weights: [1])]),
            .tokenVectors([1, 2], dimension: 2, counts: [1]), .vectors([.infinity, 0], dimension: 2),
        ]
        for other in others {
            #expect(throws: EvaluationError.self) {
                var search = try ExactSearch(queries: .vectors([1, 2], dimension: 2), depth: 1, team: team)
                try search.add(other)
            }
        }
    }

    @Test("A ranking orders all documents, those with nothing in common last")
    func ranks() throws {
        let team = ThreadTeam(threadCount: 1)
        let ranked = try ExactSearch.ranking(
            of: .vectors([1, 0, 0, 1, 3, 4], dimension: 2), for: .vectors([1, 1], dimension: 2), team: team)
        #expect(
            ranked == [SearchHit(document: 2, score: 7), .init(document: 0, score: 1), .init(document: 1, score: 1)])
        // MaxSim: the query's two vectors each take the largest product with one of a document's.
        let late = try ExactSearch.ranking(
            of: .tokenVectors([1, 0, 0, 1, 0.5, 0.5], dimension: 2, counts: [1, 2]),
            for: .tokenVectors([1, 0, 0, 2], dimension: 2, counts: [2]), team: team)
        #expect(late == [SearchHit(document: 1, score: 2.5), .init(document: 0, score: 1)])
        let sparse = try ExactSearch.ranking(
            of: .sparse([.init(terms: [7], weights: [1]), .init(terms: [1, 7], weights: [2, 1])]),
            for: .sparse([.init(terms: [1], weights: [3])]), team: team)
        #expect(sparse == [SearchHit(document: 1, score: 6), .init(document: 0, score: 0)])
        #expect(
            try ExactSearch.ranking(of: .sparse([]), for: .sparse([.init(terms: [1], weights: [1])]), team: team) == [])
        // One query, or none is ranked for.
        #expect(throws: EvaluationError.self) {
            try ExactSearch.ranking(of: .vectors([1], dimension: 1), for: .vectors([1, 2], dimension: 1), team: team)
        }
    }
}
