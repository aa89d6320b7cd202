import GygesTokenizer

/// A text, or words joined by spaces, as scalars, to look up what stands where.
struct TextLayout {
    /// The scalars.
    let scalars: [Unicode.Scalar]
    /// Whether the text came as words.
    let isWords: Bool
    /// Where each word begins.
    private let wordStarts: [Int]
    /// Where each scalar begins in bytes, and where the last ends.
    private let byteStarts: [Int]

    init(_ text: TextInput) {
        var scalars: [Unicode.Scalar] = []
        var wordStarts: [Int] = []
        switch text {
        case .text(let text):
            scalars = Array(text.unicodeScalars)
            isWords = false
        case .words(let words):
            for word in words {
                if !wordStarts.isEmpty { scalars.append(" ") }
                wordStarts.append(scalars.count)
                scalars += word.unicodeScalars
            }
            isWords = true
        }
        var byteStarts = [0]
        byteStarts.reserveCapacity(scalars.count + 1)
        for scalar in scalars { byteStarts.append(byteStarts[byteStarts.count - 1] + UTF8.width(scalar)) }
        self.scalars = scalars
        self.wordStarts = wordStarts
        self.byteStarts = byteStarts
    }

    /// Where a token lies, in scalars of the whole.
    func place(of origin: TokenOrigin) -> Range<Int> {
        guard isWords, let word = origin.word, wordStarts.indices.contains(word) else { return clamped(origin.scalars) }
        let start = wordStarts[word]
        return clamped(start + origin.scalars.lowerBound..<start + origin.scalars.upperBound)
    }

    /// A place in bytes.
    func bytes(of place: Range<Int>) -> Range<Int> {
        let place = clamped(place)
        return byteStarts[place.lowerBound]..<byteStarts[place.upperBound]
    }

    /// The text of a place.
    func text(at place: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[clamped(place)])
        return String(view)
    }

    /// A place without white space at its ends; one of white space alone stays.
    func trimmed(_ place: Range<Int>) -> Range<Int> {
        let place = clamped(place)
        guard let first = place.first(where: { !scalars[$0].properties.isWhitespace }),
            let last = place.last(where: { !scalars[$0].properties.isWhitespace })
        else { return place }
        return first..<last + 1
    }

    /// Whether there is no space before `index` or at it, so that what begins there goes on with a word.
    func continuesWord(at index: Int) -> Bool {
        guard index > 0, index <= scalars.count, scalars[index - 1] != " " else { return false }
        return index == scalars.count || scalars[index] != " "
    }

    private func clamped(_ place: Range<Int>) -> Range<Int> { place.clamped(to: 0..<scalars.count) }
}
