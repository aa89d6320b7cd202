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
    private var free: [UnsafeMutableBufferPointer<Float>] = []
    private let mostKept: Int
    /// The bytes of all activations that are in use.
    fileprivate(set) var liveByteCount = 0 {
        didSet { peakByteCount = max(peakByteCount, liveByteCount) }
    }
    /// The most bytes that were in use at a time.
    private(set) var peakByteCount = 0

    /// Creates an empty pool.
    ///
    /// - Parameter mostKept: The most pieces that are kept; the oldest go when there are more, so that a rare large pass does
    ///   not hold its memory.
    public init(mostKept: Int = 32) { self.mostKept = mostKept }

    deinit { for memory in free { memory.deallocate() } }

    /// The smallest kept piece that is large enough but not wastefully so, or a new one.
    func take(minimumCount: Int) -> UnsafeMutableBufferPointer<Float> {
        var best: Int?
        for (index, candidate) in free.enumerated()
        where candidate.count >= minimumCount && candidate.count <= 4 * minimumCount + 4096 {
            if best.map({ candidate.count < free[$0].count }) ?? true { best = index }
        }
        if let best { return free.remove(at: best) }
        let bytes = max(minimumCount, 16) * MemoryLayout<Float>.stride
        return allocateForStreaming(byteCount: bytes).bindMemory(to: Float.self)
    }

    /// Begins a new peak with what is in use now.
    func resetPeak() { peakByteCount = liveByteCount }

    /// Lets go of the oldest pieces until no more than so many bytes are kept.
    func trim(toByteCount byteCount: Int) {
        var kept = free.reduce(0) { $0 + $1.count * MemoryLayout<Float>.stride }
        while kept > byteCount, let oldest = free.first {
            kept -= oldest.count * MemoryLayout<Float>.stride
            free.removeFirst().deallocate()
        }
    }

    /// Keeps a piece for later.
    func give(_ memory: UnsafeMutableBufferPointer<Float>) {
        free.append(memory)
        if free.count > mostKept { free.removeFirst().deallocate() }
    }
}
