/// A regular expression by which files cut text into pieces, matched as a backtracking engine does (Oniguruma, in `tokenizers`).
///
/// Only the expressions of ``published`` are known: each is matched in time linear in the text, which holds for few expressions, and
/// agrees with the reference on tens of thousands of texts. Three of them have faster code of their own; see ``PieceScanner``.
struct PiecePattern: Sendable {
    /// The expression as files write it.
    let expression: String
    private let alternatives: [[Node]]

    /// A part of an alternative.
    fileprivate enum Node: Sendable {
        /// So many characters of a set, as many as possible.
        case run(CharacterSet, ClosedRange<Int>)
        /// No character of a set follows.
        case notFollowed(CharacterSet)
        /// A run of a set up to the end.
        case trailing(CharacterSet)
        /// One of several words in any case, which may be missing.
        case word([[UInt8]], isOptional: Bool)
    }

    /// The pattern that `expression` writes, if it is one of the known ones.
    init?(expression: String) {
        guard Self.published.contains(where: { $0.utf8.elementsEqual(expression.utf8) }) else { return nil }
        var reader = PatternReader(expression)
        self.expression = expression
        alternatives = reader.alternatives()
    }

    /// Whether every character belongs to a match: the expression ends in any white space, after letters, numbers and others.
    var matchesEverything: Bool { expression.utf8.reversed().starts(with: #"|\s+(?!\S)|\s+"#.utf8.reversed()) }

    /// Calls `body` with every piece of a text, matches and what lies between.
    func forEachPiece(_ text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        guard let base = text.baseAddress else { return }
        let matching = Matching(text: base, end: text.count)
        var start = 0
        var index = 0
        while index < text.count {
            guard let end = matching.end(of: alternatives, from: index), end > index else {
                index += decodeScalar(base + index).width
                continue
            }
            if start < index { body(start..<index) }
            body(index..<end)
            index = end
            start = end
        }
        if start < text.count { body(start..<text.count) }
    }

    /// Matching over one text.
    private struct Matching {
        let text: UnsafePointer<UInt8>
        let end: Int
        let classes = UnicodeClasses.shared.view
        let letters = UnicodeClasses.letterView

        func end(of alternatives: [[Node]], from start: Int) -> Int? {
            for alternative in alternatives {
                if let end = end(of: alternative, 0, from: start) { return end }
            }
            return nil
        }

        private func end(of nodes: [Node], _ index: Int, from start: Int) -> Int? {
            guard index < nodes.count else { return start }
            switch nodes[index] {
            case .run(let set, let counts):
                var (position, count) = (start, 0)
                while count < counts.upperBound, position < end {
                    let (scalar, width) = decodeScalar(text + position)
                    guard set.contains(scalar, classes, letters) else { break }
                    position += width
                    count += 1
                }
                while count >= counts.lowerBound {
                    if let end = end(of: nodes, index + 1, from: position) { return end }
                    guard count > 0 else { return nil }
                    position = previousScalarStart(text, before: position)
                    count -= 1
                }
                return nil
            case .notFollowed(let set):
                if start < end, set.contains(decodeScalar(text + start).codePoint, classes, letters) { return nil }
                return end(of: nodes, index + 1, from: start)
            case .trailing(let set):
                // From the end, so that a long run elsewhere is not read once for each of its characters.
                var position = end
                while position > start {
                    let previous = previousScalarStart(text, before: position)
                    guard set.contains(decodeScalar(text + previous).codePoint, classes, letters) else { return nil }
                    position = previous
                }
                return start < end ? end : nil
            case .word(let words, let isOptional):
                for word in words {
                    if let position = self.end(of: word, from: start),
                        let end = end(of: nodes, index + 1, from: position)
                    {
                        return end
                    }
                }
                return isOptional ? end(of: nodes, index + 1, from: start) : nil
            }
        }

        /// The end of a word in lower case that stands here in any case; `ſ` folds to `s`, the only fold that leaves ASCII here.
        private func end(of word: [UInt8], from start: Int) -> Int? {
            var position = start
            for byte in word {
                guard position < end else { return nil }
                if byte == UInt8(ascii: "s"), text[position] == 0xC5, position + 1 < end, text[position + 1] == 0xBF {
                    position += 2
                } else {
                    let isLetter = (0x41...0x5A).contains(text[position])
                    guard (isLetter ? text[position] | 0x20 : text[position]) == byte else { return nil }
                    position += 1
                }
            }
            return position
        }
    }
}

extension PiecePattern: Equatable {
    static func == (a: PiecePattern, b: PiecePattern) -> Bool { a.expression.utf8.elementsEqual(b.expression.utf8) }
}

/// The characters between brackets, or those of an escape.
private struct CharacterSet: Sendable {
    var classes: CharacterClass = []
    var letters: LetterClass = []
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    @inline(__always)
    func contains(
        _ scalar: UInt32, _ classView: UnicodeClasses.View<CharacterClass>,
        _ letterView: UnicodeClasses.View<LetterClass>
    ) -> Bool {
        let isMember =
            !classView[scalar].isDisjoint(with: classes)
            || !letters.isEmpty && !letterView[scalar].isDisjoint(with: letters)
            || ranges.contains { $0.contains(scalar) }
        return isMember != isNegated
    }
}

/// Reads the expressions of ``PiecePattern/published``, and no others.
private struct PatternReader {
    private var rest: Substring.UnicodeScalarView

    init(_ expression: String) { rest = expression[...].unicodeScalars }

    mutating func alternatives() -> [[PiecePattern.Node]] {
        var alternatives: [[PiecePattern.Node]] = [[]]
        while let first = rest.first {
            if first == "|" {
                rest.removeFirst()
                alternatives.append([])
            } else {
                alternatives[alternatives.count - 1].append(node())
            }
        }
        return alternatives
    }

    private mutating func node() -> PiecePattern.Node {
        if skip("(?!") {
            let set = self.set()
            _ = skip(")")
            return .notFollowed(set)
        }
        if skip("(?i:") {
            let words = String(rest.prefix { $0 != ")" }).split(separator: "|").map { Array($0.utf8) }
            rest = rest.drop { $0 != ")" }.dropFirst()
            return .word(words, isOptional: skip("?"))
        }
        let set = self.set()
        if skip("+$") { return .trailing(set) }
        if skip("?") { return .run(set, 0...1) }
        if skip("*") { return .run(set, 0...Int.max) }
        if skip("+") { return .run(set, 1...Int.max) }
        if skip("{1,3}") { return .run(set, 1...3) }
        return .run(set, 1...1)
    }

    private mutating func set() -> CharacterSet {
        var set = CharacterSet()
        guard skip("[") else {
            insertElement(into: &set)
            return set
        }
        set.isNegated = skip("^")
        while let first = rest.first, first != "]" { insertElement(into: &set) }
        _ = skip("]")
        return set
    }

    /// Adds a character, a range of them, or what an escape stands for.
    private mutating func insertElement(into set: inout CharacterSet) {
        for (name, classes, letters) in Self.escapes where skip(name) {
            set.classes.formUnion(classes)
            set.letters.formUnion(letters)
            return
        }
        if skip("\\S") {
            // In the lookahead alone, where nothing else stands.
            set.classes = .space
            set.isNegated = true
            return
        }
        let first = character()
        guard rest.first == "-", rest.dropFirst().first != "]" else { return set.ranges.append(first...first) }
        rest.removeFirst()
        set.ranges.append(first...max(first, character()))
    }

    /// `\p{Lu}` and `\p{Lt}`, and `\p{Lm}` and `\p{Lo}`, always come together.
    private static let escapes: [(String, CharacterClass, LetterClass)] = [
        ("\\s", .space, []), ("\\p{L}", .letter, []), ("\\p{N}", .number, []), ("\\p{P}", .punctuation, []),
        ("\\p{S}", .symbol, []), ("\\p{M}", [], .mark), ("\\p{Lu}", [], .upper), ("\\p{Lt}", [], .upper),
        ("\\p{Ll}", [], .lower), ("\\p{Lm}", [], .uncased), ("\\p{Lo}", [], .uncased),
    ]

    private mutating func character() -> UInt32 {
        var scalar = rest.popFirst() ?? " "
        if scalar == "\\" {
            scalar = rest.popFirst() ?? " "
            scalar = scalar == "r" ? "\r" : scalar == "n" ? "\n" : scalar
        }
        return scalar.value
    }

    private mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest.removeFirst(text.unicodeScalars.count)
        return true
    }
}
