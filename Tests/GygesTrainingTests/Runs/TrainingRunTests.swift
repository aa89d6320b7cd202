import Foundation
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

@testable import GygesTraining

/// Runs learn, go on as if nothing had happened, and are the same however they are cut into passes and threads.
@Suite struct TrainingRunTests {
    @Test(arguments: TestRun.Model.allCases)
    func lossFallsAndTheResultIsAModel(_ model: TestRun.Model) throws {
        var test = try TestRun(model)
        test.more = ["schedule.length=60", "optimizer.learning_rate=0.01"]
        let run = try test.open()
        var losses: [Double] = []
        var written = ""
        let end = try run.run { event in
            switch event {
            case .step(let step, let record):
                losses.append(step.loss)
                #expect(record["loss"] == step.loss && record.step == losses.count)
                #expect(step.untouched.isEmpty, "no gradient for \(step.untouched)")
            case .written(let path): written = path
            default: break
            }
        }
        #expect(end == .planDone)
        #expect(losses.count == 60)
        let (first, last): (Double, Double) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
        #expect(last < 0.6 * first, "\(losses)")
        #expect(try MetricsLog.records(path: run.folder.metricsPath).compactMap { $0["loss"] } == losses)
        // The folder is read as any other, and holds the trained numbers.
        let read = try TrainingModel(path: written, team: ThreadTeam(threadCount: 1))
        var found: [ParameterPath: [Float]] = [:]
        for (path, buffer, _) in try read.objective(nil, masking: .init(), seed: 0).trained {
            found[path] = Array(buffer.elements)
        }
        #expect(found == run.parameters)
    }

    @Test(arguments: TestRun.Model.allCases, [1, 3, 4, 7])
    func runsThatStoppedGoOnBitForBit(_ model: TestRun.Model, _ steps: Int) throws {
        let test = try TestRun(model)
        let whole = try test.finish(output: "whole")
        try test.open(output: "parts").advance(by: steps)
        let goingOn = try test.open(output: "parts")
        #expect(goingOn.trainer.progress.steps == steps)
        _ = try goingOn.run()
        #expect(goingOn.parameters == whole)
        func losses(_ output: String) throws -> [Double?] {
            try MetricsLog.records(path: "\(test.folder.path)/\(output)/metrics.jsonl").map { $0["loss"] }
        }
        #expect(try losses("parts") == losses("whole"))
    }

    @Test func phasesCarryTheirStateOn() throws {
        var test = try TestRun(.encoder)
        test.more = [
            "phases=[{name: short, max_length: 48, schedule: {length: 5}}, {name: long, rope_theta: 20000, batch: {size: 2}}]",
            "schedule.decay=1-sqrt", "optimizer.name=stable_adamw", "optimizer.moments=bf16",
        ]
        let whole = try test.finish(output: "whole")
        for steps in [4, 5, 6] {
            let parts = "parts-\(steps)"
            try test.open(output: parts).advance(by: steps)
            #expect(try test.finish(output: parts) == whole)
        }
        let configuration = try JSON.read(path: "\(test.folder.path)/whole/model/config.json")
        let settings =
            configuration["rope_parameters"]?["full_attention"]?["rope_theta"] ?? configuration["global_rope_theta"]
        #expect(settings?.double == 20000)
    }

    @Test(arguments: TestRun.Model.allCases)
    func threadsAndRecomputationDoNotChangeABit(_ model: TestRun.Model) throws {
        var test = try TestRun(model)
        let reference = try test.finish(output: "two")
        test.threadCount = 1
        #expect(try test.finish(output: "one") == reference)
        test.more = ["recompute_layers=true"]
        #expect(try test.finish(output: "again") == reference)
    }

    /// The gradient is divided by the tokens of the whole step, however they are spread over passes; only sums round differently.
    @Test(arguments: TestRun.Model.allCases)
    func passesDoNotChangeAStep(_ model: TestRun.Model) throws {
        var test = try TestRun(model)
        test.more = [
            "optimizer.name=sgd", "optimizer.max_grad_norm=100", "optimizer.learning_rate=0.1", "batch.size=8",
        ]
        let sizes = ["1", "200", "100000"]
        var results: [[ParameterPath: [Float]]] = []
        for size in sizes {
            var test = test
            test.more.append("batch.pass_tokens=\(size)")
            results.append(try test.finish(output: "passes-\(size)"))
        }
        for other in results.dropFirst() { #expect(largestDifference(results[0], other) < 2e-6) }
    }

    @Test func packedTextsAreLearnedAsAlone() throws {
        var test = try TestRun(.chat)
        test.more = [
            "optimizer.name=sgd", "optimizer.max_grad_norm=100", "batch.size=40", "schedule.length=1",
            "schedule.warmup=0", "data.epochs=1", "data.max_length=2000",
        ]
        let packed = try test.finish(output: "packed")
        let start = try TrainingModel(path: test.model.path, team: ThreadTeam(threadCount: 1))
        let objective = try start.objective(nil, masking: .init(), seed: 7)
        // One after another, by hand: the mean over all tokens of all rows.
        let gradients = Gradients(of: objective.parameters)
        let tape = Tape(gradients: gradients, team: ThreadTeam(threadCount: 1))
        let run = try test.open(output: "other")
        var count = 0
        for document in 0..<run.data.sources[0].count {
            let pack = Pack(
                number: 0, references: [.init(source: 0, document: document, tokens: 0..<1)],
                documents: [try run.data.sources[0].document(document)])
            let batch = objective.batch(of: pack)
            count += batch.supervisedCount
            _ = try objective.losses(of: batch, weights: Array(repeating: 1, count: batch.supervisedCount), on: tape)
            tape.backward()
        }
        for (path, buffer, isVector) in objective.trained {
            let gradient = try #require(gradients[path]).elements
            let decay: Float = isVector ? 1 : 1 - 0.003 * 0.01
            for index in buffer.elements.indices {
                buffer.elements[index] = buffer.elements[index] * decay - 0.003 * gradient[index] / Float(count)
            }
        }
        let alone = Dictionary(uniqueKeysWithValues: objective.trained.map { ($0.path, Array($0.buffer.elements)) })
        #expect(largestDifference(packed, alone) < 2e-6)
    }

    @Test func heldOutDocumentsAreMeasuredAndTheBestCheckpointIsKept() throws {
        var test = try TestRun(.chat)
        test.more = [
            "evaluation={every: 2, share: 0.25}", "checkpoints.keep=1", "optimizer.learning_rate=0.05",
            "schedule.length=16",
        ]
        let run = try test.open()
        var measured: [(step: Int, loss: Double)] = []
        _ = try run.run { event in
            if case .heldOut(let loss, let record) = event {
                measured.append((record.step, loss.loss))
                #expect(loss.supervisedCount > 0 && loss.bitsPerByte > 0)
            }
        }
        #expect(measured.map(\.step) == [2, 4, 6, 8, 10, 12, 14, 16])
        let best = try #require(measured.min { $0.loss < $1.loss }).step
        let kept = CheckpointFolder(path: run.folder.checkpointsPath, limit: 1).steps
        #expect(Set(kept) == [best, 16])
        #expect(run.data.sources[0].count + run.data.heldOut[0].count == 40)
        #expect(try run.data.sources[0].duplicates(in: run.data.heldOut[0]).isEmpty)
    }

    @Test func promptsAreAnsweredMeanwhile() throws {
        var test = try TestRun(.chat)
        test.more = [
            "evaluation={every: 30, share: 0.25, prompts: [\"3 ring ring\", other], max_new_tokens: 12}",
            "schedule.length=60", "optimizer.learning_rate=0.01",
        ]
        let run = try test.open()
        var samples: [(step: Int, prompt: String, answer: String)] = []
        _ = try run.run {
            if case .sample(let step, let prompt, let answer) = $0 { samples.append((step, prompt, answer)) }
        }
        #expect(samples.map(\.step) == [30, 30, 60, 60])
        #expect(samples.map(\.prompt) == ["3 ring ring", "other", "3 ring ring", "other"])
        // What was learned is what is written.
        #expect(samples[2].answer.hasPrefix("A ring"), "\(samples)")
        test = try TestRun(.encoder)
        test.more = ["evaluation={every: 1, share: 0.25, prompts: [a]}"]
        #expect(throws: SettingsError.self) { try test.open() }
    }
}
