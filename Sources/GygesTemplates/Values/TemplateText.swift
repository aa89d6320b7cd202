import GygesTokenizer

/// A text that knows of each of its parts whether the template wrote it or the conversation.
///
/// Positions are bytes of UTF-8. Everything that cuts and joins keeps the marks; what rewrites characters (case, escapes)
/// makes a mixed text untrusted as a whole, since a mark wrongly kept would let a user spell a special token.
struct TemplateText {
    /// Whose text it is up to a byte.
    private struct Run {
        var end: Int
        var isTrusted: Bool
    }

    private(set) var text: String
    /// The runs in order; neighbours differ in trust, none is empty. Empty for an empty text.
    private var runs: [Run]
    /// Whether the text is what Jinja calls markup (`safe`, `escape`): plain text that is added to it gets escaped.
    var isMarkup = false

    static let empty = TemplateText("", isTrusted: true)

    init(_ text: String, isTrusted: Bool) {
        self.text = text
        runs = text.isEmpty ? [] : [Run(end: text.utf8.count, isTrusted: isTrusted)]
    }

    /// A text of which nothing is trusted but what is one of some words, given as UTF-8: of those that begin leftmost the longest.
    init(_ text: String, trusting words: [[UInt8]]) {
        self.init(text, isTrusted: false)
        let bytes = Array(text.utf8)
        let first = Set(words.compactMap(\.first))
        var runs: [Run] = []
        func extend(to end: Int, isTrusted: Bool) {
            guard end > runs.last?.end ?? 0 else { return }
            if runs.last?.isTrusted == isTrusted { runs.removeLast() }
            runs.append(Run(end: end, isTrusted: isTrusted))
        }
        var place = 0
        while place < bytes.count {
            let match =
                first.contains(bytes[place])
                ? words.filter { bytes[place...].starts(with: $0) }.map(\.count).max() : nil
            if let match, match > 0 {
                extend(to: place, isTrusted: false)
                extend(to: place + match, isTrusted: true)
                place += match
            } else {
                place += 1
            }
        }
        extend(to: bytes.count, isTrusted: false)
        self.runs = runs
    }

    var byteCount: Int { text.utf8.count }
    var isEmpty: Bool { runs.isEmpty }
    /// Whether the template wrote all of it.
    var isTrusted: Bool { runs.allSatisfy(\.isTrusted) }
    var bytes: [UInt8] { Array(text.utf8) }

    /// Whether all of it is by the template, or none, and there is some.
    var isByOneHand: Bool { runs.count == 1 }
    /// How many bytes belong to characters beyond ASCII.
    var nonASCIIByteCount: Int { text.utf8.reduce(0) { $0 + ($1 < 0x80 ? 0 : 1) } }

    /// Whether the text begins, or ends, with another, byte by byte: a text's UTF-8 holds another's only at whole characters.
    func has(_ affix: TemplateText, atEnd: Bool) -> Bool {
        guard affix.byteCount <= byteCount else { return false }
        let utf8 = text.utf8
        return (atEnd ? utf8.suffix(affix.byteCount) : utf8.prefix(affix.byteCount)).elementsEqual(affix.text.utf8)
    }

    /// The number of characters as Python counts them.
    var scalarCount: Int { text.utf8.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }

    var segments: [TextSegment] {
        var start = 0
        return runs.map { run in
            defer { start = run.end }
            return TextSegment(substring(start..<run.end), isTrusted: run.isTrusted)
        }
    }

    private func substring(_ range: Range<Int>) -> String {
        let utf8 = text.utf8
        let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
        return String(text[start..<utf8.index(start, offsetBy: range.count)])
    }

    /// The part between two bytes, which must be boundaries of characters.
    subscript(range: Range<Int>) -> TemplateText {
        if range == 0..<byteCount { return self }
        var part = TemplateText(substring(range), isTrusted: true)
        part.isMarkup = isMarkup
        part.runs = []
        guard !range.isEmpty else { return part }
        for run in runs[firstRun(endingAfter: range.lowerBound)...] {
            guard part.runs.last?.end != range.count else { break }
            part.runs.append(Run(end: min(run.end, range.upperBound) - range.lowerBound, isTrusted: run.isTrusted))
        }
        return part
    }

    private func firstRun(endingAfter byte: Int) -> Int {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].end > byte { high = middle } else { low = middle + 1 }
        }
        return low
    }

    mutating func append(_ other: TemplateText) {
        let offset = byteCount
        text += other.text
        for run in other.runs {
            if runs.last?.isTrusted == run.isTrusted {
                runs[runs.count - 1].end = run.end + offset
            } else {
                runs.append(Run(end: run.end + offset, isTrusted: run.isTrusted))
            }
        }
    }

    static func + (a: TemplateText, b: TemplateText) -> TemplateText {
        var sum = a
        sum.append(b)
        return sum
    }

    /// The text with its characters rewritten.
    func mapped(_ rewrite: (String) -> String) -> TemplateText {
        var result = TemplateText(rewrite(text), isTrusted: isTrusted)
        result.isMarkup = isMarkup
        return result
    }

    /// The text no longer marked as markup.
    var plain: TemplateText {
        var plain = self
        plain.isMarkup = false
        return plain
    }

    /// Where each character begins, and the end of the last.
    var scalarBoundaries: [Int] {
        var boundaries: [Int] = []
        for (index, byte) in text.utf8.enumerated() where byte & 0xC0 != 0x80 { boundaries.append(index) }
        boundaries.append(byteCount)
        return boundaries
    }

    /// The characters, each as a text.
    var characters: [TemplateText] {
        let boundaries = scalarBoundaries
        return zip(boundaries, boundaries.dropFirst()).map { self[$0..<$1] }
    }

    /// Whether the same characters stand in both, without regard to canonical equivalence, which Python does not know.
    static func hasSameCharacters(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
}

extension TemplateText {
    // MARK: Cutting

    /// Without white space, or characters of `set`, at the ends.
    func stripped(_ set: String? = nil, left: Bool = true, right: Bool = true) -> TemplateText {
        let set = set.map { Set($0.unicodeScalars) }
        func isCut(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? PythonText.isSpace(scalar) }
        let scalars = text.unicodeScalars
        var (start, end) = (0, byteCount)
        if left { start = scalars.prefix(while: isCut).reduce(0) { $0 + UTF8.width($1) } }
        if right, start < end {
            end -= scalars.reversed().prefix(while: isCut).reduce(0) { $0 + UTF8.width($1) }
        }
        return self[start..<max(start, end)]
    }

    /// `str.split` at white space, at most `limit` times; `count` is called before every part.
    func splitAtSpace(
        limit: Int, _ count: () throws(TemplateError) -> Void
    ) throws(TemplateError) -> [TemplateText] {
        let bytes = bytes
        var parts: [TemplateText] = []
        var position = 0
        while true {
            while let next = PythonText.spaceEnd(in: bytes, from: position) { position = next }
            guard position < bytes.count else { return parts }
            try count()
            if parts.count == limit {
                parts.append(self[position..<bytes.count])
                return parts
            }
            let start = position
            while position < bytes.count, PythonText.spaceEnd(in: bytes, from: position) == nil { position += 1 }
            parts.append(self[start..<position])
        }
    }

    /// `str.rsplit` at white space, at most `limit` times; `count` is called before every part.
    func splitAtSpaceFromRight(
        limit: Int, _ count: () throws(TemplateError) -> Void
    ) throws(TemplateError) -> [TemplateText] {
        let bytes = bytes
        var parts: [TemplateText] = []
        var position = bytes.count
        while true {
            while let next = PythonText.spaceStart(in: bytes, before: position) { position = next }
            guard position > 0 else { return parts.reversed() }
            try count()
            if parts.count == limit {
                parts.append(self[0..<position])
                return parts.reversed()
            }
            let end = position
            while position > 0, PythonText.spaceStart(in: bytes, before: position) == nil { position -= 1 }
            parts.append(self[position..<end])
        }
    }

    /// Splits at occurrences of a separator that have been found.
    func split(at occurrences: [Int], separatorByteCount: Int) -> [TemplateText] {
        var parts: [TemplateText] = []
        var start = 0
        for occurrence in occurrences {
            parts.append(self[start..<occurrence])
            start = occurrence + separatorByteCount
        }
        parts.append(self[start..<byteCount])
        return parts
    }

    /// `str.splitlines`; `count` is called before every line.
    func lines(
        keepsEnds: Bool = false, _ count: () throws(TemplateError) -> Void
    ) throws(TemplateError) -> [TemplateText] {
        var lines: [TemplateText] = []
        var (start, position) = (0, 0)
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            let end = position + UTF8.width(scalar)
            if scalar == "\n", previous == "\r" {
                // The line ended at the "\r" already.
                if keepsEnds, let last = lines.popLast() { lines.append(last + self[position..<end]) }
                start = end
            } else if PythonText.isLineBreak(scalar) {
                try count()
                lines.append(self[start..<(keepsEnds ? end : position)])
                start = end
            }
            position = end
            previous = scalar
        }
        if start < position { lines.append(self[start..<position]) }
        return lines
    }

    /// Texts with `separator` between them.
    static func joined(_ parts: [TemplateText], separator: TemplateText) -> TemplateText {
        var joined = TemplateText.empty
        for (index, part) in parts.enumerated() {
            if index > 0 { joined.append(separator) }
            joined.append(part)
        }
        return joined
    }

    /// `str.replace`; an empty `old` stands before every character and at the end.
    func replacing(_ old: String, with new: TemplateText, limit: Int) -> TemplateText {
        let occurrences: [Int]
        if old.isEmpty {
            occurrences = Array(scalarBoundaries.prefix(limit))
        } else {
            occurrences = PythonText.occurrences(of: Array(old.utf8), in: bytes, limit: limit)
        }
        var result = TemplateText.joined(
            split(at: occurrences, separatorByteCount: old.utf8.count), separator: new)
        result.isMarkup = isMarkup
        return result
    }
}
