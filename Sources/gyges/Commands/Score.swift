import ArgumentParser
import Foundation
import GygesFiles
import GygesInference
import GygesTemplates
import GygesTokenizer

/// `gyges score`
struct Score: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Computes how probable given continuations are.",
        discussion: """
            Reads JSON Lines with "context" and "continuation", or "messages" and "continuation" (a conversation in the \
            model's chat template), and prints for each line, in order, the log-probability of the continuation, whether it \
            is what greedy decoding gives, and its number of tokens. Context and continuation are texts, in which special \
            tokens stay text, or lists of token ids. An empty context is the model's beginning of text. A line that cannot be \
            scored gets its "error", the others go on, and the status is 1.

            Context and continuation are tokenized each by itself: a context that ends in a space ends in a token for it, \
            after which words that begin with their own space are improbable. --lm-eval tokenizes as lm-evaluation-harness \
            does: white space at the context's end goes to the continuation, and the two are tokenized as one text.

            Examples:
              echo '{"context": "The capital of France is", "continuation": " Paris"}' | gyges score model.gguf
              gyges score model.gguf pairs.jsonl --lm-eval
              gyges score model.gguf --input pairs.jsonl -o scores.jsonl --resume
            """)

    @OptionGroup var options: ModelOptions

    @Argument(help: "A JSON Lines file; standard input if missing.")
    var pairs: String?

    @OptionGroup(title: "Input")
    var input: FileInputOptions

    @OptionGroup(title: "Output")
    var rows: RowOutputOptions

    @Flag(help: "Print the log-probability of every token.")
    var tokens = false

    @Flag(help: "Tokenize contexts and continuations as lm-evaluation-harness does.")
    var lmEval = false

    func validate() throws {
        guard pairs == nil || input.input.isEmpty else { throw ValidationError("Name a file once, not twice.") }
    }

    func run() async throws {
        let paths = pairs.map { [$0] } ?? input.paths
        if paths.contains("-") { Input.explainTerminal(wanted: "lines of JSON") }
        let reader = try RowReader(paths: paths, isJSON: true)
        let model = try options.load(isShown: !rows.quiet)
        let output = try rows.open(reading: paths) { try identity(model) }
        let total = rows.quiet ? nil : try RowReader.count(paths: paths, isJSON: true)
        let bar = ProgressBar(.items("continuations"), isShown: !rows.quiet)
        defer { bar.finish() }
        let problems = RowProblems(bar)
        try await output.answer(
            reader, concurrency: options.engine.sequences * 2,
            with: { row, number in
                let (json, problem) = try await answer(row, number, model)
                if let problem { problems.note("\(row.place): \(problem)") }
                return Array((json.serialized(.python) + "\n").utf8)
            }, progress: { bar.update("scoring", count: $0, of: total) })
        bar.update("scoring", count: output.rowCount, of: output.rowCount)
        bar.finish()
        try problems.check()
    }

    private func answer(
        _ row: InputRow, _ number: Int, _ model: LanguageModel
    ) async throws -> (row: JSON, problem: String?) {
        var id = JSON.integer(number)
        do {
            let json = try row.json()
            id = json["id"] ?? id
            let scores = try await model.engine.score(try request(for: json, row.place, model))
            return (describe(scores, id: json["id"]), nil)
        } catch {
            let problem: String
            switch error {
            case let error as FileError: problem = ([error.place] + error.problems).joined(separator: " ")
            case let error as EngineError where error.isOfRequest: problem = error.description
            case is TemplateError, is TokenizerError: problem = "\(error)"
            default: throw error
            }
            return (row.refusal(id: id, problem), problem)
        }
    }

    private func request(for json: JSON, _ place: String, _ model: LanguageModel) throws -> ScoringRequest {
        let continuation = try ScoredText(json, "continuation", place)
        if let messages = json["messages"]?.array {
            return try model.scoringRequest(
                messages: try messages.map { try ChatMessage(json: $0) }, continuation: continuation)
        }
        guard json["messages"] == nil else {
            throw FileError(place, at: "messages", "is no list", remedy: "Give a list of messages.")
        }
        return try model.scoringRequest(
            context: try ScoredText(json, "context", place), continuation: continuation, joinsTexts: lmEval)
    }

    private func describe(_ scores: [ScoredToken], id: JSON?) -> JSON {
        var object = JSONObject()
        object["id"] = id
        object["logprob"] = .double(scores.reduce(0) { $0 + $1.logProbability })
        object["is_greedy"] = .bool(scores.allSatisfy(\.isGreedy))
        object["tokens"] = .integer(scores.count)
        if tokens { object["token_logprobs"] = .array(scores.map { .double($0.logProbability) }) }
        return .object(object)
    }

    private func identity(_ model: LanguageModel) throws -> JSONObject {
        var identity = try model.identity()
        identity["command"] = "score"
        identity["tokens"] = .bool(tokens)
        identity["lm-eval"] = .bool(lmEval)
        return identity
    }
}

extension ScoredText {
    /// Reads a member of a line: a text, or a list of token ids.
    fileprivate init(_ json: JSON, _ name: String, _ place: String) throws(FileError) {
        if let text = json[name]?.string {
            self = .text(text)
            return
        }
        let list = json[name]?.array
        let ids = list?.compactMap { $0.integer.flatMap(Int32.init(exactly:)) }
        guard let ids, ids.count == list?.count else {
            throw FileError(
                place, at: name, json[name] == nil ? "is missing" : "is neither a text nor a list of token ids",
                remedy: "Give a text, or ids such as [785, 6722].")
        }
        self = .tokens(ids)
    }
}
