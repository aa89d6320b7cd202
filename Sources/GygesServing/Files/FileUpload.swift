import GygesFiles
import GygesServer
import GygesWire

/// A file on its way from a client into a store.
struct FileUpload {
    private var reader: MultipartReader
    private let draft: AtomicFile.Draft
    private let limit: Int
    private var part: String?
    private var seen: Set<String> = []
    private var purpose: [UInt8] = []
    private var name = ""
    private(set) var byteCount = 0

    /// A form's own parts, and the purpose, are short: so many bytes are allowed beside the file.
    static let overhead = 64 << 10
    private static let (purposeLimit, nameLimit) = (64, 255)

    /// Begins to take a form in.
    ///
    /// - Parameter path: Where the file's bytes are to lie.
    /// - Throws: `Refusal` if the request is no form; `FileError` if nothing can be written.
    init(_ request: ServerRequest, to path: String, limit: Int) throws {
        reader = try MultipartReader(contentType: request.header("Content-Type"))
        draft = try AtomicFile.Draft(replacing: path)
        self.limit = limit
    }

    /// Takes bytes in.
    ///
    /// - Throws: `Refusal` or ``ServingFault`` if the form is not what it must be, `FileError` if the file cannot be written.
    mutating func take(_ bytes: [UInt8]) throws {
        for event in try reader.take(bytes) {
            switch event {
            case .part(let name, let fileName):
                guard seen.insert(name).inserted else { throw ServingFault.invalid(name, "“\(name)” is there twice.") }
                switch name {
                case "file":
                    guard let fileName, !fileName.isEmpty, fileName.utf8.count <= Self.nameLimit else {
                        throw ServingFault.invalid(
                            "file", "“file” must be a file with a name of 1 to \(Self.nameLimit) bytes.")
                    }
                    self.name = fileName
                case "purpose": break
                default:
                    let shown = String(name.prefix(80))
                    throw ServingFault(
                        ErrorReply(
                            message: "“\(shown)” is not known here.", type: "invalid_request_error", parameter: shown,
                            code: "unknown_parameter"))
                }
                part = name
            case .bytes(let bytes) where part == "file":
                byteCount += bytes.count
                guard byteCount <= limit else {
                    throw Refusal(status: 413, "the file is larger than \(limit) bytes")
                }
                try draft.append(bytes)
            case .bytes(let bytes):
                purpose += bytes
                guard purpose.count <= Self.purposeLimit else {
                    throw ServingFault.invalid("purpose", Self.purposeFault)
                }
            case .end: break
            }
        }
    }

    private static let purposeFault = "“purpose” must be “batch”: files serve nothing else here."

    /// Ends the form: what the file is called.
    ///
    /// - Throws: `Refusal` or ``ServingFault`` if something is missing; `FileError` if the file cannot be written.
    func finish() throws -> String {
        try reader.finish()
        for name in ["file", "purpose"] where !seen.contains(name) {
            throw ServingFault(
                ErrorReply(
                    message: "“\(name)” is missing.", type: "invalid_request_error", parameter: name,
                    code: "missing_required_parameter"))
        }
        guard String(decoding: purpose, as: UTF8.self) == "batch" else {
            throw ServingFault.invalid("purpose", Self.purposeFault)
        }
        try draft.commit()
        return name
    }
}
