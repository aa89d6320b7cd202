import GygesKernels

/// Finds pages that were already computed for the beginning of a prompt.
///
/// Each full page is known by the page before it and its own 64 tokens, so a path from the root spells a prefix. The page
/// in which a finished sequence ended is known in the same way by the fewer tokens it has; as others go on from it with
/// tokens of their own, they copy it, as they copy a full page whose beginning alone is theirs. Pages that no live sequence uses stay until memory is needed and then go, least
/// recently used first.
final class PrefixIndex {
    private struct Key: Hashable {
        var parent: Int
        var tokens: ArraySlice<Int32>
    }

    private struct Entry {
        var identifier: Int
        var page: KeyValuePage
        var lastUse: Int
    }

    /// The known pages at the beginning of a prompt, and the name of the last for looking further.
    struct Match {
        var pages: [KeyValuePage] = []
        var identifier = PrefixIndex.root
    }

    /// The name of the empty prefix.
    static let root = 0

    private var entries: [Key: Entry] = [:]
    private var keys: [Int: Key] = [:]
    /// The pages after each page.
    private var children: [Int: [Key]] = [:]
    private var nextIdentifier = 1
    private var clock = 0

    /// The longest known prefix of `tokens` that leaves at least one token to compute.
    func longestPrefix(of tokens: [Int32]) -> Match {
        clock += 1
        var match = Match()
        let length = KeyValueLayout.blockLength
        var start = 0
        while start + length < tokens.count {
            let key = Key(parent: match.identifier, tokens: tokens[start..<(start + length)])
            guard let entry = entries[key] else { break }
            entries[key]!.lastUse = clock
            match.pages.append(entry.page)
            match.identifier = entry.identifier
            start += length
        }
        return match
    }

    /// The page after `match` that has the most tokens in common with `tokens`, and how many; at least one token of `tokens`
    /// is left to compute.
    func longestTail(after match: Match, of tokens: [Int32]) -> (page: KeyValuePage, count: Int)? {
        let rest = tokens.dropLast().dropFirst(match.pages.count * KeyValueLayout.blockLength)
        var best: (key: Key, count: Int)?
        for key in children[match.identifier] ?? [] {
            let count = commonPrefixCount(key.tokens, rest)
            if count > best?.count ?? 0 { best = (key, count) }
        }
        guard let best, let entry = entries[best.key] else { return nil }
        entries[best.key]!.lastUse = clock
        return (entry.page, best.count)
    }

    /// Makes a page findable that is filled with `tokens` so far and that nobody will write to again.
    ///
    /// Pages under the same parent that begin alike in all of either's tokens are one: the longer is kept. No more than
    /// ``tailLimit`` partly filled ones are, so that answers nobody goes on from do not fill the memory.
    func insertTail(_ page: KeyValuePage, tokens: ArraySlice<Int32>, after parent: Int) {
        clock += 1
        for key in children[parent] ?? [] {
            let common = commonPrefixCount(key.tokens, tokens)
            if common == tokens.count { return }
            if common == key.tokens.count { remove(key) }
        }
        let tails = children[parent]?.filter { $0.tokens.count < KeyValueLayout.blockLength } ?? []
        if tails.count >= Self.tailLimit { remove(tails[0]) }
        add(Key(parent: parent, tokens: ArraySlice(Array(tokens))), page)
    }

    /// How many partly filled pages are kept after one page.
    private static let tailLimit = 8

    /// Makes a full page findable and returns its name; a page already known under that path keeps its name.
    func insert(_ page: KeyValuePage, tokens: ArraySlice<Int32>, after parent: Int) -> Int {
        clock += 1
        let key = Key(parent: parent, tokens: ArraySlice(Array(tokens)))
        if let entry = entries[key] { return entry.identifier }
        return add(key, page)
    }

    @discardableResult
    private func add(_ key: Key, _ page: KeyValuePage) -> Int {
        let identifier = nextIdentifier
        nextIdentifier += 1
        entries[key] = Entry(identifier: identifier, page: page, lastUse: clock)
        keys[identifier] = key
        children[key.parent, default: []].append(key)
        return identifier
    }

    private func remove(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        keys[entry.identifier] = nil
        children[key.parent]?.removeAll { $0 == key }
        if children[key.parent]?.isEmpty ?? false { children[key.parent] = nil }
    }

    /// Forgets the least recently used page that no live sequence and no longer prefix needs.
    ///
    /// Complexity: O(entries); it runs only when the memory bound is reached.
    /// - Returns: Whether there was one.
    func evictOne() -> Bool {
        let idle = entries.filter { $0.value.page.userCount == 0 && children[$0.value.identifier] == nil }
        guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return false }
        remove(oldest.key)
        return true
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
