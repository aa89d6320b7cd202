import GygesCheckpoints
import ArgumentParser
import Foundation
import GygesFiles
import GygesInference

/// `gyges embed`
struct Embed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns texts into vectors, any number of them.",
        discussion: """
            Prints or writes a line of JSON for each text, in their order: its "id", or its place, and its "embedding". \
            Input is one text a line, or JSON Lines with "text" and perhaps "id" or "_id". Memory does not grow with it.

            --resume continues a run that was killed, and the output is the same as if nothing had happened; \
            FILE.progress, beside the output, says how far it is and by what it was made.

            Examples:
              gyges embed ./modernbert-embed "What is a ring?" --as query
              gyges embed ./gte --input corpus.jsonl --output vectors.npy
              gyges embed ./gte --input corpus.jsonl --output vectors.jsonl --resume
              gyges embed ./gte --input corpus.jsonl -o bits.npy --dtype binary
              gyges embed ./colbert "A ring." --token-vectors --encoding base64
              gyges embed ./colbert --input corpus.jsonl -o tokens.npz --dtype f16
              cat texts.txt | gyges embed ./splade --sparse
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @OptionGroup(title: "Input")
    var source: TextInputOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A file for the vectors: .npy for NumPy's format, .npz for vectors of tokens and sparse ones, else JSON Lines.",
            valueName: "path"))
    var output: String?

    @OptionGroup
    var existing: ResumeOptions

    @Option(help: "How JSON Lines hold numbers: 'float' (as numbers) or 'base64' (little-endian bytes).")
    var encoding = "float"

    @Option(
        help: ArgumentHelp(
            "What numbers are written as: 'f32', 'f16', 'int8' (each vector by its own \"scale\") or 'binary' (signs, 8 a byte).",
            valueName: "numbers"))
    var dtype = VectorNumbers.float32.rawValue

    @Option(name: .customLong("as"), help: "What texts are for: 'query' or 'document'; decides the model's prompt.")
    var role: String?

    @Option(help: ArgumentHelp("The model's prompt of this name before each text.", valueName: "name"))
    var prompt: String?

    @Option(help: ArgumentHelp("This text before each text.", valueName: "text"))
    var prefix: String?

    @Flag(help: "Show no progress.")
    var quiet = false

    @OptionGroup(title: "Vectors")
    var vectors: VectorOptions

    private var isNumpy: Bool { output?.hasSuffix(".npy") ?? false }
    private var isArchive: Bool { output?.hasSuffix(".npz") ?? false }

    func validate() throws {
        try existing.check(output)
        try RowOutputOptions.checkName(output, others: [".npy", ".npz"])
        if let output, source.file.input.contains(output) { throw ValidationError("--output would overwrite --input.") }
        if existing.resume, !source.given.isEmpty { throw ValidationError("--resume needs an --input.") }
        guard ["float", "base64"].contains(encoding) else {
            throw ValidationError("--encoding must be float or base64.")
        }
        guard VectorNumbers(rawValue: dtype) != nil else {
            throw ValidationError("--dtype must be f32, f16, int8 or binary.")
        }
        guard role.map({ TextRole(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("--as must be query or document.")
        }
        if prompt != nil, prefix != nil { throw ValidationError("--prompt and --prefix exclude each other.") }
        if isNumpy, vectors.tokenVectors || vectors.sparse {
            throw ValidationError("NumPy's .npy holds one vector for each text; write .npz or JSON Lines.")
        }
    }

    func run() async throws {
        let vectorizer = try vectors.vectorizer(try encoder.load(isShown: !quiet))
        let role = role.flatMap(TextRole.init(rawValue:))
        let ownPrompt = prompt.map { EmbeddingOptions.Prompt.named($0) } ?? prefix.map { .text($0) }
        let maker = try VectorRowMaker(
            vectorizer: vectorizer, role: role ?? .document,
            options: vectors.options(
                prompt: ownPrompt ?? role.map(vectorizer.prompt) ?? .automatic, for: vectorizer.model),
            format: isNumpy ? .numpy : isArchive ? .records : VectorRows.Format(rawValue: encoding) ?? .jsonLines,
            numbers: VectorNumbers(rawValue: dtype) ?? .float32)
        guard source.given.isEmpty else { return try embedGiven(maker) }
        let reader = try reader()
        guard let output else { return try printAll(of: reader, maker) }
        try await write(reader, to: output, maker)
    }

    /// Reads the input's texts one by one.
    private func reader() throws -> TextReader {
        let paths = source.file.paths
        for path in paths { try RowReader.checkForm(of: path, isJSON: source.file.jsonl) }
        let isJSON = source.file.isJSON
        guard isJSON || !paths.contains(where: RowReader.isJSON) else {
            throw ValidationError("Files of plain lines and of JSON are read in runs of their own.")
        }
        if paths.contains("-") { Input.explainTerminal(wanted: "a text a line") }
        return try TextReader(paths: paths, form: isJSON ? .jsonLines(fields: source.fieldNames) : .plainLines)
    }

    /// The texts of the command line.
    private func embedGiven(_ maker: VectorRowMaker) throws {
        let records = source.given.map { NamedText(id: nil, text: $0, line: 1) }
        guard let output else { return try Output.write(try maker.rows(of: records, from: 0)) }
        guard existing.overwrite || !FileManager.default.fileExists(atPath: output) else {
            throw FileError(output, "is there already", remedy: "Give --overwrite, or choose another file.")
        }
        let heading = isNumpy ? try maker.numpyHeading(rows: source.given.count) : []
        let rows = try heading + maker.rows(of: records, from: 0)
        guard isArchive else { return try AtomicFile.write(rows, to: output) }
        try VectorArchive(records: rows, of: maker).write(to: output)
    }

    /// All texts of the input to standard output, a few at a time so that a pipe's reader need not wait.
    private func printAll(of reader: consuming TextReader, _ maker: VectorRowMaker) throws {
        var reader = reader
        var count = 0
        while true {
            let records = try reader.nextWindow(.init(textCount: 64, byteCount: 16 << 10))
            guard !records.isEmpty else { return }
            try Output.write(try maker.rows(of: records, from: count))
            count += records.count
        }
    }

    /// All texts of the input to a file that a later run can continue.
    private func write(_ reader: consuming TextReader, to output: String, _ maker: VectorRowMaker) async throws {
        // Before hours of work, not after.
        _ = try isArchive ? maker.vectorizer.model.tokenWidth(maker.options) : maker.width()
        var identity = try maker.identity()
        identity["fields"] = reader.form == .plainLines ? .null : .array(source.fieldNames.map { .string($0) })
        // An archive is made of its rows when they are all there.
        let rows = isArchive ? output + ".rows" : output
        if isArchive, FileManager.default.fileExists(atPath: output) {
            guard existing.overwrite || existing.resume && FileManager.default.fileExists(atPath: rows) else {
                throw FileError(
                    output, "is there already, and whole", remedy: "Give --overwrite to begin anew, or another file.")
            }
        }
        let file = try ResumableOutput(path: rows, identity: identity, start: existing.start)
        let total = quiet ? nil : try source.count()
        let bar = ProgressBar(.items("texts"), isShown: !quiet)
        defer { bar.finish() }
        bar.update("embedding", count: file.checkpoint.rowCount, of: total)
        let stream = TextStream(
            window: maker.vectorizer.kind.window,
            heading: isNumpy ? { (try? maker.numpyHeading(rows: $0)) ?? [] } : nil
        ) { records, first in
            try maker.rows(of: records, from: first) { bar.update("embedding", count: first + $0, of: total) }
        }
        let count = try await stream.run(reader, into: file) { bar.update("embedding", count: $0, of: total) }
        bar.update("embedding", count: count, of: count)
        guard isArchive else { return }
        try VectorArchive(recordsAt: rows, of: maker).write(to: output)
        for path in [rows, file.recordPath] { try FileManager.default.removeItem(atPath: path) }
    }
}
