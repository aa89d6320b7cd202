import GygesKernels

/// Finds pages that were already computed for the beginning of a prompt.
///
/// Each full page is known by the page before it and its own 64 tokens, so a path from the root spells a prefix.
/// Pages that no live sequence uses stay until memory is needed and then go, least recently used first.
final class PrefixIndex {
    private struct Key: Hashable {
        var parent: Int
        var tokens: ArraySlice<Int32>
    }

    private struct Entry {
        var identifier: Int
        var page: KeyValuePage
        var childCount = 0
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

    /// Makes a full page findable and returns its name; a page already known under that path keeps its name.
    func insert(_ page: KeyValuePage, tokens: ArraySlice<Int32>, after parent: Int) -> Int {
        clock += 1
        let key = Key(parent: parent, tokens: ArraySlice(Array(tokens)))
        if let entry = entries[key] { return entry.identifier }
        let identifier = nextIdentifier
        nextIdentifier += 1
        entries[key] = Entry(identifier: identifier, page: page, lastUse: clock)
        keys[identifier] = key
        if let parentKey = keys[parent] { entries[parentKey]?.childCount += 1 }
        return identifier
    }

    /// Forgets the least recently used page that no live sequence and no longer prefix needs.
    ///
    /// Complexity: O(entries); it runs only when the memory bound is reached.
    /// - Returns: Whether there was one.
    func evictOne() -> Bool {
        let idle = entries.filter { $0.value.childCount == 0 && $0.value.page.userCount == 0 }
        guard let (key, entry) = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return false }
        entries[key] = nil
        keys[entry.identifier] = nil
        if let parentKey = keys[key.parent] { entries[parentKey]?.childCount -= 1 }
        return true
    }
}
