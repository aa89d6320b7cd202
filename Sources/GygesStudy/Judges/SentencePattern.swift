/// A sentence of a text, in a form that phrases are looked up in.
struct Sentence {
    /// Lower case, with straight apostrophes, single spaces and a space at either end.
    let normalized: String
    /// Where the sentence stands in the text, in bytes of UTF-8.
    let range: Range<Int>
    /// The sentence as written.
    let text: String

    /// The sentences of a text: what stands between full stops, question and exclamation marks and line breaks.
    static func sentences(of text: String) -> [Sentence] {
        var sentences: [Sentence] = []
        var start = text.startIndex
        func close(at end: String.Index) {
            var piece = text[start..<end]
            while piece.first?.isWhitespace == true { piece.removeFirst() }
            while piece.last?.isWhitespace == true { piece.removeLast() }
            start = end
            guard !piece.isEmpty else { return }
            let utf8 = text.utf8
            let lower = utf8.distance(from: utf8.startIndex, to: piece.startIndex)
            sentences.append(
                Sentence(
                    normalized: normalize(piece), range: lower..<(lower + piece.utf8.count), text: String(piece)))
        }
        var index = text.startIndex
        while index < text.endIndex {
            let character = text[index]
            let next = text.index(after: index)
            let endsByMark =
                ".!?".contains(character) && (next == text.endIndex || text[next].isWhitespace || text[next] == "\"")
            if character.isNewline || endsByMark { close(at: next) }
            index = next
        }
        close(at: text.endIndex)
        return sentences
    }

    /// Lower case; typographic apostrophes and quotation marks as plain ones; every run of white space as one space.
    static func normalize(_ text: some StringProtocol) -> String {
        var result = " "
        for character in text.lowercased() {
            if character.isWhitespace {
                if result.last != " " { result.append(" ") }
            } else if "’‘ʼ`".contains(character) {
                result.append("'")
            } else if "“”„«»".contains(character) {
                result.append("\"")
            } else {
                result.append(character)
            }
        }
        if result.last != " " { result.append(" ") }
        return result
    }

    /// Whether a phrase occurs, beginning at the beginning of a word. Its last word may go on: “modif” finds “modified”;
    /// a space at the end of the phrase prevents that.
    func contains(_ phrase: String) -> Bool {
        var rest = normalized[...]
        while let found = rest.firstRange(of: phrase) {
            let before =
                found.lowerBound == normalized.startIndex ? " " : normalized[normalized.index(before: found.lowerBound)]
            if !(before.isLetter || before.isNumber) { return true }
            rest = normalized[normalized.index(after: found.lowerBound)...]
        }
        return false
    }

    func containsAny(of phrases: [String]) -> Bool { phrases.contains(where: contains) }
}

/// A rule about one sentence: at least one phrase of every group occurs, and no excluded phrase does.
struct SentencePattern {
    let all: [[String]]
    var none: [String] = []

    func matches(_ sentence: Sentence) -> Bool {
        all.allSatisfy(sentence.containsAny) && !sentence.containsAny(of: none)
    }
}

extension [Sentence] {
    /// The sentences that match one of the patterns, as evidence.
    func evidence(matching patterns: [SentencePattern], place: Evidence.Place) -> [Evidence] {
        filter { sentence in patterns.contains { $0.matches(sentence) } }.map {
            Evidence(place: place, start: $0.range.lowerBound, end: $0.range.upperBound, text: $0.text)
        }
    }
}
