import CGygesKernels

/// How the elements of a weight matrix are stored: plain floats, or blocks with shared scales as GGUF defines them
/// (`ggml/docs/gguf.md`, `ggml_type`). Raw values are GGUF's names.
public enum WeightFormat: String, Sendable, CaseIterable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case q8_0 = "Q8_0"
    case q4_0 = "Q4_0"
    case q4_1 = "Q4_1"
    case q5_0 = "Q5_0"
    case q5_1 = "Q5_1"
    case q4_K = "Q4_K"
    case q5_K = "Q5_K"
    case q6_K = "Q6_K"
    case q2_K = "Q2_K"
    case q3_K = "Q3_K"
    case iq4_nl = "IQ4_NL"
    case iq4_xs = "IQ4_XS"

    /// The consecutive elements that share scales; 1 for the float formats. Rows are whole numbers of blocks.
    public var blockLength: Int { gyges_block_length(code) }

    /// The bytes of one block.
    public var blockByteCount: Int { gyges_block_bytes(code) }

    /// Whether elements share scales, so that matmuls take quantised activations.
    public var isQuantized: Bool { blockLength > 1 }

    /// What fast matmuls of a quantised format read.
    var quantizedActivations: ActivationKind { gyges_activation_block(code) == 64 ? .quantized64 : .quantized32 }

    /// The bytes of `elementCount` elements; `nil` if that is not a whole number of blocks or overflows.
    public func byteCount(elementCount: Int) -> Int? {
        guard elementCount >= 0, elementCount % blockLength == 0 else { return nil }
        let (bytes, overflow) = (elementCount / blockLength).multipliedReportingOverflow(by: blockByteCount)
        return overflow ? nil : bytes
    }

    /// The kernels' number of the format.
    var code: CInt {
        switch self {
        case .f32: CInt(GYGES_F32)
        case .f16: CInt(GYGES_F16)
        case .bf16: CInt(GYGES_BF16)
        case .q8_0: CInt(GYGES_Q8_0)
        case .q4_0: CInt(GYGES_Q4_0)
        case .q4_1: CInt(GYGES_Q4_1)
        case .q5_0: CInt(GYGES_Q5_0)
        case .q5_1: CInt(GYGES_Q5_1)
        case .q4_K: CInt(GYGES_Q4_K)
        case .q5_K: CInt(GYGES_Q5_K)
        case .q6_K: CInt(GYGES_Q6_K)
        case .q2_K: CInt(GYGES_Q2_K)
        case .q3_K: CInt(GYGES_Q3_K)
        case .iq4_nl: CInt(GYGES_IQ4_NL)
        case .iq4_xs: CInt(GYGES_IQ4_XS)
        }
    }
}
