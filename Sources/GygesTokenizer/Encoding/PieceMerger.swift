/// Byte-pair encoding of one piece: starts from single bytes and merges the earliest-ranked pair, leftmost first, until none is left.
struct PieceMerger {
    private let merges: MergeTable
    private let byteTokens: FrozenBuffer<Int32>
    private let unknownToken: Int32?
    /// Whether every byte has a token, so that tokens cover their piece without gaps.
    private let coversAllBytes: Bool

    private var tokens: [Int32] = []
    /// How each token merges with the one after it.
    private var pending: [MergeTable.Merge] = []

    /// - Parameters:
    ///   - byteTokens: the token of each byte, or -1.
    ///   - unknownToken: what stands for a byte that has no token; without one such bytes vanish, as in the reference.
    init(merges: MergeTable, byteTokens: FrozenBuffer<Int32>, unknownToken: Int32?) {
        self.merges = merges
        self.byteTokens = byteTokens
        self.unknownToken = unknownToken
        coversAllBytes = (0..<byteTokens.count).allSatisfy { byteTokens.base[$0] >= 0 }
    }

    /// Where a token of a piece lies in it.
    ///
    /// - Parameters:
    ///   - length: how many bytes the token stands for.
    ///   - start: where the token before it ends.
    /// - Returns: the token's place; bytes without a token that vanished lie between it and the one before, or within it.
    func place(of token: Int32, length: Int, in piece: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int> {
        if coversAllBytes { return start..<min(start + length, piece.count) }
        func hasToken(_ index: Int) -> Bool { byteTokens.base[Int(piece[index])] >= 0 }
        var lower = start
        if unknownToken != nil {
            let isUnknown = lower < piece.count && !hasToken(lower) && token == unknownToken
            return lower..<min(lower + (isUnknown ? 1 : length), piece.count)
        }
        while lower < piece.count, !hasToken(lower) { lower += 1 }
        var upper = lower
        var left = length
        while upper < piece.count, left > 0 {
            if hasToken(upper) { left -= 1 }
            upper += 1
        }
        return lower..<upper
    }

    /// Pieces up to this many bytes are searched for the earliest merge each time, which beats a heap while they are short.
    private static let scanLimit = 64

    /// The tokens of a piece; valid until the next call.
    ///
    /// - Complexity: O(n²) up to 64 bytes, O(n log n) beyond.
    mutating func encode(_ piece: UnsafePointer<UInt8>, _ length: Int) -> [Int32] {
        tokens.removeAll(keepingCapacity: true)
        for index in 0..<length {
            let token = byteTokens.base[Int(piece[index])]
            if token >= 0 { tokens.append(token) } else if let unknownToken { tokens.append(unknownToken) }
        }
        return mergeTokens()
    }

    /// What tokens in a row merge to; valid until the next call.
    mutating func merge(_ initial: [Int32]) -> [Int32] {
        tokens = initial
        return mergeTokens()
    }

    private mutating func mergeTokens() -> [Int32] {
        guard tokens.count > 1 else { return tokens }
        pending.removeAll(keepingCapacity: true)
        for index in 0..<tokens.count - 1 { pending.append(merges.merge(tokens[index], tokens[index + 1])) }
        if tokens.count <= Self.scanLimit { mergeByScanning() } else { mergeByHeap() }
        return tokens
    }

    private mutating func mergeByScanning() {
        let merges = merges
        var count = tokens.count
        tokens.withUnsafeMutableBufferPointer { tokens in
            pending.withUnsafeMutableBufferPointer { pending in
                while true {
                    var earliest = MergeTable.none
                    var position = 0
                    for index in 0..<count - 1 where pending[index] < earliest {
                        earliest = pending[index]
                        position = index
                    }
                    if earliest == MergeTable.none { break }
                    tokens[position] = Int32(truncatingIfNeeded: earliest)
                    count -= 1
                    for index in position + 1..<max(count, position + 1) { tokens[index] = tokens[index + 1] }
                    for index in position..<count - 1 { pending[index] = pending[index + 1] }
                    if position > 0 { pending[position - 1] = merges.merge(tokens[position - 1], tokens[position]) }
                    if position + 1 < count { pending[position] = merges.merge(tokens[position], tokens[position + 1]) }
                    if count == 1 { break }
                }
            }
        }
        tokens.removeLast(tokens.count - count)
    }

    private mutating func mergeByHeap() {
        let count = tokens.count
        // Rank above, position below: the heap's order is the order of merging. Entries are not removed when their pair
        // changes; they are recognised by a rank that is no longer the position's.
        var heap = MinimumHeap(capacity: count)
        for index in 0..<count - 1 where pending[index] != MergeTable.none {
            heap.insert((pending[index] >> 32) << 32 | UInt64(index))
        }
        pending.append(MergeTable.none)
        var next = (1...count).map { Int32($0) }
        var previous = (0..<count).map { Int32($0 - 1) }
        while let entry = heap.removeMinimum() {
            let position = Int(entry & 0xFFFF_FFFF)
            guard tokens[position] >= 0, pending[position] != MergeTable.none, pending[position] >> 32 == entry >> 32
            else { continue }
            let right = Int(next[position])
            tokens[position] = Int32(truncatingIfNeeded: pending[position])
            tokens[right] = -1
            let following = Int(next[right])
            next[position] = Int32(following)
            if following < count {
                previous[following] = Int32(position)
                pending[position] = merges.merge(tokens[position], tokens[following])
                if pending[position] != MergeTable.none {
                    heap.insert((pending[position] >> 32) << 32 | UInt64(position))
                }
            } else {
                pending[position] = MergeTable.none
            }
            if previous[position] >= 0 {
                let preceding = Int(previous[position])
                pending[preceding] = merges.merge(tokens[preceding], tokens[position])
                if pending[preceding] != MergeTable.none {
                    heap.insert((pending[preceding] >> 32) << 32 | UInt64(preceding))
                }
            }
        }
        tokens.removeAll { $0 < 0 }
    }
}

/// A binary heap of numbers, smallest first.
private struct MinimumHeap {
    private var elements: [UInt64] = []

    init(capacity: Int) { elements.reserveCapacity(capacity) }

    mutating func insert(_ element: UInt64) {
        elements.append(element)
        var index = elements.count - 1
        while index > 0, elements[(index - 1) / 2] > element {
            elements[index] = elements[(index - 1) / 2]
            index = (index - 1) / 2
        }
        elements[index] = element
    }

    mutating func removeMinimum() -> UInt64? {
        guard let minimum = elements.first, let last = elements.popLast() else { return nil }
        guard !elements.isEmpty else { return minimum }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < elements.count else { break }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < last else { break }
            elements[index] = elements[child]
            index = child
        }
        elements[index] = last
        return minimum
    }
}
