import GygesKernels

/// The keys and values of 64 consecutive positions of one sequence, for all layers.
///
/// Sequences that begin alike share pages; only the one sequence that is filling a page writes to it.
/// Not `Sendable`: pages belong to the engine's thread.
final class KeyValuePage {
    /// The memory: one block after another, a layer each.
    let memory: UnsafeMutableRawPointer
    /// How many live sequences read or fill the page; at zero only the ``PrefixIndex`` holds it.
    fileprivate(set) var userCount = 0
    private let pool: KeyValuePool

    fileprivate init(memory: UnsafeMutableRawPointer, pool: KeyValuePool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { pool.give(memory) }

    /// Takes over another page's contents.
    func copyContents(of other: KeyValuePage) {
        memory.copyMemory(from: other.memory, byteCount: pool.pageByteCount)
    }

    /// Calls `body` while the page counts as in use, so that it is not evicted.
    func whileInUse<Result>(_ body: () -> Result) -> Result {
        userCount += 1
        defer { userCount -= 1 }
        return body()
    }
}

/// Hands out pages within a memory bound and takes their memory back when nobody holds them.
final class KeyValuePool {
    /// The arrangement of one layer's block in a page.
    let layout: KeyValueLayout
    /// Bytes of one page.
    let pageByteCount: Int
    /// The most pages that may be alive at once.
    let capacity: Int
    /// The pages alive now.
    private(set) var pageCount = 0
    private var free: [UnsafeMutableRawPointer] = []

    init(layout: KeyValueLayout, layerCount: Int, byteLimit: Int) {
        self.layout = layout
        pageByteCount = layout.blockByteCount * layerCount
        capacity = max(1, byteLimit / pageByteCount)
    }

    deinit { for memory in free { memory.deallocate() } }

    /// The pages a sequence of `tokenCount` tokens fills.
    static func pageCount(forTokens tokenCount: Int) -> Int {
        (tokenCount + KeyValueLayout.blockLength - 1) / KeyValueLayout.blockLength
    }

    /// A new page with undefined contents, or `nil` if the bound is reached.
    func makePage() -> KeyValuePage? {
        guard pageCount < capacity else { return nil }
        pageCount += 1
        let memory = free.popLast() ?? UnsafeMutableRawPointer.allocate(byteCount: pageByteCount, alignment: 64)
        return KeyValuePage(memory: memory, pool: self)
    }

    fileprivate func give(_ memory: UnsafeMutableRawPointer) {
        pageCount -= 1
        free.append(memory)
    }
}

/// The pages of one live sequence, in order.
final class SequencePages {
    private(set) var pages: [KeyValuePage] = []

    init(sharing prefix: [KeyValuePage] = []) { prefix.forEach(append) }

    deinit { for page in pages { page.userCount -= 1 } }

    func append(_ page: KeyValuePage) {
        page.userCount += 1
        pages.append(page)
    }
}
