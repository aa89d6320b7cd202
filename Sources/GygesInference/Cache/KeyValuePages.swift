import GygesCheckpoints
import GygesKernels

/// The keys and values of 64 consecutive positions of one sequence, for all layers.
///
/// Sequences that begin alike share pages; only the one sequence that is filling a page writes to it.
/// Not `Sendable`: pages belong to the engine's thread.
final class KeyValuePage {
    /// The memory: one block after another, a layer each.
    ///
    /// Invariant: `pool.pageByteCount` bytes that are this page's alone until it is released, when the pool takes them back.
    let memory: UnsafeMutableRawPointer
    /// How many live sequences read or fill the page; at zero only the ``PrefixIndex`` holds it.
    private var userCount = 0
    /// Where ``PrefixIndex`` knows the page, if it does.
    weak var entry: PrefixIndex.Entry?
    private let pool: KeyValuePool

    fileprivate init(memory: UnsafeMutableRawPointer, pool: KeyValuePool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { pool.give(memory) }

    /// Whether no live sequence reads or fills the page.
    var isIdle: Bool { userCount == 0 }

    /// The contents.
    var bytes: UnsafeRawBufferPointer { .init(start: memory, count: pool.pageByteCount) }

    /// Takes over another page's contents, or those of a page in a file.
    func fill(from contents: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(start: memory, count: pool.pageByteCount).copyMemory(from: contents)
    }

    /// Counts one more user; a page in use is never evicted.
    func use() {
        userCount += 1
        guard userCount == 1 else { return }
        pool.usedPageCount += 1
        entry?.becameUsed()
    }

    /// Counts one user less. Of pages that follow one another, the last is released first.
    func release() {
        userCount -= 1
        guard userCount == 0 else { return }
        pool.usedPageCount -= 1
        entry?.becameIdle()
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
    /// The most that were ever alive.
    private(set) var peakPageCount = 0
    /// Those that live sequences use.
    fileprivate(set) var usedPageCount = 0
    // Invariant: memory of `pageByteCount` bytes each that no page has.
    private var free: [UnsafeMutableRawPointer] = []

    init(layout: KeyValueLayout, layerCount: Int, byteLimit: Int) {
        self.layout = layout
        pageByteCount = layout.blockByteCount * layerCount
        capacity = max(1, byteLimit / pageByteCount)
    }

    /// The pool of a model.
    convenience init(for configuration: CausalModelConfiguration, format: KeyValueFormat, byteLimit: Int) {
        self.init(
            layout: KeyValueLayout(
                headCount: configuration.keyValueHeadCount, headDimension: configuration.headDimension, format: format),
            layerCount: configuration.layerCount, byteLimit: byteLimit)
    }

    deinit { for memory in free { memory.deallocate() } }

    /// The pages a sequence of `tokenCount` tokens fills.
    static func pageCount(forTokens tokenCount: Int) -> Int {
        // Not rounded up by adding first: the count may be anything.
        tokenCount / KeyValueLayout.blockLength + (tokenCount % KeyValueLayout.blockLength > 0 ? 1 : 0)
    }

    /// A new page with undefined contents, or `nil` if the bound is reached.
    func makePage() -> KeyValuePage? {
        guard pageCount < capacity else { return nil }
        pageCount += 1
        peakPageCount = max(peakPageCount, pageCount)
        let memory = free.popLast() ?? UnsafeMutableRawPointer.allocate(byteCount: pageByteCount, alignment: 64)
        return KeyValuePage(memory: memory, pool: self)
    }

    fileprivate func give(_ memory: UnsafeMutableRawPointer) {
        pageCount -= 1
        free.append(memory)
    }
}

/// The pages that one sequence uses, in order, until it lets go of this object.
final class SequencePages {
    private(set) var pages: [KeyValuePage] = []

    init(using prefix: [KeyValuePage] = []) { prefix.forEach(append) }

    deinit { for page in pages.reversed() { page.release() } }

    var count: Int { pages.count }

    func append(_ page: KeyValuePage) {
        page.use()
        pages.append(page)
    }

    /// Uses `page`, which holds the same, instead of the one at `position`.
    func replace(at position: Int, with page: KeyValuePage) {
        page.use()
        pages[position].release()
        pages[position] = page
    }
}
