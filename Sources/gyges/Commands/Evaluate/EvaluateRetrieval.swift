import GygesCheckpoints
import ArgumentParser
import Foundation
import GygesEvaluation
import GygesFiles
import GygesInference
import GygesKernels
import GygesStatistics

/// `gyges evaluate retrieval`
struct EvaluateRetrieval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrieval", abstract: "Searches a collection and compares what is found with judgements.",
        discussion: """
            The folder is laid out as BEIR's: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv. All documents are compared \
            with all queries, by inner product or by MaxSim. Metrics are trec_eval's; intervals are of the mean over \
            queries.

            Examples:
              gyges evaluate retrieval ./gte ./scifact --run run.trec
              gyges evaluate retrieval ./gte ./scifact --json > whole.json
              gyges evaluate retrieval ./gte ./scifact \\
                --truncate-dimensions 256 --baseline whole.json
              gyges evaluate retrieval ./colbert ./scifact --metrics ndcg@10,recall@50
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @Argument(help: "A folder with corpus.jsonl, queries.jsonl and qrels/.")
    var folder: String

    @Option(help: ArgumentHelp("Which of the folder's judgements.", valueName: "name"))
    var split = "test"

    @Option(help: ArgumentHelp("A file of judgements instead, BEIR's or TREC's.", valueName: "path"))
    var qrels: String?

    @Option(
        help: "Metrics, separated by commas: ndcg, mrr, recall, precision, map, each with @ and a rank; six if missing."
    )
    var metrics: String?

    @Option(help: ArgumentHelp("How many documents are kept for each query.", valueName: "count"))
    var depth = 1000

    @Option(help: ArgumentHelp("The model's prompt of this name before queries.", valueName: "name"))
    var queryPrompt: String?

    @Option(help: ArgumentHelp("This text before queries.", valueName: "text"))
    var queryPrefix: String?

    @Option(help: ArgumentHelp("The model's prompt of this name before documents.", valueName: "name"))
    var documentPrompt: String?

    @Option(help: ArgumentHelp("This text before documents.", valueName: "text"))
    var documentPrefix: String?

    @Flag(help: "Leave out a document with the query's own name, as BEIR does (ArguAna and Quora need it).")
    var ignoreIdenticalIds = false

    @Option(name: .customLong("run"), help: ArgumentHelp("Write what was found as a TREC run.", valueName: "path"))
    var runFile: String?

    @Option(help: ArgumentHelp("A result printed by --json to compare with, query by query.", valueName: "path"))
    var baseline: String?

    @Option(help: "What to call this setting in the result; the model's name if missing.")
    var label: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show no progress.")
    var quiet = false

    @OptionGroup(title: "Vectors")
    var vectors: VectorOptions

    func validate() throws {
        guard (1...RetrievalMetric.cutLimit).contains(depth) else {
            throw ValidationError("--depth must be from 1 to \(RetrievalMetric.cutLimit).")
        }
        if let deepest = try chosenMetrics().max(by: { $0.cut < $1.cut }), deepest.cut > depth {
            throw ValidationError("\(deepest) needs a --depth of at least \(deepest.cut).")
        }
        if queryPrompt != nil, queryPrefix != nil {
            throw ValidationError("--query-prompt and --query-prefix exclude each other.")
        }
        if documentPrompt != nil, documentPrefix != nil {
            throw ValidationError("--document-prompt and --document-prefix exclude each other.")
        }
        if json, baseline != nil { throw ValidationError("--json prints one result: compare without it.") }
    }

    func run() async throws {
        let other = try baseline.map { try RetrievalResult(path: $0) }
        let collection = try RetrievalCollection(path: folder, split: split, judgements: qrels)
        // Before hours of work, not after.
        if runFile != nil, let name = RetrievalRun.unwritableName(in: collection) {
            throw FileError(
                folder, "has the name '\(name)' with white space, which a TREC run cannot hold",
                remedy: "Rename it, or leave out --run.")
        }
        let model = try encoder.load(isShown: !quiet)
        let vectorizer = try vectors.vectorizer(model)
        if let similarity = model.embedding?.similarity, similarity.isDistance, vectorizer.kind == .single {
            throw EncoderError.wrongVectors(
                "the model's vectors are compared by their \(similarity.rawValue) distance (similarity_fn_name), and retrieval is evaluated by inner products: use another model"
            )
        }
        func options(_ name: String?, _ text: String?, _ role: TextRole) -> EmbeddingOptions {
            let prompt = name.map { EmbeddingOptions.Prompt.named($0) } ?? text.map { .text($0) }
            return vectors.options(prompt: prompt ?? vectorizer.prompt(for: role), for: model)
        }
        let subject = EncoderSubject(
            vectorizer: vectorizer, queryOptions: options(queryPrompt, queryPrefix, .query),
            documentOptions: options(documentPrompt, documentPrefix, .document))
        let evaluation = RetrievalEvaluation(
            metrics: try chosenMetrics(), depth: depth, ignoresIdenticalIDs: ignoreIdenticalIds,
            window: vectorizer.kind.window)
        let bar = ProgressBar(.items("texts"), isShown: !quiet)
        defer { bar.finish() }
        let start = ContinuousClock.now
        var outcome = try await evaluation.run(
            subject, on: collection, team: ThreadTeam(threadCount: encoder.threads)
        ) { bar.update("embedding", count: $0.done, of: $0.total) }
        bar.finish()
        outcome.result.seconds = start.duration(to: .now) / .seconds(1)
        outcome.result.model = encoder.model
        outcome.result.label = label ?? encoder.model
        for omission in outcome.result.omissions { Terminal.writeError("gyges: \(omission)\n") }
        print(json ? try outcome.result.json() : outcome.result.table(comparedWith: other))
        if let runFile { try outcome.run.write(to: runFile, name: outcome.result.label) }
    }

    private func chosenMetrics() throws -> [RetrievalMetric] {
        guard let metrics else { return RetrievalMetric.standard.filter { $0.cut <= depth } }
        let chosen = try metrics.split(separator: ",").map { name in
            guard let metric = RetrievalMetric(name.trimmingCharacters(in: .whitespaces)) else {
                throw ValidationError(
                    "There is no metric \(name). Write such as ndcg@10, mrr@10, recall@100, precision@5, map@100.")
            }
            return metric
        }
        guard !chosen.isEmpty else { throw ValidationError("--metrics names no metric.") }
        return chosen.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

/// An encoder of this machine as the subject of an evaluation.
private struct EncoderSubject: EmbeddingSubject {
    let vectorizer: Vectorizer
    let queryOptions: EmbeddingOptions
    let documentOptions: EmbeddingOptions

    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> EmbeddedTexts {
        let vectors =
            switch role {
            case .query: try vectorizer.vectors(of: texts, as: .query, options: queryOptions)
            case .document: try vectorizer.vectors(of: texts, as: .document, options: documentOptions)
            }
        return EmbeddedTexts(vectors)
    }
}

extension RetrievalResult {
    /// The means as a table, with how they differ from another result's.
    fileprivate func table(comparedWith other: RetrievalResult?) -> String {
        var table = Table([("METRIC", .left), ("MEAN", .right), ("95 % FROM", .right), ("TO", .right)])
        func number(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "–" }
        for measure in measures {
            table.append([
                measure.metric, number(measure.value), number(measure.interval?.lower), number(measure.interval?.upper),
            ])
        }
        var text = table.text
        if let other {
            var table = Table([
                ("DIFFERENCE TO \(other.label)", .left), ("MEAN", .right), ("95 % FROM", .right), ("TO", .right),
                ("P", .right), ("QUERIES", .right),
            ])
            for entry in compared(with: other) {
                table.append([
                    entry.metric, String(format: "%+.4f", entry.difference), number(entry.interval?.lower),
                    number(entry.interval?.upper), number(entry.pValue), "\(entry.queryCount)",
                ])
            }
            text += "\n\n" + table.text
        }
        return text
            + String(
                format: "\n\n%@: %d queries, %d documents, %.1f s", label, queries.count, documentCount, seconds)
    }
}
