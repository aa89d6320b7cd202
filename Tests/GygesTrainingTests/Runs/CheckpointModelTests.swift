import Foundation
import GygesFiles
import GygesKernels
import GygesTestSupport
import GygesTraining
import Testing

/// Checkpoints of runs are written as models that can be opened.
@Suite struct CheckpointModelTests {
    private let team = ThreadTeam(threadCount: 2)

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }

    @Test(arguments: TestRun.Model.allCases)
    func theLastIsWhatTheRunHasWritten(_ model: TestRun.Model) throws {
        let test = try TestRun(model)
        let run = test.folder.path + "/run"
        #expect(!CheckpointModel.isRun(run) && CheckpointModel.steps(of: run).isEmpty)
        _ = try test.finish()
        #expect(CheckpointModel.isRun(run) && CheckpointModel.steps(of: run) == [8, 12])
        let last = try CheckpointModel(run: run, step: 12)
        #expect(!last.isAdapter)
        try last.write(to: test.folder.path + "/last", modelPath: model.path, team: team)
        for name in ["model.safetensors", "config.json"] {
            #expect(try bytes("\(test.folder.path)/last/\(name)") == bytes("\(run)/model/\(name)"), "\(name)")
        }
        try CheckpointModel(run: run, step: 8).write(
            to: test.folder.path + "/earlier", modelPath: model.path, team: team)
        #expect(
            try bytes("\(test.folder.path)/earlier/model.safetensors") != bytes("\(run)/model/model.safetensors"))
    }

    @Test func ofAnAdapterItIsTheAdapter() throws {
        var test = try TestRun(.chat)
        test.more = ["adapter={r: 2, lora_alpha: 4}"]
        _ = try test.finish()
        let run = test.folder.path + "/run", written = test.folder.path + "/written"
        let last = try CheckpointModel(run: run, step: 12)
        #expect(last.isAdapter)
        try last.write(to: written, modelPath: TestRun.Model.chat.path, team: team)
        for name in ["adapter_model.safetensors", "adapter_config.json"] {
            #expect(try bytes("\(written)/\(name)") == bytes("\(run)/adapter/\(name)"), "\(name)")
        }
    }

    @Test func whatIsGoneOrDamagedIsSaid() throws {
        let test = try TestRun(.chat)
        _ = try test.finish()
        let run = test.folder.path + "/run", target = test.folder.path + "/written"
        let gone = try CheckpointModel(run: run, step: 4)
        #expect(throws: FileError.self) { try gone.write(to: target, modelPath: TestRun.Model.chat.path, team: team) }
        let last = try CheckpointModel(run: run, step: 12)
        var damaged = try bytes(last.path + "/parameters.safetensors")
        damaged[damaged.count - 1] ^= 1
        try damaged.write(to: URL(filePath: last.path + "/parameters.safetensors"))
        #expect(throws: FileError.self) { try last.write(to: target, modelPath: TestRun.Model.chat.path, team: team) }
        #expect(!FileManager.default.fileExists(atPath: target))
        #expect(throws: FileError.self) { try CheckpointModel(run: test.folder.path + "/none", step: 1) }
    }
}
