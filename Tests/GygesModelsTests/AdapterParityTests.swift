import Foundation
import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// Adapters as PEFT saves them against what PEFT computes with them (`scripts/fixtures/make_adapters.py`).
@Suite struct AdapterParityTests {
    static let team = ThreadTeam(threadCount: 2)

    static let decoders = [
        "qwen2-patterns", "qwen2-rslora", "llama-all-linear", "qwen2-moe", "qwen2-saved-embedding", "qwen2-saved-both",
        "qwen2-saved-tied",
    ]
    static let encoders = ["encoder-masked", "encoder-classes"]

    static func stored(_ name: String) throws -> StoredAdapter {
        try StoredAdapter(folder: fixture("adapters/\(name)"))
    }

    /// The base that an adapter's settings name.
    static func base(_ stored: StoredAdapter) throws -> DecoderModel {
        try DecoderModel(folder: ModelFolder(path: fixture(stored.settings.baseName ?? "")), team: team)
    }

    static func adapter(_ stored: StoredAdapter, _ decoder: Decoder) throws -> ModelAdapter {
        try ModelAdapter(stored, on: ModelModules(decoder), path: "adapter")
    }

    /// The logits of texts end to end.
    static func logits(
        of texts: [[Int32]], _ decoder: Decoder, _ weights: DecoderWeights<WeightMatrix, WeightVector>
    ) -> [Float] {
        var batch = PackedBatch()
        for text in texts { batch.append(text) }
        let eager = EagerOperations(team: team)
        let states = decoder.hiddenStates(of: batch, cache: nil, weights: weights, on: eager)
        return Array(decoder.logits(of: states, rows: Array(0..<batch.rowCount), weights: weights, on: eager).elements)
    }

    @Test(arguments: decoders) func decodersHavePEFTsLogits(name: String) throws {
        let stored = try Self.stored(name)
        let expected = try AdapterExpectation(name)
        let base = try Self.base(stored)
        let adapted = base.weights.adapted(
            by: try Self.adapter(stored, base.decoder), in: .packed(.fast, team: Self.team))
        // Sums in f32 in another order: logits of up to 3 have a few units in the last place.
        expectClose(
            Self.logits(of: expected.texts, base.decoder, adapted), expected.logits, relative: 1e-5, absolute: 1e-5,
            name)
        // The base is as it was.
        #expect(base.weights.projections.allSatisfy { $0.adapter == nil })
        #expect(Self.logits(of: expected.texts, base.decoder, base.weights) != expected.logits)
    }

    @Test(arguments: encoders) func encodersHavePEFTsScores(name: String) throws {
        let stored = try Self.stored(name)
        let expected = try AdapterExpectation(name)
        let base = try EncoderModel(
            folder: ModelFolder(path: fixture(stored.settings.baseName ?? "")), team: Self.team)
        let configuration = base.encoder.configuration
        let adapter = try ModelAdapter(stored, on: ModelModules(configuration, hasHead: true), path: name)
        let weights = base.weights.adapted(by: adapter, in: .packed(.fast, team: Self.team))
        var batch = PackedBatch()
        for text in expected.texts { batch.append(text) }
        let eager = EagerOperations(team: Self.team)
        let states = base.encoder.hiddenStates(of: batch, weights: weights, on: eager)
        let rows =
            configuration.task != .sequenceClassification
            ? states : eager.pooled(states, over: batch.sequences.map(\.rows), by: .mean)
        let head = try #require(weights.head)
        expectClose(
            Array(base.encoder.scores(of: rows, head: head, on: eager).elements), expected.logits, relative: 2e-5,
            absolute: 2e-5, name)
    }

    /// A GGUF file of a Llama has queries and keys in another order of channels; the adapter's follow.
    @Test func anAdapterOfAFolderFitsAGGUFFile() throws {
        let stored = try Self.stored("llama-all-linear")
        let expected = try AdapterExpectation("llama-all-linear")
        let base = try DecoderModel(gguf: GGUFFile(path: fixture("llama-scaled") + "/model.gguf"), team: Self.team)
        #expect(base.decoder.encoding.table.layout == .pairs)
        let weights = base.weights.adapted(
            by: try Self.adapter(stored, base.decoder), in: .packed(.fast, team: Self.team))
        expectClose(
            Self.logits(of: expected.texts, base.decoder, weights), expected.logits, relative: 1e-5, absolute: 1e-5)
    }

    @Test func aHeadAndAnEmbeddingThatWereTrainedApartAreTwo() throws {
        func weights(_ name: String) throws -> DecoderWeights<WeightMatrix, WeightVector> {
            let stored = try Self.stored(name)
            let base = try Self.base(stored)
            return base.weights.adapted(by: try Self.adapter(stored, base.decoder), in: .packed(.fast, team: Self.team))
        }
        for name in ["qwen2-saved-embedding", "qwen2-saved-both"] {
            #expect(try weights(name).head.weight.path == ParameterPath("head.weight"))
            // A table that is only looked up has no panels.
            #expect(try weights(name).embedding.value.packed == nil)
        }
        let tied = try weights("qwen2-saved-tied")
        #expect(tied.head.weight.path == tied.embedding.path && tied.head.weight.value === tied.embedding.value)
    }

    // MARK: Several adapters

    @Test func severalAdaptersAddUp() throws {
        let (first, second) = (try Self.stored("qwen2-patterns"), try Self.stored("qwen2-rslora"))
        let base = try Self.base(first)
        let parts = [try Self.adapter(first, base.decoder), try Self.adapter(second, base.decoder)]
        let texts = try AdapterExpectation("qwen2-patterns").texts
        func logits(_ weights: DecoderWeights<WeightMatrix, WeightVector>) -> [Float] {
            Self.logits(of: texts, base.decoder, weights)
        }
        let both = ModelAdapter.sum([parts[0].weighted(0.5), parts[1].weighted(-2)])
        let form = AdapterForm<WeightMatrix, WeightVector>.packed(.fast, team: Self.team)
        // The same differences added to the base's weights one adapter after the other.
        var merged = base.weights
        merged.add(parts[0], times: 0.5, team: Self.team)
        merged.add(parts[1], times: -2, team: Self.team)
        // The merged weights are rounded once more.
        expectClose(
            logits(base.weights.adapted(by: both, in: form)), logits(merged), relative: 1e-5, absolute: 2e-5)
        let one = parts[0].weighted(1)
        #expect(one == parts[0] && ModelAdapter.sum([one]) == one)
        // Ranks add up, where both stand.
        let query = both.modules.first { $0.path == ParameterPath("layers.0.attention.query.adapter.a") }
        #expect(query?.a.rows == 7 && query?.scale == 1)
    }

    /// Over 4-bit weights an adapter is the base's product and its own.
    @Test func overAQuantizedBaseProductsAddUp() throws {
        let quantized = QuantizedLayer(rows: 96, columns: 256, team: Self.team)
        var random = Randomness(3)
        let (a, b) = (random.floats(4 * 256), random.floats(96 * 4))
        let x = random.floats(7 * 256)
        let module = ModelAdapter.Module(
            a: StoredMatrix(a, rows: 4, columns: 256), path: ParameterPath("a"), scale: 0.5,
            parts: [
                .init(
                    weight: ParameterPath("weight"), b: StoredMatrix(b, rows: 96, columns: 4), path: ParameterPath("b"))
            ])
        let form = AdapterForm<WeightMatrix, WeightVector>.packed(.fast, team: Self.team)
        func product(_ projection: Projection<WeightMatrix, WeightVector>) -> [Float] {
            let eager = EagerOperations(team: Self.team)
            let table = WeightMatrix(copying: x, rows: 7, columns: 256)
            let input = eager.embedding((0..<7).map { $0 }, table: Parameter(ParameterPath("x"), table))
            return Array(eager.linear(input, projection).elements)
        }
        let base = Projection<WeightMatrix, WeightVector>(weight: Parameter(ParameterPath("weight"), quantized.matrix))
        let plain = product(base)
        let adapted = product(base.adapted(by: module, in: form))
        let expected = plain.indices.map { index -> Float in
            let (row, output) = (index / 96, index % 96)
            var sum = 0.0
            for rank in 0..<4 {
                let inner = (0..<256).reduce(0.0) { $0 + Double(a[rank * 256 + $1]) * Double(x[row * 256 + $1]) }
                sum += Double(b[output * 4 + rank]) * inner
            }
            return Float(Double(plain[index]) + 0.5 * sum)
        }
        // f32 sums of 256 and 4 terms of at most 1 in another order.
        expectClose(adapted, expected, relative: 1e-5, absolute: 2e-5)
    }

    // MARK: Disagreements

    @Test func everyDisagreementIsToldAtOnce() throws {
        var stored = try Self.stored("qwen2-patterns")
        stored.modules[0].name = "model.layers.7.self_attn.q_proj"
        stored.modules[1].name = "model.layers.1.self_attn.q_prj"
        stored.modules[2].a.columns = 12
        stored.modules[2].a.elements = [Float](repeating: 0, count: stored.modules[2].a.rows * 12)
        stored.saved = [.init("novel.weight", StoredMatrix([1], rows: 1, columns: 1), isVector: true)]
        let base = try Self.base(stored)
        let error = try #require(throws: FileError.self) { try Self.adapter(stored, base.decoder) }
        #expect(error.problems.count == 4)
        #expect(error.description.contains("near it is model.layers.1.self_attn.q_proj"))
        #expect(error.remedy.contains("it says qwen2-tied"))
    }

    @Test func anAdapterWithoutTheHeadsPrefixFits() throws {
        var stored = try Self.stored("encoder-masked")
        stored.modules.removeAll { $0.name.hasPrefix("head") }
        let configuration = try ModelFolder(path: fixture("encoder-ettin")).encoderConfiguration()
        let modules = ModelModules(configuration, hasHead: false)
        let adapter = try ModelAdapter(stored, on: modules, path: "a")
        for index in stored.modules.indices { stored.modules[index].name.removeFirst("model.".count) }
        #expect(try ModelAdapter(stored, on: modules, path: "a") == adapter)
    }
}

extension Projection where Matrix == WeightMatrix, Vector == WeightVector {
    fileprivate func adapted(
        by module: ModelAdapter.Module, in form: AdapterForm<WeightMatrix, WeightVector>
    ) -> Self {
        var tree = self
        tree.attach([module], in: form)
        return tree
    }
}

extension DecoderWeights where Matrix == WeightMatrix, Vector == WeightVector {
    /// Adds the products of an adapter's matrices to weights of f32.
    fileprivate mutating func add(_ adapter: ModelAdapter, times weight: Float, team: ThreadTeam) {
        for module in adapter.modules {
            for part in module.parts {
                modifyProjections { projection in
                    guard projection.weight.path == part.weight else { return }
                    let old = projection.weight.value
                    var elements = Array(old.bytes.bindMemory(to: Float.self))
                    for row in 0..<old.rows {
                        for column in 0..<old.columns {
                            var sum = 0.0
                            for rank in 0..<module.a.rows {
                                sum +=
                                    Double(part.b.elements[row * part.b.columns + rank])
                                    * Double(module.a.elements[rank * module.a.columns + column])
                            }
                            elements[row * old.columns + column] += Float(Double(weight) * Double(module.scale) * sum)
                        }
                    }
                    projection.weight.value = WeightMatrix(
                        elements, rows: old.rows, columns: old.columns, precision: .fast, team: team)
                }
            }
        }
    }
}

/// A layer of 4-bit weights (Q4_K): blocks of random codes and small scales.
private struct QuantizedLayer {
    let matrix: WeightMatrix

    init(rows: Int, columns: Int, team: ThreadTeam) {
        var random = Randomness(9)
        let block = Holder(byteCount: rows * columns / 256 * 144)
        for start in stride(from: 0, to: block.bytes.count, by: 144) {
            for index in start..<start + 144 { block.bytes[index] = UInt8.random(in: 0...255, using: &random) }
            for (offset, scale) in [(0, Float16(0.01)), (2, Float16(0.02))] {
                block.bytes.storeBytes(of: scale.bitPattern, toByteOffset: start + offset, as: UInt16.self)
            }
        }
        let bytes = UnsafeRawBufferPointer(block.bytes)
        matrix = WeightMatrix(
            bytes, format: .q4_K, rows: rows, columns: columns, owner: block,
            packed: PackedMatrix(bytes, format: .q4_K, rows: rows, columns: columns, precision: .fast, team: team),
            release: {})
    }

    private final class Holder: Sendable {
        // Written before the matrix is made only.
        nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer
        init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 64) }
        deinit { bytes.deallocate() }
    }
}

/// What PEFT computed.
struct AdapterExpectation {
    var texts: [[Int32]] = []
    var logits: [Float] = []

    init(_ name: String) throws {
        let file = try SafetensorsFile(path: fixture("adapters/\(name)/expected.safetensors"))
        func values<T>(_ name: String, as type: T.Type) throws -> [T] {
            let tensor = try #require(file.tensors.first { $0.name == name })
            return Array(file.bytes(of: tensor).bindMemory(to: T.self))
        }
        logits = try values("logits", as: Float.self)
        var tokens = try values("tokens", as: Int32.self)[...]
        for length in try values("lengths", as: Int32.self) {
            texts.append(Array(tokens.prefix(Int(length))))
            tokens = tokens.dropFirst(Int(length))
        }
    }
}
