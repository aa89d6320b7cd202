import GygesCheckpoints
import GygesTokenizer
import GygesFiles
import Foundation
import GygesInference
import GygesKernels
import GygesTestSupport
import Testing

/// Texts through tiny random encoders (`scripts/fixtures/make_tiny_encoder.py`).
@Suite struct TextEncoderTests {
    static func folder(_ name: String) throws -> String {
        try #require(Bundle.module.path(forResource: "Fixtures/\(name)", ofType: nil))
    }

    static func load(_ name: String, options: TextEncoder.Options = .init(threadCount: 2)) throws -> TextEncoder {
        try TextEncoder(path: folder(name), options: options)
    }

    /// The encoder of a copy of a fixture, some of whose files are changed; closed over by `body`.
    static func withCopy(
        of name: String, precision: MatmulPrecision = .fast, _ change: (URL) throws -> Void,
        _ body: (TextEncoder) throws -> Void
    ) throws {
        let temporary = try TemporaryFolder(copying: folder(name))
        let copy = URL(fileURLWithPath: temporary.path)
        try change(copy)
        try body(TextEncoder(path: copy.path, options: .init(precision: precision, threadCount: 2)))
    }

    static func expected(_ name: String) throws -> JSON { try JSON.read(path: folder(name) + "/expected.json") }

    static func floats(_ json: JSON?) -> [Float] { (json?.array ?? []).map { Float($0.double ?? .nan) } }

    static func texts(_ json: JSON) -> [String] { (json["texts"]?.array ?? []).compactMap(\.string) }

    @Test func embeddingsAndTheirTokensAreTheReferences() throws {
        let encoder = try Self.load("tiny-encoder")
        let expected = try Self.expected("tiny-encoder")
        let texts = Self.texts(expected)
        let tokens = try encoder.tokens(of: texts)
        for (index, row) in tokens.enumerated() {
            #expect(row.map(Int.init) == expected["tokens"]?[index]?.array?.compactMap(\.integer), "\(texts[index])")
        }
        // sentence_bert_config.json allows fewer tokens than the encoder.
        #expect(tokens.map(\.count).max() == 200 && encoder.contextLimit == 200)
        let plain = try encoder.embeddings(of: texts, options: .init(normalizes: false))
        let queries = try encoder.embeddings(of: texts, options: .init(prompt: .named("query"), normalizes: false))
        for index in texts.indices {
            expectClose(plain[index], Self.floats(expected["embeddings"]?[index]), absolute: 1e-4, "text \(index)")
            expectClose(queries[index], Self.floats(expected["queries"]?[index]), absolute: 1e-4, "query \(index)")
        }
        for (vector, unit) in zip(plain, try encoder.embeddings(of: texts)) {
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            expectClose(unit, vector.map { $0 / length }, absolute: 1e-6, "unit vector")
        }
        // The first channels alone, scaled after the cut.
        for (vector, cut) in zip(plain, try encoder.embeddings(of: texts, options: .init(dimension: 5))) {
            let length = vector.prefix(5).reduce(0) { $0 + $1 * $1 }.squareRoot()
            expectClose(cut, vector.prefix(5).map { $0 / length }, absolute: 1e-6, "cut vector")
        }
    }

    /// Any order, company, budget and number of threads gives the same bits.
    @Test func resultsDependOnTheTextAlone() throws {
        let texts = Self.texts(try Self.expected("tiny-encoder"))
        let reference = try Self.load("tiny-encoder", options: .init(threadCount: 1))
        let alone = try texts.map { try reference.embeddings(of: [$0])[0] }
        for (threads, budget) in [(1, 1), (2, 17), (3, 100_000)] {
            let encoder = try Self.load("tiny-encoder", options: .init(threadCount: threads, tokenBudget: budget))
            var counts: [Int] = []
            let together = try encoder.embeddings(of: texts) { counts.append($0) }
            #expect(together == alone, "\(threads) threads, \(budget) tokens a pass")
            #expect(try encoder.embeddings(of: texts.reversed()) == alone.reversed())
            #expect(counts.last == texts.count && counts.sorted() == counts)
            #expect(counts.count == (budget == 1 ? texts.count : budget > 1000 ? 1 : counts.count))
        }
        #expect(try reference.embeddings(of: []) == [])
        #expect(throws: CancellationError.self) {
            try reference.embeddings(of: texts) { _ in throw CancellationError() }
        }
    }

    @Test func sparseVectorsAndMaskedWordsAreTheReferences() throws {
        let encoder = try Self.load("tiny-encoder")
        let expected = try Self.expected("tiny-encoder")
        let vectors = try encoder.sparseVectors(of: Self.texts(expected))
        for (index, vector) in vectors.enumerated() {
            let wanted = try #require(expected["sparse"]?[index]?.object)
            #expect(vector.tokens == vector.tokens.sorted())
            var weights: [Int32: Float] = [:]
            for (token, weight) in zip(vector.tokens, vector.weights) { weights[token] = weight }
            for (token, weight) in wanted {
                let ours = weights.removeValue(forKey: try #require(Int32(token))) ?? 0
                #expect(abs(ours - Float(weight.double ?? .nan)) < 1e-4)
            }
            #expect(weights.values.allSatisfy { $0 < 1e-4 })
        }
        #expect(abs(vectors[0].dot(vectors[0]) - vectors[0].weights.reduce(0) { $0 + $1 * $1 }) < 1e-3)

        let masked = (expected["masked"]?.array ?? []).compactMap(\.string)
        for (index, places) in try encoder.fill(masked, count: 4).enumerated() {
            let wanted = expected["fill"]?[index]?.array ?? []
            #expect(places.count == wanted.count)
            for (place, wanted) in zip(places, wanted) {
                #expect(place.position == wanted["position"]?.integer)
                #expect(
                    place.candidates.map { Int($0.token) } == wanted["tokens"]?.array?.compactMap(\.integer))
                expectClose(
                    place.candidates.map(\.probability), Self.floats(wanted["probabilities"]), absolute: 1e-4,
                    "\(masked[index])")
            }
        }
        let logits = try encoder.maskedLogits(of: [masked[0]], at: [[0, 3]])
        #expect(logits[0].rowCount == 2 && logits[0].columnCount == 304)
        #expect(throws: EncoderError.badPosition(index: 0, position: 3)) {
            try encoder.maskedLogits(of: [""], at: [[3]])
        }
    }

    @Test func reRankersScorePairs() throws {
        let encoder = try Self.load("tiny-reranker")
        let expected = try Self.expected("tiny-reranker")
        let texts = Self.texts(expected), scores = Self.floats(expected["scores"])
        let query = try #require(expected["query"]?.string)
        let pairs = texts.map { (query, $0) }
        expectClose(
            try encoder.classScores(ofPairs: pairs).map { $0[0] }, scores, absolute: 1e-4, "scores of pairs")
        expectClose(
            try encoder.classScores(of: texts).map { $0[0] }, Self.floats(expected["single"]), absolute: 1e-4, "scores")
        let ranked = try encoder.rerank(query: query, texts: texts)
        #expect(ranked.map(\.score) == ranked.map(\.score).sorted(by: >))
        #expect(Set(ranked.map(\.index)) == Set(texts.indices))
        for text in ranked { #expect(abs(text.score - 1 / (1 + exp(-scores[text.index]))) < 1e-5) }
        // The same text twice: the first given comes first.
        let same = ranked.filter { [0, 7].contains($0.index) }.map(\.index)
        #expect(same == [0, 7])
        let raw = try encoder.rerank(query: query, texts: texts, scoreFunction: .identity)
        for text in raw { #expect(abs(text.score - scores[text.index]) < 1e-4) }
    }

    @Test func tokensAreScored() throws {
        let expected = try Self.expected("tiny-tagger")
        let texts = Self.texts(expected)
        let query = try #require(expected["query"]?.string)
        let tagger = try Self.load("tiny-tagger")
        #expect(tagger.labels == ["O", "THING"])
        for (index, scores) in try tagger.tokenScores(of: texts).enumerated() {
            #expect(scores.columnCount == 2)
            expectClose(scores.elements, Self.floats(expected["scores"]?[index]), absolute: 1e-4, "text \(index)")
        }
        // The same weights, read as a finder of answers.
        try Self.withCopy(of: "tiny-tagger") { folder in
            try replace("ModernBertForTokenClassification", by: "ModernBertForQuestionAnswering", in: folder)
        } _: { encoder in
            for (index, scores) in try encoder.answerScores(ofPairs: texts.map { (query, $0) }).enumerated() {
                expectClose(scores.elements, Self.floats(expected["pairs"]?[index]), absolute: 1e-4, "pair \(index)")
            }
        }
    }

    @Test func longTextsAreCutOrRefused() throws {
        let encoder = try Self.load("tiny-encoder")
        let text = String(repeating: "fox and ", count: 100)
        let all = try encoder.tokenizer.encode(text)
        let (cls, sep) = (
            try #require(encoder.tokenizer.id(of: "[CLS]")), try #require(encoder.tokenizer.id(of: "[SEP]"))
        )
        func tokens(_ truncation: TextTruncation, _ limit: Int?) throws -> [Int32] {
            try encoder.tokens(of: [text], options: .init(maximumLength: limit, truncation: truncation))[0]
        }
        #expect(try tokens(.end, 10) == [cls] + all.prefix(8) + [sep])
        #expect(try tokens(.start, 10) == [cls] + all.suffix(8) + [sep])
        #expect(try tokens(.end, 1_000_000).count == 200)
        #expect(throws: EncoderError.textTooLong(index: 0, tokenCount: all.count + 2, limit: 10)) {
            try tokens(.refuse, 10)
        }
        #expect(throws: EncoderError.limitTooSmall(2)) { try tokens(.end, 2) }
        // Of two texts the longer is cut first.
        let pair = try encoder.tokens(ofPairs: [("fox", text)], options: .init(maximumLength: 20))[0]
        let fox = try encoder.tokenizer.encode("fox")
        #expect(pair == [cls] + fox + [sep] + all.prefix(17 - fox.count) + [sep])
    }

    /// Nothing, special tokens alone, and as much as the family reads.
    @Test(arguments: [MatmulPrecision.fast, .int8])
    func theShortestAndTheLongestTextsWork(precision: MatmulPrecision) throws {
        try Self.withCopy(of: "tiny-encoder", precision: precision) { folder in
            try replace("\"max_position_embeddings\": 256", by: "\"max_position_embeddings\": 8192", in: folder)
            // The tokenizer's own limit of 256 counts where nothing else is said.
            try FileManager.default.removeItem(at: folder.appendingPathComponent("sentence_bert_config.json"))
            #expect(try TextEncoder(path: folder.path).contextLimit == 256)
            try FileManager.default.removeItem(at: folder.appendingPathComponent("tokenizer_config.json"))
        } _: { encoder in
            #expect(encoder.contextLimit == 8192)
            let texts = ["", "[PAD][PAD][PAD]", "[CLS][SEP]", " ", String(repeating: "fox and ", count: 8192)]
            let counts = try encoder.tokens(of: texts).map(\.count)
            #expect(counts[0] == 2 && counts[1] == 5 && counts[2] == 4 && counts[4] == 8192)
            let vectors = try encoder.embeddings(of: texts)
            for (text, vector) in zip(texts, vectors) {
                #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4, "\(text.prefix(20))")
            }
            #expect(try encoder.embeddings(of: Array(texts.prefix(4))) == Array(vectors.prefix(4)))
            #expect(throws: EncoderError.self) { try encoder.tokens(of: texts, options: .init(truncation: .refuse)) }
        }
    }

    @Test func precisionsAreComparedWithF32() throws {
        let texts = Self.texts(try Self.expected("tiny-encoder"))
        var told: [MatmulPrecision: Int] = [:]
        let results = try PrecisionComparison.compare(
            path: Self.folder("tiny-encoder"), texts: texts, precisions: [.exact, .bfloat16, .int8],
            options: .init(threadCount: 2)
        ) { told[$0] = $1 }
        #expect(results.map(\.precision) == [.exact, .bfloat16, .int8])
        #expect(told == [.exact: texts.count, .bfloat16: texts.count, .int8: texts.count])
        #expect(abs(results[0].minimumCosine - 1) < 1e-6 && results[0].neighbourAgreement == 1)
        for result in results {
            #expect(result.minimumCosine >= PrecisionComparison.expectedCosine(result.precision), "\(result)")
            #expect(result.minimumCosine <= result.meanCosine && result.scoreAgreement == nil)
        }
        #expect(results[1].minimumCosine < 1 && results[2].minimumCosine < results[1].minimumCosine)
        let scored = try PrecisionComparison.compare(
            path: Self.folder("tiny-reranker"), texts: texts, precisions: [.int8], options: .init(threadCount: 1))
        #expect((scored[0].scoreAgreement ?? 0) > 0.8)
    }

    @Test func lateInteractionFollowsPyLate() throws {
        try Self.withCopy(of: "tiny-encoder") { folder in
            try Data(
                #"""
                [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
                """#.utf8
            ).write(to: folder.appendingPathComponent("modules.json"))
            try Data(
                #"""
                {"query_prefix": "[UNK]", "document_prefix": "", "query_length": 12, "document_length": 9,
                 "skiplist_words": [".", ","]}
                """#.utf8
            ).write(to: folder.appendingPathComponent("config_sentence_transformers.json"))
        } _: { encoder in
            func id(_ token: String) throws -> Int32 { try #require(encoder.tokenizer.id(of: token)) }
            let text = "the ring. "
            // White space at the ends is taken off.
            let words = try encoder.tokenizer.encode("the ring.")
            let query = try encoder.tokenVectors(of: [text], as: .query)[0]
            let frame = try [id("[CLS]"), id("[UNK]")] + words + [id("[SEP]")]
            #expect(query.tokens == frame + [Int32](repeating: try id("[MASK]"), count: 12 - frame.count))
            #expect(query.vectors.rowCount == 12 && query.vectors.columnCount == 32)
            for row in 0..<12 {
                #expect(abs(query.vectors[row].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            }
            // What a query is filled up with is not seen: its own tokens' vectors have the bits they have without.
            let alone = try encoder.runner.tokenVectors(of: [frame], normalizes: true)[0]
            #expect((0..<frame.count).allSatisfy { Array(query.vectors[$0]) == Array(alone[$0]) })
            let document = try encoder.tokenVectors(of: [String(repeating: text, count: 5)], as: .document)[0]
            #expect(document.tokens.count == 9 && document.tokens[0] == frame[0])
            #expect(encoder.skippedTokens == [try id("."), try id(",")])
            #expect(throws: EncoderError.self) { try encoder.embeddings(of: [text]) }
        }
    }

    @Test func whatAFolderLacksIsSaid() throws {
        let encoder = try Self.load("tiny-encoder")
        #expect(throws: EncoderError.lacksHead(wanted: .sequenceClassification, offered: .maskedLanguageModel)) {
            try encoder.rerank(query: "a", texts: ["b"])
        }
        #expect(throws: EncoderError.lacksHead(wanted: .tokenClassification, offered: .maskedLanguageModel)) {
            try encoder.tokenScores(of: ["a"])
        }
        #expect(throws: EncoderError.unknownPrompt("passage", known: ["query", "document"])) {
            try encoder.embeddings(of: ["a"], options: .init(prompt: .named("passage")))
        }
        #expect(throws: EncoderError.badDimension(33, width: 32)) {
            try encoder.embeddings(of: ["a"], options: .init(dimension: 33))
        }
        #expect(throws: EncoderError.badTokens(index: 1)) {
            try encoder.runner.embeddings(of: [[1], []], pooling: .mean, normalizes: true)
        }
        let headless = try Self.load("tiny-encoder", options: .init(threadCount: 1, loadsHead: false))
        #expect(throws: EncoderError.headNotLoaded) { try headless.fill(["[MASK]"]) }
        #expect(try headless.embeddings(of: ["a"]) == encoder.embeddings(of: ["a"]))
        #expect(throws: FileError.self) { try TextEncoder(path: "/nowhere") }
    }

    @Test("A vectorizer makes what the model is made for, with the model's own prompts")
    func vectorizes() throws {
        let encoder = try Self.load("tiny-encoder")
        let texts = ["the king", "of rings"]
        let plain = Vectorizer(model: encoder)
        #expect(plain.kind == .single)
        guard case .single(let vectors) = try plain.vectors(of: texts, as: .document, options: .init()) else {
            Issue.record("one vector for each text")
            return
        }
        #expect(vectors == (try encoder.embeddings(of: texts)))
        let tokens = Vectorizer(model: encoder, kind: .tokens)
        guard case .tokens(let rows) = try tokens.vectors(of: texts, as: .query, options: .init()) else {
            Issue.record("a vector for each token")
            return
        }
        #expect(rows == (try encoder.tokenVectors(of: texts, as: .query)))
        #expect(plain.prompt(for: .query) == .named("query"))
        #expect(throws: EncoderError.self) {
            try VectorRowMaker(vectorizer: tokens, role: .query, options: .init(), format: .numpy)
        }
        let maker = try VectorRowMaker(vectorizer: plain, role: .document, options: .init(), format: .jsonLines)
        let line = try JSON.parse(
            try maker.rows(of: [NamedText(id: nil, text: texts[0], line: 1)], from: 5), path: "row")
        #expect(line["id"] == 5 && Self.floats(line["embedding"]) == vectors[0])
        #expect(try maker.width() == vectors[0].count && maker.identity()["vectors"] == "single")
    }
}

/// Replaces text in a folder's configuration.
private func replace(_ old: String, by new: String, in folder: URL) throws {
    let path = folder.appendingPathComponent("config.json")
    let text = try String(contentsOf: path, encoding: .utf8)
    try #require(text.contains(old))
    try text.replacingOccurrences(of: old, with: new).write(to: path, atomically: true, encoding: .utf8)
}
