import Foundation
import GygesFiles
import GygesKernels
import GygesStatistics
import GygesTestSupport
import Testing

@testable import GygesEvaluation

/// Collections, metrics and whole evaluations.
@Suite struct RetrievalTests {
    static func fixture() throws -> String {
        try #require(Bundle.module.path(forResource: "Fixtures/retrieval", ofType: nil))
    }

    @Test("Values are those of trec_eval: ties, grades, documents and queries that are missing")
    func meetsTheReference() throws {
        let folder = try Self.fixture()
        let judgements = try Judgements(path: folder + "/qrels/test.tsv")
        let expected = try #require(try JSON.read(path: folder + "/expected.json").object)
        var lines = try LineReader(path: folder + "/run.jsonl")
        var compared = 0
        while let line = try lines.nextJSON() {
            let query = try #require(line["query"]?.string)
            let ranking = try #require(line["documents"]?.array).map {
                RankedDocument(id: ExactString($0[0]?.string ?? ""), score: Float($0[1]?.double ?? .nan))
            }
            guard let values = expected[query]?.object else {
                #expect(judgements.grades[ExactString(query)] == nil)
                continue
            }
            let metrics = try values.map { try #require(RetrievalMetric($0.key)) }
            let found = judgements.values(metrics, of: ranking.shuffled(), for: ExactString(query))
            for (metric, (value, other)) in zip(metrics, zip(found, values.values)) {
                let other = try #require(other.double)
                #expect(abs(value - other) < 1e-6, "\(query) \(metric): \(value), \(other)")
                compared += 1
            }
        }
        #expect(compared == 21 * 25)
    }

    @Test("TREC's judgements say what BEIR's do")
    func readsJudgements() throws {
        let folder = try Self.fixture()
        let (beir, trec) = (
            try Judgements(path: folder + "/qrels/test.tsv"), try Judgements(path: folder + "/test.qrels")
        )
        for (query, grades) in beir.grades {
            let named = grades.filter { !$0.key.text.contains(" ") }
            #expect(trec.grades[query] ?? [:] == named)
        }
    }

    @Test(
        "Grades out of all range are refused",
        arguments: ["-9223372036854775808", "9223372036854775807", "1048577", "-1048577", "9223372036854775808"])
    func boundsGrades(_ grade: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("query-id\tcorpus-id\tscore\nq\td\t\(grade)\n", to: "qrels.tsv")
        #expect(throws: FileError.self) { try Judgements(path: path) }
    }

    @Test("Names of metrics are read and written")
    func namesMetrics() {
        for metric in RetrievalMetric.standard { #expect(RetrievalMetric("\(metric)") == metric) }
        for name in [
            "", "ndcg", "ndcg@", "ndcg@0", "ndcg@-1", "ndcg@x", "dcg@10", "ndcg@10@10", "map@99999999999999999999",
        ] {
            #expect(RetrievalMetric(name) == nil, "\(name)")
        }
    }

    @Test("A folder is read; what does not fit together is said")
    func readsCollections() throws {
        let collection = try RetrievalCollection(path: try Self.fixture())
        #expect(collection.documentIDs.count == 205)
        #expect(collection.documentIDs[200] != collection.documentIDs[201])  // é in one scalar and in two
        #expect(collection.queries.count == 22 && collection.queries[0].text == "query q0")
        #expect(RetrievalRun.unwritableName(in: collection)?.text == "a b")
        #expect(collection.omissions.count == 2 && collection.omissions[0].hasPrefix("1 judged"))
        var reader = try collection.documents()
        #expect(try reader.next()?.text == "Title 0 text d0")
        #expect(try reader.next()?.text == "text d1")
    }

    @Test(
        "Damaged collections are refused, naming file and line",
        arguments: [
            ("corpus.jsonl", "{\"_id\": \"a\", \"text\": \"x\"}\n{\"_id\": \"a\", \"text\": \"y\"}", "line 2"),
            ("corpus.jsonl", "{\"_id\": \"a\", \"text\": \"x\"}\n\n{\"text\": \"y\"}", "line 3"),
            ("corpus.jsonl", "{\"_id\": \"a\", \"text\": 3}", "line 1"), ("corpus.jsonl", "{\"_id\": \"a\"}", "line 1"),
            ("corpus.jsonl", "{\"_id\": [], \"text\": \"x\"}", "line 1"), ("corpus.jsonl", "{", "line 1"),
            ("corpus.jsonl", "[]", "line 1"), ("corpus.jsonl", "", "0 documents"), ("queries.jsonl", "3", "line 1"),
            ("queries.jsonl", "{\"_id\": \"z\", \"text\": \"x\"}", "judged"),
            ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\ta\n", "line 2"),
            ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\ta\tx\n", "line 2"),
            ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\ta\t1\nq\ta\t2\n", "line 3"),
            ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\ta\t99999999\n", "line 2"),
            ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n", "no judgements"),
            ("qrels/test.tsv", "\u{0}\u{0}", "columns"),
        ])
    func refusesDamage(name: String, contents: String, mention: String) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/qrels", withIntermediateDirectories: true)
        _ = try folder.write("{\"_id\": \"a\", \"text\": \"x\"}\n", to: "corpus.jsonl")
        _ = try folder.write("{\"_id\": \"q\", \"text\": \"x\"}\n", to: "queries.jsonl")
        _ = try folder.write("query-id\tcorpus-id\tscore\nq\ta\t1\n", to: "qrels/test.tsv")
        #expect(throws: Never.self) { try RetrievalCollection(path: folder.path) }
        _ = try folder.write(contents, to: name)
        #expect { try RetrievalCollection(path: folder.path) } throws: {
            "\($0)".contains(mention) && ($0 as? FileError)?.path.contains(name) ?? false
        }
    }

    @Test("Damage anywhere is refused or read, and never ends the program")
    func survivesMutations() throws {
        let folder = try TemporaryFolder()
        try Self.write(documents: ["one \\u00e9", "two"], queries: ["q"], relevant: [(0, 1)], in: folder)
        var generator = SeededGenerator(seed: 3)
        var refused = 0
        for name in ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"] {
            let path = folder.path + "/" + name
            let sound = try MappedFile.read(path: path)
            for _ in 0..<400 {
                var bytes = sound
                for _ in 0...Int.random(in: 0..<3, using: &generator) {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
                    if Bool.random(using: &generator) {
                        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
                    }
                }
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                do { _ = try RetrievalCollection(path: folder.path) } catch { refused += 1 }
            }
            try Data(sound).write(to: URL(fileURLWithPath: path))
        }
        #expect(refused > 300)
    }

    @Test("A split that is not there names those that are")
    func namesSplits() throws {
        #expect { try RetrievalCollection(path: try Self.fixture(), split: "dev") } throws: {
            "\($0)".contains("--split test")
        }
        #expect { try RetrievalCollection(path: "/no/such") } throws: { "\($0)".contains("corpus.jsonl") }
    }

    /// Counts words by their hashes, and remembers how many texts it got at once.
    struct BagOfWords: EmbeddingSubject {
        var isSparse = false
        var dimension = 64

        static func hash(_ word: Substring) -> Int { word.utf8.reduce(5381) { ($0 &* 33 ^ Int($1)) & 0xFFFF } }

        func embed(_ texts: [String], as role: EmbeddingRole) async throws -> EmbeddedTexts {
            let counts = texts.map { text in
                Dictionary(grouping: text.lowercased().split(whereSeparator: \.isWhitespace), by: Self.hash).mapValues {
                    Float($0.count)
                }
            }
            if isSparse {
                return .sparse(
                    counts.map { counts in
                        let terms = counts.keys.sorted()
                        return .init(terms: terms.map(Int32.init), weights: terms.map { counts[$0] ?? 0 })
                    })
            }
            var elements = [Float](repeating: 0, count: texts.count * dimension)
            for (index, counts) in counts.enumerated() {
                for (word, count) in counts { elements[index * dimension + word % dimension] += count }
            }
            return .vectors(elements, dimension: dimension)
        }
    }

    static func write(documents: [String], queries: [String], relevant: [(Int, Int)], in folder: TemporaryFolder) throws
    {
        try FileManager.default.createDirectory(atPath: folder.path + "/qrels", withIntermediateDirectories: true)
        func records(_ texts: [String]) -> String {
            texts.enumerated().map { "{\"_id\": \"\($0)\", \"text\": \"\($1)\"}\n" }.joined()
        }
        _ = try folder.write(records(documents), to: "corpus.jsonl")
        _ = try folder.write(records(queries), to: "queries.jsonl")
        let lines = relevant.map { "\($0.0)\t\($0.1)\t1\n" }.joined()
        _ = try folder.write("query-id\tcorpus-id\tscore\n" + lines, to: "qrels/test.tsv")
    }

    @Test("What was looked for is found, whatever the window; the run is what trec_eval reads")
    func evaluates() async throws {
        let folder = try TemporaryFolder()
        let words = ["ring", "king", "shepherd", "cave", "horse", "corpse", "gold", "bronze"]
        let documents = words.map { "a tale of a \($0) in lydia" }
        try Self.write(
            documents: documents, queries: ["which ring", "which horse", "the gold"],
            relevant: [(0, 0), (1, 4), (2, 3)], in: folder)
        let collection = try RetrievalCollection(path: folder.path)
        for isSparse in [false, true] {
            var outcomes: [RetrievalEvaluation.Outcome] = []
            for window in [1, 3, 100] {
                let evaluation = RetrievalEvaluation(
                    metrics: [.reciprocalRank(10), .recall(1)], depth: 5, window: .init(textCount: window))
                var states: [EvaluationProgress] = []
                outcomes.append(
                    try await evaluation.run(
                        BagOfWords(isSparse: isSparse, dimension: 4096), on: collection,
                        team: ThreadTeam(threadCount: 2)
                    ) { states.append($0) })
                #expect(states.last == EvaluationProgress(done: 11, total: 11))
            }
            let result = outcomes[0].result
            #expect(result.queries.map(\.values) == [[1, 1], [1, 1], [0, 0]] || !isSparse)
            #expect(result.queries.prefix(2).map(\.values) == [[1, 1], [1, 1]])
            #expect(outcomes.allSatisfy { $0.run == outcomes[0].run })
            #expect(outcomes[0].run.rankings[0].documents.count == (isSparse ? 1 : 5))
            try outcomes[0].run.write(to: folder.path + "/run.trec", name: "bag of words")
            let lines = try String(contentsOfFile: folder.path + "/run.trec", encoding: .utf8).split(separator: "\n")
            #expect(lines[0] == "0 Q0 0 1 1.0 bag-of-words")
        }
    }

    /// Hashed words by the logarithm of their counts: a baseline that needs no model.
    struct WeightedWords: EmbeddingSubject {
        func embed(_ texts: [String], as role: EmbeddingRole) async throws -> EmbeddedTexts {
            .sparse(
                texts.map { text in
                    let words: [Substring] = text.lowercased().split { !$0.isLetter }.filter { $0.count > 3 }
                    let counts = Dictionary(grouping: words.map(BagOfWords.hash)) { $0 }
                    let weights = counts.sorted { $0.key < $1.key }.map {
                        (Int32($0.key), 1 + log(Float($0.value.count)))
                    }
                    let length = weights.reduce(0) { $0 + $1.1 * $1.1 }.squareRoot()
                    return .init(terms: weights.map(\.0), weights: weights.map { $0.1 / max(length, 1) })
                })
        }
    }

    /// With `GYGES_CRANFIELD`, a folder that scripts/cranfield_to_beir.py made. Writes run and result beside it, for
    /// scripts/parity/retrieval.py.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["GYGES_CRANFIELD"] != nil))
    func searchesCranfield() async throws {
        let folder = try #require(ProcessInfo.processInfo.environment["GYGES_CRANFIELD"])
        let collection = try RetrievalCollection(path: folder)
        #expect(collection.documentIDs.count == 1400 && collection.queries.count == 225)
        let outcome = try await RetrievalEvaluation().run(WeightedWords(), on: collection, team: ThreadTeam())
        try outcome.run.write(to: folder + "/words.trec", name: "words")
        try AtomicFile.write(try outcome.result.json(), to: folder + "/words.json")
        #expect(outcome.result.measures[0].value > 0.2)
    }

    @Test("A query's own document is left out where that is asked for")
    func leavesOutIdentical() async throws {
        let folder = try TemporaryFolder()
        try Self.write(
            documents: ["one two three", "one two four"], queries: ["one two three"], relevant: [(0, 1)], in: folder)
        let collection = try RetrievalCollection(path: folder.path)
        for (isIgnoring, value) in [(false, 0.5), (true, 1)] {
            let evaluation = RetrievalEvaluation(
                metrics: [.reciprocalRank(10)], depth: 2, ignoresIdenticalIDs: isIgnoring)
            let outcome = try await evaluation.run(
                BagOfWords(dimension: 4096), on: collection, team: ThreadTeam(threadCount: 1))
            #expect(outcome.result.measures[0].value == value)
        }
    }

    @Test("A printed result is read back as it was, and compared query by query")
    func comparesResults() throws {
        let folder = try TemporaryFolder()
        func result(_ values: [Double], named names: [String]) -> RetrievalResult {
            RetrievalResult(
                label: "a", documentCount: 9, depth: 10, metrics: [.normalizedGain(10)],
                queries: zip(names, values).map { .init(id: $0, values: [$1]) })
        }
        let first = result([0.5, 1, 0.25, 0.75], named: ["a", "b", "c", "é"])
        let second = result([0.5, 0.75, 0], named: ["b", "a", "c"])
        let file = try folder.write(try first.json(), to: "a.json")
        #expect(try RetrievalResult(path: file) == first)
        let comparison = try #require(first.compared(with: second).first)
        #expect(comparison.queryCount == 3)
        #expect(abs(comparison.difference - (0.5 - 0.75 + 1 - 0.5 + 0.25 - 0) / 3) < 1e-12)
        var generator = SeededGenerator(seed: 42)
        let pValue = signFlipPValue([-0.25, 0.5, 0.25], using: &generator)
        #expect(comparison.pValue == pValue)
        // No mean of such values lies above 1, where Student's interval goes.
        let student = try #require(SampleMean([0.5, 1, 0.25, 0.75]).studentInterval())
        #expect(student.upper > 1 && first.measures[0].interval == student.clamped(to: 0...1))
        #expect(first.measures[0].interval?.upper == 1 && first.measures[0].interval?.lower == student.lower)
        for text in [
            "", "{}", try first.json().replacing("[", with: "{"), try first.json().replacing("0.25", with: "0.25, 1"),
        ] {
            let damaged = try folder.write(text, to: "b.json")
            #expect(throws: FileError.self) { try RetrievalResult(path: damaged) }
        }
    }
}
