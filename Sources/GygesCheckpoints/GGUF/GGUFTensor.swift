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
    case iq2_xxs = 16
    case iq2_xs = 17
    case iq3_xxs = 18
    case iq1_s = 19
    case iq4_nl = 20
    case iq3_s = 21
    case iq2_s = 22
    case iq4_xs = 23
    case i8 = 24
    case i16 = 25
    case i32 = 26
    case i64 = 27
    case f64 = 28
    case iq1_m = 29
    case bf16 = 30
    case tq1_0 = 34
    case tq2_0 = 35
    case mxfp4 = 39
    case nvfp4 = 40
    case q1_0 = 41

    /// The name the format's own tools print: `Q4_K`.
    public var name: String { "\(self)".uppercased() }

    /// What a type number that is none of these stands for: a type that ggml has given up, or one that is not known.
    static func description(of rawType: UInt32) -> String {
        let former: [UInt32: String] = [
            4: "Q4_2", 5: "Q4_3", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8",
            38: "IQ4_NL_8_8",
        ]
        return former[rawType].map { "\($0), a type that ggml has given up" } ?? "type \(rawType), which is not known"
    }

    /// Elements a block; rows are whole blocks.
    public var blockLength: Int {
        switch self {
        case .f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64: 1
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q8_1, .iq4_nl, .mxfp4: 32
        case .nvfp4: 64
        case .q1_0: 128
        default: 256
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
        case .iq1_s: 50
        case .iq1_m: 56
        case .iq2_xxs, .tq2_0: 66
        case .iq2_xs: 74
        case .iq2_s: 82
        case .iq3_xxs: 98
        case .iq3_s: 110
        case .iq4_nl: 18
        case .iq4_xs: 136
        case .tq1_0: 54
        case .mxfp4: 17
        case .nvfp4: 36
        case .q1_0: 18
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
