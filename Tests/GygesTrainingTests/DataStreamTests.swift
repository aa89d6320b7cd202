import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesTraining

@Suite struct DataStreamTests {
    private static func allPacks(_ stream: DataStream, limit: Int = .max) throws -> [Pack] {
        var stream = stream, packs: [Pack] = []
        while packs.count < limit, let pack = try stream.next() { packs.append(pack) }
        return packs
    }

    // MARK: Packing

    /// TRL's packing of the same documents (its strategy `bfd_split`), which cuts the first.
    @Test func packsAsTheReference() {
        let lengths = [4, 1, 2, 3, 1]
        #expect(bestFitPacks(lengths, capacity: 4) == [[0], [3, 1], [2, 4]])
        #expect(bestFitPacks([], capacity: 4) == [])
        #expect(bestFitPacks([5, 5, 5], capacity: 5) == [[0], [1], [2]])
    }

    @Test func packsMeetAPlainTwin() {
        for seed in 0..<20 {
            let capacity = [1, 2, 7, 63, 64, 65, 200][seed % 7]
            var random = Randomness(seed)
            let lengths = (0..<150).map { _ in Int.random(in: 1...capacity, using: &random) }
            var rooms: [Int] = []
            for length in lengths.sorted(by: >) {
                if let best = rooms.indices.filter({ rooms[$0] >= length }).min(by: { rooms[$0] < rooms[$1] }) {
                    rooms[best] -= length
                } else {
                    rooms.append(capacity - length)
                }
            }
            let packs = bestFitPacks(lengths, capacity: capacity)
            #expect(packs.flatMap(\.self).sorted() == Array(lengths.indices))
            // Which of several packs with the same room is taken changes nothing about the rooms.
            #expect(packs.map { capacity - $0.reduce(0) { $0 + lengths[$1] } }.sorted() == rooms.sorted())
        }
    }

    @Test(arguments: [128, 1024])
    func packsAreFull(length: Int) throws {
        let store = MemoryStore(lengths: textLengths(8_000, seed: 4, most: 900))
        let settings = DataSettings(seed: 1, packLength: length, epochLimit: 1)
        var stream = try DataStream(of: [store], settings: settings)
        var seen: [SampleReference: Int] = [:], packs = 0, early = DataReport()
        while let pack = try stream.next() {
            for (reference, document) in zip(pack.references, pack.documents) {
                seen[reference, default: 0] += 1
                #expect(document.tokens == Array(store.documents[reference.document].tokens[reference.tokens]))
            }
            #expect(pack.references.reduce(0) { $0 + $1.tokens.count } <= length && pack.number == packs)
            packs += 1
            if packs == 300 { early = stream.report }
        }
        #expect(early.fill > 0.99 && stream.report.fill > 0.99, "\(early.fill) \(stream.report.fill)")
        // Every token of every document, once, but for stretches of a single one, which is not predicted.
        let tokens = store.documents.reduce(0) { $0 + $1.tokens.count } - stream.report.unsupervisedCount
        #expect(seen.values.allSatisfy { $0 == 1 })
        #expect(seen.keys.reduce(0) { $0 + $1.tokens.count } == tokens)
        #expect(stream.report.tokenCount == tokens && stream.report.packCount == packs)
        #expect(stream.report.splitCount == store.documents.filter { $0.tokens.count > length }.count)
        #expect(stream.epochs == [1] && stream.report.unsupervisedCount < 200)
    }

    /// Samples that never fill a pack are not held back for ever.
    @Test func nothingWaitsLongerThanAWindow() throws {
        let store = MemoryStore(lengths: Array(repeating: 6, count: 40))
        var settings = DataSettings(seed: 1, packLength: 10)
        settings.windowPackCount = 4
        let packs = try Self.allPacks(try DataStream(of: [store], settings: settings), limit: 100)
        #expect(packs.count == 100 && packs.allSatisfy { $0.references.count == 1 })
        settings.epochLimit = 1
        #expect(try Self.allPacks(try DataStream(of: [store], settings: settings)).count == 40)
    }

    @Test(arguments: ExcessPolicy.allCases)
    func longDocumentsAreCountedWhateverBecomesOfThem(excess: ExcessPolicy) throws {
        // The second document is to be learned at its end alone.
        let store = MemoryStore([
            Document(tokens: Array(0..<25)), Document(tokens: Array(100..<125), supervised: [22..<25]),
            Document(tokens: Array(200..<205)),
        ])
        var settings = DataSettings(seed: 1, packLength: 10, excess: excess, epochLimit: 1)
        settings.windowPackCount = 1
        var stream = try DataStream(of: [store], settings: settings)
        var tokens: Set<Int32> = []
        while let pack = try stream.next() { tokens.formUnion(pack.documents.flatMap(\.tokens)) }
        let report = stream.report
        switch excess {
        case .split:
            #expect(tokens == Set(Array(0..<25) + Array(120..<125) + Array(200..<205)))
            #expect(report.splitCount == 2 && report.unsupervisedCount == 2)
        case .truncate:
            #expect(tokens == Set(Array(0..<10) + Array(200..<205)))
            #expect(report.truncatedCount == 2 && report.unsupervisedCount == 1)
        case .drop:
            #expect(tokens == Set(200..<205) && report.droppedCount == 2)
        }
    }

    @Test(arguments: [nil, 1])
    func dataOfWhichNothingIsUsedAreRefused(epochLimit: Int?) throws {
        let late = Document(tokens: Array(0..<30), supervised: [25..<30])
        for (documents, excess) in [([Document(tokens: Array(0..<30))], ExcessPolicy.drop), ([late, late], .truncate)] {
            var settings = DataSettings(seed: 1, packLength: 10, excess: excess, epochLimit: epochLimit)
            settings.windowPackCount = 2
            #expect(throws: FileError.self) { _ = try DataStream(of: [MemoryStore(documents)], settings: settings) }
            settings.excess = .split
            var stream = try DataStream(of: [MemoryStore(documents)], settings: settings)
            #expect(try stream.next() != nil)
        }
    }

    // MARK: Order

    @Test func epochsHaveOrdersOfTheirOwn() throws {
        let store = MemoryStore(lengths: Array(repeating: 4, count: 50))
        func order(seed: UInt64) throws -> [Int] {
            var settings = DataSettings(seed: seed, packLength: 4, epochLimit: 2)
            settings.windowPackCount = 50
            return try Self.allPacks(try DataStream(of: [store], settings: settings)).flatMap {
                $0.references.map(\.document)
            }
        }
        let first = try order(seed: 1)
        #expect(first.prefix(50).sorted() == Array(0..<50) && first.suffix(50).sorted() == Array(0..<50))
        #expect(Array(first.prefix(50)) != Array(first.suffix(50)))
        #expect(try order(seed: 1) == first && order(seed: 2) != first)
    }

    @Test func sourcesAndEpochsAreShuffledApart() throws {
        let store = MemoryStore(lengths: Array(repeating: 4, count: 50))
        let settings = DataSettings(seed: 1, packLength: 4, weights: [1, 1])
        var mixture = DocumentMixture(sources: [store, store], settings: settings, positions: [.init(), .init()])
        var orders: [[Int]] = [[], []], report = DataReport()
        for _ in 0..<200 {
            let reference = try #require(try mixture.next(&report)?.first)
            orders[reference.source].append(reference.document)
        }
        let stretches = orders.flatMap { [Array($0[..<50]), Array($0[50...])] }
        #expect(stretches.allSatisfy { $0.sorted() == Array(0..<50) } && Set(stretches).count == 4)
    }

    /// Packing puts long samples first: each window hands its packs out in an order of its own.
    @Test func windowsAreShuffledApart() throws {
        // Every document fills a pack, and a window is an epoch.
        let store = MemoryStore(lengths: Array(repeating: 4, count: 50))
        var settings = DataSettings(seed: 1, packLength: 4)
        settings.windowPackCount = 50
        var stream = try DataStream(of: [store], settings: settings)
        var mixture = DocumentMixture(sources: [store], settings: settings, positions: [.init()])
        var orders: Set<[Int?]> = [], report = DataReport()
        for _ in 0..<3 {
            let drawn = try (0..<50).map { _ in try mixture.next(&report)?.first }
            let handedOut = try (0..<50).map { _ in try stream.next()?.references.first }
            orders.insert(handedOut.map { drawn.firstIndex(of: $0) })
        }
        #expect(orders.count == 3 && orders.allSatisfy { Set($0) == Set(0..<50) && $0 != Array(0..<50) })
    }

    @Test func sharesAreCountedAnewInAPhase() throws {
        let sources = [
            MemoryStore(lengths: Array(repeating: 5, count: 30), name: "a"),
            MemoryStore(lengths: Array(repeating: 5, count: 30), name: "b"),
        ]
        var settings = DataSettings(seed: 1, packLength: 5, weights: [1, 0])
        settings.windowPackCount = 4
        var stream = try DataStream(of: sources, settings: settings)
        for _ in 0..<200 { _ = try stream.next() }
        settings.weights = [1, 1]
        try stream.change(to: settings)
        let drawn = try Self.allPacks(stream, limit: 100).flatMap { $0.references.map(\.source) }
        #expect((40...60).contains(drawn.filter { $0 == 1 }.count))
    }

    @Test func sharesAreKeptAtEveryMoment() throws {
        let sources = [
            MemoryStore(lengths: textLengths(400, seed: 1, most: 60), name: "a"),
            MemoryStore(lengths: textLengths(90, seed: 2, most: 200), name: "b"),
            MemoryStore(lengths: [7], name: "c"), MemoryStore(lengths: [], name: "d"),
        ]
        var settings = DataSettings(seed: 3, packLength: 256, weights: [3, 1, 0.5, 0])
        settings.windowPackCount = 8
        var stream = try DataStream(of: sources, settings: settings)
        var tokens = [0, 0, 0, 0], packs = 0
        while packs < 400, let pack = try stream.next() {
            packs += 1
            for reference in pack.references { tokens[reference.source] += reference.tokens.count }
            guard packs % 50 == 0 else { continue }
            let total = Double(tokens.reduce(0, +))
            // A window's worth of tokens may wait.
            for (share, weight) in zip(tokens, [3, 1, 0.5, 0]) {
                #expect(abs(Double(share) - total * weight / 4.5) <= 8 * 256, "\(packs): \(tokens)")
            }
        }
        #expect(stream.epochs[2] > 100 && tokens[3] == 0)
    }

    @Test func sourcesThatAreUsedUpLeaveTheirShare() throws {
        let sources = [
            MemoryStore(lengths: [5, 5, 5], name: "a"), MemoryStore(lengths: [5, 5, 5, 5, 5, 5], name: "b"),
        ]
        let settings = DataSettings(seed: 3, packLength: 5, weights: [1, 1], epochLimit: 2)
        let packs = try Self.allPacks(try DataStream(of: sources, settings: settings))
        #expect(packs.flatMap(\.references).filter { $0.source == 0 }.count == 6 && packs.count == 18)
    }

    // MARK: Going on

    @Test(arguments: [nil, 2])
    func goesOnExactly(epochLimit: Int?) throws {
        let sources = [
            MemoryStore(lengths: textLengths(60, seed: 1, most: 50), name: "a"),
            MemoryStore(lengths: textLengths(30, seed: 2, most: 200), name: "b"),
        ]
        var settings = DataSettings(seed: .max, packLength: 64, weights: [1, 2], epochLimit: epochLimit)
        settings.windowPackCount = 5
        let whole = try Self.allPacks(try DataStream(of: sources, settings: settings), limit: 60)
        #expect(whole.count > 20)
        for stop in 0...whole.count {
            var stream = try DataStream(of: sources, settings: settings)
            for _ in 0..<stop { _ = try stream.next() }
            // As a checkpoint keeps it.
            let json = try JSON(parsing: stream.cursor.json.serialized())
            let cursor = try DataCursor(reading: JSONField(json, source: "cursor", remedy: "-"))
            #expect(cursor == stream.cursor)
            let resumed = try DataStream(of: sources, settings: settings, from: cursor)
            #expect(resumed.report == stream.report && resumed.epochs == stream.epochs, "\(stop)")
            #expect(try Self.allPacks(resumed, limit: whole.count - stop) == Array(whole[stop...]), "\(stop)")
        }
    }

    @Test func phasesGoOnWithOtherSettings() throws {
        let store = MemoryStore(lengths: textLengths(300, seed: 1, most: 100))
        var settings = DataSettings(seed: 7, packLength: 100, epochLimit: 1)
        settings.windowPackCount = 8
        var stream = try DataStream(of: [store], settings: settings)
        var seen: [SampleReference] = []
        for _ in 0..<11 { seen += try stream.next()?.references ?? [] }
        settings.packLength = 40
        settings.windowPackCount = 3
        try stream.change(to: settings)
        let cursor = stream.cursor
        let rest = try Self.allPacks(stream)
        #expect(rest.allSatisfy { $0.references.reduce(0) { $0 + $1.tokens.count } <= 40 })
        seen += rest.flatMap(\.references)
        // Nothing is lost and nothing repeated where one phase ends and the next begins.
        let tokens = seen.flatMap { reference in reference.tokens.map { reference.document * 1000 + $0 } }
        #expect(tokens.sorted() == store.documents.flatMap(\.tokens).map(Int.init).sorted())
        let resumed = try DataStream(of: [store], settings: settings, from: cursor)
        #expect(try Self.allPacks(resumed) == rest)
    }

    @Test func otherDataAreNoticed() throws {
        let store = MemoryStore(lengths: [3, 4, 5])
        let settings = DataSettings(seed: 1, packLength: 8)
        var stream = try DataStream(of: [store], settings: settings)
        _ = try stream.next()
        let cursor = stream.cursor
        var changed = store
        changed.digest = "2"
        let error = try #require(throws: SettingsError.self) {
            _ = try DataStream(of: [changed], settings: settings, from: cursor)
        }
        #expect(error.problems.map(\.setting) == ["data.memory"])
        var other = settings
        other.seed = 2
        #expect(throws: SettingsError.self) { _ = try DataStream(of: [store], settings: other, from: cursor) }
        #expect(throws: SettingsError.self) {
            _ = try DataStream(of: [store, store], settings: settings, from: cursor)
        }
    }

    @Test func damagedCursorsAreRefused() throws {
        let store = MemoryStore(lengths: textLengths(40, seed: 1, most: 50))
        var settings = DataSettings(seed: 1, packLength: 32)
        settings.windowPackCount = 2
        var stream = try DataStream(of: [store], settings: settings)
        // Up to a window that goes on with samples of the one before.
        repeat { _ = try stream.next() } while stream.cursor.json["carried"] == []
        let sound = stream.cursor.json
        #expect(try #require(sound["carried"]?.array).isEmpty == false)
        func attempt(_ key: String, _ value: JSON) throws {
            var object = try #require(sound.object)
            #expect(object[key] != nil)
            object["handed_out"] = 0
            object[key] = value
            let cursor = try DataCursor(reading: JSONField(.object(object), source: "cursor", remedy: "-"))
            var stream = try DataStream(of: [store], settings: settings, from: cursor)
            for _ in 0..<9 { _ = try stream.next() }
        }
        for (key, value): (String, JSON) in [
            ("version", 2), ("version", nil), ("handed_out", 99), ("handed_out", -1), ("handed_out", .integer(.max)),
            ("positions", []), ("positions", [["drawn": .integer(.max), "tokens": 1]]), ("carried", [[0, 0, 0]]),
            ("carried", [[0, 99, 0, 3]]), ("carried", [[1, 0, 0, 3]]), ("carried", [[0, 0, 3, 3]]),
            ("carried", [[0, 0, 900, 910]]), ("carried", [[0, 0, 0, 99]]), ("window", .integer(.max)), ("report", [1]),
            ("report", [.integer(.max), 0, 0, 0, 0, 0, 0]), ("settings", ["seed": "x"]), ("sources", []),
        ] {
            #expect(throws: (any Error).self, "\(key) \(value.serialized())") { try attempt(key, value) }
        }
        try attempt("handed_out", 0)
    }

    @Test func settingsThatCannotBeFollowedAreRefused() throws {
        let store = MemoryStore(lengths: [3]), empty = MemoryStore(lengths: [])
        func refused(_ sources: [MemoryStore], _ change: (inout DataSettings) -> Void) {
            var settings = DataSettings(seed: 1, packLength: 8)
            change(&settings)
            #expect(throws: SettingsError.self) { _ = try DataStream(of: sources, settings: settings) }
        }
        refused([store]) { $0.packLength = 1 }
        refused([store]) { $0.packLength = .max }
        refused([store]) { $0.weights = [] }
        refused([store]) { $0.weights = [0] }
        refused([store]) { $0.weights = [.nan] }
        refused([store]) { $0.epochLimit = 0 }
        refused([store]) { $0.windowPackCount = 0 }
        refused([empty]) { _ in }
        refused([]) { $0.weights = [] }
    }
}
