import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

@testable import GygesTraining

/// Adapters are trained beside weights that stay as they are, and computed with as they were trained.
@Suite struct AdapterRunTests {
    private static let adapter = "adapter={r: 4, lora_alpha: 16, lora_dropout: 0.1, use_rslora: true}"

    private func test(_ model: TestRun.Model, _ more: String...) throws -> TestRun {
        var test = try TestRun(model)
        test.more = [Self.adapter, "optimizer.learning_rate=0.02", "schedule.length=40"] + more
        return test
    }

    @Test(arguments: TestRun.Model.allCases)
    func lossFallsAndTheAdapterIsReadBack(_ model: TestRun.Model) throws {
        let test = try test(model)
        let run = try test.open()
        #expect(run.trainer.objective.trained.allSatisfy { $0.path.components.contains("adapter") })
        var losses: [Double] = []
        var written = ""
        _ = try run.run { event in
            if case .step(let step, _) = event { losses.append(step.loss) }
            if case .written(let path) = event { written = path }
        }
        let (first, last): (Double, Double) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
        #expect(last < 0.8 * first, "\(losses)")
        #expect(written.hasSuffix("/adapter"))
        let stored = try StoredAdapter(folder: written)
        #expect(stored.settings.rank == 4 && stored.settings.alpha == 16 && stored.settings.usesRootOfRank)
        #expect(stored.settings.baseName == model.path)
        // Read beside the base, it gives the losses that the run's own model gives.
        let base = try TrainingModel(path: model.path, training: .parameters { _ in true }, team: run.team)
        let modules = try #require(base.trained.modules)
        let adapter = try ModelAdapter(stored, on: modules, path: written)
        var read = base
        switch base.network {
        case .decoder(let decoder, let weights):
            read.network = .decoder(decoder, weights.adapted(by: adapter, in: .trained))
        case .encoder(let encoder, let weights):
            read.network = .encoder(encoder, weights.adapted(by: adapter, in: .trained))
        }
        let objective = try read.objective(nil, masking: .init(), seed: 7)
        let pack = Pack(
            number: 3, references: [.init(source: 0, document: 0, tokens: 0..<1)],
            documents: [try run.data.sources[0].document(0)])
        let batch = objective.batch(of: pack)
        let tape = Tape(gradients: Gradients(of: objective.parameters), team: run.team)
        let found = try tape.withoutRecording { try objective.losses(of: batch, weights: nil, on: tape) }
        // The run's tape leaves inputs out at random; this one does not.
        let own = Tape(gradients: Gradients(of: run.trainer.objective.parameters), team: run.team)
        let expected = try own.withoutRecording { try run.trainer.objective.losses(of: batch, weights: nil, on: own) }
        #expect(found == expected)
    }

    @Test(arguments: [2, 5])
    func runsThatStoppedGoOnBitForBit(_ steps: Int) throws {
        let test = try test(.chat, "schedule.length=10")
        let whole = try test.finish(output: "whole")
        try test.open(output: "parts").advance(by: steps)
        #expect(try test.finish(output: "parts") == whole)
    }

    /// What dropout leaves out follows the data and not the passes that they are cut into.
    @Test(arguments: TestRun.Model.allCases)
    func passesDoNotDecideWhatIsLeftOut(_ model: TestRun.Model) throws {
        let test = try test(model, "optimizer.name=sgd", "optimizer.max_grad_norm=100", "schedule.length=4")
        let whole = try test.finish(output: "whole")
        for (size, share) in [(1, 0.1), (100_000, 0.1), (1, 0.11)] {
            var other = test
            other.more += ["batch.pass_tokens=\(size)", "adapter.lora_dropout=\(share)"]
            let difference = largestDifference(whole, try other.finish(output: "passes-\(size)-\(share)"))
            // Only sums round differently; a hundredth of the inputs makes a thousand times that.
            #expect(share == 0.1 ? difference < 2e-6 : difference > 1e-4, "\(size), \(share): \(difference)")
        }
    }

    @Test func modulesThatAreSavedAreTrainedWhole() throws {
        let test = try test(
            .chat, "adapter.target_modules=[q_proj, v_proj]", "adapter.modules_to_save=[norm]", "schedule.length=5")
        let run = try test.open()
        let whole = run.trainer.objective.trained.filter { !$0.path.components.contains("adapter") }
        #expect(!whole.isEmpty && whole.allSatisfy { $0.path.description.contains("norm") })
        _ = try run.run()
        let stored = try StoredAdapter(folder: run.folder.path + "/adapter")
        #expect(!stored.saved.isEmpty)
        #expect(Set(stored.modules.compactMap { $0.name.split(separator: ".").last }) == ["q_proj", "v_proj"])
    }

    @Test(arguments: [
        ("adapter.target_modules=[q_prj]", "q_proj"), ("adapter.r=0", "not between"),
        ("adapter.target_modules=\"(\"", "no pattern"), ("adapter.rank=4", "unknown key"),
        ("model={config: a, tokenizer: b}", "needs a model that exists"),
    ])
    func adaptersThatMeanNothingAreRefused(_ override: String, _ expected: String) throws {
        let test = try test(.chat, override)
        let error = try #require(throws: (any Error).self) { try test.open() }
        #expect("\(error)".contains(expected), "\(error)")
    }
}
