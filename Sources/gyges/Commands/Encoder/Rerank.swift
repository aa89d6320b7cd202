import ArgumentParser
import Foundation
import GygesCheckpoints
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

            Without a query, every line of JSON has its own "query" and its "texts", which are texts or objects with "id" and \
            "text"; it is answered by a line of JSON, and one that cannot be is named while the others go on. With --run, the \
            documents that an earlier search found for each query of a BEIR folder are ordered anew, and a TREC run is written.

            Examples:
              gyges rerank ./gte-reranker "Who found a ring?" "Gyges did." "A horse."
              gyges rerank ./reranker "Who found it?" --input found.jsonl --top-k 9 --json
              gyges rerank ./reranker --input queries.jsonl -o ranked.jsonl --resume
              gyges rerank ./reranker --run bm25.trec --collection ./scifact -o new.trec
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @Argument(help: "What is looked for; lines of --input have their own if missing.")
    var query: String?

    @OptionGroup(title: "Input")
    var source: TextInputOptions

    @OptionGroup(title: "Output")
    var rows: RowOutputOptions

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Order the documents of a TREC run anew, query by query.", valueName: "path"))
    var runFile: String?

    @Option(help: ArgumentHelp("The BEIR folder with the texts of --run.", valueName: "folder"))
    var collection: String?

    @Option(help: ArgumentHelp("Of --run, so many documents of a query; others are left out.", valueName: "count"))
    var depth = 100

    @Option(help: ArgumentHelp("Print the best ones only.", valueName: "count"))
    var topK: Int?

    @Flag(help: "Print a cross-encoder's scores as they are, not as probabilities.")
    var rawScores = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Vectors")
    var vectors: VectorOptions

    func validate() throws {
        if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1.") }
        guard (runFile == nil) == (collection == nil) else {
            throw ValidationError("--run and --collection go together.")
        }
        if runFile != nil {
            guard query == nil, source.file.input.isEmpty, !source.file.jsonl, !json else {
                throw ValidationError(
                    "--run has its queries and documents, and its own form: leave out others, and --json.")
            }
            guard depth >= 1 else { throw ValidationError("--depth must be at least 1.") }
        } else if query == nil {
            guard source.file.isJSON else {
                throw ValidationError("There is no query. Give one, or lines of JSON with a \"query\" each (--input).")
            }
        } else if rows.output != nil {
            throw ValidationError("--output takes lines with a \"query\" each.")
        }
    }

    func run() throws {
        if let runFile, let collection { return try rankRun(runFile, collection) }
        guard let query else { return try rankRows() }
        let records = try records()
        guard !records.isEmpty else {
            throw FileError(source.file.paths[0], "has no texts", remedy: "Give texts to order.")
        }
        let ranker = try ranker()
        let bar = ProgressBar(.items("texts"), isShown: !rows.quiet)
        defer { bar.finish() }
        bar.update("reading", count: 0, of: records.count)
        let ranked = try ranker.ranking(of: records.map(\.text), for: query) {
            bar.update("reading", count: $0, of: records.count)
        }.prefix(topK ?? records.count)
        bar.update("reading", count: records.count, of: records.count)
        bar.finish()
        guard json else { return print(table(ranked.map { (records[$0.index], $0) })) }
        let results = ranked.map { entry in
            JSON.object(
                JSONObject([
                    ("index", .integer(entry.index)), ("id", records[entry.index].id ?? .null),
                    ("score", .double(Double(entry.score))), ("text", .string(records[entry.index].text)),
                ]))
        }
        print(JSON.object(JSONObject([("query", .string(query)), ("results", .array(results))])).serialized(.pretty))
    }

    func ranker() throws -> TextRanker {
        TextRanker(
            vectorizer: try vectors.vectorizer(try encoder.load(isShown: !rows.quiet)), options: vectors,
            rawScores: rawScores, team: ThreadTeam(threadCount: encoder.threads))
    }

    private func table(_ ranked: [(record: NamedText, entry: TextRanker.Entry)]) -> String {
        var table = Table([("SCORE", .right), ("ID", .left), ("TEXT", .left)])
        for (record, entry) in ranked {
            let id = record.id.map { $0.string ?? $0.serialized() } ?? "\(entry.index)"
            table.append([
                String(format: "%.4f", entry.score), id.legible(limit: 40), record.text.legible(limit: 100),
            ])
        }
        return table.text
    }

    private func records() throws -> [NamedText] {
        guard source.given.isEmpty else { return source.given.map { NamedText(id: nil, text: $0, line: 1) } }
        let reader = try source.reader()
        var records: [NamedText] = []
        while let row = try reader.next() {
            let record = try TextRecord(row, number: records.count, fields: source.fieldNames)
            records.append(NamedText(id: record.id, text: try record.string(), line: row.line))
        }
        return records
    }
}

// MARK: Many queries

extension Rerank {
    /// A line's query and texts.
    private struct Question {
        var query: String
        var texts: [NamedText]
    }

    private func rankRows() throws {
        let ranker = try ranker()
        let isJSON = json || rows.output != nil
        let answered = TextRows<Question, [TextRanker.Entry]>(
            activity: "ranking", together: 1, isJSON: isJSON, question: question(of:),
            replies: { questions in
                try questions.map { question in
                    let ranked = try ranker.ranking(of: question.texts.map(\.text), for: question.query)
                    return Array(ranked.prefix(topK ?? ranked.count))
                }
            }, written: { written($0, $1, $2, isJSON) })
        try source.answer(answered, output: rows) {
            try identity(ranker)
        }
    }

    /// All that decides scores and which are written, apart from the input.
    func identity(_ ranker: TextRanker) throws -> JSONObject {
        try ranker.vectorizer.model.identity(
            of: "rerank", fields: source.fieldNames,
            [
                "top-k": topK.map(JSON.integer) ?? .null, "raw": .bool(rawScores),
                "vectors": .string(ranker.vectorizer.kind.rawValue),
                "dimensions": vectors.truncateDimensions.map(JSON.integer) ?? .null,
                "pooling": vectors.pooling.map(JSON.string) ?? .null, "scaled": .bool(!vectors.noNormalize),
                "most tokens": vectors.maxTokens.map(JSON.integer) ?? .null,
                "truncation": vectors.truncation.map(JSON.string) ?? .null,
            ])
    }

    private func question(of record: TextRecord) throws(FileError) -> Question {
        let query = try record.string("query")
        guard let list = record.fields?["texts"]?.array, !list.isEmpty else {
            throw FileError(
                record.place, "has no list \"texts\"", remedy: #"Write {"query": "…", "texts": ["…", "…"]}."#)
        }
        var texts: [NamedText] = []
        for element in list {
            guard let text = element.string ?? element["text"]?.string else {
                throw FileError(
                    record.place, "has \"texts\" that are neither texts nor objects with \"text\"",
                    remedy: #"Write {"query": "…", "texts": ["…", "…"]}."#)
            }
            texts.append(NamedText(id: element["id"] ?? element["_id"], text: text, line: record.row.line))
        }
        return Question(query: query, texts: texts)
    }

    private func written(
        _ record: TextRecord, _ question: Question, _ ranked: [TextRanker.Entry], _ isJSON: Bool
    ) -> String {
        guard isJSON else {
            return question.query + "\n" + table(ranked.map { (question.texts[$0.index], $0) }) + "\n\n"
        }
        let results = ranked.map { entry -> JSON in
            var object = JSONObject([("index", .integer(entry.index))])
            object["id"] = question.texts[entry.index].id
            object["score"] = .double(Double(entry.score))
            return .object(object)
        }
        return rowLine(record.identity() + [("query", .string(question.query)), ("results", .array(results))])
    }
}
