import Foundation
import GygesCheckpoints
import GygesInference
import GygesKernels
import GygesTokenizer
import GygesTestSupport
import Testing

/// Weights and caches that are not finite: requests end with an error that says where, and nobody else notices.
@Suite struct NonFiniteTests {
    /// The tiny model with some elements of a tensor replaced.
    private func model(
        _ tensor: String, changing elements: (Int) -> Range<Int>, to value: Float, format: KeyValueFormat? = .f16
    ) throws -> LanguageModel {
        let source = try #require(Bundle.module.path(forResource: "Fixtures/tiny-chat", ofType: nil))
        let folder = try TemporaryFolder(copying: source)
        let path = folder.path + "/model.safetensors"
        let file = try SafetensorsFile(path: path)
        let found = try #require(file.tensors.first { $0.name == tensor })
        try #require(found.type == .f32 || found.type == .bf16)
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        let size = found.type == .f32 ? 4 : 2
        for index in elements(found.shape.reduce(1, *)) {
            let place = found.byteRange.lowerBound + index * size
            let bits = withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
            data.replaceSubrange(place..<place + size, with: bits.suffix(size))
        }
        try data.write(to: URL(fileURLWithPath: path))
        return try LanguageModel(path: folder.path, options: .init(threadCount: 2, keyValueFormat: format))
    }

    private func failure(of model: LanguageModel) async throws -> (generated: EngineError?, scored: EngineError?) {
        let prompt = try model.tokenizer.encode("the ring of Gyges")
        var (generated, scored): (EngineError?, EngineError?)
        do throws(EngineError) {
            _ = try await model.engine.complete(.init(prompt: prompt, maximumTokenCount: 5))
        } catch {
            generated = error
        }
        do throws(EngineError) {
            _ = try await model.engine.score(.init(tokens: prompt, firstScored: 1))
        } catch {
            scored = error
        }
        return (generated, scored)
    }

    @Test(
        arguments: [
            ("model.layers.1.self_attn.k_proj.weight", "layers.1.attention.key.weight"),
            ("model.layers.0.self_attn.v_proj.weight", "layers.0.attention.value.weight"),
            ("model.layers.0.mlp.down_proj.weight", "layers.0.feed_forward.down.weight"),
            ("model.layers.1.input_layernorm.weight", "layers.1.attention.norm.weight"),
            ("model.norm.weight", "norm.weight"),
        ], [Float.nan, .infinity])
    func aBrokenWeightIsNamed(names: (tensor: String, path: String), value: Float) async throws {
        let model = try model(names.tensor, changing: { $0 / 2..<$0 / 2 + 1 }, to: value)
        let errors = try await failure(of: model)
        for error in [errors.generated, errors.scored] {
            guard case .logitsNotFinite(let count, .parameter(let path))? = error else {
                Issue.record("\(names.tensor) \(value): \(String(describing: error))")
                continue
            }
            #expect("\(path)" == names.path && count >= 1)
            #expect(error?.description.contains(names.path) ?? false)
        }
    }

    @Test func keysBeyondTheCachesRangeAreTold() async throws {
        // Keys of about 1e6, which f16 does not hold and f32 does.
        let bias = "model.layers.1.self_attn.k_proj.bias"
        let broken = try await failure(of: try model(bias, changing: { 0..<$0 }, to: 1e6))
        #expect(
            broken.generated.map { "\($0)" }?.contains("layer 1 in the f16 cache") ?? false,
            "\(String(describing: broken.generated))")
        let wide = try await failure(of: try model(bias, changing: { 0..<$0 }, to: 1e6, format: .f32))
        #expect(wide.generated == nil && wide.scored == nil)
        // Nobody needs to choose it: the weights tell.
        let measured = try model(bias, changing: { 0..<$0 }, to: 1e6, format: nil)
        #expect(measured.engine.keyValueFormat == .f32 && measured.notes.contains { $0.contains("kept in f32") })
        let chosen = try await failure(of: measured)
        #expect(chosen.generated == nil && chosen.scored == nil)
        #expect(try EngineTests.load().engine.keyValueFormat == .f16)
        let broken16 = try model(bias, changing: { 0..<$0 }, to: .infinity, format: nil)
        #expect(broken16.engine.keyValueFormat == .f16)
    }

    @Test func theEngineGoesOn() async throws {
        // A value of one token's row of the embedding, which is the head too.
        let model = try EngineTests.load()
        let fine = try model.tokenizer.encode("the fox")
        let before = try await model.engine.complete(.init(prompt: fine, maximumTokenCount: 3))
        #expect(before.tokens.count == 3)
        let broken = try self.model("model.norm.weight", changing: { _ in 0..<1 }, to: .nan)
        for _ in 0..<2 {
            await #expect(throws: EngineError.self) {
                _ = try await broken.engine.complete(.init(prompt: fine, maximumTokenCount: 3))
            }
        }
        #expect(try await broken.engine.statistics().liveCount == 0)
    }
}
