import GygesInference
import GygesTokenizer
import GygesWire

extension GygesWire.ScoredToken {
    /// A token as replies show it: by its text, in which bytes that are no whole character are U+FFFD, and by its bytes.
    init(_ token: GygesInference.ScoredToken, of tokenizer: Tokenizer, alternatives count: Int) {
        let bytes = tokenizer.bytes(of: token.token)
        self.init(
            name: String(decoding: bytes, as: UTF8.self), logProbability: token.logProbability, bytes: bytes,
            alternatives: token.alternatives.prefix(count).map { alternative in
                let bytes = tokenizer.bytes(of: alternative.token)
                return Alternative(
                    name: String(decoding: bytes, as: UTF8.self), logProbability: alternative.logProbability,
                    bytes: bytes)
            })
    }

    /// A token that nothing predicted: the first of a text.
    init(unpredicted token: Int32, of tokenizer: Tokenizer) {
        let bytes = tokenizer.bytes(of: token)
        self.init(name: String(decoding: bytes, as: UTF8.self), logProbability: nil, bytes: bytes)
    }
}

extension Usage {
    /// Adds up several answers to one prompt, which is counted once.
    init(_ completions: [Completion]) {
        self.init(
            promptTokens: completions.first?.promptTokenCount ?? 0,
            completionTokens: completions.reduce(0) { $0 + $1.tokens.count },
            cachedTokens: completions.first?.reusedTokenCount ?? 0)
    }

    static func + (a: Usage, b: Usage) -> Usage {
        Usage(
            promptTokens: a.promptTokens + b.promptTokens, completionTokens: a.completionTokens + b.completionTokens,
            cachedTokens: (a.cachedTokens ?? 0) + (b.cachedTokens ?? 0))
    }
}
