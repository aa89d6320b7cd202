public import GygesFiles

/// Where a run stands in its data: what a checkpoint keeps of a ``DataStream``.
///
/// It names the sources by digest and the settings that decide an order, so that nobody goes on with other data unnoticed.
public struct DataCursor: Sendable, Equatable {
    /// A source as it was when the run began.
    struct Source: Sendable, Equatable {
        var name: String
        var digest: String
        var count: Int
    }

    let sources: [Source]
    let settings: DataSettings
    let start: DataStream.WindowStart
    /// The packs of the window that were handed out.
    let handedOut: Int

    init(sources: [any DocumentStore], settings: DataSettings, start: DataStream.WindowStart, handedOut: Int) {
        self.sources = sources.map { Source(name: $0.name, digest: $0.digest, count: $0.count) }
        self.settings = settings
        self.start = start
        self.handedOut = handedOut
    }

    /// Checks that data and settings are those that the cursor was made with.
    func check(sources present: [any DocumentStore], settings new: DataSettings) throws(SettingsError) {
        var check = SettingsCheck()
        check.expect(
            present.count == sources.count, "data",
            "has \(present.count) sources, and had \(sources.count) when the run began; give the same")
        for (was, now) in zip(sources, present) {
            check.expect(
                was.digest == now.digest && was.count == now.count, "data.\(was.name)",
                "has changed since the run began; restore the file, or begin a new run")
        }
        check.expect(
            new == settings, "data",
            "has other settings than the run began with (seed, length, weights, excess, epochs or window); keep them")
        try check.finish()
    }

    /// What is wrong with a cursor that no stream can have stood at.
    var contradiction: SettingsError {
        SettingsError(problems: [
            .init("data.cursor", "does not fit the data; go on from an earlier checkpoint, or begin a new run")
        ])
    }
}

// MARK: - JSON

extension DataCursor {
    private static let version = 1

    /// The cursor as a JSON document.
    public var json: JSON {
        [
            "version": .integer(Self.version),
            "sources": .array(
                sources.map { ["name": .string($0.name), "digest": .string($0.digest), "count": .integer($0.count)] }),
            "settings": [
                // JSON's numbers end below 2⁶⁴ in most readers.
                "seed": .string(String(settings.seed)), "length": .integer(settings.packLength),
                "weights": .array(settings.weights.map { .double($0) }), "excess": .string(settings.excess.rawValue),
                "epochs": settings.epochLimit.map { .integer($0) } ?? nil, "window": .integer(settings.windowPackCount),
                "shares_packs": .bool(settings.sharesPacks),
            ],
            "window": .integer(start.number),
            "positions": .array(
                start.positions.map { ["drawn": .integer($0.drawn), "tokens": .integer($0.tokens)] }),
            "carried": .array(
                start.carried.map {
                    [
                        .integer($0.source), .integer($0.document), .integer($0.tokens.lowerBound),
                        .integer($0.tokens.upperBound),
                    ]
                }),
            "report": .array(Self.counts.map { .integer(start.report[keyPath: $0]) }),
            "handed_out": .integer(handedOut),
        ]
    }

    private static var counts: [WritableKeyPath<DataReport, Int>] {
        [
            \.packCount, \.tokenCount, \.capacity, \.splitCount, \.truncatedCount, \.droppedCount, \.unsupervisedCount,
        ]
    }

    /// Reads what ``json`` wrote.
    ///
    /// - Throws: ``FileError`` that names the place of what is none.
    public init(reading field: JSONField) throws(FileError) {
        let version = try field.required("version")
        guard try version.count() == Self.version else { throw version.mismatch("version \(Self.version)") }
        sources = try field.required("sources").elements().reading { field throws(FileError) in
            Source(
                name: try field.required("name").text(), digest: try field.required("digest").text(),
                count: try field.required("count").count())
        }
        settings = try Self.settings(reading: field.required("settings"))
        let positions = try field.required("positions").elements().reading { field throws(FileError) in
            DocumentMixture.Position(
                drawn: try field.required("drawn").bounded(), tokens: try field.required("tokens").bounded())
        }
        guard positions.count == sources.count, settings.weights.count == sources.count else {
            throw field.fault("does not have a position and a weight for each source")
        }
        var counts = DataReport()
        let numbers = try field.required("report").elements().reading { field throws(FileError) in try field.bounded() }
        guard numbers.count == Self.counts.count else { throw field.fault("has a report of \(numbers.count) numbers") }
        for (path, number) in zip(Self.counts, numbers) { counts[keyPath: path] = number }
        let references = try field.required("carried").elements()
        let carried = try references.reading { [sources, settings] field throws(FileError) in
            let numbers = try field.elements().reading { field throws(FileError) in try field.count() }
            guard numbers.count == 4, numbers[0] < sources.count, numbers[1] < sources[numbers[0]].count,
                numbers[2] < numbers[3], numbers[3] - numbers[2] <= settings.packLength
            else { throw field.fault("is no stretch of a document") }
            return SampleReference(source: numbers[0], document: numbers[1], tokens: numbers[2]..<numbers[3])
        }
        start = DataStream.WindowStart(
            number: try field.required("window").bounded(), positions: positions, carried: carried, report: counts)
        handedOut = try field.required("handed_out").count()
    }

    private static func settings(reading field: JSONField) throws(FileError) -> DataSettings {
        let seed = try field.required("seed"), excess = try field.required("excess")
        guard let number = UInt64(try seed.text()) else { throw seed.mismatch("a number of 64 bits") }
        guard let policy = ExcessPolicy(rawValue: try excess.text()) else {
            throw excess.mismatch(ExcessPolicy.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return DataSettings(
            seed: number, packLength: try field.required("length").count(),
            weights: try field.required("weights").elements().reading { field throws(FileError) in try field.number() },
            excess: policy, epochLimit: try field.optional("epochs")?.count(),
            windowPackCount: try field.required("window").count(),
            sharesPacks: try field.optional("shares_packs")?.truth() ?? true)
    }
}

extension JSONField {
    /// A whole number that is not negative, to which a run cannot add so much that it overflows.
    func bounded() throws(FileError) -> Int {
        guard let number = json.integer, (0..<1 << 60).contains(number) else {
            throw mismatch("a whole number from 0 to below 2⁶⁰")
        }
        return number
    }
}
