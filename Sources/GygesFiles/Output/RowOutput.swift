/// Where the rows go that answer inputs, in the inputs' order: to a file that a later run goes on with, or to a stream such as
/// standard output.
///
/// A run that is killed and begun again leaves the bytes of one that was not, as long as a row depends on its input, on its number
/// and on what the file is made by alone.
public final class RowOutput {
    private enum Target {
        case file(ResumableOutput)
        case stream(([UInt8]) throws -> Void)
    }

    private let target: Target
    private var digest = RunningDigest()
    /// How many rows there are, those of earlier runs included.
    public private(set) var rowCount = 0
    private var isCommitted = true
    private var lastCommit = ContinuousClock.now
    private var hasPassedDone = false

    /// How long rows may wait to count, in seconds: waiting for the disk at every row would cost more than short rows do.
    private static let commitInterval = Duration.milliseconds(200)

    /// Rows for a file.
    public init(_ file: ResumableOutput) { target = .file(file) }

    /// Rows for a stream, which is written at once.
    public init(write: @escaping ([UInt8]) throws -> Void) { target = .stream(write) }

    /// Reads past the inputs whose rows are there already, and makes sure that these are they.
    ///
    /// - Throws: ``FileError`` if the input is another than the rows were made of.
    func passDone(_ input: RowReader) throws(FileError) {
        guard !hasPassedDone else { return }
        hasPassedDone = true
        guard case .file(let file) = target else { return }
        let done = file.checkpoint.rowCount
        while rowCount < done {
            guard let row = try input.next() else {
                throw otherInput(file, "\(done) rows, and the input only \(rowCount)")
            }
            update(row)
        }
        guard done == 0 || digest.value == file.checkpoint.inputDigest else {
            throw otherInput(file, "\(done) rows of another input than the one given")
        }
    }

    /// Appends the row of the next input.
    ///
    /// - Throws: ``FileError`` if the file cannot be written; what the stream throws.
    func append(_ bytes: [UInt8], for input: InputRow) throws {
        update(input)
        switch target {
        case .stream(let write): try write(bytes)
        case .file(let file):
            try file.append(bytes)
            isCommitted = false
            if lastCommit.duration(to: .now) >= Self.commitInterval { try commit() }
        }
    }

    /// Makes all rows so far count.
    ///
    /// - Throws: ``FileError`` if the disk refuses.
    func commit() throws(FileError) {
        guard !isCommitted, case .file(let file) = target else { return }
        try file.commit(rowCount: rowCount, inputDigest: digest.value)
        isCommitted = true
        lastCommit = .now
    }

    private func update(_ input: InputRow) {
        rowCount += 1
        input.bytes.withUnsafeBytes { digest.update($0) }
        digest.update("\n")
    }

    private func otherInput(_ file: ResumableOutput, _ problem: String) -> FileError {
        FileError(
            file.path, "has \(problem)",
            remedy: "Give the input that it was begun with, or begin anew with --overwrite.")
    }
}
