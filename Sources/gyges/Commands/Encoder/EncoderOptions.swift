import ArgumentParser
import Foundation
import GygesFiles
import GygesHub
import GygesInference
import GygesKernels

/// An encoder on this machine and how to run it; shared by all commands that read texts with one.
struct EncoderOptions: ParsableArguments {
    @Argument(help: "A Hugging Face folder of an encoder, or the name of a pulled model.")
    var model: String

    @Option(help: ArgumentHelp("Threads that compute.", valueName: "count"))
    var threads: Int?

    @Option(help: "Matmuls: 'f32', 'bf16' (faster, nearly as exact) or 'int8' (fastest).")
    var precision = "f32"

    @Flag(help: "Keep no copy of packed weights in the cache folder; starts are slower.")
    var noPackedCopy = false

    /// The precisions that encoders offer, by the words that users write.
    static let precisions: KeyValuePairs<String, MatmulPrecision> = ["f32": .exact, "bf16": .bfloat16, "int8": .int8]

    /// What ``precision`` means in the kernels' terms; `nil` for another word.
    private var matmulPrecision: MatmulPrecision? { Self.precisions.first { $0.key == precision }?.value }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024.") }
        guard matmulPrecision != nil else {
            throw ValidationError("--precision must be f32, bf16 or int8.")
        }
    }

    /// Loads the model.
    ///
    /// - Parameter isShown: Whether progress is, if loading takes longer than a second.
    func load(isShown: Bool = true) throws(FileError) -> TextEncoder {
        try TextEncoder(
            path: try locateModel(model),
            options: .init(
                precision: matmulPrecision ?? .exact, threadCount: threads,
                packing: .commandLine(keepsCopy: !noPackedCopy, isShown: isShown)))
    }
}

/// Where texts come from: the command line, files, or standard input.
struct TextInputOptions: ParsableArguments {
    @Argument(help: "Texts; read from --file, or for '-' or nothing from standard input, one a line.")
    var texts: [String] = []

    /// The texts of the command line themselves; none if standard input is asked for.
    var given: [String] { texts == ["-"] ? [] : texts }

    @Option(name: .shortAndLong, help: ArgumentHelp("A file with one text a line, or JSON lines.", valueName: "path"))
    var file: [String] = []

    @Flag(help: "Lines are JSON objects; files that end in .jsonl always are.")
    var jsonl = false

    func validate() throws {
        guard texts.isEmpty || file.isEmpty && !jsonl else {
            throw ValidationError("Give texts on the command line or in files, not both.")
        }
    }

    /// Hands out what is to be read in batches, so that memory does not grow with the input.
    ///
    /// - Throws: ``FileError`` if a file cannot be read or a line is not what it should be; what `body` throws.
    func forEachBatch(of count: Int = 64, _ body: ([TextRecord]) throws -> Void) throws {
        var batch: [TextRecord] = []
        func finish() throws {
            do {
                if !batch.isEmpty { try body(batch) }
            } catch let error as EncoderError {
                // The error counts texts of this batch; the user counts lines.
                guard let (index, problem) = error.textProblem, batch.indices.contains(index) else { throw error }
                throw FileError(
                    batch[index].place, problem,
                    remedy: "Change the text, or leave it out; what precedes its batch is done.")
            }
            batch = []
        }
        func add(_ record: TextRecord) throws {
            batch.append(record)
            if batch.count == count { try finish() }
        }
        for text in given { try add(TextRecord(text: text, fields: nil, place: "the command line")) }
        for path in given.isEmpty ? file.isEmpty ? ["-"] : file : [] {
            try TextRecord.forEach(in: path, isJSON: jsonl || path.hasSuffix(".jsonl"), add)
        }
        try finish()
    }
}

/// A text, or what a line of JSON holds.
struct TextRecord {
    /// The text, or the field `text`.
    var text: String?
    /// All fields of a line of JSON.
    var fields: JSONObject?
    /// Where it stands, for errors.
    var place: String

    /// Calls `body` with each line of a file, or of standard input for `-`, that is not empty.
    ///
    /// - Throws: ``FileError`` if the file cannot be read or a line is not what it should be; what `body` throws.
    static func forEach(in path: String, isJSON: Bool, _ body: (TextRecord) throws -> Void) throws {
        try Input.forEachLine(path) { line, bytes in
            let place = "\(path), line \(line)"
            guard isJSON else {
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw FileError(place, "is not UTF-8 text", remedy: "Convert it, for example with iconv.")
                }
                return try body(TextRecord(text: text, fields: nil, place: place))
            }
            guard let object = try JSON.parse(bytes, path: place).object else {
                throw FileError(place, "is not a JSON object", remedy: #"Write lines like {"text": "..."}."#)
            }
            try body(TextRecord(text: object["text"]?.string, fields: object, place: place))
        }
    }

    /// The field `name` as text, or the text itself for `text`.
    ///
    /// - Throws: ``FileError`` if there is none.
    func string(_ name: String = "text") throws(FileError) -> String {
        if name == "text", let text { return text }
        guard let text = fields?[name]?.string else {
            throw FileError(place, "has no text in \"\(name)\"", remedy: "Write lines like {\"\(name)\": \"...\"}.")
        }
        return text
    }

    /// What identifies the record in output: its `id`, if it has one, and its text.
    func identity(_ text: String? = nil) -> [(String, JSON)] {
        (fields?["id"].map { [("id", $0)] } ?? []) + (text.map { [("text", .string($0))] } ?? [])
    }
}

/// Prints a line of JSON at once.
///
/// - Throws: ``FileError`` if standard output cannot be written.
func printLine(_ members: [(String, JSON)]) throws(FileError) {
    try Output.write(JSON.object(JSONObject(members)).serialized() + "\n")
}

/// A probability or score for reading.
func percent(_ value: Float) -> String { String(format: "%.1f %%", value * 100) }

/// Where texts come from: the command line, or one file or standard input that is read as it is needed.
struct TextSourceOptions: ParsableArguments {
    @Argument(help: "Texts; read from --input, or for '-' or nothing from standard input.")
    var texts: [String] = []

    /// The texts of the command line themselves; none if standard input is asked for.
    var given: [String] { texts == ["-"] ? [] : texts }

    @Option(
        name: [.long, .customLong("file"), .customShort("f")],
        help: ArgumentHelp("A file with one text a line, or JSON Lines; '-' for standard input.", valueName: "path"))
    var input: String?

    @Flag(help: "Lines are JSON; those of files that end in .jsonl always are.")
    var jsonl = false

    func validate() throws {
        guard texts.isEmpty || input == nil else { throw ValidationError("Give texts or --input, not both.") }
    }

    /// Whether lines are JSON.
    var isJSON: Bool { jsonl || input?.hasSuffix(".jsonl") ?? false }

    /// Reads the input's texts one by one.
    ///
    /// - Throws: ``FileError`` if it cannot be opened.
    func reader(form: TextReader.Form) throws(FileError) -> TextReader {
        let path = input ?? "-"
        if path == "-" { Input.explainTerminal(wanted: "a text a line") }
        return try TextReader(path: path, form: form)
    }
}
