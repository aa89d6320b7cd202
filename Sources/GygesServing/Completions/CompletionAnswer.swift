import GygesBulk
import GygesFiles
import GygesInference
import GygesServer
import GygesWire

extension CompletionPlan: GenerationPlan {
    static let namePrefix = "cmpl-"
    var settings: GenerationSettings { asked.settings }

    func body(head: ReplyHead, record: RequestRecord, whenFull: WhenFull) async throws -> JSON {
        let engine = generator.model.engine
        let answers = try await withThrowingTaskGroup(
            of: (Int, [Completion], [GygesInference.ScoredToken]).self
        ) { group in
            for (index, part) in parts.enumerated() {
                group.addTask {
                    async let scores = engine.scores(of: part.scoring)
                    let completions = try await engine.completions(
                        of: part.generations, whenFull: whenFull, record: record)
                    return (index, completions, try await scores)
                }
            }
            var answers = parts.map { _ in ([Completion](), [GygesInference.ScoredToken]()) }
            for try await (index, completions, scores) in group { answers[index] = (completions, scores) }
            return answers
        }
        var choices: [CompletionReply.Choice] = []
        var usage = Usage(promptTokens: 0, completionTokens: 0, cachedTokens: 0)
        for (part, (completions, scores)) in zip(parts, answers) {
            usage = usage + Usage(promptTokens: part.tokens.count, completionTokens: 0)
            if part.generations.isEmpty {
                choices.append(
                    .init(
                        index: choices.count, text: part.text, finishReason: "length",
                        tokens: tokens(of: part, scores, [])))
            }
            for completion in completions {
                usage = usage + Usage(promptTokens: 0, completionTokens: completion.tokens.count, cachedTokens: 0)
                choices.append(
                    .init(
                        index: choices.count, text: part.text + completion.text,
                        finishReason: completion.finishReason.rawValue, stopString: completion.stopString,
                        tokens: tokens(of: part, scores, completion.tokens)))
            }
            usage.cachedTokens = (usage.cachedTokens ?? 0) + (completions.first?.reusedTokenCount ?? 0)
        }
        var head = head
        head.usage = usage
        record.finish(usage, reasons: choices.compactMap(\.finishReason))
        return CompletionReply(head: head, choices: choices).json
    }

    /// The log-probabilities of an answer: of each token of the prompt, where it is repeated, and of each that was generated, a token that
    /// ended it included. Readers count on there being exactly as many.
    private func tokens(
        of part: Part, _ scores: [GygesInference.ScoredToken], _ generated: [GygesInference.ScoredToken]
    ) -> [GygesWire.ScoredToken]? {
        guard let count = asked.logProbabilities else { return nil }
        let tokenizer = generator.model.tokenizer
        var tokens: [GygesWire.ScoredToken] = []
        if asked.echoes, let first = part.tokens.first {
            tokens.append(GygesWire.ScoredToken(unpredicted: first, of: tokenizer))
        }
        tokens += (scores + generated).map { GygesWire.ScoredToken($0, of: tokenizer, alternatives: count) }
        // Where each begins in the text, in Unicode scalars: of a token within a character, where the character begins.
        var scalarCount = 0
        for index in tokens.indices {
            let bytes = tokens[index].bytes ?? []
            let isWithin = bytes.first.map(Self.continues) ?? false
            tokens[index].offset = max(0, scalarCount - (isWithin ? 1 : 0))
            scalarCount += bytes.count { !Self.continues($0) }
        }
        return tokens
    }

    /// Whether a byte of UTF-8 goes on with a character.
    private static func continues(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    func stream(
        head: ReplyHead, record: RequestRecord, keepAlive: Duration, write: ByteWriter
    ) async throws {
        let generations = parts.flatMap(\.generations)
        let perPart = max(1, asked.settings.choiceCount)
        func send(_ choice: CompletionReply.Choice) async throws {
            try await write(EventStream.bytes(CompletionReply(head: head, choices: [choice]).json))
        }
        if asked.echoes {
            for (index, part) in parts.enumerated() {
                for choice in 0..<perPart { try await send(.init(index: index * perPart + choice, text: part.text)) }
            }
        }
        var completions: [Completion] = []
        do {
            try await forEachEvent(
                of: generations.map { generator.model.engine.generate($0.telling(record)) }, keepAlive: keepAlive,
                tick: { try await write(EventStream.keepAlive) }
            ) { index, event in
                switch event {
                case .delta(let text, let tokens):
                    record.sawToken(tokens.count, prompt: parts.reduce(0) { $0 + $1.tokens.count })
                    let scored = asked.logProbabilities.map { count in
                        tokens.map { GygesWire.ScoredToken($0, of: generator.model.tokenizer, alternatives: count) }
                    }
                    guard !text.isEmpty || scored != nil else { return }
                    try await send(.init(index: index, text: text, tokens: scored))
                case .finished(let completion):
                    completions.append(completion)
                    try await send(
                        .init(
                            index: index, text: "", finishReason: completion.finishReason.rawValue,
                            stopString: completion.stopString))
                }
            }
        } catch let error as EngineError where error != .cancelled {
            record.fail(ServingFault(of: error).status)
            try await write(EventStream.bytes(ServingFault(of: error).reply.json))
            return
        }
        let usage = Usage(
            promptTokens: parts.reduce(0) { $0 + $1.tokens.count },
            completionTokens: completions.reduce(0) { $0 + $1.tokens.count },
            // Each prompt counts once, however many answers it has.
            cachedTokens: completions.reduce(0) { $0 + $1.reusedTokenCount } / perPart)
        record.finish(usage, reasons: completions.map(\.finishReason.rawValue))
        if asked.settings.streamsUsage {
            var head = head
            head.usage = usage
            try await write(EventStream.bytes(CompletionReply(head: head, choices: []).json))
        }
        try await write(EventStream.end)
    }
}
