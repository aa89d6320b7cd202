import GygesKernels
import GygesTensors

/// Finds pages that were already computed for the beginning of a prompt: a tree, each path of which spells a prefix.
///
/// A full page is known by its 64 tokens under the page before it. The page in which a finished sequence ended is known in
/// the same way by the fewer tokens it has; as others go on from it with tokens of their own, they copy it, as they copy a
/// full page whose beginning alone is theirs. Pages that no live sequence uses stay until memory is needed and then go,
/// the one unused for longest first.
///
/// ``checkInvariants()`` says what must hold between any two calls.
final class PrefixIndex {
    /// A page and what follows it.
    final class Entry {
        /// The tokens of the page; none for the root.
        let tokens: [Int32]
        /// The page; `nil` for the root alone.
        let page: KeyValuePage?
        /// What it comes after; `nil` for the root alone.
        unowned let parent: Entry?
        /// Entries made later have larger numbers.
        let number: Int
        /// The full pages that follow, by their tokens.
        fileprivate(set) var full: [[Int32]: Entry] = [:]
        /// The partly filled pages that follow, in the order in which they came.
        fileprivate(set) var tails: [Entry] = []
        // Neighbours in the list of idle entries. Invariant: nil for an entry that is not idle; otherwise an idle entry of the
        // same index, which the tree holds, or nil at an end. An entry is unlinked before the tree lets go of it.
        fileprivate(set) unowned(unsafe) var older: Entry?
        fileprivate(set) unowned(unsafe) var newer: Entry?
        // Pages may be released after the index is gone.
        private weak var index: PrefixIndex?

        fileprivate init(
            tokens: [Int32], page: KeyValuePage?, number: Int, parent: Entry?, index: PrefixIndex
        ) {
            self.tokens = tokens
            self.page = page
            self.number = number
            self.parent = parent
            self.index = index
        }

        /// The pages that follow, full ones and others.
        var children: [Entry] { (full.values + tails).sorted { $0.number < $1.number } }

        var isFull: Bool { tokens.count == KeyValueLayout.blockLength }

        /// Called by the page.
        func becameUsed() { index?.unlink(self) }

        /// Called by the page.
        func becameIdle() { index?.link(self) }
    }

    /// The known pages at the beginning of a prompt, and where the tree goes on.
    struct Match {
        var pages: [KeyValuePage] = []
        var entry: PrefixIndex.Entry
    }

    /// How many partly filled pages are kept after one page.
    static let tailLimit = 8

    /// The empty prefix of texts whose positions are encoded as the model does by itself.
    private(set) lazy var root = Entry(tokens: [], page: nil, number: 0, parent: nil, index: self)
    /// The empty prefixes of texts that are computed otherwise, whose pages are of no use here.
    private(set) var otherRoots: [Circumstances: Entry] = [:]

    /// What else keys and values depend on than the tokens before them.
    struct Circumstances: Hashable {
        /// How tokens are placed: one of each setting or, where the length of a text is part of it, of each length.
        var encoding: PositionEncoding?
        /// The number of the request's adapter.
        var adapter: Int?
    }
    /// How many pages had to go for others.
    private(set) var evictedCount = 0
    private(set) var entryCount = 0
    // Idle entries by the time of their last use. An entry in use has all entries before it in use, and a path is released
    // from its end, so whatever follows an idle entry is older than it: the oldest is always a leaf.
    // Invariant: both nil, or the two ends of one list of all idle entries, which the tree holds.
    private(set) unowned(unsafe) var oldest: Entry?
    private(set) unowned(unsafe) var newest: Entry?

    // MARK: Finding

    /// The empty prefix of texts under `encoding`, `nil` being the model's native one, with the adapter of a number, if any.
    func root(of encoding: PositionEncoding?, adapter: Int? = nil) -> Entry {
        guard encoding != nil || adapter != nil else { return root }
        let circumstances = Circumstances(encoding: encoding, adapter: adapter)
        if let known = otherRoots[circumstances] { return known }
        let new = Entry(tokens: [], page: nil, number: 0, parent: nil, index: self)
        otherRoots[circumstances] = new
        return new
    }

    /// The longest known prefix of `tokens` after `root` that leaves at least one token to compute.
    func longestPrefix(of tokens: some RandomAccessCollection<Int32>, after root: Entry) -> Match {
        var match = Match(entry: root)
        let length = KeyValueLayout.blockLength
        var rest = tokens[...]
        while rest.count > length, let next = match.entry.full[Array(rest.prefix(length))], let page = next.page {
            match.pages.append(page)
            match.entry = next
            rest = rest.dropFirst(length)
        }
        return match
    }

    /// The page after `match` that has the most tokens in common with `tokens`, and how many; at least one token of `tokens`
    /// is left to compute.
    ///
    /// Complexity: O(pages after `match`).
    func longestTail(after match: Match, of tokens: ArraySlice<Int32>) -> (page: KeyValuePage, count: Int)? {
        let rest = tokens.dropLast().dropFirst(match.pages.count * KeyValueLayout.blockLength)
        var best: (page: KeyValuePage, count: Int)?
        func consider(_ entry: Entry) {
            guard let page = entry.page else { return }
            let count = commonPrefixCount(entry.tokens[...], rest)
            if count > best?.count ?? 0 { best = (page, count) }
        }
        match.entry.full.values.forEach(consider)
        match.entry.tails.forEach(consider)
        return best
    }

    /// What followed `tokens`, which come after `entry`, when they were computed last; up to `limit` tokens.
    func continuation(of tokens: ArraySlice<Int32>, after entry: Entry, limit: Int) -> [Int32] {
        var (entry, tokens, found) = (entry, tokens, [Int32]())
        while found.count < limit {
            var latest: Entry?
            func consider(_ child: Entry) {
                guard child.number > latest?.number ?? 0, child.tokens.starts(with: tokens) else { return }
                latest = child
            }
            entry.full.values.forEach(consider)
            entry.tails.forEach(consider)
            guard let latest else { break }
            found += latest.tokens.dropFirst(tokens.count)
            (entry, tokens) = (latest, [])
        }
        return Array(found.prefix(limit))
    }

    /// Where a page with just these tokens is known after `parent`.
    func entry(of tokens: [Int32], after parent: Entry) -> Entry? {
        parent.full[tokens] ?? parent.tails.first { $0.tokens == tokens }
    }

    /// The entries that hold the beginning of `tokens`, each after the one before it.
    func path(of tokens: [Int32]) -> [Entry] {
        var (path, rest) = ([root], tokens[...])
        while let last = path.last {
            let children = last.children.map { ($0, commonPrefixCount($0.tokens[...], rest)) }
            guard let best = children.max(by: { $0.1 < $1.1 }), best.1 > 0 else { break }
            path.append(best.0)
            rest = rest.dropFirst(best.1)
            if best.1 < KeyValueLayout.blockLength { break }
        }
        return Array(path.dropFirst())
    }

    /// All entries, each after the one before it.
    var allEntries: [Entry] {
        var entries = [root]
        var position = 0
        while position < entries.count {
            entries += entries[position].children
            position += 1
        }
        return Array(entries.dropFirst())
    }

    // MARK: Adding

    /// Makes a page findable that nobody will write to again, and returns where it is known; that may be another page with the
    /// same contents.
    ///
    /// Partly filled pages whose tokens all stand in another under the same parent, too, are dropped. No more than ``tailLimit``
    /// of them are kept under one parent, so that answers nobody goes on from do not fill the memory.
    @discardableResult
    func insert(_ page: KeyValuePage, tokens: ArraySlice<Int32>, after parent: Entry) -> Entry {
        let tokens = Array(tokens)
        let isFull = tokens.count == KeyValueLayout.blockLength
        if let known = parent.full[tokens] { return known }
        if !isFull, let known = (parent.tails + parent.full.values).first(where: { $0.tokens.starts(with: tokens) }) {
            return known
        }
        for tail in parent.tails where tokens.starts(with: tail.tokens) { remove(tail) }
        if !isFull, parent.tails.count >= Self.tailLimit { remove(parent.tails[0]) }

        entryCount += 1
        let entry = Entry(tokens: tokens, page: page, number: entryCount, parent: parent, index: self)
        page.entry = entry
        if isFull { parent.full[tokens] = entry } else { parent.tails.append(entry) }
        return entry
    }

    // MARK: Forgetting

    /// Forgets the page unused for longest, of those that no live sequence and no longer prefix needs.
    ///
    /// Complexity: O(1).
    /// - Returns: Whether there was one.
    func evictOne() -> Bool {
        guard let oldest else { return false }
        remove(oldest)
        evictedCount += 1
        return true
    }

    /// Forgets all pages that no live sequence uses.
    func forgetIdle() {
        while let oldest { remove(oldest) }
    }

    private func remove(_ entry: Entry) {
        if let page = entry.page {
            if page.isIdle { unlink(entry) }
            page.entry = nil
        }
        if entry.isFull {
            entry.parent?.full[entry.tokens] = nil
        } else {
            entry.parent?.tails.removeAll { $0 === entry }
        }
    }

    // MARK: Idle entries

    private func link(_ entry: Entry) {
        entry.older = newest
        entry.newer = nil
        newest?.newer = entry
        newest = entry
        if oldest == nil { oldest = entry }
    }

    private func unlink(_ entry: Entry) {
        if oldest === entry { oldest = entry.newer } else { entry.older?.newer = entry.newer }
        if newest === entry { newest = entry.older } else { entry.newer?.older = entry.older }
        entry.older = nil
        entry.newer = nil
    }
}

/// How many tokens two texts have in common at their beginnings.
func commonPrefixCount(_ a: ArraySlice<Int32>, _ b: ArraySlice<Int32>) -> Int {
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            let limit = min(a.count, b.count)
            var count = 0
            while count < limit, a[count] == b[count] { count += 1 }
            return count
        }
    }
}
