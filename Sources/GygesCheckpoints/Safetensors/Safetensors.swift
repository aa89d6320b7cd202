public import GygesFiles

/// How a safetensors file stores a tensor's elements.
public enum SafetensorsType: String, Sendable, CaseIterable {
    case f64 = "F64"
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u64 = "U64"
    case u32 = "U32"
    case u16 = "U16"
    case u8 = "U8"
    case bool = "BOOL"
    case f8e4m3 = "F8_E4M3"
    case f8e5m2 = "F8_E5M2"

    /// Bytes an element.
    public var size: Int {
        switch self {
        case .f64, .i64, .u64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .i8, .u8, .bool, .f8e4m3, .f8e5m2: 1
        }
    }
}

/// A tensor of a safetensors file.
public struct SafetensorsTensor: Sendable {
    /// The tensor's name.
    public let name: String
    /// How its elements are stored.
    public let type: SafetensorsType
    /// Its dimensions, the slowest first.
    public let shape: [Int]
    /// Where its bytes lie in the file.
    public let byteRange: Range<Int>
}

/// A safetensors file, read by memory map (huggingface/safetensors, "Format").
///
/// The reference reader's rules are kept: a header of at most 100 MB that begins with `{` and may end in spaces, no name
/// twice, and tensors that cover the whole data without holes or overlap, so that nothing can hide in the file.
public struct SafetensorsFile: Sendable {
    /// The file.
    public let path: String
    /// The tensors in the order of their data.
    public let tensors: [SafetensorsTensor]
    /// The header's `__metadata__`.
    public let metadata: [String: String]
    /// The mapping that holds the tensors' bytes alive.
    public let file: MappedFile

    /// Opens a file.
    ///
    /// - Throws: ``FileError`` listing everything wrong with the tensors at once.
    public init(path: String) throws(FileError) {
        let file = try MappedFile(path: path)
        var reader = ByteReader(file.bytes, path: path)
        let headerLength = try reader.count("the header's length", minimumSize: 1)
        guard headerLength <= 100_000_000, headerLength >= 2 else {
            throw reader.fault("the header has \(headerLength) bytes; 2 to 100,000,000 are allowed")
        }
        let header = UnsafeRawBufferPointer(rebasing: file.bytes[8..<(8 + headerLength)])
        guard header[0] == UInt8(ascii: "{") else { throw reader.fault("the header does not begin with {") }
        let json = try JSON.parse(
            header, path: path, limits: .init(depth: 8, byteCount: 100_000_000, rejectsDuplicateKeys: true))
        guard let object = json.object else { throw reader.fault("the header is not an object") }
        let dataStart = 8 + headerLength
        var problems: [String] = []
        var isUnsupported = false
        var metadata: [String: String] = [:]
        var tensors: [SafetensorsTensor] = []
        for (name, value) in object {
            if name == "__metadata__" {
                for (key, entry) in value.object ?? JSONObject() {
                    if let text = entry.string {
                        metadata[key] = text
                    } else {
                        problems.append("__metadata__.\(key) is not a text")
                    }
                }
                if value.object == nil { problems.append("__metadata__ is not an object") }
            } else {
                switch Self.tensor(name, value, dataStart: dataStart, dataCount: file.bytes.count - dataStart) {
                case .success(let tensor): tensors.append(tensor)
                case .failure(let problem):
                    problems.append("tensor \(name) \(problem.text)")
                    isUnsupported = isUnsupported || problem.isUnsupported
                }
            }
        }
        tensors.sort {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
        }
        if problems.isEmpty {
            var expected = dataStart
            for tensor in tensors {
                if tensor.byteRange.lowerBound != expected {
                    let kind =
                        tensor.byteRange.lowerBound < expected
                        ? "overlaps the one before it" : "leaves a hole before it"
                    problems.append("tensor \(tensor.name) \(kind)")
                }
                expected = tensor.byteRange.upperBound
            }
            if problems.isEmpty, expected != file.bytes.count {
                problems.append("\(file.bytes.count - expected) bytes after the last tensor belong to none")
            }
        }
        guard problems.isEmpty else {
            throw FileError(
                path, at: "header", problems: problems,
                remedy: isUnsupported
                    ? "Use weights that are stored in \(SafetensorsType.allCases.map(\.rawValue).joined(separator: ", "))."
                    : "The file is damaged or incomplete; get it again.")
        }
        self.path = path
        self.file = file
        self.metadata = metadata
        self.tensors = tensors
    }

    /// The bytes of a tensor of this file, valid while ``file`` lives.
    public func bytes(of tensor: SafetensorsTensor) -> UnsafeRawBufferPointer {
        .init(rebasing: file.bytes[tensor.byteRange])
    }

    private struct Problem: Error {
        var text: String
        /// Whether the file may well be sound.
        var isUnsupported = false
    }

    private static func tensor(
        _ name: String, _ value: JSON, dataStart: Int, dataCount: Int
    ) -> Result<SafetensorsTensor, Problem> {
        guard let object = value.object, object.keys.allSatisfy(["dtype", "shape", "data_offsets"].contains) else {
            return .failure(Problem(text: "is not an object of dtype, shape and data_offsets"))
        }
        guard let type = object["dtype"]?.string.flatMap(SafetensorsType.init) else {
            guard let name = object["dtype"]?.string else { return .failure(Problem(text: "has no dtype")) }
            return .failure(
                Problem(text: "has the unknown dtype \(name.legible(limit: 40))", isUnsupported: true))
        }
        guard let dimensions = object["shape"]?.array, dimensions.count <= 64 else {
            return .failure(Problem(text: "has no shape of at most 64 dimensions"))
        }
        var shape: [Int] = []
        var byteCount = type.size
        for dimension in dimensions {
            guard let size = dimension.integer, size >= 0 else {
                return .failure(Problem(text: "has the dimension \(dimension.serialized())"))
            }
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
            guard !overflow else { return .failure(Problem(text: "has more bytes than can be counted")) }
            shape.append(size)
            byteCount = product
        }
        guard let offsets = object["data_offsets"]?.array, offsets.count == 2, let begin = offsets[0].integer,
            let end = offsets[1].integer, 0 <= begin, begin <= end, end <= dataCount
        else { return .failure(Problem(text: "has data_offsets outside the file")) }
        guard end - begin == byteCount else {
            return .failure(Problem(text: "has \(end - begin) bytes where shape and dtype give \(byteCount)"))
        }
        return .success(
            SafetensorsTensor(
                name: name, type: type, shape: shape, byteRange: (dataStart + begin)..<(dataStart + end)))
    }
}
