/// How a GGUF file stores a tensor's elements.
public enum GGUFTensorType: UInt32, Sendable, CaseIterable {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q8_1 = 9
    case q2_K = 10
    case q3_K = 11
    case q4_K = 12
    case q5_K = 13
    case q6_K = 14
    case q8_K = 15
    case i8 = 24
    case i16 = 25
    case i32 = 26
    case i64 = 27
    case f64 = 28
    case bf16 = 30

    /// The name the format's own tools print: `Q4_K`.
    public var name: String { "\(self)".uppercased() }

    /// Elements a block; rows are whole blocks.
    public var blockLength: Int {
        switch self {
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q8_1: 32
        case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .q8_K: 256
        default: 1
        }
    }

    /// Bytes a block (ggml, `ggml-common.h`).
    public var blockByteCount: Int {
        switch self {
        case .f32, .i32: 4
        case .f16, .bf16, .i16: 2
        case .i8: 1
        case .f64, .i64: 8
        case .q4_0: 18
        case .q4_1: 20
        case .q5_0: 22
        case .q5_1: 24
        case .q8_0: 34
        case .q8_1: 36
        case .q2_K: 84
        case .q3_K: 110
        case .q4_K: 144
        case .q5_K: 176
        case .q6_K: 210
        case .q8_K: 292
        }
    }
}

/// A tensor of a GGUF model.
public struct GGUFTensor: Sendable {
    /// The tensor's name.
    public let name: String
    /// Its dimensions, the fastest (the row length) first, as the file lists them.
    public let dimensions: [Int]
    /// How its elements are stored.
    public let type: GGUFTensorType
    /// Where its bytes lie in its file.
    public let byteRange: Range<Int>
    /// Which of the model's files it lies in, from 0.
    public let part: Int

    /// Its dimensions with the slowest first, as other formats list them.
    public var shape: [Int] { dimensions.reversed() }
    /// The number of elements.
    public var elementCount: Int { dimensions.reduce(1, *) }
}
