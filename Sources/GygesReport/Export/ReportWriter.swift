import GygesFiles

/// Writes a report and its exports into a folder, exchange by exchange: any number of them in the memory of a few.
///
/// What stands above the transcripts in the report is known when all have been seen, so that one pass over them is enough. Files appear, each whole, when ``finish(_:)`` returns; a writer that is given up leaves nothing behind.
public struct ReportWriter {
    /// What is written.
    public struct Options: Sendable {
        /// Whether texts are left out.
        public var isRedacted: Bool
        /// Whether a log for Inspect is written for each condition.
        public var writesInspectLogs: Bool

        /// Creates options.
        public init(isRedacted: Bool = false, writesInspectLogs: Bool = false) {
            self.isRedacted = isRedacted
            self.writesInspectLogs = writesInspectLogs
        }
    }

    private let document: StudyDocument
    private let folder: String
    private let tables: SampleTables
    private let lines: TranscriptLines
    private let samples: TextDraft
    private let judgements: TextDraft
    private let transcripts: TextDraft
    private let packed: Spool
    private var page: PageWriter
    private var logs: [(section: String, log: InspectLog)] = []
    private let options: Options

    /// Begins the files of a document in a folder that exists.
    ///
    /// - Parameter document: its facts, judges, sections and tiers are looked at, and none of their numbers.
    /// - Throws: ``FileError`` if nothing can be written there.
    public init(_ document: StudyDocument, folder: String, options: Options = Options()) throws {
        self.document = options.isRedacted ? document.redacted() : document
        self.folder = folder
        self.options = options
        tables = SampleTables(self.document)
        lines = TranscriptLines(self.document)
        samples = try TextDraft("\(folder)/samples.csv")
        judgements = try TextDraft("\(folder)/judgements.csv")
        transcripts = try TextDraft("\(folder)/transcripts.jsonl")
        try samples.append(tables.samplesHeader)
        try judgements.append(tables.judgementsHeader)
        try transcripts.append(lines.header)
        let packed = try Spool(in: folder)
        self.packed = packed
        page = PageWriter(self.document) { try packed.append(Array($0.utf8)) }
    }

    /// Adds an exchange to every file.
    ///
    /// - Throws: ``FileError`` if the disk is full.
    public mutating func append(_ exchange: Exchange) throws {
        let exchange = options.isRedacted ? exchange.redacted() : exchange
        try samples.append(tables.samples(exchange))
        try judgements.append(tables.judgements(exchange))
        try transcripts.append(lines.lines(exchange))
        try page.append(exchange)
        guard options.writesInspectLogs else { return }
        if logs.last?.section != exchange.condition {
            guard let section = document.sections.first(where: { $0.id == exchange.condition }) else { return }
            // Conditions come one after the other, and what a log holds in memory is needed up to its end alone.
            if !logs.isEmpty { try logs[logs.count - 1].log.close() }
            logs.append(
                (section.id, try InspectLog(document, section, replacing: "\(folder)/\(InspectLog.fileName(section))")))
        }
        try logs[logs.count - 1].log.append(exchange)
    }

    /// Ends all files and puts them in their places.
    ///
    /// - Parameter document: the one that the files were begun with, with all its numbers.
    /// - Returns: their paths, the report first.
    /// - Throws: ``FileError`` if one cannot be written.
    public mutating func finish(_ document: StudyDocument) throws -> [String] {
        let document = options.isRedacted ? document.redacted() : document
        try page.finish()
        let report = try TextDraft("\(folder)/report.html")
        try report.append(ReportPage(document: document).render())
        try packed.read { try report.append($0) }
        var paths: [String] = []
        for draft in [report, samples, judgements, transcripts] {
            try draft.commit()
            paths.append(draft.path)
        }
        for (name, text) in [
            ("conditions.csv", document.conditionsTable()), ("gaps.csv", document.gapsTable()),
            ("hypotheses.csv", document.hypothesesTable()), ("agreements.csv", document.agreementsTable()),
            ("calibrations.csv", document.calibrationsTable()), ("motives.csv", document.motivesTable()),
            ("contamination.csv", document.contaminationTable()), ("analysis.json", try document.analysisFile()),
        ] {
            try AtomicFile.write(text, to: "\(folder)/\(name)")
            paths.append("\(folder)/\(name)")
        }
        if !logs.isEmpty { try logs[logs.count - 1].log.close() }
        for (_, log) in logs {
            try log.commit()
            paths.append(log.path)
        }
        return paths
    }
}

/// Text on its way into a file, gathered into writes of a reasonable size.
private final class TextDraft {
    let path: String
    private let draft: AtomicFile.Draft
    private var pending: [UInt8] = []

    init(_ path: String) throws(FileError) {
        self.path = path
        draft = try AtomicFile.Draft(replacing: path)
    }

    func append(_ text: String) throws(FileError) { try append(Array(text.utf8)) }

    func append(_ bytes: [UInt8]) throws(FileError) {
        pending.append(contentsOf: bytes)
        if pending.count >= 1 << 18 { try flush() }
    }

    func commit() throws(FileError) {
        try flush()
        try draft.commit()
    }

    private func flush() throws(FileError) {
        try draft.append(pending)
        pending.removeAll(keepingCapacity: true)
    }
}
