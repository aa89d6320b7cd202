import GygesCheckpoints
import GygesFiles
import Foundation
import GygesKernels
import GygesModels
import GygesTensors
import Testing

/// YaRN's numbers, and what a model does beyond its native window.
@Suite struct LongContextTests {
    /// The oracle: transformers' formulas computed by hand for Qwen2.5's settings.
    @Test(arguments: [
        (64, 15, 1.026617684e-3), (64, 31, 3.849816315e-7), (128, 23, 6.978305849e-3), (128, 24, 5.375321491e-3),
        (128, 31, 8.029597275e-4), (128, 40, 4.445698525e-5), (128, 63, 3.102344402e-7),
    ])
    func yarnMatchesTheOracle(dimension: Int, pair: Int, expected: Double) {
        let plain = RotaryTable.frequencies(base: 1e6, rotaryDimension: dimension)
        let stretched = YarnScaling(factor: 4, originalContextLength: 32768).stretched(plain, base: 1e6)
        #expect(abs(stretched[pair] / expected - 1) < 1e-9)
        if pair == 23 { #expect(stretched[pair] == plain[pair]) }
    }

    @Test func attentionFactorsFollowTransformers() {
        var yarn = YarnScaling(factor: 4, originalContextLength: 32768)
        #expect(abs(yarn.resolvedAttentionFactor - 1.1386294361) < 1e-10)
        #expect(abs(yarn.resolvedAttentionFactor * yarn.resolvedAttentionFactor - 1.2964770) < 1e-7)
        yarn.magnitudes = .init(scale: 1, scaleOfAllDimensions: 1)
        #expect(yarn.resolvedAttentionFactor == 1)
        yarn.attentionFactor = 1.5
        #expect(yarn.resolvedAttentionFactor == 1.5)
        #expect(YarnScaling(factor: 1, originalContextLength: 8).resolvedAttentionFactor == 1)
    }

    @Test("A rotary base of 1 and windows shorter than a turn give finite frequencies")
    func extremeSettingsStayFinite() {
        for (base, original) in [(1.0, 32768), (1.0001, 1), (1e12, 1), (10_000, 1 << 28)] {
            var yarn = YarnScaling(factor: 4, originalContextLength: original)
            for truncates in [true, false] {
                yarn.truncates = truncates
                let plain = RotaryTable.frequencies(base: base, rotaryDimension: 64)
                let stretched = yarn.stretched(plain, base: base)
                #expect(stretched.allSatisfy { $0.isFinite && $0 > 0 }, "base \(base), \(original) positions")
            }
        }
    }

    static func decoder(_ changes: (inout CausalModelConfiguration) -> Void = { _ in }) throws -> Decoder {
        let json: JSON = [
            "model_type": "qwen2", "num_hidden_layers": 1, "hidden_size": 64, "intermediate_size": 64,
            "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 10, "max_position_embeddings": 8192,
        ]
        var configuration = try CausalModelConfiguration(json: json, path: "config.json")
        changes(&configuration)
        return Decoder(
            configuration: configuration,
            frequencies: RotaryTable.frequencies(base: configuration.ropeBase, rotaryDimension: 32), layout: .halves)
    }

    @Test func aModelWithoutSettingsKeepsToItsWindow() throws {
        let plain = LongContext(decoder: try Self.decoder())
        #expect(plain.limit == 8192 && plain.nativeLength == 8192 && plain.method == .none)
        let automatic = LongContext(decoder: try Self.decoder(), options: .init(contextLength: 32768))
        #expect(automatic.limit == 32768 && automatic.method == .dualChunks)
        let long = LongContext(decoder: try Self.decoder(), options: .init(method: .both, contextLength: 32768))
        #expect(long.limit == 32768 && long.method == .both)
        #expect(long.encoding(forTokens: 8192) == nil)
        let encoding = try #require(long.encoding(forTokens: 8193))
        #expect(encoding == long.encoding(forTokens: 32768), "one encoding for all long requests")
        #expect(encoding.chunks?.stride == 5632 && encoding.temperature == 1)
        #expect(encoding.table.magnitude == Float(0.1 * log(4.0) + 1))
        // By name: four windows.
        let named = LongContext(decoder: try Self.decoder(), options: .init(method: .yarn))
        #expect(named.limit == 32768 && named.encoding(forTokens: 9000)?.chunks == nil)
        let none = LongContext(decoder: try Self.decoder(), options: .init(method: .none, contextLength: 20000))
        #expect(none.limit == 20000 && none.encoding(forTokens: 20000) == nil, "plain positions, as they are")
    }

    @Test func chunksAloneSharpenTheSoftmax() throws {
        let long = LongContext(decoder: try Self.decoder(), options: .init(method: .dualChunks))
        let encoding = try #require(long.encoding(forTokens: 16384))
        #expect(encoding.table == (try Self.decoder()).encoding.table)
        #expect(encoding.temperature == Float(0.1 * log(2.0) + 1))
        #expect(long.encoding(forTokens: 16385) != encoding, "by the request's full length")
    }

    @Test func aConfigurationDecidesByDefault() throws {
        let yarn = LongContext(
            decoder: try Self.decoder {
                $0.ropeScaling = .yarn(YarnScaling(factor: 4, originalContextLength: 2048))
            })
        #expect(yarn.nativeLength == 2048 && yarn.limit == 8192 && yarn.method == .yarn)
        #expect(yarn.encoding(forTokens: 2048) == nil && yarn.encoding(forTokens: 2049)?.chunks == nil)
        let further = LongContext(
            decoder: try Self.decoder {
                $0.ropeScaling = .yarn(YarnScaling(factor: 4, originalContextLength: 2048))
            }, options: .init(contextLength: 16384))
        #expect(further.encoding(forTokens: 3000)?.table.magnitude == Float(0.1 * log(8.0) + 1))
        let chunks = LongContext(
            decoder: try Self.decoder {
                $0.dualChunks = DualChunkConfiguration(chunkSize: 2048, localSize: 64, originalContextLength: 2048)
            })
        #expect(chunks.nativeLength == 2048 && chunks.limit == 8192 && chunks.method == .dualChunks)
        #expect(chunks.encoding(forTokens: 5000)?.chunks?.stride == 1984)
    }
}
