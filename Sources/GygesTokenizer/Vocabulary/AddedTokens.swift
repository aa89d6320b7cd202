/// A token found in text as it stands, before the text is normalised and cut into pieces.
struct AddedToken: Sendable, Equatable {
    /// The token's number.
    var id: Int32
    /// What is found.
    var content: String
    /// Whether decoding may leave it out, and text from users may never produce it.
    var isSpecial = false
    /// Whether it is looked for in normalised text.
    var isNormalized = false
    /// Whether it is found only where no word character (`\w`) stands beside it.
    var isSingleWord = false
    /// Whether it swallows the white space before it.
    var stripsLeft = false
    /// Whether it swallows the white space behind it.
    var stripsRight = false

    /// Whether it stands for white space alone, which it encodes but does not give any meaning.
    var isWhiteSpace: Bool { content.unicodeScalars.allSatisfy(\.properties.isWhitespace) }
}

/// Finds added tokens in text: of those that begin leftmost the longest, without overlap.
struct AddedTokenMatcher: Sendable {
    /// The tokens; a match names one by its index.
    let tokens: [AddedToken]
    private let isWhiteSpace: [Bool]
    /// A trie. Node 0 is the root; the children of a node are a chain of siblings.
    private var nodes: [Node] = [Node(byte: 0)]
    /// Whether any token begins with a byte.
    private var isFirst = [Bool](repeating: false, count: 256)

    private struct Node: Sendable {
        var byte: UInt8
        var firstChild: Int32 = -1
        var nextSibling: Int32 = -1
        /// The token that ends here, or -1.
        var token: Int32 = -1
    }

    /// The maximum length of a token in bytes, so that the time of a search is linear in the text's length.
    static let lengthLimit = 512

    /// Creates a matcher; `sought` gives the text that is looked for, as UTF-8.
    init(_ tokens: [AddedToken], sought: (AddedToken) -> [UInt8]) {
        self.tokens = tokens
        isWhiteSpace = tokens.map(\.isWhiteSpace)
        for (index, token) in tokens.enumerated() { insert(sought(token), Int32(index)) }
    }

    private mutating func insert(_ bytes: [UInt8], _ token: Int32) {
        guard let first = bytes.first else { return }
        isFirst[Int(first)] = true
        var node = 0
        for byte in bytes {
            if let child = child(of: node, byte) {
                node = child
            } else {
                nodes.append(Node(byte: byte, nextSibling: nodes[node].firstChild))
                nodes[node].firstChild = Int32(nodes.count - 1)
                node = nodes.count - 1
            }
        }
        nodes[node].token = token
    }

    @inline(__always)
    private func child(of node: Int, _ byte: UInt8) -> Int? {
        var child = nodes[node].firstChild
        while child >= 0 {
            if nodes[Int(child)].byte == byte { return Int(child) }
            child = nodes[Int(child)].nextSibling
        }
        return nil
    }

    /// Which tokens text may produce.
    enum Permission { case all, whiteSpaceOnly }

    /// Cuts text at its added tokens.
    ///
    /// Follows the reference step by step (`added_vocabulary.rs`, `find_matches`), including that white space swallowed by
    /// one token may still be part of the next.
    ///
    /// - Parameters:
    ///   - permission: which tokens are looked for.
    ///   - untrusted: ranges of `text`, in order, where no match may lie, not even in part, but for white space.
    ///   - body: called in order with an index into ``tokens``, or with `nil` and text without tokens.
    func split(
        _ text: UnsafeBufferPointer<UInt8>, _ permission: Permission, untrusted: [Range<Int>],
        _ body: (Int?, Range<Int>) -> Void
    ) {
        guard let base = text.baseAddress else { return }
        var begin = 0
        var search = 0
        while let match = firstMatch(base, text.count, from: search, permission, untrusted) {
            search = match.range.upperBound
            let token = tokens[match.token]
            var (lower, upper) = (match.range.lowerBound, match.range.upperBound)
            if token.isSingleWord, touchesWord(base, text.count, match.range) { continue }
            if token.stripsLeft { lower = max(spaceStart(base, before: lower), begin) }
            if token.stripsRight { upper = spaceEnd(base, text.count, after: upper) }
            // A token of white space may have been swallowed whole by the one before; the reference drops it, or fails.
            guard lower < upper else { continue }
            if begin < lower { body(nil, begin..<lower) }
            body(match.token, lower..<upper)
            begin = upper
        }
        if begin < text.count { body(nil, begin..<text.count) }
    }

    private func firstMatch(
        _ text: UnsafePointer<UInt8>, _ count: Int, from start: Int, _ permission: Permission, _ untrusted: [Range<Int>]
    ) -> (token: Int, range: Range<Int>)? {
        guard !tokens.isEmpty else { return nil }
        return isFirst.withUnsafeBufferPointer { isFirst in
            var position = start
            while true {
                while position < count, !isFirst[Int(text[position])] { position += 1 }
                guard position < count else { return nil }
                var node = 0
                var index = position
                var longest: (token: Int, range: Range<Int>)?
                while index < count, let child = child(of: node, text[index]) {
                    node = child
                    index += 1
                    let token = Int(nodes[node].token)
                    guard token >= 0 else { continue }
                    let range = position..<index
                    if isWhiteSpace[token] || permission == .all && !touches(range, untrusted) {
                        longest = (token, range)
                    }
                }
                if let longest { return longest }
                position += 1
            }
        }
    }

    /// Whether `range` shares a byte with one of `ranges`, which are in order and apart.
    private func touches(_ range: Range<Int>, _ ranges: [Range<Int>]) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound < range.upperBound
    }

    // MARK: Surroundings

    private func touchesWord(_ text: UnsafePointer<UInt8>, _ count: Int, _ range: Range<Int>) -> Bool {
        let classes = UnicodeClasses.shared.view
        if range.lowerBound > 0 {
            let previous = previousScalarStart(text, before: range.lowerBound)
            if classes[decodeScalar(text + previous).codePoint].contains(.word) { return true }
        }
        return range.upperBound < count && classes[decodeScalar(text + range.upperBound).codePoint].contains(.word)
    }

    private func spaceStart(_ text: UnsafePointer<UInt8>, before index: Int) -> Int {
        let classes = UnicodeClasses.shared.view
        var index = index
        while index > 0 {
            let previous = previousScalarStart(text, before: index)
            guard classes[decodeScalar(text + previous).codePoint].contains(.space) else { break }
            index = previous
        }
        return index
    }

    private func spaceEnd(_ text: UnsafePointer<UInt8>, _ count: Int, after index: Int) -> Int {
        let classes = UnicodeClasses.shared.view
        var index = index
        while index < count {
            let (codePoint, width) = decodeScalar(text + index)
            guard classes[codePoint].contains(.space) else { break }
            index += width
        }
        return index
    }
}
