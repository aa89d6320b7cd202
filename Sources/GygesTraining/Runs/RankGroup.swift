/// The processes that train one model together, each on its share of every step's packs.
///
/// All hold the same parameters, read the same data stream and make the same steps, so that any one of them can save the run, and as many as there are
/// may go on with it. Rank 0 writes.
///
/// All processes call the same functions in the same order; each call waits for those of the others.
public protocol RankGroup {
    /// The number of this process, from 0.
    var rank: Int { get }
    /// How many there are.
    var count: Int { get }

    /// Replaces numbers by the sums over all processes, added up one by one in the order of ranks: the same bits on all of them.
    ///
    /// - Parameter values: As many on all processes.
    /// - Throws: If another process is gone.
    func sum(_ values: UnsafeMutableBufferPointer<Float>) throws

    /// The numbers of all processes, in the order of ranks.
    ///
    /// - Parameter values: As many on all processes, and few: each process receives those of all.
    /// - Throws: If another process is gone.
    func gather(_ values: [Double]) throws -> [[Double]]
}

/// One process alone.
public struct SingleRank: RankGroup {
    /// 0
    public var rank: Int { 0 }
    /// 1
    public var count: Int { 1 }

    /// Creates it.
    public init() {}

    /// Nothing to add.
    public func sum(_ values: UnsafeMutableBufferPointer<Float>) {}

    /// The numbers alone.
    public func gather(_ values: [Double]) -> [[Double]] { [values] }
}

extension RankGroup {
    /// The sums of numbers over all processes, added up in the order of ranks.
    ///
    /// - Throws: If another process is gone.
    public func sum(_ values: [Double]) throws -> [Double] {
        let parts = try gather(values)
        return values.indices.map { index in parts.dropFirst().reduce(parts[0][index]) { $0 + $1[index] } }
    }

    /// Whether something holds on any process.
    ///
    /// - Throws: If another process is gone.
    public func any(_ condition: Bool) throws -> Bool {
        try gather([condition ? 1 : 0]).contains { $0[0] != 0 }
    }

    /// Does what may fail on some processes, and then fails on all of them.
    ///
    /// - Parameter body: Calls no other process.
    /// - Throws: On the first process that failed, its error; on all others ``RankFailure``. So everybody ends, and one says why.
    public func together<Value>(_ body: () throws -> Value) throws -> Value {
        let result = Result { try body() }
        var failed = false
        if case .failure = result { failed = true }
        let failures = try gather([failed ? 1 : 0])
        guard let first = failures.firstIndex(where: { $0[0] != 0 }) else { return try result.get() }
        if case .failure(let error) = result, first == rank { throw error }
        throw RankFailure(rank: first)
    }
}

/// Another process of a group failed, and says why itself.
public struct RankFailure: Error, Equatable, CustomStringConvertible {
    /// Which one.
    public var rank: Int

    /// Creates the error.
    public init(rank: Int) { self.rank = rank }

    /// Where to look.
    public var description: String { "Process \(rank) failed; see its message." }
}
