/// What kind of tokenizer is trained, and how large.
public struct TokenizerRecipe: Sendable, Equatable {
    /// The models whose tokenizers are made alike: how text is cut, what is added to the vocabulary, what frames a text.
    public enum Kind: String, Sendable, CaseIterable {
        /// ModernBERT's: GPT-2's pieces, composed text; runs of spaces, `[CLS]`, `[MASK]` and their like, and tokens for later use.
        case modernBERT = "modernbert"
        /// Qwen2.5's: digits one by one, composed text; `<|im_start|>` and the other 21 tokens of its conversations.
        case qwen25 = "qwen2.5"
    }

    /// The kind.
    public var kind: Kind
    /// How many tokens there are at most, those that are added included.
    public var vocabularySize: Int
    /// How often a pair must occur to become a token.
    public var minimumCount = 0
    /// The most bytes of a token.
    public var maximumTokenLength = 256
    /// How many tokens `[unused0]`, `[unused1]`, … are added for later use.
    public var unusedCount: Int

    /// A recipe of a kind, with as many tokens for later use as its model has.
    public init(_ kind: Kind, vocabularySize: Int) {
        self.kind = kind
        self.vocabularySize = vocabularySize
        unusedCount = kind == .modernBERT ? 83 : 0
    }

    /// What is wrong with it; `nil` if it can be followed.
    public var problem: String? {
        let fixed = 256 + addedTokens.count
        if vocabularySize < fixed {
            return "\(vocabularySize) tokens are fewer than the \(fixed) for bytes and those that are added"
        }
        if vocabularySize > TokenizerDefinition.vocabularyLimit {
            return "\(vocabularySize) tokens are more than \(TokenizerDefinition.vocabularyLimit)"
        }
        if minimumCount < 0 || unusedCount < 0 || maximumTokenLength < 2 {
            return "the minimum count, the number of unused tokens or the maximum length is too small"
        }
        return nil
    }

    // MARK: What kinds differ in

    /// How text is cut.
    var pattern: PreTokenizer.Pattern {
        switch kind {
        case .modernBERT: .gpt2
        case .qwen25: .qwen2
        }
    }

    /// The tokens that are added behind those that are learnt, without their numbers.
    var addedTokens: [AddedToken] {
        func token(_ content: String, isSpecial: Bool, isNormalized: Bool = false, stripsLeft: Bool = false)
            -> AddedToken
        {
            var token = AddedToken(id: 0, content: content, isSpecial: isSpecial)
            (token.isNormalized, token.stripsLeft) = (isNormalized, stripsLeft)
            return token
        }
        let unused = (0..<max(0, unusedCount)).map { token("[unused\($0)]", isSpecial: false, isNormalized: true) }
        switch kind {
        case .modernBERT:
            // As GPT-NeoX has them, from which its vocabulary comes.
            let spaces = (2...24).reversed().map {
                token(String(repeating: " ", count: $0), isSpecial: false, isNormalized: true)
            }
            return spaces + ["[UNK]", "[CLS]", "[SEP]", "[PAD]"].map { token($0, isSpecial: true) }
                + [token("[MASK]", isSpecial: true, stripsLeft: true)] + unused
        case .qwen25:
            let controls = ["endoftext", "im_start", "im_end"]
            let places = ["object_ref", "box", "quad", "vision"].flatMap { [$0 + "_start", $0 + "_end"] }
            let pads = ["vision_pad", "image_pad", "video_pad"]
            let plain = ["fim_prefix", "fim_middle", "fim_suffix", "fim_pad", "repo_name", "file_sep"]
            return (controls + places + pads).map { token("<|\($0)|>", isSpecial: true) }
                + ["<tool_call>", "</tool_call>"].map { token($0, isSpecial: false) }
                + plain.map { token("<|\($0)|>", isSpecial: false) } + unused
        }
    }
}
