import Foundation
import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesTestSupport
import Testing

@testable import GygesTraining

/// What recipe files say.
@Suite struct RecipeTests {
    private static let minimal = """
        version: 1
        name: a
        model: m
        data: {sources: [texts.txt]}
        optimizer: {learning_rate: 0.1}
        schedule: {length: 10}

        """

    @Test func whatIsNotSaidIsAsDocumented() throws {
        let recipe = try Recipe(yaml: Self.minimal, path: "r.yaml", folder: "here/")
        #expect(recipe.start == .model("m"))
        #expect(recipe.task == nil && recipe.adapter == nil && recipe.evaluation == nil && recipe.spikes == nil)
        #expect(recipe.sources == [.init(name: "texts", paths: ["here/texts.txt"], form: .paragraphs, weight: 1)])
        #expect(recipe.data == DataSettings(seed: 0, packLength: 512, windowPackCount: 256))
        #expect(recipe.plan.unit == .steps && recipe.plan.phases.count == 1)
        let phase = recipe.plan.phases[0]
        #expect(phase.optimizer == OptimizerSettings(learningRate: 0.1))
        #expect(phase.schedule == LearningRateSchedule(length: 10))
        #expect(phase.batch == BatchSizeSchedule(8))
        #expect(recipe.passTokenLimit == 4096 && recipe.checkpointInterval == 500 && recipe.checkpointLimit == 2)
        #expect(recipe.precision == .float32 && !recipe.recomputesLayers && !recipe.skipsFaults)
        #expect(recipe.output == "runs/a")
    }

    @Test func phasesSayOnlyWhatDiffers() throws {
        let recipe = try Recipe(
            yaml: Self.minimal + """
                batch: {size: 4, from: 2, warmup: 3}
                phases:
                - {name: short, max_length: 128, schedule: {decay: constant}}
                - name: long
                  max_length: 1024
                  rope_theta: 160000
                  optimizer: {name: stable_adamw, learning_rate: 0.05}
                  schedule: {length: 5, decay: 1-sqrt}
                  batch: {size: 3, from: 3, warmup: 0}
                  weights: {texts: 2}

                """, path: "r.yaml")
        let phases = recipe.plan.phases
        #expect(phases.map(\.name) == ["short", "long"])
        #expect(phases.map(\.packLength) == [128, 1024])
        #expect(phases.map(\.rotaryBase) == [nil, 160000])
        #expect(phases[0].schedule == LearningRateSchedule(length: 10, decay: .constant))
        #expect(phases[1].schedule == LearningRateSchedule(length: 5, decay: .oneMinusSqrt))
        #expect(phases[0].batch == BatchSizeSchedule(4, from: 2, warmUp: 3) && phases[1].batch == BatchSizeSchedule(3))
        #expect(phases[0].optimizer == OptimizerSettings(learningRate: 0.1))
        #expect(phases[1].optimizer == OptimizerSettings(rule: .stableAdamW(), learningRate: 0.05))
        #expect(phases.map(\.sourceWeights) == [[1], [2]])
    }

    @Test func everyProblemIsToldOf() throws {
        let wrong =
            Self.minimal.replacing("length: 10", with: "lenght: 10").replacing("0.1", with: "fast")
            + "optimiser: {}\nevaluation: {share: 0.9}\nfaults: ignore\n"
        let error = try #require(throws: FileError.self) { try Recipe(yaml: wrong, path: "r.yaml") }
        for part in [
            "lenght", "“schedule.length” is missing", "optimizer.learning_rate", "optimiser", "“every” is missing",
            "0.9", "ignore",
        ] {
            #expect(error.problems.contains { $0.contains(part) }, "nothing about \(part) in \(error)")
        }
    }

    @Test func aNotedRecipeSaysTheSameElsewhere() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.minimal, to: "recipes/r.yaml")
        let (recipe, text) = try Recipe.read(contentsOf: path, overrides: ["batch.size=2", "seed=9"])
        #expect(recipe.plan.phases[0].batch == BatchSizeSchedule(2) && recipe.seed == 9)
        let copy = try Recipe.read(contentsOf: try folder.write(text, to: "elsewhere/copy.yaml")).recipe
        #expect(copy == recipe)
        #expect(copy.differences(from: recipe).isEmpty)
    }

    @Test(arguments: [
        ("seed=2", ["seed", "data"]), ("batch.size=3", ["phases"]), ("precision=bf16", ["precision"]),
        ("checkpoints={every: 3}", []), ("adapter={r: 2}", ["adapter"]), ("recompute_layers=true", []),
        ("evaluation={every: 2, share: 0.1}", ["evaluation.share"]),
    ])
    func whatMakesAnotherRunIsNamed(_ override: String, _ expected: [String]) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.minimal, to: "r.yaml")
        let (plain, _) = try Recipe.read(contentsOf: path)
        let (other, _) = try Recipe.read(contentsOf: path, overrides: [override])
        #expect(Set(other.differences(from: plain)).isSuperset(of: expected))
        #expect(expected.isEmpty == other.differences(from: plain).isEmpty)
    }

    @Test func shippedRecipesAreRead() throws {
        let folder =
            fixturePath("x", of: "").split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
            .joined(separator: "/") + "/Examples/training/"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        #expect(!names.isEmpty)
        for name in names {
            let recipe = try Recipe.read(contentsOf: folder + name).recipe
            for source in recipe.sources {
                #expect(source.paths.allSatisfy { FileManager.default.fileExists(atPath: $0) })
            }
        }
    }
}
