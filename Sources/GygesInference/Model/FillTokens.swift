import GygesCheckpoints
import GygesTokenizer

/// The tokens by which a model fills in the middle of a text (Bavarian et al. 2022, "Efficient Training of Language Models to Fill in the
/// Middle"): prefix, suffix, then the middle, each behind its own.
struct FillTokens: Sendable, Equatable {
    /// Stands before what precedes the middle.
    var prefix: Int32
    /// Stands before what follows the middle.
    var suffix: Int32
    /// Stands before the middle.
    var middle: Int32
    /// The tokens that end the middle, besides those that end any text: they begin another file, or pad.
    var ends: Set<Int32> = []

    /// What the three, and those that end a middle, are called in the vocabularies of models that have them.
    private static let names: [(prefix: String, suffix: String, middle: String, ends: [String])] = [
        // Qwen2.5-Coder, CodeGemma
        (
            "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>",
            ["<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|file_separator|>"]
        ),
        // StarCoder 2, Granite; SantaCoder
        ("<fim_prefix>", "<fim_suffix>", "<fim_middle>", ["<fim_pad>", "<repo_name>", "<file_sep>"]),
        ("<fim-prefix>", "<fim-suffix>", "<fim-middle>", ["<fim-pad>"]),
        // DeepSeek-Coder, where the hole stands for the suffix's beginning
        ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", []),
        // Code Llama
        ("▁<PRE>", "▁<SUF>", "▁<MID>", ["▁<EOT>"]),
    ]

    /// The tokens of a vocabulary by their names; `nil` if it has none.
    init?(tokenizer: Tokenizer) {
        for names in Self.names {
            guard let prefix = tokenizer.id(of: names.prefix), let suffix = tokenizer.id(of: names.suffix),
                let middle = tokenizer.id(of: names.middle)
            else { continue }
            self.init(
                prefix: prefix, suffix: suffix, middle: middle, ends: Set(names.ends.compactMap(tokenizer.id(of:))))
            return
        }
        return nil
    }

    /// The tokens that a GGUF file declares, or those that its vocabulary has by their names; `nil` if there are none.
    init?(gguf file: GGUFFile, tokenizer: Tokenizer) {
        func token(_ key: String) -> Int32? {
            let id = file.metadata["tokenizer.ggml.\(key)_token_id"]?.integer.flatMap(Int32.init(exactly:))
            return id.flatMap { (0..<tokenizer.vocabularyCount).contains(Int($0)) ? $0 : nil }
        }
        let named = FillTokens(tokenizer: tokenizer)
        // Older files name them without "fim".
        guard let prefix = token("fim_pre") ?? token("prefix"), let suffix = token("fim_suf") ?? token("suffix"),
            let middle = token("fim_mid") ?? token("middle")
        else {
            guard let named else { return nil }
            self = named
            return
        }
        let ends = ["fim_pad", "fim_rep", "fim_sep"].compactMap(token)
        self.init(prefix: prefix, suffix: suffix, middle: middle, ends: Set(ends).union(named?.ends ?? []))
    }

    private init(prefix: Int32, suffix: Int32, middle: Int32, ends: Set<Int32>) {
        self.prefix = prefix
        self.suffix = suffix
        self.middle = middle
        self.ends = ends
    }

    /// The tokens of a text with a gap, ready for the middle to go on.
    ///
    /// - Throws: `TokenizerError`
    func tokens(
        between before: String, and after: String, _ tokenizer: Tokenizer, _ special: SpecialTokens
    ) throws(TokenizerError) -> [Int32] {
        tokenizer.beginningTokens + [prefix] + (try tokenizer.encode(before, specialTokens: special)) + [suffix]
            + (try tokenizer.encode(after, specialTokens: special)) + [middle]
    }
}
