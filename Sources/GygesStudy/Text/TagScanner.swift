/// Finds tags in a text, without regard to case, in one pass.
struct TagScanner {
    /// The text in UTF-8.
    let bytes: [UInt8]
    private let tags: [[UInt8]]
    private var position = 0

    /// Looks in `text` for `tags`, each of which begins with `<` and is written in small letters.
    init(_ text: String, tags: [String]) {
        bytes = Array(text.utf8)
        self.tags = tags.map { Array($0.utf8) }
    }

    /// The next tag, by its place among those looked for, and where it stands in ``bytes``; of two that begin alike, the one named
    /// first.
    ///
    /// - Complexity: O(length of the text) for all calls together, for tags of bounded length.
    mutating func next() -> (tag: Int, range: Range<Int>)? {
        while position < bytes.count {
            guard let start = bytes[position...].firstIndex(of: UInt8(ascii: "<")) else { break }
            if let tag = tags.firstIndex(where: { matches($0, at: start) }) {
                position = start + tags[tag].count
                return (tag, start..<position)
            }
            position = start + 1
        }
        position = bytes.count
        return nil
    }

    private func matches(_ tag: [UInt8], at start: Int) -> Bool {
        guard bytes.count - start >= tag.count else { return false }
        return tag.indices.allSatisfy { bytes[start + $0].lowercased == tag[$0] }
    }

    /// The text of a range of ``bytes``.
    func text(_ range: Range<Int>) -> Substring { Substring(decoding: bytes[range], as: UTF8.self) }
}

extension UInt8 {
    /// The small letter of a capital one of ASCII; any other byte as it is.
    var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
