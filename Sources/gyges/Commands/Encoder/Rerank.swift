import GygesCheckpoints
import ArgumentParser
import Foundation
import GygesEvaluation
import GygesFiles
import GygesInference
import GygesKernels

/// `gyges rerank`
struct Rerank: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Orders texts by how well they answer a query.",
        discussion: """
            A cross-encoder (a classifier with one label) reads the query with each text. Any other model's vectors are \
            compared: by inner product, or by MaxSim where there is one for each token.

            Examples:
              gyges rerank ./gte-reranker "Who found a ring?" "Gyges did." "A horse."
              gyges rerank ./reranker "Who found it?" --input found.jsonl --top-k 9 --json
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @Argument(help: "What is looked for.")
    var query: String

    @OptionGroup
    var source: TextSourceOptions

    @Option(help: ArgumentHelp("Print the best ones only.", valueName: "count"))
    var topK: Int?

    @Flag(help: "Print a cross-encoder's scores as they are, not as probabilities.")
    var rawScores = false

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show no progress.")
    var quiet = false

    @OptionGroup(title: "Vectors")
    var vectors: VectorOptions

    func validate() throws {
        if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1.") }
    }

    func run() throws {
        let records = try records()
        guard !records.isEmpty else {
            throw FileError(source.input ?? "standard input", "has no texts", remedy: "Give texts to order.")
        }
        let model = try encoder.load(isShown: !quiet)
        let ranked = try ranked(records.map(\.text), model).prefix(topK ?? records.count)
        guard json else {
            var table = Table([("SCORE", .right), ("ID", .left), ("TEXT", .left)])
            for entry in ranked {
                let record = records[entry.index]
                let id = record.id.map { $0.string ?? $0.serialized() } ?? "\(entry.index)"
                table.append([
                    String(format: "%.4f", entry.score), id.legible(limit: 40), record.text.legible(limit: 100),
                ])
            }
            return print(table.text)
        }
        let results = ranked.map { entry in
            JSON.object(
                JSONObject([
                    ("index", .integer(entry.index)), ("id", records[entry.index].id ?? .null),
                    ("score", .double(Double(entry.score))), ("text", .string(records[entry.index].text)),
                ]))
        }
        print(JSON.object(JSONObject([("query", .string(query)), ("results", .array(results))])).serialized(.pretty))
    }

    private func records() throws -> [NamedText] {
        guard source.given.isEmpty else { return source.given.map { NamedText(id: nil, text: $0, line: 1) } }
        var reader = try source.reader(form: source.isJSON ? .jsonLines(fields: ["text"]) : .plainLines)
        var records: [NamedText] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    private func ranked(_ texts: [String], _ model: TextEncoder) throws -> [(index: Int, score: Float)] {
        let bar = ProgressBar(.items("texts"), isShown: !quiet)
        defer { bar.finish() }
        guard model.isCrossEncoder else {
            return try compared(texts, Vectorizer(model: model, kind: vectors.kind)) {
                bar.update("embedding", count: $0, of: texts.count)
            }
        }
        let options = vectors.options(prompt: .automatic, for: model).text
        return try model.rerank(
            query: query, texts: texts, scoreFunction: rawScores ? .identity : nil, options: options
        ) { bar.update("reading", count: $0, of: texts.count) }.map { ($0.index, $0.score) }
    }

    private func compared(
        _ texts: [String], _ vectorizer: Vectorizer, progress: @escaping (Int) -> Void
    ) throws -> [(index: Int, score: Float)] {
        func embedded(_ texts: [String], _ role: TextRole) throws -> TextVectors {
            let options = vectors.options(prompt: vectorizer.prompt(for: role), for: vectorizer.model)
            return try vectorizer.vectors(
                of: texts, as: role, options: options, progress: role == .query ? nil : progress)
        }
        let (documents, queries) = (try embedded(texts, .document), try embedded([query], .query))
        if let similarity = vectorizer.model.embedding?.similarity, similarity.isDistance,
            case .single(let documents) = documents, case .single(let queries) = queries
        {
            return documents.enumerated().map { (index: $0, score: similarity.score($1, queries[0])) }
                .sorted { ($1.score, $0.index) < ($0.score, $1.index) }
        }
        return try ExactSearch.ranking(
            of: EmbeddedTexts(documents), for: EmbeddedTexts(queries),
            team: ThreadTeam(threadCount: encoder.threads)
        ).map { ($0.document, $0.score) }
    }
}
