package import GygesAnalysis
import GygesTemplates

/// Tells outputs that only repeat the request from answers.
///
/// Compared are words: runs of letters and digits in lower case, without tags in angle brackets. A word of the output is *repeated* if it
/// stands in ``runLength`` consecutive words of the output that stand so in a message of the request. An output is an echo if
/// 1. the prompt has at least ``runLength`` words, and at least four fifths of them stand in runs of that length that are in the output,
/// 2. the output's first word and its last are repeated, but for labels such as “User:” or “Answer:” around them,
/// 3. no more than one word in twenty between the two is not.
///
/// So an answer that quotes the request and then says anything of its own, were it a single word, is none. An output that does what it is
/// told by repeating a text (“say after me: …”) counts as an echo: nothing tells the two apart.
enum Echo {
    /// How many consecutive words are looked up: few enough for short prompts, and so many that no answer has them by chance.
    static let runLength = 4

    /// What models write around what they repeat, and no answer consists of.
    private static let labels: Set<Substring> = [
        "user", "human", "query", "input", "request", "prompt", "question", "assistant", "output", "answer", "response",
    ]

    /// Whether `output` is an echo.
    ///
    /// - Parameters:
    ///   - prompt: what the user asks.
    ///   - messages: everything that the subject was sent.
    /// - Complexity: O(n) in the length of the texts.
    static func isEcho(_ output: String, of prompt: String, in messages: [ChatMessage]) -> Bool {
        let asked = words(prompt)
        let said = words(output)
        guard asked.count >= runLength, said.count >= runLength else { return false }
        guard repeated(asked, in: Set(runs(of: said))).count(where: \.self) * 5 >= asked.count * 4 else { return false }
        let isRepeated = repeated(said, in: Set(messages.flatMap { runs(of: words($0.text)) } + runs(of: asked)))
        // Labels stand before the first repeated word and behind the last.
        guard let first = isRepeated.firstIndex(of: true), let last = isRepeated.lastIndex(of: true),
            said[..<first].allSatisfy(labels.contains), said[(last + 1)...].allSatisfy(labels.contains)
        else { return false }
        let inner = isRepeated[first...last]
        return inner.count { !$0 } * 20 <= inner.count
    }

    /// The words of a text.
    private static func words(_ text: String) -> [Substring] {
        withoutTags(text.lowercased()).split { !$0.isLetter && !$0.isNumber }
    }

    /// Of each word, whether it stands in one of the runs.
    private static func repeated(_ words: [Substring], in known: Set<[Substring]>) -> [Bool] {
        var isRepeated = [Bool](repeating: false, count: words.count)
        for (start, run) in runs(of: words).enumerated() where known.contains(run) {
            for place in start..<(start + runLength) { isRepeated[place] = true }
        }
        return isRepeated
    }

    /// Every run of consecutive words, one beginning at each word that has enough behind it.
    private static func runs(of words: [Substring]) -> [[Substring]] {
        guard words.count >= runLength else { return [] }
        return (0...(words.count - runLength)).map { Array(words[$0..<($0 + runLength)]) }
    }

    /// The text with a space for each tag: what stands between angle brackets on one line and begins with a letter or a slash.
    private static func withoutTags(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "<") {
            let inside = rest[rest.index(after: open)...]
            let end = inside.prefix(64).firstIndex { $0 == ">" || $0 == "<" || $0.isNewline }
            result += rest[..<open]
            if let end, inside[end] == ">", let first = inside.first, first.isLetter || first == "/" {
                result += " "
                rest = inside[inside.index(after: end)...]
            } else {
                result += " "
                rest = inside
            }
        }
        return result + rest
    }
}

extension Cell {
    /// What became of an answer: the state that its form gives it, and where that is valid whether it is more than an echo.
    package func state(of parsed: ParsedTranscript) -> TranscriptState {
        guard parsed.state == .valid, let output = parsed.output,
            Echo.isEcho(output, of: question, in: request.messages)
        else { return parsed.state }
        return .echo
    }
}
