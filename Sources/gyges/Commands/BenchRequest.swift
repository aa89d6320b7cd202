import GygesTokenizer
import GygesCheckpoints
import GygesFiles
import GygesTemplates
import Foundation
import GygesInference
import GygesKernels
import GygesModels

/// One line that `gyges bench --on-request` reads: prompts to complete together, as fast as the engine can.
///
/// ```json
/// {"prompts": [[9707, 11]], "copies": 8, "tokens": 32, "temperature": 1, "top_k": 40, "returns_tokens": true}
/// ```
/// A prompt is a list of token ids, a text, or an object with `messages` and `prefill`. With `"tokens": 0` nothing is
/// computed, and the answer holds the prompts' token ids.
struct BenchRequest {
    private let prompts: [[Int32]]
    private let copies: Int
    private let tokens: Int
    private let sampling: SamplingParameters
    private let speculates: Bool
    private let forgets: Bool
    private let returnsTokens: Bool

    /// Reads a request.
    ///
    /// - Throws: ``FileError`` if it is none, ``TemplateError`` if the model has no template for a conversation.
    init(_ json: JSON, model: LanguageModel) throws {
        func refuse(_ problem: String) -> FileError {
            FileError(
                "standard input", problem, remedy: #"Send for example {"prompts": ["Hello"], "tokens": 8} on a line."#)
        }
        guard let list = json["prompts"]?.array, !list.isEmpty else { throw refuse("\"prompts\" must be a list") }
        let numbers = (copies: json["copies"]?.integer ?? 1, tokens: json["tokens"]?.integer ?? 1)
        guard (1...4096).contains(numbers.copies), (0...1 << 20).contains(numbers.tokens) else {
            throw refuse("\"copies\" must be from 1 to 4096 and \"tokens\" from 0 to 1048576")
        }
        let topK = json["top_k"]?.integer ?? 0
        sampling = SamplingParameters(temperature: json["temperature"]?.double ?? 0, topK: topK)
        guard sampling.problems.isEmpty else {
            throw refuse(sampling.problems.map(\.description).joined(separator: "; "))
        }
        (copies, tokens) = numbers
        returnsTokens = json["returns_tokens"]?.bool ?? false
        speculates = json["speculates"]?.bool ?? false
        forgets = json["forgets"]?.bool ?? false
        let limit = Int32(clamping: model.configuration.vocabularySize)
        prompts = try list.map { prompt in
            if let text = prompt.string { return try model.tokenizer.encode(text, addsBeginning: true) }
            if let messages = prompt["messages"]?.array {
                return try model.tokens(
                    of: messages.map { try ChatMessage(json: $0) }, prefill: prompt["prefill"]?.string ?? "")
            }
            let ids = prompt.array?.compactMap(\.integer).compactMap(Int32.init(exactly:)) ?? []
            guard !ids.isEmpty, ids.count == prompt.array?.count, ids.allSatisfy({ (0..<limit).contains($0) }) else {
                throw refuse("a prompt must be a text, a conversation, or token ids below \(limit)")
            }
            return ids
        }
    }

    /// Completes all prompts together and describes how long that took. Nothing ends early: there are no stop tokens.
    func answer(by model: LanguageModel) async throws -> JSON {
        guard tokens > 0 else {
            return ["prompts": .array(prompts.map { ids in .array(ids.map { .integer(Int($0)) }) })]
        }
        let requests = (0..<prompts.count * copies).map { index in
            var sampling = sampling
            sampling.seed = UInt64(index)
            return GenerationRequest(
                prompt: prompts[index % prompts.count], maximumTokenCount: tokens, sampling: sampling,
                speculates: speculates)
        }
        if forgets { try await model.engine.forgetPrefixes() }
        let start = ContinuousClock.now
        let completions = try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, try await model.engine.complete(request)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map { $1 }
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        var answer = JSONObject([
            ("seconds", .double(seconds)),
            ("prompt_tokens", .integer(completions.reduce(0) { $0 + $1.promptTokenCount })),
            ("reused_tokens", .integer(completions.reduce(0) { $0 + $1.reusedTokenCount })),
            ("generated_tokens", .integer(completions.reduce(0) { $0 + $1.tokens.count })),
            ("proposed_tokens", .integer(completions.reduce(0) { $0 + $1.proposedTokenCount })),
            ("accepted_tokens", .integer(completions.reduce(0) { $0 + $1.acceptedTokenCount })),
        ])
        if returnsTokens {
            answer["tokens"] = .array(completions.map { .array($0.tokens.map { .integer(Int($0.token)) }) })
        }
        return .object(answer)
    }
}

extension BenchRequest {
    /// Answers each line of standard input with a line, until there are no more. The first line is the model's facts.
    static func answerAll(by model: LanguageModel, threads: Int, loadingSeconds: Double) async throws {
        let facts: JSON = [
            "model": .string(model.path), "threads": .integer(threads),
            "instruction_set": .string(InstructionSet.current.rawValue),
            "precision": .string(model.precision.rawValue), "load_seconds": .double(loadingSeconds),
            "weight_bytes": .integer(model.engine.model.streamedByteCount),
            "operations_per_row": .integer(2 * model.engine.model.productsPerRow),
            "operations_of_head": .integer(
                2 * model.configuration.vocabularySize * model.configuration.hiddenSize),
        ]
        try Output.write(facts.serialized() + "\n")
        while let line = readLine() {
            let answer: JSON
            do {
                let request = try BenchRequest(try JSON(parsing: line, path: "standard input"), model: model)
                answer = try await request.answer(by: model)
            } catch {
                answer = ["error": .string("\(error)")]
            }
            try Output.write(answer.serialized() + "\n")
        }
    }
}
