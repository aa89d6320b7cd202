/// Cuts a template's source into tokens as Jinja 3.1 does with `trim_blocks` and `lstrip_blocks`, which is how the
/// transformers library reads chat templates: the newline after a block tag or comment goes, and so does the white space
/// between the beginning of a line and such a tag, unless `-` asks for more or `+` for less.
struct TemplateLexer {
    /// The source with every line end written `\n` and a last one taken off.
    let bytes: [UInt8]
    var position = 0
    var line = 1
    var tokens: [TemplateToken] = []
    /// Whether the text that follows begins a line.
    private var isLineStart = true

    private init(_ source: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.utf8.count)
        var previousWasReturn = false
        for byte in source.utf8 {
            if byte == UInt8(ascii: "\r") || (byte == UInt8(ascii: "\n") && !previousWasReturn) {
                bytes.append(UInt8(ascii: "\n"))
            } else if byte != UInt8(ascii: "\n") {
                bytes.append(byte)
            }
            previousWasReturn = byte == UInt8(ascii: "\r")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        self.bytes = bytes
    }

    /// The tokens of a source, of which the last is `end`.
    static func tokens(of source: String) throws(TemplateError) -> [TemplateToken] {
        var lexer = TemplateLexer(source)
        while lexer.position < lexer.bytes.count { try lexer.scanText() }
        lexer.append(.end)
        return lexer.tokens
    }

    // MARK: Text and tags

    private enum Opening { case variable, block, comment, raw }

    /// Scans text up to the next tag, and the tag.
    private mutating func scanText() throws(TemplateError) {
        let start = position
        guard let opening = find({ $0.opening(at: $1) }) else {
            append(data: start..<bytes.count)
            position = bytes.count
            return
        }
        let tag = position
        position += 2
        let sign = takeSign()
        append(data: stripped(start..<tag, sign: sign, isVariable: opening == .variable))
        switch opening {
        case .variable:
            append(.variableBegin)
            try scanExpressions(until: .variableEnd)
        case .block:
            append(.blockBegin)
            try scanExpressions(until: .blockEnd)
        case .comment:
            let text = position
            guard find({ $0.closingLength(of: "#", at: $1) }) != nil else {
                throw failure("a comment is never closed by '#}'")
            }
            countLines(text..<position)
            takeClosing("#")
        case .raw:
            try scanRaw()
        }
    }

    /// Scans `raw %}text{% endraw %}`.
    private mutating func scanRaw() throws(TemplateError) {
        skipSpace()
        position += 3  // "raw"
        skipSpace()
        if byte(0) == UInt8(ascii: "-") {
            position += 3
            let space = position
            skipSpace()
            isLineStart = position > space && bytes[position - 1] == UInt8(ascii: "\n")
        } else {
            position += 2  // Jinja leaves the newline after "{% raw %}" alone.
            isLineStart = false
        }
        let start = position
        guard find({ $0.endRaw(at: $1) }) != nil else { throw failure("a raw block is never closed by '{% endraw %}'") }
        let tag = position
        position += 2
        let sign = takeSign()
        append(data: stripped(start..<tag, sign: sign, isVariable: false))
        skipSpace()
        position += 6  // "endraw"
        skipSpace()
        takeClosing("%")
    }

    private func opening(at index: Int) -> Opening? {
        guard bytes[index] == UInt8(ascii: "{"), index + 1 < bytes.count else { return nil }
        switch bytes[index + 1] {
        case UInt8(ascii: "{"): return .variable
        case UInt8(ascii: "#"): return .comment
        case UInt8(ascii: "%"):
            return wordLength("raw", afterTagAt: index, acceptsPlus: false) == nil ? .block : .raw
        default: return nil
        }
    }

    private func endRaw(at index: Int) -> Int? {
        guard bytes[index] == UInt8(ascii: "{"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "%") else {
            return nil
        }
        return wordLength("endraw", afterTagAt: index, acceptsPlus: true)
    }

    /// The length of a block tag that holds just `word`, or `nil` if another tag stands at `index`.
    private func wordLength(_ word: String, afterTagAt index: Int, acceptsPlus: Bool) -> Int? {
        var end = index + 2
        if end < bytes.count, bytes[end] == UInt8(ascii: "-") || bytes[end] == UInt8(ascii: "+") { end += 1 }
        end = spaceEnd(end)
        guard bytes[end...].starts(with: word.utf8) else { return nil }
        end = spaceEnd(end + word.utf8.count)
        guard let closing = closingLength(of: "%", at: end), acceptsPlus || bytes[end] != UInt8(ascii: "+") else {
            return nil
        }
        return end + closing - index
    }

    /// Moves to the first place where `match` finds something, and returns what it found.
    private mutating func find<Match>(_ match: (Self, Int) -> Match?) -> Match? {
        for index in position..<max(position, bytes.count) {
            if let found = match(self, index) {
                position = index
                return found
            }
        }
        return nil
    }

    private mutating func takeSign() -> UInt8? {
        guard let sign = byte(0), sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") else { return nil }
        position += 1
        return sign
    }

    /// What is left of the text before a tag.
    private func stripped(_ text: Range<Int>, sign: UInt8?, isVariable: Bool) -> Range<Int> {
        if sign == UInt8(ascii: "-") {
            var end = text.upperBound
            while let start = PythonText.spaceStart(in: bytes, before: end), start >= text.lowerBound { end = start }
            return text.lowerBound..<end
        }
        guard sign == nil, !isVariable else { return text }
        let newline = bytes[text].lastIndex(of: UInt8(ascii: "\n"))
        guard newline != nil || isLineStart else { return text }
        let lineStart = newline.map { $0 + 1 } ?? text.lowerBound
        return spaceEnd(lineStart, limit: text.upperBound) == text.upperBound ? text.lowerBound..<lineStart : text
    }

    /// Appends text, and counts the lines up to the tag, of which stripping may have taken some.
    private mutating func append(data range: Range<Int>) {
        if !range.isEmpty { append(.data(String(decoding: bytes[range], as: UTF8.self))) }
        countLines(lineCountedTo..<max(position, lineCountedTo))
    }

    // MARK: Closings

    /// The length of `%}`, `-%}` or `+%}` (or with another character for `%`) at `index`.
    func closingLength(of mark: Character, at index: Int) -> Int? {
        let mark = mark.asciiValue ?? 0
        guard index < bytes.count else { return nil }
        let isSigned =
            bytes[index] == UInt8(ascii: "-") || (bytes[index] == UInt8(ascii: "+") && mark != UInt8(ascii: "}"))
        let start = index + (isSigned ? 1 : 0)
        guard start + 1 < bytes.count, bytes[start] == mark, bytes[start + 1] == UInt8(ascii: "}") else { return nil }
        return start + 2 - index
    }

    /// Takes the closing at the position with the white space that it eats.
    mutating func takeClosing(_ mark: Character) {
        let start = position
        let sign = byte(0)
        position += closingLength(of: mark, at: position) ?? 0
        if sign == UInt8(ascii: "-") {
            skipSpace()
        } else if mark != "}", sign != UInt8(ascii: "+"), byte(0) == UInt8(ascii: "\n") {
            position += 1
        }
        isLineStart = position > start && bytes[position - 1] == UInt8(ascii: "\n")
        countLines(start..<position)
    }

    // MARK: Bytes

    /// The byte `offset` after the position.
    func byte(_ offset: Int) -> UInt8? { position + offset < bytes.count ? bytes[position + offset] : nil }

    private func spaceEnd(_ start: Int, limit: Int? = nil) -> Int {
        var end = start
        while end < limit ?? bytes.count, let next = PythonText.spaceEnd(in: bytes, from: end) { end = next }
        return end
    }

    mutating func skipSpace() { position = spaceEnd(position) }

    /// Where the lines have been counted to.
    private(set) var lineCountedTo = 0

    mutating func countLines(_ range: Range<Int>) {
        for byte in bytes[max(range.lowerBound, lineCountedTo)..<max(range.upperBound, lineCountedTo)]
        where byte == UInt8(ascii: "\n") {
            line += 1
        }
        lineCountedTo = max(lineCountedTo, range.upperBound)
    }

    mutating func append(_ kind: TemplateToken.Kind) { tokens.append(TemplateToken(kind: kind, line: line)) }

    func failure(_ message: String) -> TemplateError { TemplateError(.syntax, message, line: line) }
}
