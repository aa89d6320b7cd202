import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// Adapters at the beginning of their training, and on their way back into files.
@Suite struct FreshAdapterTests {
    private static let team = ThreadTeam(threadCount: 2)

    private func modules(_ name: String) throws -> ModelModules {
        let folder = try ModelFolder(path: fixture(name))
        return name.hasPrefix("encoder")
            ? ModelModules(try folder.encoderConfiguration(), hasHead: true)
            : ModelModules(try folder.causalModelConfiguration(), layout: .halves)
    }

    private func fresh(_ settings: AdapterSettings, on name: String, seed: UInt64 = 1) throws -> FreshAdapter {
        try FreshAdapter(settings, on: modules(name), seed: seed)
    }

    /// The layers that PEFT gave matrices are those that the same settings give them here, with the same shapes.
    @Test(arguments: AdapterParityTests.decoders + AdapterParityTests.encoders) func targetsAreThoseOfPEFT(name: String)
        throws
    {
        let stored = try AdapterParityTests.stored(name)
        let base = try #require(stored.settings.baseName)
        // PEFT always adds the usual names of a classifier's last layer, of which a model has one.
        var settings = stored.settings
        settings.savedModules.removeAll { $0 == "score" }
        let fresh = try fresh(settings, on: base)
        let given = try ModelAdapter(stored, on: modules(base), path: name)
        #expect(fresh.adapter.modules.map(\.path) == given.modules.map(\.path))
        for (own, other) in zip(fresh.adapter.modules, given.modules) {
            #expect(own.a.rows == other.a.rows && own.a.columns == other.a.columns && own.scale == other.scale)
            #expect(own.parts.map(\.b.rows) == other.parts.map(\.b.rows))
            #expect(own.parts.allSatisfy { $0.b.elements.allSatisfy { $0 == 0 } })
        }
    }

    @Test(arguments: ["qwen2-untied-bf16", "encoder-ettin"]) func allLinearLeavesOutTheHead(base: String) throws {
        let adapter = try fresh(AdapterSettings(rank: 2, alpha: 2, targets: .allLinear), on: base).adapter
        let all = try modules(base).modules
        #expect(adapter.modules.map(\.path) == all.filter { !$0.isHead }.map(\.a) && all.contains(where: \.isHead))
    }

    /// Torch's linear layers begin so: uniform in ±1/√inputs, of a variance of a third of its square.
    @Test func matricesBeginAsTorchBegins() throws {
        let settings = AdapterSettings(rank: 64, alpha: 8, targets: .names(["q_proj", "down_proj"]))
        let adapter = try fresh(settings, on: "qwen2-tied", seed: 7).adapter
        #expect(adapter.modules.count == 6)
        for module in adapter.modules {
            let bound = 1 / Float(module.a.columns).squareRoot()
            let elements = module.a.elements
            #expect(elements.allSatisfy { abs($0) <= bound })
            #expect((elements.map { abs($0) }.max() ?? 0) > 0.99 * bound)
            let count = Float(elements.count)
            let mean = elements.reduce(0, +) / count
            let variance = elements.reduce(0) { $0 + $1 * $1 } / count
            // Five standard deviations of the mean and, for a uniform distribution, of the mean square.
            #expect(abs(mean) < 5 * bound / (3 * count).squareRoot())
            #expect(abs(variance / (bound * bound / 3) - 1) < 5 * (0.8 / count).squareRoot())
        }
        #expect(Set(adapter.modules.map { $0.a.elements[0] }).count == 6)
        #expect(try fresh(settings, on: "qwen2-tied", seed: 7).adapter == adapter)
        #expect(try fresh(settings, on: "qwen2-tied", seed: 8).adapter != adapter)
        // What else is targeted changes nothing.
        let more = try fresh(AdapterSettings(rank: 64, alpha: 8, targets: .allLinear), on: "qwen2-tied", seed: 7)
            .adapter
        #expect(more.modules.contains(adapter.modules[3]))
    }

    /// Names of ours are transformers' in the settings that are saved.
    @Test func pathsOfOursAreTargetsToo() throws {
        let ours = try fresh(
            AdapterSettings(rank: 2, alpha: 2, targets: .names(["attention.query", "down"])), on: "qwen2-tied")
        let theirs = try fresh(
            AdapterSettings(rank: 2, alpha: 2, targets: .names(["q_proj", "down_proj"])), on: "qwen2-tied")
        #expect(ours.adapter == theirs.adapter && theirs.settings.targets == .names(["q_proj", "down_proj"]))
        #expect(
            ours.settings.targets
                == .names(
                    ours.adapter.modules.map(\.path).map { path in
                        let parts = path.description.split(separator: ".")
                        return "model.layers.\(parts[1])."
                            + (parts[2] == "attention" ? "self_attn.q_proj" : "mlp.down_proj")
                    }))
    }

    @Test func whatIsSavedWholeIsTrainedAndHasNoAdapter() throws {
        let settings = AdapterSettings(
            rank: 2, alpha: 2, targets: .allLinear, savedModules: ["head", "classifier", "final_norm"])
        let fresh = try fresh(settings, on: "encoder-silu-bf16")
        #expect(
            fresh.wholes.map(\.description).sorted() == [
                "head.dense.weight", "head.norm.weight", "head.scores.bias", "head.scores.weight", "norm.weight",
            ])
        #expect(fresh.adapter.modules.allSatisfy { !$0.path.description.hasPrefix("head") })
        let tied = try self.fresh(
            AdapterSettings(rank: 2, alpha: 2, targets: .names(["q_proj"]), savedModules: ["lm_head"]), on: "qwen2-tied"
        )
        #expect(tied.wholes == [ParameterPath("embedding.weight")] && tied.settings.keepsTying)
    }

    @Test(arguments: [
        (AdapterSettings.Targets.names(["q_prj"]), "q_proj"),
        (.names(["model.layers.0.self_attn.q_porj"]), "model.layers.0.self_attn.q_proj"),
        (.names(["embed_tokens"]), "embed_tokens"), (.names([]), "no linear layer is left"),
    ]) func aNameThatMeansNothingIsTold(targets: AdapterSettings.Targets, mention: String) throws {
        let error = #expect(throws: AdapterSettingsError.self) {
            try fresh(AdapterSettings(rank: 2, alpha: 2, targets: targets), on: "qwen2-tied")
        }
        #expect(error?.description.contains(mention) ?? false, "\(error?.description ?? "")")
    }

    @Test func everythingThatMeansNothingIsToldAtOnce() throws {
        let settings = AdapterSettings(
            rank: 2, alpha: 2, targets: .names(["query", "zzz", "q_prj"]),
            rankPatterns: [.init(try ModulePattern("k_proj"), 3)],
            savedModules: ["lm_heat"])
        let error = #expect(throws: AdapterSettingsError.self) { try fresh(settings, on: "qwen2-tied") }
        #expect(error?.problems.count == 4, "\(error?.description ?? "")")
        let pattern = AdapterSettings(rank: 2, alpha: 2, targets: .pattern(try ModulePattern("q_proj")))
        let other = #expect(throws: AdapterSettingsError.self) { try fresh(pattern, on: "qwen2-tied") }
        #expect(other?.description.contains("whole name") ?? false)
    }

    // MARK: Back into files

    /// What was read is what is written, with the same bits, whether it was run or trained, and whatever file the base came from.
    @Test(arguments: AdapterParityTests.decoders, [false, true])
    func decodersGiveBackWhatTheyWereGiven(name: String, isStoredInPairs: Bool) throws {
        let stored = try AdapterParityTests.stored(name)
        guard !isStoredInPairs || stored.settings.baseName == "llama-scaled" else { return }
        let base =
            isStoredInPairs
            ? try DecoderModel(gguf: GGUFFile(path: fixture("llama-scaled") + "/model.gguf"), team: Self.team)
            : try AdapterParityTests.base(stored)
        let modules = ModelModules(base.decoder)
        let adapter = try ModelAdapter(stored, on: modules, path: name)
        let tape = base.weights.map(matrix: { TapeMatrix.frozen($0.value) }, vector: { TapeVector.frozen($0.value) })
            .adapted(by: adapter, in: .trained)
        let wholes = Set(adapter.replaced.keys)
        var given = StoredAdapter(of: tape, on: modules, settings: stored.settings, wholes: wholes, team: Self.team)
        given.baseCopies = stored.baseCopies
        #expect(given == stored)
    }

    @Test(arguments: AdapterParityTests.encoders) func encodersGiveBackWhatTheyWereGiven(name: String) throws {
        let stored = try AdapterParityTests.stored(name)
        let base = try EncoderModel(folder: ModelFolder(path: fixture(stored.settings.baseName ?? "")), team: Self.team)
        let modules = ModelModules(base.encoder.configuration, hasHead: true)
        let adapter = try ModelAdapter(stored, on: modules, path: name)
        let tape = base.weights.map(matrix: { TapeMatrix.frozen($0.value) }, vector: { TapeVector.frozen($0.value) })
            .adapted(by: adapter, in: .trained)
        let given = StoredAdapter(
            of: tape, on: modules, settings: stored.settings, wholes: Set(adapter.replaced.keys), team: Self.team)
        #expect(given == stored)
        // Queries, keys and values, which are one layer there, have one A here, which is visited once.
        var paths: [ParameterPath] = []
        tape.forEachParameter(matrix: { paths.append($0.path) }, vector: { paths.append($0.path) })
        #expect(Set(paths).count == paths.count)
        #expect(paths.contains(ParameterPath("layers.0.attention.adapter.a")))
        #expect(paths.contains(ParameterPath("layers.0.attention.key.adapter.b")))
    }
}
