import GygesFiles
import GygesKernels
import GygesTensors
import GygesTestSupport
import Testing

@testable import GygesTraining

/// Models that begin with random numbers.
@Suite struct FreshModelTests {
    private func parameters(_ model: TestRun.Model, _ scheme: FreshParameters.Scheme, seed: UInt64) throws -> [(
        path: ParameterPath, buffer: ParameterBuffer, isVector: Bool
    )] {
        try TrainingModel(
            configuration: model.path + "/config.json", tokenizer: model.path, scheme: scheme, width: 0.02, seed: seed
        ).objective(nil, masking: .init(), seed: seed).trained
    }

    @Test(arguments: TestRun.Model.allCases, FreshParameters.Scheme.allCases)
    func widthsAreThoseOfTheScheme(_ model: TestRun.Model, _ scheme: FreshParameters.Scheme) throws {
        for (path, buffer, isVector) in try parameters(model, scheme, seed: 3) {
            if isVector {
                let isGain = path.components.last == "weight"
                #expect(buffer.elements.allSatisfy { $0 == (isGain ? 1 : 0) }, "\(path)")
                continue
            }
            let count = Double(buffer.elements.count)
            let mean = buffer.elements.reduce(0) { $0 + Double($1) } / count
            let width = (buffer.elements.reduce(0) { $0 + Double($1) * Double($1) } / count).squareRoot()
            var expected = 0.02
            if scheme == .fullMegatron {
                let layers = 2.0 * (model == .chat ? 2 : Double(try layerCount(model)))
                if path.description.hasSuffix("attention.output.weight")
                    || path.description.hasSuffix("feed_forward.down.weight")
                {
                    expected /= layers.squareRoot()
                }
                #expect(buffer.elements.allSatisfy { abs(Double($0)) <= 2 * expected + 1e-6 }, "\(path)")
                expected *= 0.8796  // What a normal distribution that is cut at two deviations keeps of its width.
            }
            // Four standard errors, of the width and of the mean.
            #expect(abs(width / expected - 1) < 4 / (2 * count).squareRoot(), "\(path): \(width) for \(expected)")
            #expect(abs(mean) < 4 * expected / count.squareRoot(), "\(path): \(mean)")
        }
    }

    private func layerCount(_ model: TestRun.Model) throws -> Int {
        try #require(try JSON.read(path: model.path + "/config.json")["num_hidden_layers"]?.integer)
    }

    @Test func numbersFollowFromTheSeed() throws {
        func elements(_ seed: UInt64) throws -> [[Float]] {
            try parameters(.chat, .normal, seed: seed).map { Array($0.buffer.elements) }
        }
        #expect(try elements(1) == elements(1))
        #expect(try elements(1) != elements(2))
    }

    @Test func aFreshModelIsTrainedAndOpened() throws {
        var test = try TestRun(.chat)
        test.more = ["model={config: \(test.model.path)/config.json, tokenizer: \(test.model.path), init: normal}"]
        let run = try test.open()
        _ = try run.run()
        let read = try TrainingModel(path: run.folder.path + "/model", team: ThreadTeam(threadCount: 1))
        _ = try read.text.template.get()
        let found = try read.objective(nil, masking: .init(), seed: 0).trained
        #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.path, Array($0.buffer.elements)) }) == run.parameters)
    }
}
