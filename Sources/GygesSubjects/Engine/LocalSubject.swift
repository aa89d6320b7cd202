import GygesCheckpoints
import GygesConstraints
import GygesFiles
import GygesTemplates
import GygesTokenizer
public import GygesInference
import GygesKernels
public import GygesStudy
import Synchronization

/// A model on this machine as a subject or a judge.
///
/// A reply is decided by the model's files, the precision, the instruction set, the limit of the context and the request: not by
/// what else the engine computes, nor by the number of threads.
public struct LocalSubject: Subject {
    /// The digest of the model's files, the precision and the instruction set.
    public let identity: SubjectIdentity
    let model: LanguageModel
    private let constraints: ConstraintCache

    /// Takes a loaded model.
    ///
    /// - Parameter name: What reports call it.
    /// - Throws: ``FileError`` if its files cannot be read for their digest, ``TemplateError`` if it has no chat template.
    /// - Complexity: O(size of the model's files).
    public init(_ model: LanguageModel, name: String) throws {
        self.model = model
        constraints = ConstraintCache(tokenizer: model.tokenizer)
        // Fails now rather than at the first of many requests.
        _ = try model.prompt(of: [ChatMessage(role: "user", content: "")])
        let configuration = model.configuration
        let details = [
            "architecture": configuration.architecture.rawValue,
            "layers": "\(configuration.layerCount)", "hidden size": "\(configuration.hiddenSize)",
            "precision": model.precision.rawValue, "key-value cache": model.engine.keyValueFormat.rawValue,
            "instruction set": InstructionSet.current.rawValue,
            "context": model.longContextSetting ?? "native to \(model.contextLimit)",
            "file": String(model.path.split(separator: "/").last ?? ""),
        ]
        // All that decides a bit of a reply; another instruction set rounds differently.
        var decisive = [
            try model.digest(), model.precision.rawValue, model.engine.keyValueFormat.rawValue,
            InstructionSet.current.rawValue, "arithmetic \(arithmeticRevision)",
        ]
        if let setting = model.longContextSetting { decisive.append(setting) }
        identity = SubjectIdentity(
            name: name, digest: Digest.sha256(decisive.joined(separator: "\n")), details: details)
    }

    /// Renders the messages with the model's template and samples one reply.
    public func respond(to request: SubjectRequest) async throws -> SubjectReply {
        let sampling = request.sampling
        let completion = try await model.engine.complete(
            GenerationRequest(
                prompt: try tokens(of: request), maximumTokenCount: sampling.maximumTokens,
                sampling: SamplingParameters(
                    temperature: sampling.temperature, topK: sampling.topK, topP: sampling.topP, seed: request.seed),
                stopStrings: request.stop, stopTokens: model.stopTokens,
                constraint: try request.schema.map(constraints.constraint)))
        return SubjectReply(
            text: completion.text, finishReason: completion.finishReason == .stop ? .stop : .length,
            stopString: completion.stopString, promptTokenCount: completion.promptTokenCount,
            generatedTokenCount: completion.tokens.count)
    }

    /// Scores each opening as the beginning of the assistant's turn.
    public func tokenLogProbabilities(
        of continuations: [String], after request: SubjectRequest
    ) async throws -> [[Double]] {
        let prompt = try tokens(of: request)
        let engine = model.engine
        return try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
            for (index, continuation) in continuations.enumerated() {
                let tokens = try model.tokenizer.encode(continuation)
                guard !tokens.isEmpty else { continue }
                group.addTask {
                    let scores = try await engine.score(
                        ScoringRequest(tokens: prompt + tokens, firstScored: prompt.count))
                    return (index, scores.map(\.logProbability))
                }
            }
            var values = [[Double]](repeating: [], count: continuations.count)
            for try await (index, value) in group { values[index] = value }
            return values
        }
    }

    private func tokens(of request: SubjectRequest) throws -> [Int32] {
        try model.tokens(
            of: request.messages,
            prefill: request.responsePrefix)
    }
}

/// Schemas made ready for a model's tokenizer; a judge asks with the same one thousands of times.
private final class ConstraintCache: Sendable {
    private struct State {
        /// Made when the first schema comes: most subjects are asked for none.
        var vocabulary: TokenVocabulary?
        var constraints: [String: OutputConstraint] = [:]
    }

    private let tokenizer: Tokenizer
    private let state = Mutex(State())

    init(tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    func constraint(for schema: JSON) throws -> OutputConstraint {
        let text = schema.serialized()
        let (known, vocabulary) = state.withLock { state in
            let vocabulary = state.vocabulary ?? TokenVocabulary(tokenizer)
            state.vocabulary = vocabulary
            return (state.constraints[text], vocabulary)
        }
        if let known { return known }
        let constraint = try OutputConstraint(OutputGrammar(schema: schema), vocabulary: vocabulary)
        state.withLock { $0.constraints[text] = constraint }
        return constraint
    }
}
