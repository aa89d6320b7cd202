import GygesKernels

/// An activation matrix `[rows, columns]` of `Float` in memory that returns to its pool when the last user lets go.
///
/// Rows are contiguous. Not `Sendable`: an activation belongs to the thread that runs the forward pass.
public final class Activation {
    /// The number of rows: tokens.
    public let rows: Int
    /// The number of columns: channels.
    public let columns: Int
    private let pool: ActivationPool
    private let memory: UnsafeMutableBufferPointer<Float>

    init(rows: Int, columns: Int, pool: ActivationPool) {
        self.rows = rows
        self.columns = columns
        self.pool = pool
        memory = pool.take(minimumCount: rows * columns)
        pool.liveByteCount += byteCount
    }

    deinit {
        pool.liveByteCount -= byteCount
        pool.give(memory)
    }

    private var byteCount: Int { rows * columns * MemoryLayout<Float>.stride }

    /// The elements, row after row.
    public var elements: UnsafeMutableBufferPointer<Float> { .init(rebasing: memory[..<(rows * columns)]) }

    /// The elements of one row.
    public func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        .init(rebasing: elements[(index * columns)..<((index + 1) * columns)])
    }
}

extension Tensor<Activation> {
    /// Gives an activation that nobody else uses its owner.
    init(_ activation: Activation) {
        self.init(activation, rows: activation.rows, columns: activation.columns)
    }

    /// The elements, row after row, while the tensor lives.
    public var elements: UnsafeMutableBufferPointer<Float> { storage.elements }

    /// The elements of one row, while the tensor lives.
    public func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> { storage.row(index) }
}

/// Memory of past activations, kept for the next ones: a forward pass asks for the same sizes again and again.
///
/// Not `Sendable`: one pool belongs to one interpreter.
public final class ActivationPool {
    /// What is kept.
    public enum Keeping: Sendable, Equatable {
        /// At most so many pieces; the oldest go when there are more, so that a rare large pass does not hold its memory.
        case pieces(Int)
        /// As much as makes a quarter more than the most that was ever in use at a time in this pass or the one before it, what is in use
        /// included.
        ///
        /// Passes are nearly of one size and not quite: sizes are rounded up, by an eighth at most, or pieces of the last pass would be a
        /// little too small for this one, and be held for nothing.
        case peak
    }

    private var free: [UnsafeMutableBufferPointer<Float>] = []
    private let keeping: Keeping
    /// The bytes of ``free``.
    private(set) var freeByteCount = 0
    /// The peak of the pass before.
    private var lastPeak = 0
    /// The bytes of all activations that are in use.
    fileprivate(set) var liveByteCount = 0 {
        didSet { peakByteCount = max(peakByteCount, liveByteCount) }
    }
    /// The most bytes that were in use at a time.
    private(set) var peakByteCount = 0

    /// Creates an empty pool.
    public init(keeping: Keeping = .pieces(32)) { self.keeping = keeping }

    deinit { for memory in free { memory.deallocate() } }

    /// The smallest kept piece that is large enough but not wastefully so, or a new one.
    func take(minimumCount: Int) -> UnsafeMutableBufferPointer<Float> {
        var best: Int?
        for (index, candidate) in free.enumerated()
        where candidate.count >= minimumCount && candidate.count <= 4 * minimumCount + 4096 {
            if best.map({ candidate.count < free[$0].count }) ?? true { best = index }
        }
        if let best {
            freeByteCount -= Self.byteCount(free[best])
            return free.remove(at: best)
        }
        let bytes = max(keeping == .peak ? Self.rounded(minimumCount) : minimumCount, 16) * MemoryLayout<Float>.stride
        if keeping == .peak { trim(toByteCount: bound - liveByteCount - bytes) }
        return allocateForStreaming(byteCount: bytes).bindMemory(to: Float.self)
    }

    /// Begins a new peak with what is in use now.
    func resetPeak() {
        lastPeak = peakByteCount
        peakByteCount = liveByteCount
    }

    /// Lets go of what a pass as the last one does not need.
    func trim() { trim(toByteCount: bound - liveByteCount) }

    /// Keeps a piece for later.
    func give(_ memory: UnsafeMutableBufferPointer<Float>) {
        free.append(memory)
        freeByteCount += Self.byteCount(memory)
        if case .pieces(let limit) = keeping, free.count > limit { dropOldest() }
    }

    private var bound: Int { max(peakByteCount, lastPeak) / 4 * 5 }

    /// Lets go of the oldest pieces until no more than so many bytes are kept.
    private func trim(toByteCount byteCount: Int) { while freeByteCount > max(0, byteCount) { dropOldest() } }

    private func dropOldest() {
        let memory = free.removeFirst()
        freeByteCount -= Self.byteCount(memory)
        memory.deallocate()
    }

    private static func byteCount(_ memory: UnsafeMutableBufferPointer<Float>) -> Int {
        memory.count * MemoryLayout<Float>.stride
    }

    /// A count of one of eight sizes to a power of two, from a number on that matters.
    private static func rounded(_ count: Int) -> Int {
        guard count > 1 << 14 else { return count }
        let step = 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount - 3)
        return (count + step - 1) / step * step
    }
}
