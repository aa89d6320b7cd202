import GygesTestSupport
import Testing
import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors

/// A small decoder of random parameters, in a plain interpreter's form.
struct TestDecoder: CustomStringConvertible {
    let description: String
    let decoder: Decoder
    let weights: DecoderWeights<PlainWeights, [Double]>

    var eagerWeights: DecoderWeights<WeightMatrix, WeightVector> { eagerForm(of: weights) }

    /// Qwen2's kind, or Llama's if the embedding is not tied: with biases and halves, or without and pairs.
    static func dense(ties: Bool) -> TestDecoder {
        TestDecoder(
            ties ? "dense, tied" : "dense, untied",
            [
                "model_type": ties ? "qwen2" : "llama", "num_hidden_layers": 3, "intermediate_size": 44,
                "tie_word_embeddings": .bool(ties),
            ], layout: ties ? .halves : .pairs)
    }

    /// Qwen3's kind: heads of their own size, which are normed.
    static var headNorms: TestDecoder {
        TestDecoder(
            "normed heads",
            [
                "model_type": "qwen3", "num_hidden_layers": 2, "intermediate_size": 44, "head_dim": 12,
                "tie_word_embeddings": true,
            ], layout: .halves)
    }

    /// Qwen3-MoE's kind: a mixture without a shared expert.
    static var plainMixture: TestDecoder {
        TestDecoder(
            "mixture without a shared expert",
            [
                "model_type": "qwen3_moe", "num_hidden_layers": 2, "intermediate_size": 44, "num_experts": 5,
                "num_experts_per_tok": 2, "moe_intermediate_size": 20, "norm_topk_prob": true,
                "tie_word_embeddings": false,
            ], layout: .halves)
    }

    /// SmolLM3's kind: layers that rotate nothing, and biases everywhere.
    static var unrotated: TestDecoder {
        TestDecoder(
            "unrotated layers",
            [
                "model_type": "smollm3", "num_hidden_layers": 3, "intermediate_size": 44, "no_rope_layer_interval": 2,
                "attention_bias": true, "mlp_bias": true, "tie_word_embeddings": true,
            ], layout: .halves)
    }

    static func mixture(normalises: Bool) -> TestDecoder {
        TestDecoder(
            normalises ? "mixture, weights that sum to 1" : "mixture",
            [
                "model_type": "qwen2_moe", "num_hidden_layers": 2, "intermediate_size": 44, "num_experts": 5,
                "num_experts_per_tok": 2, "moe_intermediate_size": 20, "shared_expert_intermediate_size": 28,
                "norm_topk_prob": .bool(normalises), "mlp_only_layers": [1], "tie_word_embeddings": false,
            ], layout: .halves)
    }

    private init(_ name: String, _ settings: [String: JSON], layout: RotaryLayout) {
        var settings = settings
        for (key, value) in [
            ("hidden_size", 40), ("num_attention_heads", 4), ("num_key_value_heads", 2), ("vocab_size", 53),
            ("max_position_embeddings", 256),
        ] as [(String, JSON)] {
            settings[key] = value
        }
        description = name
        do {
            let configuration = try CausalModelConfiguration(
                json: .object(JSONObject(settings.map { ($0.key, $0.value) })), path: name)
            decoder = Decoder(
                configuration: configuration,
                frequencies: RotaryTable.frequencies(
                    base: configuration.ropeBase, rotaryDimension: configuration.rotaryDimension), layout: layout)
            weights = DecoderWeights(configuration, from: RandomParameters(seed: 11))
        } catch {
            fatalError("\(error)")
        }
    }

    func batch(lengths: [Int], seed: Int) -> PackedBatch {
        randomBatch(lengths: lengths, vocabulary: decoder.configuration.vocabularySize, seed: seed)
    }

    /// The logits of every row.
    func logits<O: Operations>(
        of batch: PackedBatch, cache: O.Cache?, weights: DecoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> O.Value {
        decoder.logits(
            of: decoder.hiddenStates(of: batch, cache: cache, weights: weights, on: operations),
            rows: Array(0..<batch.rowCount), weights: weights, on: operations)
    }
}

/// A small encoder of random parameters with a masked language model's head.
struct TestEncoder {
    let encoder: Encoder
    let weights: EncoderWeights<PlainWeights, [Double]>

    var eagerWeights: EncoderWeights<WeightMatrix, WeightVector> {
        let team = ThreadTeam(threadCount: 1)
        return weights.map(
            matrix: { $0.value.packed(team: team) }, vector: { WeightVector($0.value.map { Float($0) }) })
    }

    /// BERT's kind: norms behind the parts, tables of positions and segments.
    static func bert() throws -> TestEncoder {
        try TestEncoder([
            "model_type": "bert", "architectures": ["BertForMaskedLM"], "num_hidden_layers": 3, "hidden_size": 32,
            "num_attention_heads": 2, "intermediate_size": 44, "vocab_size": 53, "max_position_embeddings": 64,
        ])
    }

    init(hasBiases: Bool) throws {
        try self.init([

            "model_type": "modernbert", "architectures": ["ModernBertForMaskedLM"], "num_hidden_layers": 4,
            "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 44, "vocab_size": 53,
            "local_attention": 16, "norm_bias": .bool(hasBiases), "attention_bias": .bool(hasBiases),
            "mlp_bias": .bool(hasBiases), "classifier_bias": .bool(hasBiases),
            "tie_word_embeddings": .bool(!hasBiases), "hidden_activation": hasBiases ? "silu" : "gelu",
        ])
    }

    private init(_ settings: JSON) throws {
        let configuration = try EncoderConfiguration(json: settings, path: "config.json")
        encoder = try Encoder(configuration: configuration, path: "config.json")
        weights = EncoderWeights(configuration, hasHead: true, from: RandomParameters(seed: 12))
    }

    func batch(lengths: [Int], seed: Int) -> PackedBatch {
        randomBatch(lengths: lengths, vocabulary: encoder.configuration.vocabularySize, seed: seed)
    }

    /// The hidden states of the chosen rows and their scores.
    func run<O: Operations>(
        _ batch: PackedBatch, rows: [Int]?, weights: EncoderWeights<O.Matrix, O.Vector>, on operations: O
    ) -> TensorPair<O.Storage> {
        let states = encoder.hiddenStates(of: batch, rows: rows, weights: weights, on: operations)
        guard let head = weights.head else { fatalError("the encoder has a head") }
        let scores = encoder.scores(of: states, head: head, on: operations)
        return TensorPair(first: states, second: scores)
    }
}

/// The blocks of an eager interpreter's cache, full of NaN until they are written.
final class EagerMemory {
    let binding: KeyValueBinding

    init(_ model: TestDecoder, counts: [Int]) {
        let shape = model.decoder.attentionShape
        let layout = KeyValueLayout(
            headCount: shape.keyValueHeadCount, headDimension: shape.headDimension, format: .f32)
        let byteCount = layout.blockByteCount * model.decoder.configuration.layerCount
        let length = KeyValueLayout.blockLength
        binding = KeyValueBinding(
            layout: layout,
            blocks: counts.map { count in
                (0..<(count + length - 1) / length).map { _ in
                    let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
                    block.initializeMemory(as: UInt8.self, repeating: 0xff, count: byteCount)
                    return block
                }
            })
    }

    deinit { for block in binding.blocks.joined() { block.deallocate() } }
}

func randomBatch(lengths: [Int], vocabulary: Int, seed: Int) -> PackedBatch {
    var random = Randomness(seed)
    var batch = PackedBatch()
    for length in lengths {
        batch.append((0..<length).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) })
    }
    return batch
}

func eagerForm(of weights: DecoderWeights<PlainWeights, [Double]>) -> DecoderWeights<WeightMatrix, WeightVector> {
    let team = ThreadTeam(threadCount: 1)
    return weights.map(matrix: { $0.value.packed(team: team) }, vector: { WeightVector($0.value.map { Float($0) }) })
}

extension PlainWeights {
    /// The same numbers for products of an eager interpreter.
    func packed(team: ThreadTeam) -> WeightMatrix {
        WeightMatrix(elements.map { Float($0) }, rows: rows, columns: columns, precision: .exact, team: team)
    }
}

extension ParameterTree<PlainWeights, [Double]> {
    /// Random adapters beside every projection.
    func withAdapters(rank: Int, scale: Float, seed: Int) -> Self {
        var adapted = self
        let source = RandomParameters(seed: seed)
        var number = 0
        adapted.modifyProjections { projection in
            let weight = projection.weight.value
            let path = ParameterPath("adapters") / number
            number += 1
            let a = source.matrix(path / "a", MatrixShape(rows: rank, columns: weight.columns))
            let b = source.matrix(path / "b", MatrixShape(rows: weight.rows, columns: rank))
            projection.adapter = LowRankAdapter(a: Parameter(path / "a", a), b: Parameter(path / "b", b), scale: scale)
        }
        return adapted
    }
}
