import Foundation
import GygesFiles
import GygesTensors
import GygesTestSupport
import Testing

@testable import GygesTraining

/// Several ranks train one model: the same bits on all of them, and one rank's numbers but for rounding.
@Suite struct RankTests {
    /// Plain gradient descent, so that a rounding of gradients stays one; Adam's quotient of moments can make a step of it.
    private let plain = [
        "optimizer.name=sgd", "optimizer.max_grad_norm=100", "optimizer.learning_rate=0.1",
    ]

    /// Runs to the end on several ranks, whose trained parameters must have the same bits.
    private func finish(
        _ test: TestRun, ranks count: Int, output: String = "run", steps: Int = .max
    ) async throws -> [ParameterPath: [Float]] {
        let open = try test.opening(output: output)
        let found = try await ThreadRanks.during(count) { ranks in
            let run = try open(ranks)
            try run.advance(by: steps)
            return run.parameters
        }.map { try $0.get() }
        for other in found.dropFirst() { #expect(other == found[0]) }
        return found[0]
    }

    @Test func sumsAreAddedInTheOrderOfRanks() async throws {
        // 1 is lost beside 1e16, and stays where the large numbers met before.
        for (values, expected) in [([1e16, 1, -1e16], 0.0), ([1e16, -1e16, 1], 1), ([1, 1e16, -1e16], 0)] {
            let sums = try await ThreadRanks.during(3) { try $0.sum([values[$0.rank], Double($0.rank)]) }.map {
                try $0.get()
            }
            #expect(sums.allSatisfy { $0 == [expected, 3] })
        }
    }

    /// Steps of 4 packs; of 5 ranks one has none. Sums over packs round differently, as with passes.
    @Test(arguments: TestRun.Model.allCases, [2, 3, 5])
    func ranksShareAStep(_ model: TestRun.Model, _ count: Int) async throws {
        var test = try TestRun(model)
        test.threadCount = 1
        test.more = plain + ["batch.size=4", "evaluation={every: 6, share: 0.2}"]
        let alone = try test.finish(output: "alone")
        #expect(largestDifference(try await finish(test, ranks: count), alone) < 2e-6)
        func records(_ output: String) throws -> [MetricRecord] {
            try MetricsLog.records(path: "\(test.folder.path)/\(output)/metrics.jsonl")
        }
        let (found, expected) = (try records("run"), try records("alone"))
        #expect(found.map(\.step) == expected.map(\.step))
        for (record, reference) in zip(found, expected) {
            for name in ["loss", "grad_norm", "eval_loss", "eval_bits_per_byte"] {
                guard let value = reference[name] else { continue }
                #expect(abs((record[name] ?? .nan) - value) < 1e-5 * value, "\(name) of step \(record.step)")
            }
            for name in ["num_tokens", "supervised_tokens"] { #expect(record[name] == reference[name]) }
        }
    }

    @Test func anyNumberOfRanksGoesOn() async throws {
        var test = try TestRun(.chat)
        test.threadCount = 1
        test.more = plain
        let whole = try await finish(test, ranks: 2, output: "whole")
        for count in [1, 2, 3] {
            _ = try await finish(test, ranks: 2, output: "run-\(count)", steps: 5)
            let parts = try await finish(test, ranks: count, output: "run-\(count)")
            if count == 2 { #expect(parts == whole) } else { #expect(largestDifference(parts, whole) < 2e-6) }
        }
    }

    @Test func twoRanksWithAdamGoOnBitForBit() async throws {
        let test = try TestRun(.encoder)
        let whole = try await finish(test, ranks: 2, output: "whole")
        _ = try await finish(test, ranks: 2, steps: 3)
        #expect(try await finish(test, ranks: 2) == whole)
        let journal = String(
            decoding: try MappedFile.read(path: test.folder.path + "/run/journal.jsonl"), as: UTF8.self)
        let events = try journal.split(separator: "\n").map { line in
            try JSON.parse(Array(line.utf8), path: "journal")["event"]?.string
        }
        #expect(
            events == ["begun", "checkpoint", "stopped", "resumed", "checkpoint", "checkpoint", "checkpoint", "done"])
    }

    @Test func aStopOfOneStopsAll() async throws {
        let test = try TestRun(.chat)
        let open = try test.opening()
        let ends = try await ThreadRanks.during(2) { ranks in
            let run = try open(ranks)
            let end = try run.run(shouldStop: { ranks.rank == 1 && run.trainer.progress.steps == 3 })
            return (end, run.trainer.progress.steps)
        }.map { try $0.get() }
        #expect(ends.allSatisfy { $0 == (.stopped, 3) })
        #expect(CheckpointFolder(path: test.folder.path + "/run/checkpoints", limit: 2).steps == [3])
    }

    /// Every small rise of the loss is a fault here, and its samples lie in packs of both ranks.
    @Test func faultsNameTheSamplesOfAllRanks() async throws {
        var test = try TestRun(.chat)
        test.more = [
            "optimizer.name=sgd", "optimizer.learning_rate=1.0e-7", "batch.size=4", "data.epochs=100",
            "schedule={length: 400, warmup: 2}", "spikes={window: 4, threshold: 0.1}",
        ]
        let alone = try #require(throws: StepFault.self) { try test.open(output: "alone").run() }
        #expect(alone.samples.count == StepFault.sampleLimit)
        let open = try test.opening()
        let results = await ThreadRanks.during(2) { try open($0).run() }
        let together = try #require(throws: StepFault.self) { try results[0].get() }
        #expect(together.step == alone.step && together.samples == alone.samples)
        #expect(throws: RankFailure(rank: 0)) { try results[1].get() }
    }

    @Test func aFailureOfOneEndsAll() async throws {
        let test = try TestRun(.chat)
        let opens = [try test.opening(), try test.opening(modelPath: test.folder.path + "/nowhere")]
        let results = await ThreadRanks.during(2) { try opens[$0.rank]($0).run() }
        #expect(throws: RankFailure(rank: 1)) { try results[0].get() }
        #expect(throws: FileError.self) { try results[1].get() }
    }

    /// What only rank 1 has otherwise, and the name under which it is told.
    @Test(arguments: ["training data", "finished steps", "model", "program"])
    func whatDiffersBetweenRanksIsRefused(_ name: String) async throws {
        let test = try TestRun(.chat)
        let first = try test.opening()
        var (other, output, modelPath, program) = (test, "run", test.model.path, "tests")
        let copy = try TemporaryFolder(copying: test.model.path)
        switch name {
        case "training data":
            try test.folder.write(#"{"text": "another"}"# + "\n", to: "other.jsonl")
            other.more = ["data.sources=[other.jsonl]"]
        case "finished steps":
            try test.open().advance(by: 2)
            output = "elsewhere"
        case "model":
            modelPath = copy.path
            var bytes = try MappedFile.read(path: copy.path + "/model.safetensors")
            bytes[bytes.count - 3] ^= 1
            try AtomicFile.write(bytes, to: copy.path + "/model.safetensors")
        default: program = "other tests"
        }
        let opens = [first, try other.opening(output: output, modelPath: modelPath, program: program)]
        let results = await ThreadRanks.during(2) { try opens[$0.rank]($0).run() }
        let difference = try #require(throws: RankDifference.self) { try results[0].get() }
        #expect(difference.rank == 1 && difference.name.contains(name), "\(difference)")
        #expect(throws: RankFailure(rank: 0)) { try results[1].get() }
    }

    @Test func aRankThatDriftsAwayIsNoticedBeforeACheckpoint() async throws {
        let test = try TestRun(.chat)
        let open = try test.opening()
        let results = await ThreadRanks.during(2) { ranks in
            let run = try open(ranks)
            return try run.run(shouldStop: {
                if ranks.rank == 1, run.trainer.progress.steps == 2 {
                    run.trainer.objective.trained[0].buffer.elements[0].ulpStep()
                }
                return false
            })
        }
        #expect(try #require(throws: RankDifference.self) { try results[0].get() }.name.contains("trained numbers"))
        #expect(CheckpointFolder(path: test.folder.path + "/run/checkpoints", limit: 2).steps == [])
    }
}

extension Float {
    /// Moves on by the least that there is.
    fileprivate mutating func ulpStep() { self = nextUp }
}
