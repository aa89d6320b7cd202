/// Finds a sequence in others in one pass, whatever the two hold (Knuth, Morris & Pratt 1977, doi:10.1137/0206024).
///
/// Transcripts come from elsewhere and are as long as their authors like. The standard library's searches for a text within a text
/// go by `String`'s characters and take quadratic time over some, such as a long row of flags.
struct LinearSearch<Element: Equatable> {
    /// What is looked for.
    let pattern: [Element]
    /// For each length of a match, minus one, the length of the longest match that a mismatch after it leaves standing.
    private let borders: [Int]

    /// Prepares the search.
    ///
    /// - Complexity: O(m) for m elements.
    init(_ pattern: [Element]) {
        self.pattern = pattern
        var borders = pattern.isEmpty ? [] : [0]
        borders.reserveCapacity(pattern.count)
        var length = 0
        for index in pattern.indices.dropFirst() {
            while length > 0, pattern[length] != pattern[index] { length = borders[length - 1] }
            if pattern[length] == pattern[index] { length += 1 }
            borders.append(length)
        }
        self.borders = borders
    }

    /// The first occurrence from `start` on that is accepted, occurrences that overlap included; `nil` if there is none, and for an
    /// empty pattern.
    ///
    /// - Complexity: O(n) for n elements, and a call of `accepts` an occurrence.
    func first(
        in text: [Element], from start: Int = 0, where accepts: (Range<Int>) -> Bool = { _ in true }
    ) -> Range<Int>? {
        guard !pattern.isEmpty else { return nil }
        var length = 0
        var index = start
        while index < text.count {
            while length > 0, pattern[length] != text[index] { length = borders[length - 1] }
            if pattern[length] == text[index] { length += 1 }
            index += 1
            guard length == pattern.count else { continue }
            let found = (index - length)..<index
            if accepts(found) { return found }
            length = borders[length - 1]
        }
        return nil
    }

    /// Every occurrence in order, none of which overlaps another.
    ///
    /// - Complexity: O(n) for n elements.
    func ranges(in text: [Element]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        while let found = first(in: text, from: start) {
            ranges.append(found)
            start = found.upperBound
        }
        return ranges
    }
}

extension LinearSearch: Sendable where Element: Sendable {}

extension String {
    /// Where `text` stands in this one, compared as `String` compares: by characters.
    ///
    /// - Complexity: O(n + m) for texts of n and m characters.
    func places(of text: String) -> [Range<String.Index>] {
        let found = LinearSearch(Array(text)).ranges(in: Array(self))
        guard let last = found.last else { return [] }
        var places: [String.Index] = []
        places.reserveCapacity(last.upperBound + 1)
        for index in indices {
            places.append(index)
            if places.count > last.upperBound { break }
        }
        // The end of the text is the end of its last character.
        places.append(endIndex)
        return found.map { places[$0.lowerBound]..<places[$0.upperBound] }
    }

    /// A copy with `other` in place of every `text`.
    ///
    /// - Complexity: O(n + m), and the length of the result.
    func substituting(_ other: String, for text: String) -> String {
        var result = ""
        var rest = startIndex
        for place in places(of: text) {
            result += self[rest..<place.lowerBound]
            result += other
            rest = place.upperBound
        }
        return rest == startIndex ? self : result + self[rest...]
    }
}

extension Substring {
    /// The text without white space around it.
    var trimmed: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension String {
    /// The text without white space around it.
    var trimmed: String { self[...].trimmed }
}
