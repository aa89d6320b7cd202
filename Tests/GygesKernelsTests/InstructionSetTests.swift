import GygesKernels
import Testing

@Suite struct InstructionSetTests {
    @Test func theLevelInUseCanRunHere() {
        #expect(InstructionSet.supported.first == .generic)
        #expect(InstructionSet.supported.contains(InstructionSet.current))
        #expect(InstructionSet.supported == InstructionSet.supported.sorted())
    }

    @Test func formatsMeasureThemselves() {
        #expect(WeightFormat.q4_K.byteCount(elementCount: 512) == 288)
        #expect(WeightFormat.q6_K.byteCount(elementCount: 256) == 210)
        #expect(WeightFormat.q4_0.byteCount(elementCount: 33) == nil)
        #expect(WeightFormat.f32.byteCount(elementCount: .max) == nil)
        #expect(WeightFormat.f32.byteCount(elementCount: -1) == nil)
        let sizes = WeightFormat.allCases.map { "\($0.rawValue) \($0.blockLength) \($0.blockByteCount)" }
        // ggml-common.h's static assertions.
        #expect(
            sizes == [
                "F32 1 4", "F16 1 2", "BF16 1 2", "Q8_0 32 34", "Q4_0 32 18", "Q4_1 32 20", "Q5_0 32 22", "Q5_1 32 24",
                "Q4_K 256 144", "Q5_K 256 176", "Q6_K 256 210", "Q2_K 256 84", "Q3_K 256 110", "IQ4_NL 32 18",
                "IQ4_XS 256 136",
            ])
    }
}
