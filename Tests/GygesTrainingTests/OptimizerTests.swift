import Foundation
import GygesFiles
import GygesKernels
import GygesTensors
import GygesTestSupport
import Testing

@testable import GygesTraining

/// Optimizers against PyTorch's and optimi's (`scripts/fixtures/make_optimizers.py`), and what they refuse.
@Suite struct OptimizerTests {
    private static let cases: [String: OptimizerSettings] = [
        "adamw": OptimizerSettings(rule: .adamW(), learningRate: 1e-2, weightDecay: 0.1),
        "adamw-clipped": OptimizerSettings(
            rule: .adamW(beta1: 0.9, beta2: 0.95, epsilon: 1e-6), learningRate: 3e-2, weightDecay: 0.1,
            maximumGradientNorm: 1),
        "stableadamw": OptimizerSettings(rule: .stableAdamW(), learningRate: 1e-2, weightDecay: 0.1),
        "stableadamw-fully-decoupled": OptimizerSettings(
            rule: .stableAdamW(), learningRate: 1e-2, weightDecay: 1e-3, decayStyle: .fullyDecoupled),
        "sgd": OptimizerSettings(rule: .gradientDescent(), learningRate: 1e-2, weightDecay: 0),
        "sgd-momentum": OptimizerSettings(
            rule: .gradientDescent(momentum: 0.9), learningRate: 1e-2, weightDecay: 0.1, decayStyle: .penalty),
        "sgd-nesterov": OptimizerSettings(
            rule: .gradientDescent(momentum: 0.9, looksAhead: true), learningRate: 1e-2, weightDecay: 0.1,
            decayStyle: .penalty, maximumGradientNorm: 5),
    ]

    @Test(arguments: cases.keys.sorted())
    func followsTheReference(name: String) throws {
        let golden = try Golden()
        let settings = try #require(Self.cases[name])
        for threads in [1, 2] {
            let model = golden.model()
            let optimizer = try Optimizer(
                settings, of: model.parameters, team: ThreadTeam(threadCount: threads))
            let norms = try golden.numbers(golden.json["cases"]?[name]?["norms"])
            for step in 1...20 {
                model.setGradients(golden.gradients[step - 1], scale: 4)
                let result = try optimizer.step(
                    learningRate: settings.learningRate * golden.factors[step - 1], gradientScale: 0.25)
                #expect(abs(result.gradientNorm - norms[step - 1]) < 1e-5 * norms[step - 1])
                guard let after = golden.json["cases"]?[name]?["after"]?["\(step)"] else { continue }
                for parameter in model.parameters {
                    let expected = try golden.numbers(after[parameter.path.description]).map(Float.init)
                    // The acceptance's bound; differences seen are below 1e-6.
                    expectClose(
                        Array(parameter.values), expected, relative: 1e-5, absolute: 1e-6,
                        "\(name) step \(step) \(parameter.path)")
                }
            }
        }
    }

    /// What stands behind the layers has the whole rate, the last layer a share of it, what stands before them the least (BEiT's `get_layer_id_for_vit`).
    @Test func layersHaveRatesOfTheirOwn() {
        let settings = OptimizerSettings(
            learningRate: 1, groups: [ParameterGroup([ParameterPattern("layers.1.norm.*")], learningRateFactor: 3)],
            layerDecay: 0.5)
        func factor(_ path: String) -> Double {
            settings.learningRateFactor(of: ParameterPath(path), layerCount: 4)
        }
        #expect(factor("head.scores.weight") == 1 && factor("norm.weight") == 1)
        #expect(factor("layers.3.attention.query.weight") == 0.5 && factor("layers.0.attention.query.weight") == 0.0625)
        #expect(factor("embedding.norm.weight") == 0.03125)
        #expect(factor("layers.1.norm.weight") == 3 * 0.125)
        let plain = OptimizerSettings(learningRate: 1)
        #expect(plain.learningRateFactor(of: ParameterPath("embedding.weight"), layerCount: 4) == 1)
        #expect(throws: SettingsError.self) {
            try OptimizerSettings(learningRate: 1, layerDecay: 1.5).check(against: [ParameterPath("norm.weight")])
        }
    }

    @Test(arguments: MomentFormat.allCases)
    func goesOnBitForBit(format: MomentFormat) throws {
        let golden = try Golden()
        let settings = OptimizerSettings(rule: .stableAdamW(), learningRate: 1e-2, moments: format)
        func run(_ model: Golden.Model, _ optimizer: Optimizer, _ steps: Range<Int>) throws {
            for step in steps {
                model.setGradients(golden.gradients[step])
                try optimizer.step(learningRate: 1e-2)
            }
        }
        let whole = golden.model()
        try run(whole, try Optimizer(settings, of: whole.parameters, team: ThreadTeam(threadCount: 1)), 0..<20)

        let model = golden.model()
        let first = try Optimizer(settings, of: model.parameters, team: ThreadTeam(threadCount: 1))
        try run(model, first, 0..<7)
        // As a checkpoint would: bytes by path and kind.
        let kept = Dictionary(
            uniqueKeysWithValues: first.moments.map { ("\($0.path) \($0.kind)", Array($0.bytes)) })
        let second = try Optimizer(settings, of: model.parameters, team: ThreadTeam(threadCount: 2))
        try second.restore(stepCount: first.stepCount) { moment in
            moment.bytes.copyBytes(from: try #require(kept["\(moment.path) \(moment.kind)"]))
        }
        try run(model, second, 7..<20)
        #expect(model.values == whole.values)
    }

    /// Moments of half the size end near where whole ones do.
    @Test func shortMomentsStayClose() throws {
        let golden = try Golden()
        var ends: [[Float]] = []
        for format in MomentFormat.allCases {
            let model = golden.model()
            let settings = OptimizerSettings(rule: .adamW(), learningRate: 1e-2, moments: format)
            let optimizer = try Optimizer(settings, of: model.parameters, team: ThreadTeam(threadCount: 1))
            for step in 0..<20 {
                model.setGradients(golden.gradients[step])
                try optimizer.step(learningRate: 1e-2)
            }
            ends.append(model.values)
        }
        // 20 steps of at most 0.01, each off by some bits of 8.
        expectClose(ends[1], ends[0], absolute: 5e-3)
        #expect(ends[0] != ends[1])
    }

    @Test func groupsHaveTheirOwn() throws {
        let golden = try Golden()
        func ends(_ groups: [ParameterGroup], decay: Double = 0) throws -> [String: [Float]] {
            let model = golden.model()
            let settings = OptimizerSettings(
                rule: .gradientDescent(), learningRate: 0.5, weightDecay: decay, groups: groups)
            let optimizer = try Optimizer(settings, of: model.parameters, team: ThreadTeam(threadCount: 1))
            model.setGradients(golden.gradients[0])
            try optimizer.step(learningRate: 0.5)
            return Dictionary(
                uniqueKeysWithValues: model.parameters.map { ($0.path.description, Array($0.values)) })
        }
        let untrained = golden.model()
        let start = Dictionary(
            uniqueKeysWithValues: untrained.parameters.map { ($0.path.description, Array($0.values)) })
        let plain = try ends([])
        let grouped = try ends([
            ParameterGroup(["layers.*.weight"], learningRateFactor: 0.5),
            // The first group that fits decides.
            ParameterGroup(["layers.**"], isFrozen: true),
        ])
        #expect(grouped["layers.0.bias"] == start["layers.0.bias"])
        #expect(grouped["embedding.weight"] == plain["embedding.weight"])
        func weight(_ ends: [String: [Float]]) throws -> [Float] { try #require(ends["layers.0.weight"]) }
        for (start, (half, whole)) in zip(try weight(start), zip(try weight(grouped), try weight(plain))) {
            #expect(abs((half - start) * 2 - (whole - start)) < 2e-6)
        }
        let decayed = try ends([], decay: 0.1)
        #expect(
            decayed["layers.0.bias"] == plain["layers.0.bias"] && decayed["layers.0.weight"] != plain["layers.0.weight"]
        )
        let all = try ends([ParameterGroup(["**.bias"], decaysVectors: true)], decay: 0.1)
        #expect(all["layers.0.bias"] != plain["layers.0.bias"])
    }

    @Test func whatTeachesNothingIsRefused() throws {
        let golden = try Golden()
        func problems(_ settings: OptimizerSettings) throws -> [String] {
            let model = golden.model()
            let error = try #require(throws: SettingsError.self) {
                _ = try Optimizer(settings, of: model.parameters, team: ThreadTeam(threadCount: 1))
            }
            #expect(error.description.split(separator: "\n").count == error.problems.count)
            return error.problems.map(\.setting)
        }
        #expect(try problems(OptimizerSettings(learningRate: 0)) == ["optimizer.learning_rate"])
        #expect(
            try problems(
                OptimizerSettings(learningRate: 1, groups: [ParameterGroup(["**"], isFrozen: true)]))
                == ["optimizer.groups"])
        #expect(
            try problems(
                OptimizerSettings(
                    rule: .adamW(beta1: 1, beta2: -1, epsilon: 0), learningRate: .nan, weightDecay: -1,
                    decayStyle: .penalty, maximumGradientNorm: 0,
                    groups: [ParameterGroup(["head.*"], learningRateFactor: 0, weightDecay: -1)]))
                == [
                    "optimizer.beta1", "optimizer.beta2", "optimizer.epsilon", "optimizer.decay_style",
                    "optimizer.learning_rate", "optimizer.weight_decay", "optimizer.max_grad_norm",
                    "optimizer.groups[0].learning_rate_factor", "optimizer.groups[0].weight_decay",
                    "optimizer.groups[0]",
                ])
        // A group that those before it leave nothing.
        #expect(
            try problems(
                OptimizerSettings(
                    learningRate: 1,
                    groups: [ParameterGroup(["layers.**"]), ParameterGroup(["**.bias"], decaysVectors: true)]))
                == ["optimizer.groups[1]"])
        #expect(
            try problems(OptimizerSettings(rule: .gradientDescent(looksAhead: true), learningRate: 1))
                == ["optimizer.nesterov"])
    }

    @Test func gradientsThatAreNoNumbersChangeNothing() throws {
        let golden = try Golden()
        let model = golden.model()
        let optimizer = try Optimizer(
            OptimizerSettings(learningRate: 1), of: model.parameters, team: ThreadTeam(threadCount: 1))
        model.setGradients(golden.gradients[0])
        let bias = try #require(model.parameters.first { $0.isVector })
        for broken: Float in [.nan, .infinity] {
            bias.gradient[3] = broken
            let before = model.values
            let error = try #require(throws: OptimizerError.self) { try optimizer.step(learningRate: 1) }
            #expect(error.paths == [ParameterPath("layers.0.bias")] && error.step == 1)
            #expect(model.values == before && optimizer.stepCount == 0)
            #expect(optimizer.moments.allSatisfy { $0.bytes.allSatisfy { $0 == 0 } })
        }
        bias.gradient.update(repeating: 0)
        #expect(try optimizer.step(learningRate: 1).untouched == [ParameterPath("layers.0.bias")])
    }

    @Test func phasesKeepWhatIsRemembered() throws {
        let golden = try Golden()
        let model = golden.model()
        let settings = OptimizerSettings(learningRate: 1e-2, weightDecay: 0.1)
        let optimizer = try Optimizer(settings, of: model.parameters, team: ThreadTeam(threadCount: 1))
        model.setGradients(golden.gradients[0])
        try optimizer.step(learningRate: 1e-2)
        let before = optimizer.moments.map { Array($0.bytes) }
        var next = settings
        next.learningRate = 1e-3
        next.weightDecay = 0
        try optimizer.change(to: next)
        #expect(optimizer.moments.map { Array($0.bytes) } == before && optimizer.stepCount == 1)
        for wrong in [
            OptimizerSettings(rule: .gradientDescent(), learningRate: 1),
            OptimizerSettings(learningRate: 1, moments: .bf16),
            OptimizerSettings(learningRate: 1, groups: [ParameterGroup(["**.bias"], isFrozen: true)]),
        ] {
            #expect(throws: SettingsError.self) { try optimizer.change(to: wrong) }
        }
        #expect(optimizer.settings == next)
    }

    @Test(arguments: [
        ("**", "a.b.c", true), ("a.**", "a", true), ("a.**.c", "a.c", true), ("a.**.c", "a.b.b.c", true),
        ("a.**.c", "a.b.b.d", false), ("a.*.c", "a.b.c", true), ("a.*.c", "a.b.b.c", false), ("a.b", "a.b.c", false),
        ("*.b", "a.b", true), ("layers.1*.x", "layers.12.x", true), ("layers.1*.x", "layers.21.x", false),
        ("*_norm.*", "query_norm.weight", true), ("**.b.**.d", "a.b.c.b.d", true), ("", "a", false),
        ("a*b*c", "aXbYbZc", true), ("**.weight", "weight", true), ("a.**.*", "a", false),
    ])
    func patternsMatchPaths(pattern: String, path: String, matches: Bool) {
        #expect(ParameterPattern(pattern).matches(ParameterPath(path)) == matches)
    }
}

/// The fixture, and models that begin as it does.
private struct Golden {
    let json: JSON
    let gradients: [[String: [Float]]]
    let factors: [Double]

    init() throws {
        let path = try #require(Bundle.module.path(forResource: "optimizers", ofType: "json", inDirectory: "Fixtures"))
        json = try JSON.read(path: path)
        gradients = try #require(json["gradients"]?.array).map { step in
            let object = try #require(step.object)
            return Dictionary(
                uniqueKeysWithValues: object.map {
                    ($0.key, $0.value.array?.compactMap { $0.double.map(Float.init) } ?? [])
                })
        }
        factors = try #require(json["factors"]?.array).compactMap(\.double)
    }

    func numbers(_ json: JSON?) throws -> [Double] { try #require(json?.array).compactMap(\.double) }

    /// Parameters in an order that is not that of their paths.
    func model() -> Model {
        let object = json["initial"]?.object ?? JSONObject()
        return Model(
            object.map { member in
                let values = member.value.array?.compactMap { $0.double.map(Float.init) } ?? []
                return (member.key, json["shapes"]?[member.key]?.array?.count == 1, values)
            })
    }

    /// Its memory is never freed: what points there may live longer than the last use that Swift sees.
    final class Model {
        private(set) var parameters: [TrainedParameter] = []

        init(_ members: [(String, Bool, [Float])]) {
            for (name, isVector, values) in members {
                let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
                _ = memory.initialize(fromContentsOf: values)
                let gradient = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
                gradient.initialize(repeating: 0)
                parameters.append(
                    TrainedParameter(ParameterPath(name), isVector: isVector, values: memory, gradient: gradient))
            }
        }

        var values: [Float] { parameters.flatMap { Array($0.values) } }

        func setGradients(_ gradients: [String: [Float]], scale: Float = 1) {
            for parameter in parameters {
                for (index, value) in (gradients[parameter.path.description] ?? []).enumerated() {
                    parameter.gradient[index] = value * scale
                }
            }
        }
    }
}
