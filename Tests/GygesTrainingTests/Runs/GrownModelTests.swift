import Foundation
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

@testable import GygesTraining

/// A larger model begins with the parameters of a smaller one as ModernBERT-large began with base's, and checkpoints have a mean.
@Suite struct GrownModelTests {
    /// Python's `round(i * 22 / 28)`, by which large's 28 layers begin as base's 22.
    @Test func layersBeginAsThoseAtTheSameShareOfTheDepth() {
        let published = [
            0, 1, 2, 2, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12, 13, 13, 14, 15, 16, 16, 17, 18, 19, 20, 20, 21,
        ]
        #expect(GrownParameters.layerMap(from: 22, to: 28) == published)
        #expect(GrownParameters.layerMap(from: 3, to: 3) == [0, 1, 2])
        #expect(GrownParameters.layerMap(from: 1, to: 4) == [0, 0, 0, 0])
    }

    /// The old matrix stands in the middle; beyond its edges it goes on from its other side.
    @Test func matricesGoOnBeyondTheirEdges() {
        let tiled = GrownParameters.tiled([1, 2, 3, 4], rows: 2, columns: 2, toRows: 5, columns: 4)
        #expect(tiled == [[4, 3, 4, 3], [2, 1, 2, 1], [4, 3, 4, 3], [2, 1, 2, 1], [4, 3, 4, 3]].flatMap(\.self))
        #expect(GrownParameters.tiled([1, 2, 3], rows: 1, columns: 3, toRows: 1, columns: 6) == [3, 1, 2, 3, 1, 2])
        // 768 to 1,024: half of what is added is two heads of 64, so that every old head is one of the new.
        let wide = GrownParameters.tiled((0..<768).map(Float.init), rows: 1, columns: 768, toRows: 1, columns: 1024)
        #expect(wide[128..<896].elementsEqual((0..<768).map(Float.init)) && wide[0] == 640 && wide[1023] == 127)
    }

    /// Twice as deep, the same width: the layers are the old ones, and the last norm is new. It trains, and opens as a model of its own.
    @Test(arguments: TestRun.Model.allCases)
    func aGrownModelTrains(_ model: TestRun.Model) throws {
        var test = try TestRun(model)
        var configuration = try #require(JSON.read(path: model.path + "/config.json").object)
        let count = try #require(configuration["num_hidden_layers"]?.integer)
        configuration["num_hidden_layers"] = .integer(2 * count)
        if var kinds = configuration["layer_types"]?.array {
            kinds += kinds
            configuration["layer_types"] = .array(kinds)
        }
        try test.folder.write(JSON.object(configuration).serialized(), to: "large.json")
        test.more = ["model={config: large.json, grown_from: \(model.path)}", "schedule.length=3"]
        let run = try test.open()
        let small = try TrainingModel(path: model.path, team: ThreadTeam(threadCount: 1))
        var old: [ParameterPath: [Float]] = [:]
        for (path, buffer, _) in try small.objective(nil, masking: .init(), seed: 0).trained {
            old[path] = Array(buffer.elements)
        }
        let grown = run.parameters
        let map = GrownParameters.layerMap(from: count, to: 2 * count)
        for layer in 0..<2 * count {
            let path = "attention.query.weight"
            #expect(
                grown[ParameterPath("layers.\(layer).\(path)")] == old[ParameterPath("layers.\(map[layer]).\(path)")])
        }
        #expect(grown[ParameterPath("embedding.weight")] == old[ParameterPath("embedding.weight")])
        #expect(grown[ParameterPath("norm.weight")]?.allSatisfy { $0 == 1 } ?? false)
        _ = try run.run()
        let read = try TrainingModel(path: run.folder.path + "/model", team: ThreadTeam(threadCount: 1))
        #expect(try read.objective(nil, masking: .init(), seed: 0).trainedCount == run.trainer.objective.trainedCount)
        // What the smaller model is decides the digest: a run does not go on with another.
        #expect(try run.model.digest() != read.digest())
    }

    @Test func modelsOfTwoKindsAreRefused() throws {
        var test = try TestRun(.chat)
        let other = TestRun.Model.encoder.path
        test.more = ["model={config: \(other)/config.json, grown_from: \(TestRun.Model.chat.path)}"]
        let error = #expect(throws: FileError.self) { _ = try test.open() }
        #expect(error?.description.contains("no smaller model of the kind") ?? false)
        test.more = ["model={config: \(other)/config.json, grown_from: \(other), init: normal}"]
        #expect(throws: FileError.self) { _ = try test.open() }
    }

    @Test(arguments: TestRun.Model.allCases)
    func checkpointsHaveAMean(_ model: TestRun.Model) throws {
        var test = try TestRun(model)
        test.more = ["checkpoints={every: 4, keep: 3}"]
        let run = try test.open()
        _ = try run.run()
        #expect(CheckpointModel.steps(of: run.folder.path) == [4, 8, 12])
        let fresh = try TrainingModel(of: run.recipe, path: model.path, team: ThreadTeam(threadCount: 1))
        func parameters(_ steps: [Int]) throws -> [ParameterPath: [Float]] {
            let objective = try fresh.average(
                steps, ofRunIn: run.folder.path, by: run.recipe, into: fresh.objective(of: run.recipe, learningFrom: [])
            )
            return Dictionary(uniqueKeysWithValues: objective.trained.map { ($0.path, Array($0.buffer.elements)) })
        }
        let (first, last) = (try parameters([4]), try parameters([12]))
        #expect(last == run.parameters)
        let mean = try parameters([12, 4])
        for (path, elements) in mean {
            let (a, b) = (try #require(first[path]), try #require(last[path]))
            #expect(elements == zip(a, b).map { Float((Double($0) + Double($1)) / 2) })
        }
        let error = #expect(throws: FileError.self) { _ = try parameters([5]) }
        #expect(error?.description.contains("those of 4, 8, 12") ?? false)
    }
}
