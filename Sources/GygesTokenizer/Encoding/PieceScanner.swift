/// Matches the known pre-tokenizer patterns over UTF-8, one piece at a time.
///
/// Every position of a text starts a match of each pattern, so a piece is described by its end alone. The comments name
/// the alternatives of ``PreTokenizer/Pattern/expression`` in the order in which a backtracking engine tries them.
struct PieceScanner {
    private let text: UnsafePointer<UInt8>
    /// Where the text ends for the pattern; lookahead sees nothing beyond.
    var end: Int
    private let classes = UnicodeClasses.shared.view

    /// Creates a scanner over `end` bytes of well-formed UTF-8.
    init(text: UnsafePointer<UInt8>, end: Int) {
        self.text = text
        self.end = end
    }

    /// Letters, numbers and white space: what the alternative for other characters excludes.
    private static let listed: CharacterClass = [.letter, .number, .space]

    /// The class and the length in bytes of the character at `index`.
    @inline(__always)
    private func character(at index: Int) -> (class: CharacterClass, width: Int) {
        let byte = text[index]
        if byte < 0x80 { return (classes[ascii: byte], 1) }
        let (codePoint, width) = decodeScalar(text + index)
        return (classes[codePoint], width)
    }

    /// The end of the run, from `index` on, of characters that share a bit with `wanted`.
    @inline(__always)
    private func runEnd(of wanted: CharacterClass, from index: Int) -> Int {
        var index = index
        while index < end {
            let (found, width) = character(at: index)
            guard !found.isDisjoint(with: wanted) else { break }
            index += width
        }
        return index
    }

    /// The end of the run, from `index` on, of characters that are neither letters, numbers nor white space.
    @inline(__always)
    private func otherRunEnd(from index: Int) -> Int {
        var index = index
        while index < end {
            let (found, width) = character(at: index)
            guard found.isDisjoint(with: Self.listed) else { break }
            index += width
        }
        return index
    }

    /// The end of the piece that begins at `start`, by GPT-2's pattern.
    @inline(__always)
    func gpt2PieceEnd(from start: Int) -> Int {
        let first = text[start]
        // 's|'t|'re|'ve|'m|'ll|'d
        if first == UInt8(ascii: "'"), let contraction = contractionEnd(from: start) { return contraction }
        // ` ?\p{L}+`, ` ?\p{N}+`, ` ?[^\s\p{L}\p{N}]+`: what follows an optional space decides among them.
        var (found, width) = character(at: start)
        var head = start
        if first == UInt8(ascii: " "), start + 1 < end {
            head = start + 1
            (found, width) = character(at: head)
        }
        if found.contains(.letter) { return runEnd(of: .letter, from: head + width) }
        if found.contains(.number) { return runEnd(of: .number, from: head + width) }
        if !found.contains(.space) { return otherRunEnd(from: head + width) }
        return spacePieceEnd(from: start, endsAfterNewline: false)
    }

    /// The end of the piece that begins at `start`, by the patterns of Qwen2 (numbers one by one) and Llama-3 (up to three).
    @inline(__always)
    func caselessPieceEnd(from start: Int, numberLimit: Int) -> Int {
        let first = text[start]
        let (found, width) = character(at: start)
        // `[^\r\n\p{L}\p{N}]?\p{L}+` on a letter; contractions begin with an apostrophe and cannot match here.
        if found.contains(.letter) { return runEnd(of: .letter, from: start + width) }
        // `\p{N}` or `\p{N}{1,3}`
        if found.contains(.number) {
            var index = start + width
            var count = 1
            while count < numberLimit, index < end {
                let (found, width) = character(at: index)
                guard found.contains(.number) else { break }
                index += width
                count += 1
            }
            return index
        }
        // (?i:'s|'t|'re|'ve|'m|'ll|'d)
        if first == UInt8(ascii: "'"), let contraction = caselessContractionEnd(from: start) { return contraction }
        let isNewline = first == UInt8(ascii: "\n") || first == UInt8(ascii: "\r")
        let next = start + width
        if !isNewline, next < end {
            let (following, followingWidth) = character(at: next)
            // `[^\r\n\p{L}\p{N}]?\p{L}+` with its first character
            if following.contains(.letter) { return runEnd(of: .letter, from: next + followingWidth) }
            // ` ?[^\s\p{L}\p{N}]+[\r\n]*` with its space
            if first == UInt8(ascii: " "), following.isDisjoint(with: Self.listed) {
                return newlinesEnd(from: otherRunEnd(from: next + followingWidth))
            }
        }
        // ` ?[^\s\p{L}\p{N}]+[\r\n]*` without
        if !found.contains(.space) { return newlinesEnd(from: otherRunEnd(from: next)) }
        return spacePieceEnd(from: start, endsAfterNewline: true)
    }

    /// The end of `[\r\n]*` from `index` on.
    @inline(__always)
    private func newlinesEnd(from index: Int) -> Int {
        var index = index
        while index < end, text[index] == UInt8(ascii: "\n") || text[index] == UInt8(ascii: "\r") { index += 1 }
        return index
    }

    /// The end of a piece of white space: `\s*[\r\n]+` if wanted, then `\s+(?!\S)`, then `\s+`.
    @inline(__always)
    private func spacePieceEnd(from start: Int, endsAfterNewline: Bool) -> Int {
        var index = start
        var last = start
        var afterNewline = start
        while index < end {
            let byte = text[index]
            let (found, width) = character(at: index)
            guard found.contains(.space) else { break }
            last = index
            index += width
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { afterNewline = index }
        }
        // `\s*` takes the whole run and gives back until a line break follows: the run up to its last line break.
        if endsAfterNewline, afterNewline > start { return afterNewline }
        // `\s+(?!\S)` gives back the last character unless the text ends here, and needs one to remain.
        return index == end || last == start ? index : last
    }

    /// The end of a contraction in lower case that begins with the apostrophe at `start`.
    @inline(__always)
    private func contractionEnd(from start: Int) -> Int? {
        guard start + 1 < end else { return nil }
        switch text[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return start + 2 < end && text[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"): return start + 2 < end && text[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
        default: return nil
        }
    }

    /// The end of a contraction in any case; `ſ` (U+017F) folds to `s`, the only fold that leaves ASCII here.
    @inline(__always)
    private func caselessContractionEnd(from start: Int) -> Int? {
        guard start + 1 < end else { return nil }
        func lowercase(_ index: Int) -> UInt8 { index < end ? text[index] | 0x20 : 0 }
        switch lowercase(start + 1) {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"): return lowercase(start + 2) == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"): return lowercase(start + 2) == UInt8(ascii: "l") ? start + 3 : nil
        default: break
        }
        return text[start + 1] == 0xC5 && start + 2 < end && text[start + 2] == 0xBF ? start + 3 : nil
    }

    /// The end of what `Digits` splits off at `start`: one digit, a run of digits, or everything up to the next digit.
    @inline(__always)
    func digitSplitEnd(from start: Int, _ splitting: PreTokenizer.DigitSplitting) -> Int {
        let (found, width) = character(at: start)
        var index = start + width
        let isDigit = found.contains(.digit)
        if isDigit, splitting == .individual { return index }
        while index < end {
            let (found, width) = character(at: index)
            guard found.contains(.digit) == isDigit else { break }
            index += width
        }
        return index
    }
}
