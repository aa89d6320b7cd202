import GygesCheckpoints
import GygesFiles
import Foundation
import GygesInference
import GygesKernels
import GygesTestSupport
import GygesTokenizer
import Testing

/// Folders that sentence-transformers 6 saved, against what it makes of texts with them
/// (`scripts/fixtures/make_sentence_folders.py`).
@Suite struct SentenceFolderTests {
    static let vectorFolders = [
        "normalized-first", "joined", "tokens-first", "prompted-cls", "prompted-weighted", "decoder", "static",
        "static-mapped", "subfolder",
    ]

    /// A folder with its encoder, changed as wanted, and what is expected of it.
    private func load(
        _ name: String, _ change: (URL) throws -> Void = { _ in }
    ) throws -> (model: TextEncoder, expected: JSON, folder: TemporaryFolder) {
        let folder = try TemporaryFolder(copying: TextEncoderTests.folder("sentence-folders/" + name))
        let expected = try JSON.read(path: folder.path + "/expected.json")
        if let base = expected["base"]?.string {
            let place = URL(fileURLWithPath: folder.path).appendingPathComponent(expected["place"]?.string ?? "")
            for file in ["model.safetensors", "tokenizer.json"] {
                let target = place.appendingPathComponent(file).path
                guard !FileManager.default.fileExists(atPath: target) else { continue }
                try FileManager.default.copyItem(
                    atPath: TextEncoderTests.folder(base) + "/" + file, toPath: target)
            }
        }
        try change(URL(fileURLWithPath: folder.path))
        return (try TextEncoder(path: folder.path, options: .init(precision: .exact, threadCount: 2)), expected, folder)
    }

    /// Replaces what a file says.
    private func replace(_ old: String, by new: String, in file: String, of folder: URL) throws {
        let path = folder.appendingPathComponent(file)
        let text = try String(contentsOf: path, encoding: .utf8)
        try #require(text.contains(old), "\(file) does not say \(old)")
        try text.replacingOccurrences(of: old, with: new).write(to: path, atomically: true, encoding: .utf8)
    }

    private func expectRows(_ rows: [[Float]], _ expected: JSON?, _ name: String) throws {
        let wanted = try #require(expected?.array)
        #expect(rows.count == wanted.count)
        for (index, row) in rows.enumerated() {
            expectClose(row, TextEncoderTests.floats(wanted[index]), absolute: 2e-5, "\(name), row \(index)")
        }
    }

    @Test(arguments: vectorFolders) func vectorsAreTheLibrarys(name: String) throws {
        let (model, expected, _) = try load(name)
        let texts = TextEncoderTests.texts(expected)
        let vectors = try model.embeddings(of: texts, options: .init(normalizes: false))
        try expectRows(vectors, expected["embeddings"], name)
        #expect(vectors.allSatisfy { $0.count == model.embeddingDimension })
        for (key, prompt) in [("documents", "document"), ("queries", "query")] {
            guard let wanted = expected[key] else { continue }
            let vectors = try model.embeddings(of: texts, options: .init(prompt: .named(prompt), normalizes: false))
            try expectRows(vectors, wanted, "\(name), \(key)")
        }
    }

    /// A decoder reads texts if the folder says what becomes of its states, and is refused by its type otherwise.
    @Test func decoders() throws {
        let (model, expected, _) = try load("decoder")
        let texts = TextEncoderTests.texts(expected)
        let together = try model.embeddings(of: texts)
        #expect(try texts.map { try model.embeddings(of: [$0])[0] } == together)
        #expect(throws: EncoderError.self) { try model.sparseVectors(of: texts) }
        let error = try #require(throws: FileError.self) {
            _ = try load("decoder") { folder in
                try FileManager.default.removeItem(at: folder.appendingPathComponent("modules.json"))
            }
        }
        #expect(error.description.contains("qwen3") && error.description.contains("modules.json"), "\(error)")
    }

    /// A table looks tokens up one by one, any number of them, and a text may have none.
    @Test func tablesReadTextsAlone() throws {
        let (model, expected, _) = try load("static")
        #expect(model.contextLimit == .max && model.configuration.vocabularySize == 295)
        let long = String(repeating: "a ring of Gyges ", count: 4000)
        let texts = TextEncoderTests.texts(expected) + [long]
        let together = try model.embeddings(of: texts)
        #expect(try texts.map { try model.embeddings(of: [$0])[0] } == together)
        #expect(try model.embeddings(of: ["", ""]) == [together[1], together[1]])
        expectClose(
            try model.embeddings(of: [long])[0], try model.embeddings(of: ["a ring of Gyges "])[0], absolute: 1e-4,
            "a text many times over has the same mean")
        // An empty text has no first token.
        #expect(throws: EncoderError.badTokens(index: 1)) {
            try model.embeddings(of: ["a", ""], options: .init(pooling: .first))
        }
        let (cut, _, _) = try load("static-mapped")
        #expect(cut.contextLimit == 9 && cut.tokenizer.truncation?.side == .beginning)
    }

    /// Passes that several callers share hold texts of no tokens too.
    @Test func emptyTextsWaitTheirTurn() async throws {
        let (model, _, _) = try load("static")
        let vectors = try await model.embeddings(of: ["", "a ring", ""])
        #expect(vectors[0] == vectors[2] && vectors[0] != vectors[1])
    }

    /// What is wrong with a table is named.
    @Test(arguments: [
        (#""I64""#, #""F64""#, "mapping is not a list"), (#""weights""#, #""weighed""#, "weighed is not part"),
        (#""embeddings""#, #""embeddingz""#, "there is no table"), ("}}", "}}", "mapping gives token 0 the vector"),
    ])
    func badTables(old: String, new: String, word: String) throws {
        let error = try #require(throws: FileError.self) {
            _ = try load("static-mapped") { folder in
                let path = folder.appendingPathComponent("0_StaticEmbedding/model.safetensors")
                var bytes = try Data(contentsOf: path)
                let place = try #require(bytes.range(of: Data(old.utf8)), "\(old) is not there")
                bytes.replaceSubrange(place, with: Data(new.utf8))
                // The mapping is the first tensor: its first number becomes one of a vector that is not there.
                let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                if old == new { bytes[8 + length] = 200 }
                try bytes.write(to: path)
            }
        }
        #expect(error.description.contains(word), "\(error)")
    }

    /// Scaled vectors are what the library's are, scaled; a pooling that is asked for takes the place of the folder's.
    @Test func optionsApplyToPipelines() throws {
        let (model, _, _) = try load("joined")
        let plain = try model.embeddings(of: ["a ring"], options: .init(normalizes: false))[0]
        let length = plain.reduce(0) { $0 + $1 * $1 }.squareRoot()
        expectClose(
            try model.embeddings(of: ["a ring"])[0], plain.map { $0 / length }, absolute: 1e-6, "scaled vector")
        let (single, _, _) = try load("normalized-first")
        let mean = try single.embeddings(of: ["a ring"])
        #expect(try single.embeddings(of: ["a ring"], options: .init(pooling: .mean)) == mean)
        #expect(try single.embeddings(of: ["a ring"], options: .init(pooling: .last)) != mean)
        #expect(throws: EncoderError.badDimension(13, width: 12)) {
            try single.embeddings(of: ["a"], options: .init(dimension: 13))
        }
    }

    /// Against sentence-transformers' `util.similarity` by hand.
    @Test func similarities() {
        let (a, b): ([Float], [Float]) = ([1, 2, -2], [3, 0, 4])
        func score(_ similarity: EmbeddingConfiguration.Similarity, _ a: [Float], _ b: [Float]) -> Float {
            TextVectors.single([a]).similarities(to: .single([b]), by: similarity).first ?? .nan
        }
        #expect(score(.dot, a, b) == -5)
        #expect(score(.manhattan, a, b) == -10)
        #expect(score(.euclidean, a, b) == -Float(44).squareRoot())
        #expect(abs(score(.cosine, a, b) + 1 / 3) < 1e-6)
        #expect(score(.cosine, a, [0, 0, 0]) == 0)
    }

    @Test(arguments: ["cross-encoder", "modular-cross-encoder"]) func scoresAreTheLibrarys(name: String) throws {
        let (model, expected, _) = try load(name)
        #expect(model.isCrossEncoder && model.labels.count == 1)
        let (texts, query) = (TextEncoderTests.texts(expected), try #require(expected["query"]?.string))
        for (key, function) in [("scores", nil), ("raw", EncoderConfiguration.ScoreFunction.identity)] {
            var scores = [Float](repeating: .nan, count: texts.count)
            for ranked in try model.rerank(query: query, texts: texts, scoreFunction: function) {
                scores[ranked.index] = ranked.score
            }
            expectClose(scores, TextEncoderTests.floats(expected[key]), absolute: 2e-5, "\(name) \(key)")
        }
        #expect(throws: EncoderError.self) { try model.embeddings(of: ["a"]) }
    }

    /// The settings of cross-encoders before version 4 and of those before 5.4.
    @Test func olderActivationsAreHonoured() throws {
        let (newer, expected, _) = try load("cross-encoder")
        let (texts, query) = (TextEncoderTests.texts(expected), try #require(expected["query"]?.string))
        for setting in [
            #""sbert_ce_default_activation_function": "torch.nn.modules.activation.Tanh""#,
            #""sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Tanh"}"#,
        ] {
            let (older, _, _) = try load("cross-encoder") { folder in
                try replace("activation_fn", by: "other", in: "config_sentence_transformers.json", of: folder)
                try replace(#""sentence_transformers": {"#, by: #""other": {"#, in: "config.json", of: folder)
                let anchor = #""model_type": "modernbert""#
                try replace(anchor, by: setting + ", " + anchor, in: "config.json", of: folder)
            }
            #expect(try older.rerank(query: query, texts: texts) == newer.rerank(query: query, texts: texts))
        }
        #expect(throws: FileError.self) {
            try load("cross-encoder") { folder in
                try replace(
                    "activation.Tanh", by: "activation.GELU", in: "config_sentence_transformers.json", of: folder)
            }
        }
    }

    @Test func sparseVectorsKeepTheirLargestWeights() throws {
        let (model, expected, _) = try load("sparse")
        for (index, vector) in try model.sparseVectors(of: TextEncoderTests.texts(expected)).enumerated() {
            let wanted = try #require(expected["sparse"]?[index]?.object)
            #expect(Set(vector.tokens.map { "\($0)" }) == Set(wanted.map(\.0)))
            for (token, weight) in zip(vector.tokens, vector.weights) {
                #expect(abs(Double(weight) - (wanted["\(token)"]?.double ?? .nan)) < 2e-5)
            }
        }
    }

    @Test(arguments: ["late-fixed", "late-min"]) func tokenVectorsAreTheLibrarys(name: String) throws {
        let (model, expected, _) = try load(name)
        let texts = TextEncoderTests.texts(expected)
        for (role, key) in [(TextRole.query, "queries"), (.document, "documents")] {
            var found = try model.tokenVectors(of: texts, as: role, options: .init(normalizes: false))
            if role == .document { found = found.map { $0.without(model.skippedTokens) } }
            for (index, text) in found.enumerated() {
                let rows = (0..<text.vectors.rowCount).map { Array(text.vectors[$0]) }
                try expectRows(rows, expected[key]?[index], "\(name) \(key) \(index)")
            }
        }
    }

    /// A text's vector can be had of any folder, for comparisons of precisions.
    @Test func tokenVectorsCanBePooled() throws {
        let (model, _, _) = try load("late-fixed")
        let tokens = try model.tokens(of: ["a ring", "unseen", ""])
        let vectors = try model.runner.embeddings(of: tokens, pooling: .mean, normalizes: true)
        #expect(vectors.count == 3 && vectors.allSatisfy { $0.count == 8 })
    }

    /// What is not run is named.
    @Test(arguments: [
        ("joined", "1_Pooling/config.json", "weightedmean", "middle", "middle"),
        ("joined", "4_Dense/config.json", "ReLU", "Softmax", "Softmax"),
        (
            "joined", "4_Dense/config.json", "\"module_input_name\": \"sentence_embedding\"",
            "\"module_input_name\": \"image\"", "reads image"
        ),
        ("joined", "2_LayerNorm/config.json", "192", "191", "the dimension is 191"),
        ("joined", "modules.json", "dropout.Dropout", "lstm.LSTM", "LSTM"),
        ("joined", "sentence_bert_config.json", "last_hidden_state", "pooler_output", "pooler_output"),
        ("joined", "sentence_bert_config.json", "feature-extraction", "text-generation", "text-generation"),
        ("joined", "config_sentence_transformers.json", "cosine", "angular", "angular"),
        ("prompted-cls", "config_sentence_transformers.json", "27", "0", "truncate_dim"),
        ("prompted-cls", "tokenizer_config.json", "\"left\"", "\"middle\"", "truncation_side is middle"),
        ("late-fixed", "2_MultiVectorMask/config.json", "null", "[3]", "keep_only_token_ids"),
        ("late-fixed", "sentence_bert_config.json", "fixed", "widest", "widest"),
    ])
    func whatIsNotRunIsNamed(name: String, file: String, old: String, new: String, word: String) throws {
        let error = try #require(throws: FileError.self) {
            _ = try load(name) { try replace(old, by: new, in: file, of: $0) }
        }
        #expect(error.description.contains(word), "\(error)")
    }

    /// Every file that decides a row is in the digest.
    @Test(arguments: [
        ("joined", "1_Pooling/config.json"), ("joined", "4_Dense/model.safetensors"), ("joined", "modules.json"),
        ("joined", "2_LayerNorm/model.safetensors"), ("joined", "sentence_bert_config.json"),
        ("joined", "config_sentence_transformers.json"), ("joined", "tokenizer_config.json"),
        ("tokens-first", "2_Normalize/config.json"),
    ])
    func digestsHoldEveryFile(name: String, file: String) throws {
        func digest(_ change: (URL) throws -> Void = { _ in }) throws -> String {
            let (model, _, folder) = try load(name, change)
            defer { withExtendedLifetime(folder) {} }
            return try model.digest()
        }
        let before = try digest()
        let after = try digest { folder in
            let path = folder.appendingPathComponent(file)
            var bytes = try Data(contentsOf: path)
            if file.hasSuffix(".json") { bytes.append(UInt8(ascii: "\n")) } else { bytes[bytes.count - 1] ^= 1 }
            try bytes.write(to: path)
        }
        #expect(after != before, "\(file)")
        #expect(try digest() == before)
    }
}
