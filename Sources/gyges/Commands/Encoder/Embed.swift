import GygesCheckpoints
import ArgumentParser
import Foundation
import GygesFiles
import GygesInference
import GygesKernels

/// `gyges embed`
struct Embed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns texts into vectors, any number of them.",
        discussion: """
            Prints or writes a line of JSON for each text, in their order: its "id", or its place, and its "embedding". \
            Input is one text a line, or JSON Lines with "text" and perhaps "id" or "_id". Memory does not grow with it.

            What was killed is gone on with by --resume, and the output is the same as if nothing had happened; \
            FILE.progress, beside the output, says how far it is and by what it was made.

            Examples:
              gyges embed ./modernbert-embed "What is a ring?" --as query
              gyges embed ./gte --input corpus.jsonl --output vectors.npy
              gyges embed ./gte --input corpus.jsonl --output vectors.jsonl --resume
              gyges embed ./colbert "A ring." --token-vectors --encoding base64
              cat texts.txt | gyges embed ./splade --sparse
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @OptionGroup
    var source: TextSourceOptions

    @Option(help: ArgumentHelp("Names of what is joined to a text, as in title,text.", valueName: "names"))
    var fields = "text"

    @Option(help: ArgumentHelp("A file for the vectors: .npy for NumPy's format, else JSON Lines.", valueName: "path"))
    var output: String?

    @Flag(help: "Go on with the output where an earlier run ended.")
    var resume = false

    @Flag(help: "Begin anew if the output is there.")
    var overwrite = false

    @Option(help: "How JSON Lines hold floats: 'float' or 'base64' (little-endian f32).")
    var encoding = "float"

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

    func validate() throws {
        guard output != nil || !(resume || overwrite) else {
            throw ValidationError("--resume and --overwrite need --output.")
        }
        if let output, output == source.input { throw ValidationError("--output would overwrite --input.") }
        if resume, !source.texts.isEmpty { throw ValidationError("--resume goes on with an --input.") }
        if resume, overwrite { throw ValidationError("--resume and --overwrite exclude each other.") }
        guard ["float", "base64"].contains(encoding) else {
            throw ValidationError("--encoding must be float or base64.")
        }
        guard role.map({ TextRole(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("--as must be query or document.")
        }
        if prompt != nil, prefix != nil { throw ValidationError("--prompt and --prefix exclude each other.") }
        if isNumpy, vectors.tokenVectors || vectors.sparse {
            throw ValidationError("NumPy's format holds one vector for each text; write JSON Lines.")
        }
        guard !fieldNames.isEmpty else { throw ValidationError("--fields wants names such as title,text.") }
    }

    private var fieldNames: [String] {
        fields.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    func run() async throws {
        let model = try encoder.load()
        let vectorizer = Vectorizer(model: model, kind: vectors.kind(for: model))
        if isNumpy, vectorizer.kind != .single {
            throw ValidationError("The model gives other than one vector for each text; write JSON Lines.")
        }
        let role = role.flatMap(TextRole.init(rawValue:))
        let ownPrompt = prompt.map { EmbeddingOptions.Prompt.named($0) } ?? prefix.map { .text($0) }
        let maker = RowMaker(
            vectorizer: vectorizer, role: role ?? .document,
            options: vectors.options(prompt: ownPrompt ?? role.map(vectorizer.prompt) ?? .automatic, for: model),
            format: isNumpy ? .numpy : VectorRows.Format(rawValue: encoding) ?? .jsonLines)
        guard source.texts.isEmpty else { return try embedGiven(maker) }
        let form: TextReader.Form = source.isJSON ? .jsonLines(fields: fieldNames) : .plainLines
        let reader = try TextReader(path: source.input ?? "-", form: form)
        guard let output else { return try printAll(of: reader, maker) }
        try await write(reader, to: output, maker)
    }

    /// The texts of the command line.
    private func embedGiven(_ maker: RowMaker) throws {
        let records = source.texts.map { NamedText(id: nil, text: $0, line: 1) }
        guard let output else { return try writeOutput(try maker.rows(of: records, from: 0)) }
        guard overwrite || !FileManager.default.fileExists(atPath: output) else {
            throw FileError(output, "is there already", remedy: "Give --overwrite, or choose another file.")
        }
        let heading =
            isNumpy ? NumpyHeader.bytes(rows: source.texts.count, columns: try width(maker.vectorizer.model)) : []
        try AtomicFile.write(heading + maker.rows(of: records, from: 0), to: output)
    }

    /// All texts of the input to standard output, a few at a time so that a pipe's reader need not wait.
    private func printAll(of reader: consuming TextReader, _ maker: RowMaker) throws {
        var reader = reader
        var count = 0
        while true {
            let records = try reader.nextWindow(.init(textCount: 64, byteCount: 16 << 10))
            guard !records.isEmpty else { return }
            try writeOutput(try maker.rows(of: records, from: count))
            count += records.count
        }
    }

    /// All texts of the input to a file that can be gone on with.
    private func write(_ reader: consuming TextReader, to output: String, _ maker: RowMaker) async throws {
        let width = try width(maker.vectorizer.model)
        let file = try ResumableOutput(
            path: output, identity: try identity(of: maker), start: resume ? .resume : overwrite ? .overwrite : .new)
        let total = quiet ? nil : try TextReader.count(path: source.input ?? "-", form: reader.form)
        let bar = ProgressBar(.items("texts"), isShown: !quiet)
        defer { bar.finish() }
        bar.update("embedding", count: file.checkpoint.rowCount, of: total)
        let stream = TextStream(
            window: maker.vectorizer.kind.window,
            heading: isNumpy ? { NumpyHeader.bytes(rows: $0, columns: width) } : nil
        ) { records, first in
            try maker.rows(of: records, from: first) { bar.update("embedding", count: first + $0, of: total) }
        }
        _ = try await stream.run(reader, into: file)
    }

    private func width(_ model: TextEncoder) throws -> Int {
        let dimension = vectors.truncateDimensions ?? model.embeddingDimension
        guard dimension <= model.embeddingDimension else {
            throw EncoderError.badDimension(dimension, width: model.embeddingDimension)
        }
        return dimension
    }

    /// All that decides the output's bytes, apart from the texts.
    private func identity(of maker: RowMaker) throws -> JSONObject {
        let (model, options) = (maker.vectorizer.model, maker.options)
        func text(_ value: (some CustomStringConvertible)?) -> JSON { value.map { .string("\($0)") } ?? .null }
        return JSONObject([
            ("model", .string(try model.digest())), ("precision", .string(model.precision.rawValue)),
            ("instruction set", .string(InstructionSet.current.rawValue)), ("arithmetic", .integer(arithmeticRevision)),
            ("vectors", .string(maker.vectorizer.kind.rawValue)), ("role", .string(maker.role.rawValue)),
            ("prompt", .string(try model.promptText(options.prompt))), ("pooling", text(options.pooling?.rawValue)),
            ("dimensions", options.dimension.map { .integer($0) } ?? .null), ("scaled", .bool(options.normalizes)),
            ("most tokens", options.text.maximumLength.map { .integer($0) } ?? .null),
            ("truncation", .string(options.text.truncation.rawValue)), ("encoding", .string(maker.format.rawValue)),
            ("fields", source.isJSON ? .array(fieldNames.map { .string($0) }) : .null),
        ])
    }
}

/// Makes the rows of a file of texts.
private struct RowMaker {
    let vectorizer: Vectorizer
    let role: TextRole
    let options: EmbeddingOptions
    let format: VectorRows.Format

    /// The rows of texts, end to end.
    ///
    /// - Parameters:
    ///   - first: The place of the first text, which names it if it has no name.
    ///   - progress: Told how many of the texts are done.
    /// - Throws: ``FileError`` naming the line of a text that the model refuses; ``EncoderError`` about all of them.
    func rows(of records: [NamedText], from first: Int, progress: ((Int) -> Void)? = nil) throws -> [UInt8] {
        var rows = VectorRows(format: format)
        let ids = records.enumerated().map { $1.id ?? .integer(first + $0) }
        do {
            switch try vectorizer.vectors(of: records.map(\.text), as: role, options: options, progress: progress) {
            case .single(let vectors): for (id, vector) in zip(ids, vectors) { try rows.append(id: id, vector: vector) }
            case .tokens(let texts):
                for (id, text) in zip(ids, texts) {
                    try rows.append(id: id, tokens: text.tokens, vectors: text.vectors)
                }
            case .sparse(let texts): for (id, text) in zip(ids, texts) { try rows.append(id: id, sparse: text) }
            }
        } catch let error as EncoderError {
            guard let (index, problem) = error.textProblem, records.indices.contains(index) else { throw error }
            throw FileError(
                "line \(records[index].line)", problem,
                remedy: "Change the text, or leave it out; what precedes its window is done.")
        }
        return rows.bytes
    }
}
