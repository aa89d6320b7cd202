/// What becomes of documents that are longer than a pack.
public enum ExcessPolicy: String, Sendable, CaseIterable {
    /// They are cut into stretches of a pack's length, so that no token is lost.
    case split
    /// What is beyond a pack's length is left out.
    case truncate
    /// They are left out.
    case drop
}

/// How a run reads its data.
public struct DataSettings: Sendable, Equatable {
    /// What the order of everything follows from.
    public var seed: UInt64
    /// The tokens that a pack holds at most.
    public var packLength: Int
    /// The share of each source's tokens, in the order of the sources and of any sum.
    public var weights: [Double]
    /// What becomes of documents that are longer than a pack.
    public var excess: ExcessPolicy
    /// How often a source is read at most; `nil` for as often as steps ask for. A source that is used up leaves its share to the
    /// others.
    public var epochLimit: Int?
    /// How many packs are filled together. More fill better; a document waits at most for the next window but one.
    public var windowPackCount: Int
    /// Whether documents share packs. Otherwise each is a pack of its own, so that steps are counted in documents.
    public var sharesPacks: Bool

    /// Creates settings.
    public init(
        seed: UInt64, packLength: Int, weights: [Double] = [1], excess: ExcessPolicy = .split, epochLimit: Int? = nil,
        windowPackCount: Int = 256, sharesPacks: Bool = true
    ) {
        self.seed = seed
        self.packLength = packLength
        self.weights = weights
        self.excess = excess
        self.epochLimit = epochLimit
        self.windowPackCount = windowPackCount
        self.sharesPacks = sharesPacks
    }

    /// Checks that data of so many sources can be read so.
    ///
    /// - Throws: ``SettingsError`` with every problem.
    func check(sources: [any DocumentStore]) throws(SettingsError) {
        var check = SettingsCheck()
        check.expect(
            packLength > 1 && packLength <= Self.packLengthLimit, "data.length",
            "is \(packLength); give a number from 2 to \(Self.packLengthLimit)")
        check.expect(
            weights.count == sources.count, "data.weights",
            "are \(weights.count) for \(sources.count) sources; give one for each")
        check.expect(
            weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 }, "data.weights",
            "are \(weights); give each source a number from 0 on, and one of them more than 0")
        check.expect(
            windowPackCount > 0 && windowPackCount <= 1 << 20, "data.window",
            "is \(windowPackCount); give a number of packs from 1 to \(1 << 20)")
        check.expect(epochLimit.map { $0 > 0 } ?? true, "data.epochs", "are \(epochLimit ?? 0); give a positive number")
        for (source, weight) in zip(sources, weights) where weight > 0 {
            check.expect(
                source.count > 0, "data.\(source.name)", "holds no document; leave it out, or give it weight 0")
        }
        try check.finish()
    }

    /// The longest pack: more than any model's window.
    static let packLengthLimit = 1 << 24
}

/// What became of the data so far.
public struct DataReport: Sendable, Equatable {
    /// The packs handed out.
    public var packCount = 0
    /// The tokens in them.
    public var tokenCount = 0
    /// The tokens that they could have held.
    public var capacity = 0
    /// The documents drawn that were cut, each counted once.
    public var splitCount = 0
    /// The documents drawn of which the end was left out.
    public var truncatedCount = 0
    /// The documents drawn that were left out, being too long.
    public var droppedCount = 0
    /// The stretches of cut documents that were left out, since nothing in them is to be predicted.
    public var unsupervisedCount = 0

    /// A report of nothing.
    public init() {}

    /// The share of the packs' room that is used; 1 if there is none.
    public var fill: Double { capacity == 0 ? 1 : Double(tokenCount) / Double(capacity) }
}
