/// What the name of a pre-tokenizer in a GGUF file stands for: llama.cpp's list (`llama-vocab.cpp`) as far as it is exact here.
struct GGUFPreTokenizer {
    /// The names that stand for it.
    var names: [String]
    /// How text is cut.
    var preTokenizer: PreTokenizer
    /// Whether text is composed (NFC) before.
    var composesText = false
    /// Whether a piece that is a token as a whole is not taken apart.
    var ignoresMerges = false
    /// Whether a text begins with the token for it, unless the file says otherwise.
    var addsBeginning = false

    private static let all = [
        GGUFPreTokenizer(
            names: ["qwen2", "deepseek-r1-qwen"], preTokenizer: PreTokenizer(pattern: .qwen2), composesText: true),
        GGUFPreTokenizer(
            names: ["qwen35"], preTokenizer: PreTokenizer(expressions: [PiecePattern.qwen35]), composesText: true),
        GGUFPreTokenizer(
            names: ["llama-bpe", "llama3", "llama-v3", "falcon3"], preTokenizer: PreTokenizer(pattern: .llama3),
            ignoresMerges: true, addsBeginning: true),
        GGUFPreTokenizer(names: ["gpt-2", "phi-2"], preTokenizer: PreTokenizer(pattern: .gpt2)),
        GGUFPreTokenizer(
            names: ["smollm", "starcoder", "refact"],
            preTokenizer: PreTokenizer(digits: .individual, pattern: .gpt2)),
        GGUFPreTokenizer(names: ["olmo"], preTokenizer: PreTokenizer(pattern: .gpt2), composesText: true),
        GGUFPreTokenizer(
            names: ["tekken"], preTokenizer: PreTokenizer(expressions: [PiecePattern.tekken]), ignoresMerges: true,
            addsBeginning: true),
        GGUFPreTokenizer(
            names: ["gpt-4o", "o200k"], preTokenizer: PreTokenizer(expressions: [PiecePattern.o200k])),
        GGUFPreTokenizer(
            names: ["deepseek-llm"],
            preTokenizer: PreTokenizer(
                expressions: [
                    PiecePattern.lineBreak, PiecePattern.deepSeekLetters, PiecePattern.deepSeekMarks,
                    PiecePattern.trailingSpace, PiecePattern.ideographs, PiecePattern.numbers,
                ])),
        GGUFPreTokenizer(
            names: ["deepseek-coder"],
            preTokenizer: PreTokenizer(
                expressions: [
                    PiecePattern.lineBreak, PiecePattern.anyLetters, PiecePattern.anyPunctuation,
                    PiecePattern.ideographs, PiecePattern.number,
                ])),
        GGUFPreTokenizer(
            names: ["deepseek-v3", "deepseek-r1"],
            preTokenizer: PreTokenizer(
                expressions: [
                    PiecePattern.upToThreeNumbers, PiecePattern.deepSeekIdeographs, PiecePattern.deepSeekMain,
                ])),
    ]

    /// All names.
    static var names: [String] { all.flatMap(\.names) }

    /// The pre-tokenizer of a name, if it is known.
    init?(name: String) {
        guard let kind = Self.all.first(where: { $0.names.contains(name) }) else { return nil }
        self = kind
    }

    private init(
        names: [String], preTokenizer: PreTokenizer, composesText: Bool = false, ignoresMerges: Bool = false,
        addsBeginning: Bool = false
    ) {
        self.names = names
        self.preTokenizer = preTokenizer
        self.composesText = composesText
        self.ignoresMerges = ignoresMerges
        self.addsBeginning = addsBeginning
    }
}
