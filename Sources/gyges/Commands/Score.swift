import GygesTokenizer
import GygesFiles
import GygesTemplates
import ArgumentParser
import Foundation
import GygesInference

/// `gyges score`
struct Score: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Computes how probable given continuations are.",
        discussion: """
            Reads JSON Lines with "context" and "continuation" (texts), or "messages" and "continuation" (a conversation \
            in the model's chat template), and prints for each line, in order, the log-probability of the continuation, \
            whether it is what greedy decoding gives, and its number of tokens.

            Example:
              echo '{"context": "The capital of France is", "continuation": " Paris"}' | gyges score model.gguf
            """)

    @OptionGroup var options: ModelOptions

    @Argument(help: "A JSON Lines file; standard input if missing.")
    var input: String?

    @Flag(help: "Print the log-probability of every token.")
    var tokens = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func run() async throws {
        let lines = try Input.jsonLines(input)
        let model = try options.load(isShown: !quiet)
        let name = input.flatMap { $0 == "-" ? nil : $0 } ?? "standard input"
        let requests = try lines.map { try request(for: $0.json, model: model, place: "\(name), line \($0.line)") }
        let bar = ProgressBar(.items("continuations"), isShown: !quiet)
        // A window of requests keeps the engine busy, and results in order without holding them all.
        let window = options.engine.sequences * 2
        for start in stride(from: 0, to: requests.count, by: window) {
            let part = requests[start..<min(start + window, requests.count)]
            let results = try await withThrowingTaskGroup(of: (Int, [ScoredToken]).self) { group in
                for (index, request) in zip(part.indices, part) {
                    group.addTask { (index, try await model.engine.score(request)) }
                }
                var results: [Int: [ScoredToken]] = [:]
                for try await (index, scores) in group {
                    results[index] = scores
                    bar.update("scoring", count: start + results.count, of: requests.count)
                }
                return results
            }
            for index in part.indices {
                try Output.write(describe(results[index] ?? [], model: model).serialized(.python) + "\n")
            }
        }
        bar.finish()
    }

    private func request(for json: JSON, model: LanguageModel, place: String) throws -> ScoringRequest {
        guard let continuation = json["continuation"]?.string, !continuation.isEmpty else {
            throw FileError(place, at: "continuation", "is missing or empty", remedy: "Give a text.")
        }
        do {
            if let messages = json["messages"]?.array {
                return try model.scoringRequest(
                    messages: try messages.map { try ChatMessage(json: $0) }, continuation: continuation)
            }
            guard let context = json["context"]?.string else {
                throw FileError(place, at: "context", "is missing", remedy: "Give \"context\" or \"messages\".")
            }
            return try model.scoringRequest(context: context, continuation: continuation)
        } catch let error as EngineError {
            throw FileError(place, "cannot be scored", remedy: "\(error)")
        }
    }

    private func describe(_ scores: [ScoredToken], model: LanguageModel) -> JSON {
        var object = JSONObject([
            ("logprob", .double(scores.reduce(0) { $0 + $1.logProbability })),
            ("is_greedy", .bool(scores.allSatisfy(\.isGreedy))), ("tokens", .integer(scores.count)),
        ])
        if tokens { object["token_logprobs"] = .array(scores.map { .double($0.logProbability) }) }
        return .object(object)
    }
}
