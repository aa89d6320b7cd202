import ArgumentParser
import GygesFiles

/// What becomes of an output that is there already; shared by the commands whose work can be gone on with.
struct ResumeOptions: ParsableArguments {
    @Flag(help: "Go on with the output of an earlier run, also of one that was killed.")
    var resume = false

    @Flag(help: "Replace the output if it is there.")
    var overwrite = false

    func validate() throws {
        if resume, overwrite { throw ValidationError("--resume and --overwrite exclude each other.") }
    }

    /// Refuses the options where nothing is written to a file.
    func check(_ output: String?) throws {
        guard output != nil || !(resume || overwrite) else {
            throw ValidationError("--resume and --overwrite need --output.")
        }
    }

    /// How the file is begun.
    var start: ResumableOutput.Start { resume ? .resume : overwrite ? .overwrite : .new }
}

/// Where the rows go that answer many inputs; shared by the commands that answer them line by line.
struct RowOutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A file for the rows (JSON Lines), instead of standard output.", valueName: "path"))
    var output: String?

    @OptionGroup
    var existing: ResumeOptions

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
        try existing.check(output)
        try Self.checkName(output)
    }

    /// Refuses a name that promises another form than is written.
    ///
    /// - Parameter others: Endings that the command writes besides JSON Lines.
    static func checkName(_ output: String?, others: [String] = []) throws {
        let foreign = [".csv", ".tsv", ".json", ".parquet", ".npy", ".npz", ".xlsx"]
        guard let output, let ending = foreign.first(where: output.hasSuffix), !others.contains(ending) else { return }
        throw ValidationError("--output writes JSON Lines, not \(ending): name a file that ends in .jsonl.")
    }

    /// Answers every row, with progress and what went wrong on standard error.
    ///
    /// - Parameters:
    ///   - unit: What rows are called.
    ///   - total: How many there are, if that is known.
    ///   - sequences: How many are computed together: twice as many are at hand, so that nobody waits for a row to be read.
    ///   - answer: A row's answer, and why it could not be answered.
    /// - Throws: What reading, answering and writing throw; a status of 1 at the end if a row could not be answered.
    func answer(
        _ reader: RowReader, by output: RowOutput, unit: String, total: Int?, sequences: Int,
        with answer: @escaping @Sendable (InputRow, Int) async throws -> (bytes: [UInt8], problem: String?)
    ) async throws {
        let bar = ProgressBar(.items(unit), isShown: !quiet)
        defer { bar.finish() }
        let problems = RowProblems(bar)
        try await output.answer(
            reader, concurrency: sequences * 2,
            with: { row, number in
                let (bytes, problem) = try await answer(row, number)
                if let problem { problems.note(problem) }
                return bytes
            }, progress: { bar.update("answering", count: $0, of: total) })
        bar.update("answering", count: output.rowCount, of: output.rowCount)
        bar.finish()
        try problems.check()
    }

    /// Opens the output.
    ///
    /// - Parameters:
    ///   - inputs: The files that are read, none of which may be written over.
    ///   - identity: All that decides the rows, apart from the input; asked for only where a file is written.
    /// - Throws: ``FileError`` if the file cannot be written or gone on with.
    func open(reading inputs: [String], identity: () throws -> JSONObject) throws -> RowOutput {
        guard let output else { return RowOutput { try Output.write($0) } }
        guard !inputs.contains(output) else { throw ValidationError("--output would overwrite the input.") }
        return RowOutput(try ResumableOutput(path: output, identity: try identity(), start: existing.start))
    }
}
