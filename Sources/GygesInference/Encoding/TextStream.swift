public import GygesFiles

/// Makes a row of each text of a stream, however many there are: a window of texts at a time is read, computed and written in
/// order, so that memory does not grow, and what is written survives a kill.
public struct TextStream {
    /// How many texts are computed together.
    public var window: TextReader.WindowLimit
    /// What stands before the rows, by their number: as long for every number; `nil` for nothing.
    public var heading: ((_ rowCount: Int) -> [UInt8])?
    /// The rows of texts, end to end, in their order.
    public var rows: (_ texts: [NamedText], _ firstRow: Int) async throws -> [UInt8]

    /// Creates a stream.
    public init(
        window: TextReader.WindowLimit = .init(), heading: ((_ rowCount: Int) -> [UInt8])? = nil,
        rows: @escaping (_ texts: [NamedText], _ firstRow: Int) async throws -> [UInt8]
    ) {
        self.window = window
        self.heading = heading
        self.rows = rows
    }

    /// Computes all texts that have no row yet.
    ///
    /// - Parameter progress: Called after each window with the rows that are done; may throw to stop, and what is written stays.
    /// - Returns: How many rows the output has.
    /// - Throws: ``FileError`` if the input is not what the rows that are there were made of, or files fail; what `rows` throws.
    public func run(
        _ input: consuming TextReader, into output: ResumableOutput,
        progress: (_ rowCount: Int) throws -> Void = { _ in }
    ) async throws -> Int {
        var input = input
        var digest = RunningDigest()
        var rowCount = output.checkpoint.rowCount
        for row in 0..<rowCount {
            guard let record = try input.next() else {
                throw Self.otherInput(output, "\(rowCount) rows, and the input only \(row) texts")
            }
            digest.update(record)
        }
        guard rowCount == 0 || digest.value == output.checkpoint.inputDigest else {
            throw Self.otherInput(output, "\(rowCount) rows of other texts than those the input begins with")
        }
        if let heading {
            let bytes = heading(rowCount)
            let byteCount = output.checkpoint.byteCount
            guard byteCount >= bytes.count || (rowCount == 0 && byteCount == 0) else {
                throw Self.otherInput(output, "a record that does not fit its form")
            }
            if byteCount == 0 {
                try output.append(bytes)
            } else {
                try output.replaceBeginning(bytes)
            }
            if rowCount == 0 { try output.commit(rowCount: 0, inputDigest: digest.value) }
        }
        while true {
            let texts = try input.nextWindow(window)
            guard !texts.isEmpty else { return rowCount }
            try output.append(try await rows(texts, rowCount))
            rowCount += texts.count
            for record in texts { digest.update(record) }
            if let heading { try output.replaceBeginning(heading(rowCount)) }
            try output.commit(rowCount: rowCount, inputDigest: digest.value)
            try progress(rowCount)
        }
    }

    private static func otherInput(_ output: ResumableOutput, _ problem: String) -> FileError {
        FileError(
            output.path, "has \(problem)",
            remedy: "Give the input that it was begun with, or begin anew with --overwrite.")
    }
}

extension RunningDigest {
    fileprivate mutating func update(_ record: NamedText) {
        update((record.id?.serialized() ?? "") + "\u{0}")
        update(record.text)
        update("\u{0}")
    }
}
