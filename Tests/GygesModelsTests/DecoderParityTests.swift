import GygesCheckpoints
import GygesFiles
import Foundation
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// Tiny random checkpoints against transformers, layer by layer (`scripts/fixtures/make_decoders.py`).
@Suite struct DecoderParityTests {
    static let names = [
        "qwen2-tied", "qwen2-untied-bf16", "llama-plain-f16", "llama-scaled", "qwen2-moe", "qwen2-moe-mixed-bf16",
        "qwen2-yarn", "llama-yarn-f16", "llama-linear", "qwen3-tied", "qwen3-biases-bf16", "qwen3-moe",
        "qwen3-moe-mixed-f16", "llama-biases", "mistral", "mistral-window-bf16", "smollm3", "smollm3-list-biases-f16",
    ]

    @Test(arguments: names)
    func matchesTransformers(name: String) throws {
        let path = try fixture(name)
        let team = ThreadTeam(threadCount: 2)
        let model = try DecoderModel(folder: ModelFolder(path: path), team: team)
        let expected = try Expectation(path: path + "/expected.safetensors")
        // All tokens' length decides: beyond the native window, YaRN is engaged, which transformers always is.
        let runner = DecoderRunner(model: model, team: team, length: expected.tokens.count)

        let (hidden, logits) = runner.run(expected.tokens)
        // Float32 sums of up to 100 terms in another order: a few 1e-6; 1e-4 leaves room for two or three layers.
        for (layer, values) in expected.hidden.enumerated() {
            expectClose(hidden[layer], values, absolute: 1e-4, "\(name) input of layer \(layer)")
        }
        expectClose(logits, expected.logits, absolute: 1e-4, "\(name) logits")
    }

    @Test(arguments: names)
    func prefillInPartsEqualsPrefillAtOnce(name: String) throws {
        let path = try fixture(name)
        let team = ThreadTeam(threadCount: 2)
        let model = try DecoderModel(folder: ModelFolder(path: path), team: team)
        let tokens = try Expectation(path: path + "/expected.safetensors").tokens
        let whole = DecoderRunner(model: model, team: team).run(tokens).logits

        for parts in [[1, 149], [64, 86], [63, 1, 1, 85], [100, 50]] {
            let runner = DecoderRunner(model: model, team: team)
            var logits: [Float] = []
            var start = 0
            for part in parts {
                logits += runner.run(Array(tokens[start..<(start + part)])).logits
                start += part
            }
            #expect(logits == whole, "\(name): parts \(parts) must give the same bits")
        }
    }

    /// The same models as GGUF files: their names of tensors and keys, Llama's permuted rows, stored rotary divisors.
    @Test(arguments: [
        "qwen2-moe", "qwen3-tied", "qwen3-biases-bf16", "qwen3-moe", "llama-scaled", "llama-biases", "mistral",
        "smollm3",
    ])
    func aGGUFFileMatchesTransformers(name: String) throws {
        let path = try fixture(name)
        let team = ThreadTeam(threadCount: 2)
        let model = try DecoderModel(gguf: GGUFFile(path: path + "/model.gguf"), team: team)
        let expected = try Expectation(path: path + "/expected.safetensors")
        let (hidden, logits) = DecoderRunner(model: model, team: team).run(expected.tokens)
        for (layer, values) in expected.hidden.enumerated() {
            expectClose(hidden[layer], values, absolute: 1e-4, "\(name) input of layer \(layer)")
        }
        expectClose(logits, expected.logits, absolute: 1e-4, "\(name) logits")
    }

    @Test(arguments: ["qwen2-moe", "qwen3-moe"])
    func stackedExpertsOfAGGUFFileAreTheFoldersExperts(name: String) throws {
        let path = try fixture(name)
        let team = ThreadTeam(threadCount: 2)
        let tokens = try Expectation(path: path + "/expected.safetensors").tokens
        let folder = try DecoderModel(folder: ModelFolder(path: path), team: team)
        let file = try DecoderModel(gguf: GGUFFile(path: path + "/model.gguf"), team: team)
        #expect(file.decoder.configuration.experts == folder.decoder.configuration.experts)
        #expect(file.productsPerRow == folder.productsPerRow)
        #expect(
            DecoderRunner(model: file, team: team).run(tokens).logits
                == DecoderRunner(model: folder, team: team).run(tokens).logits)
    }

    @Test func onlyTheExpertsThatATokenChoosesCount() throws {
        let model = try DecoderModel(
            folder: ModelFolder(path: fixture("qwen2-moe")), team: ThreadTeam(threadCount: 1))
        // Per layer: Q, K, V, O of 40 channels and 20 for keys and values; router of 7, gate of 1, shared 36, 3 of 24.
        let layer = 40 * (40 + 20 + 20 + 40) + 40 * (7 + 1) + 3 * 40 * 36 + 3 * 3 * 40 * 24
        #expect(model.productsPerRow == 2 * layer)
    }

    @Test(arguments: [
        ("\"num_experts\": 7", "\"num_experts\": 4096", "4096 experts need more than the"),
        ("\"num_experts\": 7", "\"num_experts\": 2", "3 experts a token of 2"),
        ("\"num_experts\": 7", "\"num_experts\": 6", "mlp.experts.6.up_proj.weight"),
        ("\"moe_intermediate_size\": 24", "\"moe_intermediate_size\": 25", "mlp.experts.0.down_proj.weight"),
        ("\"mlp_only_layers\": []", "\"mlp_only_layers\": [2]", "mlp_only_layers"),
        ("\"decoder_sparse_step\": 1", "\"decoder_sparse_step\": 2", "layers.0.mlp.gate_proj.weight"),
    ])
    func aMixtureThatDoesNotFitItsWeightsIsRefused(old: String, new: String, mention: String) throws {
        let temporary = try TemporaryFolder(copying: fixture("qwen2-moe"))
        let folder = URL(fileURLWithPath: temporary.path)
        let config = folder.appendingPathComponent("config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        try #require(text.contains(old))
        try text.replacingOccurrences(of: old, with: new).write(to: config, atomically: true, encoding: .utf8)
        let error = try #require(throws: FileError.self) {
            _ = try DecoderModel(folder: ModelFolder(path: folder.path), team: ThreadTeam(threadCount: 1))
        }
        #expect(error.description.contains(mention), "\(error)")
    }

    /// What transformers 5.24 does when a tied model's file has a head too (`PreTrainedModel.tie_weights`).
    @Test func aTiedModelsStoredHeadCountsIfItDiffers() throws {
        let path = try fixture("qwen2-tied")
        let team = ThreadTeam(threadCount: 2)
        let tokens = try Expectation(path: path + "/expected.safetensors").tokens
        let plain = try DecoderModel(folder: ModelFolder(path: path), team: team)
        let expected = DecoderRunner(model: plain, team: team).run(tokens).logits
        #expect(plain.notes.isEmpty)
        let stored = try SafetensorsFile(path: path + "/model.safetensors")
        let table = try #require(stored.tensors.first { $0.name == "model.embed_tokens.weight" })
        let elements = Array(stored.bytes(of: table).bindMemory(to: Float.self))

        func load(head: [Float]?, asHalf: Bool = false, keepsTable: Bool = true) throws -> DecoderModel {
            var tensors = stored.tensors.map {
                SafetensorsWriter.Tensor(
                    name: $0.name, type: $0.type, shape: $0.shape, bytes: Array(stored.bytes(of: $0)))
            }
            if let head {
                let data = asHalf ? head.flatMap { storedBytes(Float16($0)) } : head.flatMap { storedBytes($0) }
                tensors.append(
                    .init(name: "lm_head.weight", type: asHalf ? .f16 : .f32, shape: table.shape, bytes: data))
            }
            if !keepsTable { tensors.removeAll { $0.name == table.name } }
            let folder = try TemporaryFolder(copying: path)
            try SafetensorsWriter.write(tensors, to: folder.path + "/model.safetensors")
            return try DecoderModel(folder: ModelFolder(path: folder.path), team: team)
        }
        let copy = try load(head: elements)
        #expect(copy.notes.isEmpty && copy.decoder.configuration.tiesEmbeddings)
        #expect(DecoderRunner(model: copy, team: team).run(tokens).logits == expected)
        let alone = try load(head: elements, keepsTable: false)
        #expect(alone.notes.isEmpty && DecoderRunner(model: alone, team: team).run(tokens).logits == expected)

        let doubled = try load(head: elements.map { $0 * 2 })
        #expect(doubled.notes.count == 1 && !doubled.decoder.configuration.tiesEmbeddings)
        #expect(DecoderRunner(model: doubled, team: team).run(tokens).logits == expected.map { $0 * 2 })
        // Stored otherwise, but the same numbers: rounded, they are others.
        #expect(try load(head: elements, asHalf: true).notes.count == 1)
    }

    @Test func everyMismatchIsReportedAtOnce() throws {
        let source = try fixture("qwen2-tied")
        let temporary = try TemporaryFolder(copying: source)
        let folder = URL(fileURLWithPath: temporary.path)
        let config = folder.appendingPathComponent("config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
            .replacingOccurrences(of: "\"vocab_size\": 131", with: "\"vocab_size\": 130")
            .replacingOccurrences(of: "\"num_hidden_layers\": 3", with: "\"num_hidden_layers\": 4")
        try text.write(to: config, atomically: true, encoding: .utf8)

        let error = try #require(throws: FileError.self) {
            _ = try DecoderModel(folder: ModelFolder(path: folder.path), team: ThreadTeam(threadCount: 1))
        }
        // The embedding's rows, and the twelve tensors of a fourth layer, which are told of as one.
        #expect(error.problems.count == 2)
        #expect(error.description.contains("model.embed_tokens.weight"))
        #expect(error.description.contains("layer 3: all tensors are missing"))
    }
}

func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Fixtures/\(name)", ofType: nil))
}

/// A number's bytes.
private func storedBytes<T>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

/// What transformers computed.
private struct Expectation {
    var tokens: [Int32]
    var logits: [Float]
    var hidden: [[Float]] = []

    init(path: String) throws {
        let file = try SafetensorsFile(path: path)
        func values<T>(_ name: String, as type: T.Type) throws -> [T] {
            let tensor = try #require(file.tensors.first { $0.name == name })
            return Array(file.bytes(of: tensor).bindMemory(to: T.self))
        }
        tokens = try values("tokens", as: Int32.self)
        logits = try values("logits", as: Float.self)
        while file.tensors.contains(where: { $0.name == "hidden.\(hidden.count)" }) {
            hidden.append(try values("hidden.\(hidden.count)", as: Float.self))
        }
    }
}

/// Runs one sequence with exact keys and values.
final class DecoderRunner {
    private let model: DecoderModel
    private let eager: EagerOperations
    private let layout: KeyValueLayout
    private let encoding: PositionEncoding?
    private var blocks: [UnsafeMutableRawPointer] = []
    private var position = 0

    /// Places tokens as a text of `length` tokens, if given, would be.
    init(model: DecoderModel, team: ThreadTeam, longContext: LongContextOptions = .init(), length: Int? = nil) {
        self.model = model
        encoding = length.flatMap {
            LongContext(decoder: model.decoder, options: longContext).encoding(forTokens: $0)
        }
        eager = EagerOperations(team: team)
        let configuration = model.decoder.configuration
        layout = KeyValueLayout(
            headCount: configuration.keyValueHeadCount, headDimension: configuration.headDimension, format: .f32)
    }

    deinit { blocks.forEach { $0.deallocate() } }

    /// The input of each layer and the logits of every row.
    func run(_ tokens: [Int32]) -> (hidden: [[Float]], logits: [Float]) {
        while blocks.count * KeyValueLayout.blockLength < position + tokens.count {
            let byteCount = layout.blockByteCount * model.decoder.configuration.layerCount
            blocks.append(.allocate(byteCount: byteCount, alignment: 64))
        }
        var batch = PackedBatch()
        batch.append(tokens, firstPosition: position, encoding: encoding)
        position += tokens.count
        let recorder = RecordingOperations(eager)
        let hidden = model.decoder.hiddenStates(
            of: batch, cache: KeyValueBinding(layout: layout, blocks: [blocks]), weights: model.weights, on: recorder)
        let logits = model.decoder.logits(
            of: hidden, rows: Array(0..<tokens.count), weights: model.weights, on: recorder)
        return (recorder.layerInputs, Array(logits.elements))
    }
}
