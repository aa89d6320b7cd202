/// Learns byte-pair merges from counted words (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909), with the result of the Python
/// package `tokenizers` (`BpeTrainer`).
///
/// Again and again the pair of neighbouring symbols that occurs most often becomes a symbol of its own; of pairs that occur equally
/// often, the one of earlier symbols. A pair that spells a token that is there already becomes that token, as in the reference, whose queue then
/// has several entries of pairs with it: each entry joins the pair in the words that it was made for and in no others.
struct PairTrainer {
    /// A learnt merge: two tokens and what they become.
    struct Merge: Equatable {
        var left: Int32
        var right: Int32
        var result: Int32
    }

    /// What the tokens spell, by their numbers.
    private(set) var spellings: [[UInt8]]
    /// The merges in the order in which they were learnt. Of a pair that was learnt twice, the last time counts.
    private(set) var merges: [Merge] = []

    private var tokenOfSpelling: [[UInt8]: Int32] = [:]
    /// All words' symbols end to end; merging shortens a word in its place.
    private var symbols: [Int32] = []
    private var words: [Word] = []
    private var pairCounts: [UInt64: Int] = [:]
    private var queue = MergeQueue()

    private struct Word {
        var start: Int
        var length: Int
        var count: Int
    }

    /// Begins with tokens and with words that are made of them.
    ///
    /// - Parameters:
    ///   - spellings: What the first tokens spell, each once.
    ///   - words: How often each word occurs, in tokens; without empty ones.
    init(spellings: [[UInt8]], words: [(symbols: [Int32], count: Int)]) {
        self.spellings = spellings
        for (token, spelling) in spellings.enumerated() where tokenOfSpelling[spelling] == nil {
            tokenOfSpelling[spelling] = Int32(token)
        }
        symbols.reserveCapacity(words.reduce(0) { $0 + $1.symbols.count })
        for word in words {
            self.words.append(Word(start: symbols.count, length: word.symbols.count, count: word.count))
            symbols += word.symbols
        }
    }

    /// Learns until there are so many tokens, or no pair occurs often enough.
    ///
    /// - Parameters:
    ///   - minimumCount: How often a pair must occur, at least.
    ///   - maximumLength: The most bytes of a token.
    ///   - progress: Told how many tokens there are, now and then; may throw to stop.
    /// - Throws: What `progress` throws.
    /// - Complexity: O(occurrences of pairs that are merged · log(pairs)).
    mutating func learn(
        tokenCount: Int, minimumCount: Int, maximumLength: Int, progress: ((Int) throws -> Void)?
    ) throws {
        countPairs()
        while spellings.count < tokenCount, var top = queue.pop() {
            let count = pairCounts[top.pair] ?? 0
            guard top.count == count else {
                // Merges since have taken some away, or added some.
                top.count = count
                queue.push(top)
                continue
            }
            guard count >= max(1, minimumCount) else { break }
            let spelling = spellings[Int(top.left)] + spellings[Int(top.right)]
            guard spelling.count <= maximumLength else { continue }
            let token = token(spelling)
            merges.append(Merge(left: top.left, right: top.right, result: token))
            merge(top, into: token)
            if spellings.count % 256 == 0 { try progress?(spellings.count) }
        }
    }

    private mutating func token(_ spelling: [UInt8]) -> Int32 {
        if let token = tokenOfSpelling[spelling] { return token }
        let token = Int32(spellings.count)
        tokenOfSpelling[spelling] = token
        spellings.append(spelling)
        return token
    }

    private mutating func countPairs() {
        var places: [UInt64: [Int32]] = [:]
        for (number, word) in words.enumerated() where word.length > 1 {
            for index in word.start..<word.start + word.length - 1 {
                let pair = MergeQueue.pair(symbols[index], symbols[index + 1])
                pairCounts[pair, default: 0] += word.count
                Self.note(number, in: &places[pair, default: []])
            }
        }
        queue.push(places, counts: pairCounts)
    }

    /// Notes a word once; it is the last that was noted, if it was.
    private static func note(_ word: Int, in places: inout [Int32]) {
        if places.last != Int32(word) { places.append(Int32(word)) }
    }

    /// Joins a pair in the words of an entry, and counts the pairs that come and go.
    private mutating func merge(_ entry: MergeQueue.Entry, into token: Int32) {
        var places: [UInt64: [Int32]] = [:]
        for number in entry.words {
            let word = words[Int(number)]
            let end = word.start + word.length
            // Symbols are read at `read` and kept at `kept`.
            var (read, kept) = (word.start, word.start)
            while read < end {
                guard read + 1 < end, symbols[read] == entry.left, symbols[read + 1] == entry.right else {
                    symbols[kept] = symbols[read]
                    (read, kept) = (read + 1, kept + 1)
                    continue
                }
                if kept > word.start {
                    let before = symbols[kept - 1]
                    pairCounts[MergeQueue.pair(before, entry.left), default: 0] -= word.count
                    let pair = MergeQueue.pair(before, token)
                    pairCounts[pair, default: 0] += word.count
                    Self.note(Int(number), in: &places[pair, default: []])
                }
                symbols[kept] = token
                (read, kept) = (read + 2, kept + 1)
                if read < end {
                    pairCounts[MergeQueue.pair(entry.right, symbols[read]), default: 0] -= word.count
                    let pair = MergeQueue.pair(token, symbols[read])
                    pairCounts[pair, default: 0] += word.count
                    Self.note(Int(number), in: &places[pair, default: []])
                }
            }
            words[Int(number)].length = kept - word.start
        }
        queue.push(places, counts: pairCounts)
    }
}

/// Pairs by how often they occur, the most frequent first; of equally frequent ones that of the earliest tokens.
struct MergeQueue {
    /// A pair and the words that it was seen in.
    struct Entry {
        var pair: UInt64
        var count: Int
        var words: [Int32]

        var left: Int32 { Int32(truncatingIfNeeded: pair >> 32) }
        var right: Int32 { Int32(truncatingIfNeeded: pair) }

        fileprivate func isBefore(_ other: Entry) -> Bool {
            count != other.count ? count > other.count : pair < other.pair
        }
    }

    // A binary heap.
    private var entries: [Entry] = []

    /// A pair as one number, whose order is that of the tokens.
    static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Adds pairs that occur at all.
    mutating func push(_ places: [UInt64: [Int32]], counts: [UInt64: Int]) {
        for (pair, words) in places {
            if let count = counts[pair], count > 0 { push(Entry(pair: pair, count: count, words: words)) }
        }
    }

    /// Adds an entry.
    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].isBefore(entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the first; `nil` if there is none.
    mutating func pop() -> Entry? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child].isBefore(entries[best]) { best = child }
            }
            guard best != parent else { return first }
            entries.swapAt(parent, best)
            parent = best
        }
    }
}
