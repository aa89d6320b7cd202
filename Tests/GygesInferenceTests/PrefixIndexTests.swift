import GygesKernels
import Testing

@testable import GygesInference

/// The tree of pages beside a list of texts that is too simple to be wrong.
@Suite struct PrefixIndexTests {
    static let length = KeyValueLayout.blockLength

    static func pool(capacity: Int) -> KeyValuePool {
        let layout = KeyValueLayout(headCount: 1, headDimension: 1, format: .f16)
        return KeyValuePool(layout: layout, layerCount: 1, byteLimit: capacity * layout.blockByteCount)
    }

    /// Computes `tokens` as a sequence would: finds what is known, makes pages for the rest, leaves all in the index.
    static func compute(_ tokens: [Int32], in index: PrefixIndex, pool: KeyValuePool) -> SequencePages? {
        var match = index.longestPrefix(of: tokens + [0], after: index.root)
        let pages = SequencePages(using: match.pages)
        var start = match.pages.count * length
        while start < tokens.count {
            guard let page = pool.makePage() ?? (index.evictOne() ? pool.makePage() : nil) else { return nil }
            pages.append(page)
            let end = min(start + length, tokens.count)
            match.entry = index.insert(page, tokens: tokens[start..<end], after: match.entry)
            if let known = match.entry.page, known !== page { pages.replace(at: start / length, with: known) }
            start = end
        }
        return pages
    }

    @Test func prefixesAreFoundByWholePagesAndTails() throws {
        let (index, pool) = (PrefixIndex(), Self.pool(capacity: 10))
        let text = (0..<150).map { Int32($0) }
        _ = Self.compute(text, in: index, pool: pool)
        #expect(index.longestPrefix(of: text, after: index.root).pages.count == 2)
        #expect(
            index.longestPrefix(of: text.prefix(128), after: index.root).pages.count == 1, "a token is left to compute")
        let other = text.prefix(100) + [7, 7, 7]
        let match = index.longestPrefix(of: other, after: index.root)
        #expect(match.pages.count == 1)
        #expect(index.longestTail(after: match, of: other[...])?.count == 36)
        #expect(index.path(of: text).map(\.tokens.count) == [64, 64, 22])
        #expect(index.continuation(of: text[70..<80], after: match.entry, limit: 60) == [])
        #expect(index.continuation(of: text[64..<80], after: match.entry, limit: 60) == Array(text[80..<140]))
    }

    @Test func theLeastRecentlyUsedGoesFirstAndNoPathIsBroken() throws {
        let (index, pool) = (PrefixIndex(), Self.pool(capacity: 6))
        let texts = (0..<3).map { text in (0..<128).map { Int32($0 < 64 ? 0 : text * 1000 + $0) } }
        for text in texts { _ = Self.compute(text, in: index, pool: pool) }
        #expect(pool.pageCount == 4 && pool.usedPageCount == 0)
        _ = Self.compute(texts[0], in: index, pool: pool)
        var known = [true, true, true]
        for expected in [[true, false, true], [true, false, false], [false, false, false]] {
            #expect(index.evictOne())
            known = texts.map { index.longestPrefix(of: $0 + [0], after: index.root).pages.count == 2 }
            #expect(known == expected)
        }
        #expect(index.longestPrefix(of: texts[0], after: index.root).pages.count == 1, "the shared beginning goes last")
        #expect(index.evictOne() && !index.evictOne())
        #expect(pool.pageCount == 0 && index.evictedCount == 4)
    }

    @Test func pagesInUseStay() throws {
        let (index, pool) = (PrefixIndex(), Self.pool(capacity: 4))
        var kept = Self.compute((0..<128).map { Int32($0) }, in: index, pool: pool)
        #expect(!index.evictOne())
        #expect(Self.compute((0..<192).map { Int32($0 + 500) }, in: index, pool: pool) == nil, "no room for three more")
        index.forgetIdle()
        #expect(pool.pageCount == 2 && kept?.count == 2)
        kept = nil
        index.forgetIdle()
        #expect(pool.pageCount == 0 && pool.usedPageCount == 0)
    }

    @Test func aPageComputedTwiceIsKeptOnce() throws {
        let (index, pool) = (PrefixIndex(), Self.pool(capacity: 10))
        let tokens = (0..<64).map { Int32($0) }
        let first = try #require(pool.makePage()), second = try #require(pool.makePage())
        let pages = SequencePages(using: [second])
        let entry = index.insert(first, tokens: tokens[...], after: index.root)
        #expect(index.insert(second, tokens: tokens[...], after: index.root) === entry)
        pages.replace(at: 0, with: first)
        #expect(pages.pages[0] === first && pool.usedPageCount == 1)
    }

    @Test func tailsAreFewAndNoneIsKeptTwice() throws {
        let (index, pool) = (PrefixIndex(), Self.pool(capacity: 100))
        for count in [5, 9, 3, 64, 7] { _ = Self.compute((0..<Int32(count)).map { $0 }, in: index, pool: pool) }
        #expect(index.allEntries.map(\.tokens.count) == [64], "what a longer page holds is dropped")
        for first in 100..<130 { _ = Self.compute([Int32(first), 1, 2], in: index, pool: pool) }
        #expect(index.allEntries.count == 9)
        #expect(
            index.longestTail(after: index.longestPrefix(of: [129], after: index.root), of: [129, 1, 5])?.count == 2)
        #expect(index.longestTail(after: index.longestPrefix(of: [100], after: index.root), of: [100, 1, 5]) == nil)
        #expect(pool.pageCount == 9)
    }

    @Test func randomUseNeverExceedsTheBoundNorLosesAPage() throws {
        var random = SeededNumbers(seed: 11)
        let (index, pool) = (PrefixIndex(), Self.pool(capacity: 30))
        var held: [SequencePages] = []
        for step in 0..<3000 {
            // Few different tokens a page, so that paths meet and part.
            let pageTokens = (0..<random.next(in: 1...4)).map { _ in Int32(random.next(in: 0...2)) }
            let tokens = pageTokens.flatMap { [Int32](repeating: $0, count: Self.length) }
            let count = random.next(in: 1...tokens.count)
            if held.count > 5 || (!held.isEmpty && random.next(in: 0...2) == 0) {
                held.remove(at: random.next(in: 0...(held.count - 1)))
            }
            if let pages = Self.compute(Array(tokens.prefix(count)), in: index, pool: pool) { held.append(pages) }
            // Often enough to meet every kind of state; the whole tree is looked at.
            if step % 10 == 0 || step > 2900 { #expect(index.checkInvariants() == []) }
            let used = Set(held.flatMap { $0.pages.map(ObjectIdentifier.init) })
            let known = Set(index.allEntries.compactMap { $0.page.map(ObjectIdentifier.init) })
            #expect(pool.usedPageCount == used.count)
            #expect(pool.pageCount == used.union(known).count && pool.pageCount <= 30)
        }
        #expect(index.evictedCount > 100)
        held = []
        #expect(pool.usedPageCount == 0)
        #expect(index.checkInvariants() == [])
        index.forgetIdle()
        #expect(index.checkInvariants() == [])
        #expect(pool.pageCount == 0)
    }

    @Test func whatDoesNotHoldIsSaid() throws {
        let (index, pool) = (PrefixIndex(), Self.pool(capacity: 10))
        _ = Self.compute((0..<150).map { Int32($0) }, in: index, pool: pool)
        #expect(index.checkInvariants() == [])
        let entry = try #require(index.allEntries.first)
        entry.becameIdle()
        #expect(index.checkInvariants().contains { $0.contains("comes back") || $0.contains("backwards") })
    }
}
