import Foundation
import GygesFiles
import GygesKernels
import GygesTestSupport
import Testing

@testable import GygesTraining

/// A run survives damage: of a checkpoint, of its folder, of its journal.
@Suite struct CheckpointTests {
    private func flipBit(of path: String, at place: Int) throws {
        var bytes = try MappedFile.read(path: path)
        bytes[place] ^= 1
        try AtomicFile.write(bytes, to: path)
    }

    @Test(arguments: ["parameters.safetensors", "moments.safetensors", "state.json"])
    func aDamagedCheckpointIsPassedOver(_ name: String) throws {
        let test = try TestRun(.encoder)
        let whole = try test.finish(output: "whole")
        try test.open().advance(by: 10)
        let checkpoints = CheckpointFolder(path: test.folder.path + "/run/checkpoints", limit: 2)
        #expect(checkpoints.steps == [8, 10])
        let path = checkpoints.path(ofStep: 10) + "/" + name
        try flipBit(of: path, at: name == "state.json" ? 0 : 5000)
        let run = try test.open()
        #expect(run.trainer.progress.steps == 8)
        var told: [FileError] = []
        _ = try run.run { if case .resumed(_, let faults) = $0 { told = faults } }
        #expect(told.count == 1 && told[0].path.contains("step-00000010"))
        #expect(run.parameters == whole)
    }

    @Test func aRunWithoutAGoodCheckpointIsNotBegunAnew() throws {
        let test = try TestRun(.encoder)
        try test.open().advance(by: 10)
        let checkpoints = CheckpointFolder(path: test.folder.path + "/run/checkpoints", limit: 2)
        for step in checkpoints.steps {
            try flipBit(of: checkpoints.path(ofStep: step) + "/moments.safetensors", at: 5000)
        }
        let error = try #require(throws: FileError.self) { try test.open() }
        #expect(error.path.contains("step-00000010"), "\(error)")
        #expect(checkpoints.steps == [8, 10])
    }

    @Test func leftoversOfAKillDoNoHarm() throws {
        let test = try TestRun(.encoder)
        let whole = try test.finish(output: "whole")
        try test.open().advance(by: 5)
        let folder = test.folder.path + "/run"
        try FileManager.default.createDirectory(
            atPath: folder + "/checkpoints/step-00000009.unfinished", withIntermediateDirectories: true)
        let journal = try MappedFile.read(path: folder + "/journal.jsonl")
        try AtomicFile.write(journal + Array(#"{"time": 1, "ev"#.utf8), to: folder + "/journal.jsonl")
        let metrics = try MappedFile.read(path: folder + "/metrics.jsonl")
        try AtomicFile.write(metrics + Array(#"{"step": 6, "ti"#.utf8), to: folder + "/metrics.jsonl")
        #expect(try test.finish() == whole)
        #expect(!FileManager.default.fileExists(atPath: folder + "/checkpoints/step-00000009.unfinished"))
        let lines = String(decoding: try MappedFile.read(path: folder + "/journal.jsonl"), as: UTF8.self)
        for line in lines.split(separator: "\n") { _ = try JSON.parse(Array(line.utf8), path: "journal") }
    }

    @Test func anotherRecipeOrOtherDataAreRefused() throws {
        var test = try TestRun(.encoder)
        try test.open().advance(by: 2)
        test.more = ["optimizer.learning_rate=0.1"]
        #expect(try #require(throws: FileError.self) { try test.open() }.description.contains("phases"))
        test.more = ["checkpoints.every=1"]
        _ = try test.open()
        let data = try MappedFile.read(path: test.folder.path + "/data.jsonl")
        try AtomicFile.write(data + Array(#"{"text": "one more"}"#.utf8), to: test.folder.path + "/data.jsonl")
        #expect(try #require(throws: SettingsError.self) { try test.open() }.description.contains("has changed"))
    }

    @Test func anotherModelIsRefused() throws {
        var test = try TestRun(.chat)
        let model = try TemporaryFolder(copying: TestRun.Model.chat.path)
        test.more = ["model=\(model.path)", "adapter={r: 2}"]
        let (recipe, text) = try test.recipe()
        func open() throws -> TrainingRun {
            try TrainingRun(
                recipe, text: text, modelPath: model.path, program: "tests", team: ThreadTeam(threadCount: 1))
        }
        try open().advance(by: 2)
        _ = try open()
        let path = model.path + "/model.safetensors"
        try flipBit(of: path, at: Int(MappedFile.read(path: path).count) - 1)
        #expect(try #require(throws: FileError.self) { try open() }.description.contains("another model"))
    }

    @Test func oneProcessAtATimeWorksInAFolder() throws {
        let test = try TestRun(.encoder)
        let first = try test.open()
        #expect(try #require(throws: FileError.self) { try test.open() }.description.contains("worked in"))
        _ = try first.run()
    }

    @Test func aFolderThatCannotBeWrittenIsAnError() throws {
        let test = try TestRun(.encoder)
        try test.folder.write("a file", to: "taken")
        #expect(throws: FileError.self) { try test.open(output: "taken/run") }
    }
}
