public import GygesFiles
import GygesTensors

/// Samples that are learned from side by side: whole sequences, end to end, that do not see one another.
public struct Pack: Sendable, Equatable {
    /// How many packs the run had read before.
    public var number: Int
    /// Where the samples come from.
    public var references: [SampleReference]
    /// The samples, in the same order.
    public var documents: [Document]
}

/// The data of a run: documents of several sources, mixed, shuffled and packed, one pack after another.
///
/// Everything follows from the sources, the settings and a ``DataCursor``, so that a run which goes on from a cursor gets the packs
/// that it would have got. Only references wait in memory, and going on reads none of the data that was learned from.
public struct DataStream: Sendable {
    /// What the packs of a window are made from: the state that a cursor keeps.
    struct WindowStart: Sendable, Equatable {
        var number = 0
        var positions: [DocumentMixture.Position]
        /// Samples that found no full pack in the window before.
        var carried: [SampleReference] = []
        var report = DataReport()
    }

    /// How the data are read.
    public var settings: DataSettings { mixture.settings }
    /// What became of the data so far, to the end of the window that is being handed out.
    public private(set) var report: DataReport
    private var mixture: DocumentMixture
    private var start: WindowStart
    /// What was packed from ``start``.
    private var packs: [[SampleReference]] = []
    private var handedOut = 0
    /// Samples that go into the window after it.
    private var carried: [SampleReference]

    /// A pack as full as this is handed out; the samples of others go into the next window, once.
    private static let fullShare = 0.99

    /// Data from the beginning, or from where a cursor stands.
    ///
    /// - Throws: ``SettingsError`` if settings are wrong, or the cursor belongs to other data or settings; ``FileError`` if data
    ///   cannot be read, or all documents are left out.
    public init(
        of sources: [any DocumentStore], settings: DataSettings, from cursor: DataCursor? = nil
    ) throws {
        try settings.check(sources: sources)
        try cursor?.check(sources: sources, settings: settings)
        start =
            cursor?.start
            ?? WindowStart(positions: Array(repeating: DocumentMixture.Position(), count: sources.count))
        mixture = DocumentMixture(sources: sources, settings: settings, positions: start.positions)
        report = start.report
        carried = start.carried
        try fillWindow()
        guard let cursor else { return }
        guard cursor.handedOut <= packs.count else { throw cursor.contradiction }
        for pack in packs[..<cursor.handedOut] { count(pack) }
        handedOut = cursor.handedOut
    }

    /// Where the stream stands: after the packs that were handed out.
    public var cursor: DataCursor {
        DataCursor(sources: mixture.sources, settings: settings, start: start, handedOut: handedOut)
    }

    /// How often each source has been read whole.
    public var epochs: [Int] {
        zip(mixture.positions, mixture.sources).map { $1.count == 0 ? 0 : $0.drawn / $1.count }
    }

    /// The next pack; `nil` at the end of data that are read so many times and no more.
    ///
    /// - Throws: ``FileError`` if data cannot be read.
    public mutating func next() throws(FileError) -> Pack? {
        while handedOut == packs.count {
            beginWindow()
            guard try fillWindow() else { return nil }  // The next window is as empty.
        }
        let references = packs[handedOut]
        var documents: [Document] = []
        for reference in references {
            documents.append(try mixture.document(of: reference)[reference.tokens])
        }
        handedOut += 1
        defer { count(references) }
        return Pack(number: report.packCount, references: references, documents: documents)
    }

    /// Goes on with other settings, as the next phase of a run does: samples that wait are cut anew, shares counted anew.
    ///
    /// - Throws: ``SettingsError`` if they are wrong; ``FileError`` if data cannot be read.
    public mutating func change(to new: DataSettings) throws {
        try new.check(sources: mixture.sources)
        let waiting = packs[handedOut...].flatMap(\.self) + carried
        mixture.settings = new
        for source in mixture.positions.indices { mixture.positions[source].tokens = 0 }
        carried = try waiting.flatMap { try mixture.cut($0, &report) }
        beginWindow()
        try fillWindow()
    }

    private mutating func beginWindow() {
        start = WindowStart(
            number: start.number + 1, positions: mixture.positions, carried: carried, report: report)
    }

    private mutating func count(_ pack: [SampleReference]) {
        report.packCount += 1
        report.tokenCount += pack.reduce(0) { $0 + $1.tokens.count }
        report.capacity += settings.sharesPacks ? settings.packLength : pack.reduce(0) { $0 + $1.tokens.count }
    }

    /// Draws the samples of a window and packs them.
    ///
    /// - Returns: Whether there is any pack, now or in a later window.
    /// - Throws: ``FileError`` if data cannot be read, or nothing of them can be used.
    @discardableResult
    private mutating func fillWindow() throws(FileError) -> Bool {
        var samples = carried
        let carriedCount = samples.count
        let wanted = settings.windowPackCount * settings.packLength
        var drawn = 0, isAtEnd = false
        while drawn < wanted {
            guard let next = try mixture.next(&report) else {
                isAtEnd = true
                break
            }
            samples += next
            // Documents that are left out bring the end of a window nearer, too.
            drawn += max(1, next.reduce(0) { $0 + $1.tokens.count })
        }
        // Windows of nothing would follow one another for ever, or a run end before it began.
        guard !samples.isEmpty || isAtEnd && start.number > 0 else { throw mixture.nothingFits }
        let found =
            settings.sharesPacks
            ? bestFitPacks(samples.map(\.tokens.count), capacity: settings.packLength) : samples.indices.map { [$0] }
        let least = settings.sharesPacks ? Double(settings.packLength) * Self.fullShare : 0
        packs = []
        carried = []
        handedOut = 0
        for pack in found {
            let isFull = Double(pack.reduce(0) { $0 + samples[$1].tokens.count }) >= least
            if isFull || isAtEnd || pack.contains(where: { $0 < carriedCount }) {
                packs.append(pack.map { samples[$0] })
            } else {
                carried += pack.map { samples[$0] }
            }
        }
        // The order of documents that share no pack is the epoch's own: each is met once in each.
        guard settings.sharesPacks else { return !packs.isEmpty || !isAtEnd }
        // Packing puts long samples first; a step should meet any.
        let order = Permutation(
            count: packs.count, bits: KeyedBits(seed: settings.seed).branch(.max).branch(UInt64(start.number)))
        packs = packs.indices.map { packs[order[$0]] }
        return !packs.isEmpty || !isAtEnd
    }
}
