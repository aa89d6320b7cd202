import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// One pass whose sequences have different adapters, or none: each has the bits that it has alone.
@Suite struct AdaptedOperationsTests {
    /// An adapter with random matrices beside some of the layers, experts and heads among them.
    private static func adapter(on modules: ModelModules, seed: Int, every step: Int = 1) throws -> ModelAdapter {
        var random = Randomness(seed)
        var names: [String] = []
        for (index, module) in modules.modules.enumerated() where index % step == 0 { names.append(module.name) }
        let rank = 2 + seed
        let stored = StoredAdapter(
            settings: AdapterSettings(rank: rank, alpha: 3, targets: .names(names)),
            modules: modules.modules.filter { names.contains($0.name) }.map {
                .init(
                    $0.name, a: StoredMatrix(random.floats(rank * $0.inputs), rows: rank, columns: $0.inputs),
                    b: StoredMatrix(random.floats($0.outputs * rank, scale: 0.3), rows: $0.outputs, columns: rank))
            })
        return try ModelAdapter(stored, on: modules, path: "adapter")
    }

    /// The adapters of an adapted model's projections.
    private static func projections(_ weights: some ParameterTree<WeightMatrix, WeightVector>) -> ProjectionAdapters {
        Dictionary(
            weights.projections.compactMap { projection in
                projection.adapter.map { (projection.weight.path, $0) }
            }, uniquingKeysWith: { first, _ in first })
    }

    private static let texts: [[Int32]] = [
        [3, 1, 4, 1, 5, 9, 2, 6], [5, 3], [5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6], [2], [6, 4, 3, 3, 8, 3, 2, 7, 9, 5],
        [1, 2, 3],
    ]
    /// Whose adapter each text has.
    private static let owners: [Int?] = [0, nil, 1, 1, nil, 0]

    private static var batch: PackedBatch {
        var batch = PackedBatch()
        for text in texts { batch.append(text) }
        return batch
    }

    private static var rowOwners: [Int?] { zip(texts, owners).flatMap { Array(repeating: $1, count: $0.count) } }

    @Test(
        arguments: ["qwen2-moe", "qwen2-tied", "qwen2-untied-bf16", "qwen3-biases-bf16"],
        [MatmulPrecision.fast, .exact, .bfloat16])
    func decodersHaveTheBitsOfEachAlone(name: String, precision: MatmulPrecision) throws {
        let team = ThreadTeam(threadCount: 3)
        let model = try DecoderModel(folder: ModelFolder(path: fixture(name)), precision: precision, team: team)
        let modules = ModelModules(model.decoder)
        let adapters = [try Self.adapter(on: modules, seed: 1), try Self.adapter(on: modules, seed: 2, every: 3)]
        let form = AdapterForm<WeightMatrix, WeightVector>.packed(precision, team: team)
        let weights = adapters.map { model.weights.adapted(by: $0, in: form) }
        let batch = Self.batch
        let rows = Array(stride(from: 0, to: batch.rowCount, by: 2))

        let adapted = AdaptedOperations(
            EagerOperations(team: team), adapters: weights.map(Self.projections), owners: Self.rowOwners)
        let states = model.decoder.hiddenStates(of: batch, cache: nil, weights: model.weights, on: adapted)
        let logits = model.decoder.logits(of: states, rows: rows, weights: model.weights, on: adapted)
        let together = (0..<rows.count).map { Array(logits.row($0)) }

        let alone = EagerOperations(team: ThreadTeam(threadCount: 1))
        var next = 0
        for (span, owner) in zip(batch.sequences, Self.owners) {
            let own = rows.filter(span.rows.contains).map { $0 - span.rows.lowerBound }
            guard !own.isEmpty else { continue }
            var single = PackedBatch()
            single.append(batch.tokens[span.rows])
            let weights = owner.map { weights[$0] } ?? model.weights
            let states = model.decoder.hiddenStates(of: single, cache: nil, weights: weights, on: alone)
            let logits = model.decoder.logits(of: states, rows: own, weights: weights, on: alone)
            for row in own.indices {
                #expect(Array(logits.row(row)) == together[next], "\(name) \(precision), adapter \(owner ?? -1)")
                next += 1
            }
        }
        #expect(next == together.count)
    }

    @Test(arguments: ["encoder-ettin", "bert-masked"], [MatmulPrecision.exact, .int8])
    func encodersHaveTheBitsOfEachAlone(name: String, precision: MatmulPrecision) throws {
        let team = ThreadTeam(threadCount: 2)
        let model = try EncoderModel(folder: ModelFolder(path: fixture(name)), precision: precision, team: team)
        let modules = ModelModules(model.encoder.configuration, hasHead: true)
        let adapters = [try Self.adapter(on: modules, seed: 3), try Self.adapter(on: modules, seed: 4, every: 2)]
        let form = AdapterForm<WeightMatrix, WeightVector>.packed(precision, team: team)
        let weights = adapters.map { model.weights.adapted(by: $0, in: form) }
        let batch = Self.batch
        let firsts = batch.sequences.map(\.rows.lowerBound)
        let head = try #require(model.weights.head)

        let adapted = AdaptedOperations(
            EagerOperations(team: team), adapters: weights.map(Self.projections), owners: Self.rowOwners)
        let states = model.encoder.hiddenStates(of: batch, rows: firsts, weights: model.weights, on: adapted)
        let scores = model.encoder.scores(of: states, head: head, on: adapted)

        let alone = EagerOperations(team: team)
        for (index, owner) in Self.owners.enumerated() {
            var single = PackedBatch()
            single.append(Self.texts[index])
            let weights = owner.map { weights[$0] } ?? model.weights
            let states = model.encoder.hiddenStates(of: single, rows: [0], weights: weights, on: alone)
            let own = model.encoder.scores(of: states, head: try #require(weights.head), on: alone)
            #expect(Array(own.row(0)) == Array(scores.row(index)), "\(name) \(precision), text \(index)")
        }
    }
}
