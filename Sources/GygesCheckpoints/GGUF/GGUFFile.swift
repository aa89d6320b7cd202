public import GygesFiles
import FoundationEssentials

/// A GGUF model, versions 2 and 3, read by memory map (ggml, `docs/gguf.md`).
///
/// Opening reads and checks the header alone; tensor data is touched when used. Everything the file says is checked
/// before it is believed: counts against the bytes that are left, sizes with checked arithmetic, tensors against each
/// other and against the end of the file. A model that lies in several files (`…-00001-of-00003.gguf`) is one value: the
/// metadata of the first, the tensors of all.
public struct GGUFFile: Sendable {
    /// The file, the first of several.
    public let path: String
    /// The version of the format.
    public let version: Int
    /// The metadata's keys in the order of the file.
    public let keys: [String]
    /// The metadata.
    public let metadata: [String: GGUFValue]
    /// The tensors in the order of the files.
    public let tensors: [GGUFTensor]
    /// The mappings that hold the tensors' bytes alive, one a part.
    public let files: [MappedFile]
    private let tensorIndex: [String: Int]
    private let entryRanges: [String: Range<Int>]

    /// What is refused although the format allows it, to bound work.
    fileprivate enum Limit {
        static let keyLength = 65_535
        static let stringLength = 16 << 20
        static let elementLength = 64 << 10
        static let tensorNameLength = 64
        static let alignment = 1 << 20
    }

    /// One file.
    struct Part {
        let version: Int
        let keys: [String]
        let metadata: [String: GGUFValue]
        /// Where each entry of the metadata lies in the file, key, type and value.
        let entryRanges: [String: Range<Int>]
        let tensors: [GGUFTensor]
        let file: MappedFile
    }

    /// Opens a model by its file, or by any of its files.
    ///
    /// - Throws: ``FileError``; problems with tensors are listed all at once, and so are parts that are missing.
    /// - Complexity: O(size of the headers).
    public init(path: String) throws(FileError) {
        var path = path
        if let name = SplitFileName(path), name.part > 1 {
            let first = name.path(ofPart: 1)
            guard FileManager.default.fileExists(atPath: first) else {
                throw FileError(
                    path,
                    "is part \(name.part) of a model whose first part \(first.split(separator: "/").last ?? "") is missing",
                    remedy: "Put all \(name.count) parts into one folder under the names they were published with.")
            }
            path = first
        }
        let first = try Part(path: path, index: 0)
        var parts = [first]
        if let count = first.metadata["split.count"], count.integer != 0, count.integer != 1 {
            guard let count = count.integer, count > 1, first.metadata["split.no"]?.integer ?? 0 == 0 else {
                throw FileError(
                    path, at: "split.count", "does not say that this is the first of several parts",
                    remedy: "Give the first part; its name has -00001-of-.")
            }
            parts = try Self.openParts(after: first, path: path, count: count)
        }
        self.path = path
        version = first.version
        files = parts.map(\.file)
        keys = first.keys
        metadata = first.metadata
        entryRanges = first.entryRanges
        tensors = parts.flatMap(\.tensors)
        tensorIndex = Dictionary(zip(tensors.map(\.name), tensors.indices), uniquingKeysWith: { first, _ in first })
    }

    /// An entry of the metadata as the file has it, key, type and value, to be written into another file; valid while the first of
    /// ``files`` lives.
    public func entryBytes(of key: String) -> UnsafeRawBufferPointer? {
        entryRanges[key].map { UnsafeRawBufferPointer(rebasing: files[0].bytes[$0]) }
    }

    /// The tensor of a name.
    public func tensor(named name: String) -> GGUFTensor? { tensorIndex[name].map { tensors[$0] } }

    /// The mapping that a tensor of this model lies in.
    public func file(of tensor: GGUFTensor) -> MappedFile { files[tensor.part] }

    /// The bytes of a tensor of this model, valid while its ``file(of:)`` lives.
    public func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
        .init(rebasing: file(of: tensor).bytes[tensor.byteRange])
    }
}

extension GGUFFile.Part {
    private typealias Limit = GGUFFile.Limit

    /// Reads one file's header.
    ///
    /// - Parameter index: Which part it is, from 0.
    init(path: String, index: Int) throws(FileError) {
        let file = try MappedFile(path: path)
        var reader = ByteReader(file.bytes, path: path)
        let (version, tensorCount) = try Self.readPreamble(&reader)
        let keyCount = try reader.count("the number of metadata entries", minimumSize: 8 + 4 + 1)

        var keys: [String] = []
        var metadata: [String: GGUFValue] = [:]
        var entryRanges: [String: Range<Int>] = [:]
        for _ in 0..<keyCount {
            let start = reader.position
            let key = try reader.string("a metadata key", limit: Limit.keyLength)
            guard !key.isEmpty else { throw reader.fault("a metadata key is empty") }
            guard metadata[key] == nil else { throw reader.fault("the metadata key \(key) stands twice") }
            metadata[key] = try Self.readValue(&reader, key: key, file: file)
            entryRanges[key] = start..<reader.position
            keys.append(key)
        }
        let alignment = try Self.alignment(metadata, reader)
        tensors = try GGUFFile.readTensors(&reader, count: tensorCount, alignment: alignment, part: index)
        self.version = version
        self.file = file
        self.keys = keys
        self.metadata = metadata
        self.entryRanges = entryRanges
    }

    /// Reads magic, version and the number of tensors.
    private static func readPreamble(
        _ reader: inout ByteReader
    ) throws(FileError) -> (version: Int, tensorCount: Int) {
        let magic: UInt32 = try reader.integer("the magic number")
        guard magic == 0x4655_4747 else {
            throw FileError(
                reader.path, at: "byte 0", "does not begin with GGUF",
                remedy: "Give a GGUF file; other formats are read from a Hugging Face folder.")
        }
        let version: UInt32 = try reader.integer("the version")
        // Version 3 only added that a file may be big-endian; version 1 had counts of 32 bits.
        guard version == 2 || version == 3 else {
            let reason =
                version.byteSwapped == 3 ? "is big-endian" : "has version \(version); versions 2 and 3 are read"
            throw FileError(reader.path, at: "byte 4", reason, remedy: "Convert the model again with current tools.")
        }
        return (Int(version), try reader.count("the number of tensors", minimumSize: 8 + 4 + 8 + 4 + 8))
    }

    private static func readValue(
        _ reader: inout ByteReader, key: String, file: MappedFile
    ) throws(FileError) -> GGUFValue {
        let kind: UInt32 = try reader.integer("the type of \(key)")
        if kind == 9 { return .array(try readArray(&reader, key: key, file: file)) }
        guard let element = GGUFArray.Element(rawValue: kind) else {
            throw reader.fault("\(key) has the unknown type \(kind)")
        }
        switch element {
        case .uint8: return .unsigned(UInt64(try reader.integer(key, as: UInt8.self)))
        case .int8: return .signed(Int64(try reader.integer(key, as: Int8.self)))
        case .uint16: return .unsigned(UInt64(try reader.integer(key, as: UInt16.self)))
        case .int16: return .signed(Int64(try reader.integer(key, as: Int16.self)))
        case .uint32: return .unsigned(UInt64(try reader.integer(key, as: UInt32.self)))
        case .int32: return .signed(Int64(try reader.integer(key, as: Int32.self)))
        case .uint64: return .unsigned(try reader.integer(key, as: UInt64.self))
        case .int64: return .signed(try reader.integer(key, as: Int64.self))
        case .float32: return .float(Double(Float(bitPattern: try reader.integer(key, as: UInt32.self))))
        case .float64: return .float(Double(bitPattern: try reader.integer(key, as: UInt64.self)))
        case .string: return .string(try reader.string(key, limit: Limit.stringLength))
        case .bool:
            let byte = try reader.integer(key, as: UInt8.self)
            guard byte <= 1 else { throw reader.fault("\(key) is a Boolean with the value \(byte)") }
            return .bool(byte == 1)
        }
    }

    private static func readArray(
        _ reader: inout ByteReader, key: String, file: MappedFile
    ) throws(FileError) -> GGUFArray {
        let kind: UInt32 = try reader.integer("the element type of \(key)")
        guard let element = GGUFArray.Element(rawValue: kind) else {
            guard kind == 9 else { throw reader.fault("\(key) has the unknown type \(kind)") }
            throw reader.fault(
                "\(key) is an array of arrays, which is not read", remedy: "Convert the model again without this key.")
        }
        let count = try reader.count("the number of elements of \(key)", minimumSize: element.size)
        let start = reader.position
        if element == .string {
            let what = "an element of \(key)"
            for _ in 0..<count { try reader.skipLengthPrefixed(what, limit: Limit.elementLength) }
        } else {
            try reader.skip(count * element.size, key)
        }
        return GGUFArray(element: element, count: count, file: file, range: start..<reader.position)
    }

    private static func alignment(_ metadata: [String: GGUFValue], _ reader: ByteReader) throws(FileError) -> Int {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard case .unsigned(let raw) = value, raw > 0, raw <= Limit.alignment, raw.nonzeroBitCount == 1 else {
            throw FileError(
                reader.path, at: "general.alignment", "is not a power of two from 1 to \(Limit.alignment)",
                remedy: "Convert the model again with current tools.")
        }
        return Int(raw)
    }
}
