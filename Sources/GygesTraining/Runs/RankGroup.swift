/// The processes that train one model together, each on its share of every step's packs.
///
/// All hold the same parameters, read the same data stream and make the same steps, so that any one of them can save the run, and as many as there are
/// may go on with it.
public protocol RankGroup {
    /// The number of this process, from 0.
    var rank: Int { get }
    /// How many there are.
    var count: Int { get }

    /// Replaces numbers by the sums over all processes, added up in the order of ranks.
    ///
    /// - Throws: If another process is gone.
    func sum(_ values: UnsafeMutableBufferPointer<Float>) throws

    /// The sums of numbers over all processes, added up in the order of ranks.
    ///
    /// - Throws: If another process is gone.
    func sum(_ values: [Double]) throws -> [Double]
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

    /// The numbers themselves.
    public func sum(_ values: [Double]) -> [Double] { values }
}
