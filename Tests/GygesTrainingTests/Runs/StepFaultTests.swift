import GygesFiles
import GygesKernels
import GygesTensors
import GygesTestSupport
import Testing

@testable import GygesTraining

/// What would teach nothing, or harm, ends a run loudly, and names what it comes from.
@Suite struct StepFaultTests {
    private func poison(_ run: TrainingRun) throws {
        let embedding = try #require(run.trainer.objective.trained.first { $0.path.description == "embedding.weight" })
        embedding.buffer.elements[0...].update(repeating: .nan)
    }

    @Test func aLossThatIsNoNumberStopsAndNamesItsSamples() throws {
        let test = try TestRun(.chat)
        let run = try test.open()
        try poison(run)
        let before = run.trainer.state
        let fault = try #require(throws: StepFault.self) { _ = try run.run() }
        #expect(fault.step == 1 && fault.kind == .loss)
        #expect(!fault.samples.isEmpty)
        #expect(run.data.place(of: fault.samples[0]).contains("data.jsonl: line "))
        #expect(run.trainer.state == before)
    }

    @Test func faultyStepsAreLeftOutIfAsked() throws {
        var test = try TestRun(.chat)
        test.more = ["faults=skip"]
        let run = try test.open()
        try poison(run)
        var faults = 0
        _ = try run.run { if case .step(let step, _) = $0, step.fault != nil { faults += 1 } }
        #expect(faults == 12)
        #expect(run.trainer.optimizer.stepCount == 0)
        #expect(run.trainer.progress.steps == 12)
    }

    @Test(arguments: [
        ("data.max_length=4000", "max_length"), ("schedule.warmup=12", "warmup"),
        ("optimizer.groups=[{parameters: [\"**\"], frozen: true}]", "nothing would be learned"),
        ("optimizer.groups=[{parameters: [nothing], frozen: true}]", "matches no parameter"),
        ("optimizer.learning_rate=0", "learning_rate"), ("data.text_end=\"<nothing>\"", "text_end"),
        ("objective=masked_token", "objective"), ("data.sources=[nowhere.jsonl]", "nowhere"),
        ("evaluation={every: 1, sources: [data.jsonl]}", "also in"), ("data.window=0", "window"),
        ("optimizer.beta=1", "unknown key"), ("phases=[{schedule: {length: 3, decay: sudden}}]", "sudden"),
        ("evaluation={every: 1}", "neither"), ("schedule.length=0", "not between"),
    ])
    func whatWouldTeachNothingIsRefused(_ override: String, _ expected: String) throws {
        var test = try TestRun(.chat)
        test.more = [override]
        let error = try #require(throws: (any Error).self) {
            let run = try test.open()
            _ = try run.run()
        }
        #expect("\(error)".contains(expected), "\(error)")
    }

    @Test func rowsWithoutAnAnswerAreRefusedByTheirLine() throws {
        let test = try TestRun(.chat)
        try test.folder.write(#"{"messages": [{"role": "user", "content": "?"}]}"# + "\n", to: "data.jsonl")
        let error = try #require(throws: FileError.self) { try test.open() }
        #expect(error.description.contains("line 1"), "\(error)")
    }

    @Test func aTokenizerLargerThanTheEmbeddingIsRefused() throws {
        let folder = try TemporaryFolder(copying: TestRun.Model.chat.path)
        let text = String(decoding: try MappedFile.read(path: folder.path + "/config.json"), as: UTF8.self)
        let path = try folder.write(text.replacing(/"vocab_size": \d+/, with: "\"vocab_size\": 100"), to: "small.json")
        let error = try #require(throws: FileError.self) {
            try TrainingModel(configuration: path, tokenizer: folder.path, scheme: .normal, width: 0.02, seed: 1)
        }
        #expect(error.description.contains("embeds 100"), "\(error)")
    }
}
