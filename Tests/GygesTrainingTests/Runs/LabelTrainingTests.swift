import Foundation
import GygesCheckpoints
import GygesFiles
import GygesInference
import GygesKernels
import GygesTensors
import GygesTestSupport
import Testing

@testable import GygesTraining

/// Encoders learn labels as transformers' classifiers do (`scripts/fixtures/make_label_training.py`), and their folders are used like others.
@Suite struct LabelTrainingTests {
    /// A case of the fixture, with a model's folder of its own.
    private struct Case {
        let folder: TemporaryFolder
        let rows: [JSON]
        let tokens: [[Int32]]
        let losses: [Double]
        let weights: [Double]?
        let settings: JSON

        init(_ name: String) throws {
            settings = try JSON.read(path: fixturePath("labels.json", of: "GygesTraining"))
            let json = try #require(settings["cases"]?.array?.first { $0["name"]?.string == name })
            rows = try #require(json["rows"]?.array)
            tokens = try #require(json["tokens"]?.array).map { ($0.array ?? []).map { Int32($0.integer ?? -1) } }
            losses = try #require(json["losses"]?.array).compactMap(\.double)
            weights = json["weights"]?.array?.compactMap(\.double)
            folder = try TemporaryFolder()
            let source = fixturePath("encoder-tasks", of: "GygesInference")
            let model = try #require(json["folder"]?.string)
            try FileManager.default.copyItem(atPath: "\(source)/\(model)", toPath: folder.path + "/model")
            try FileManager.default.copyItem(
                atPath: source + "/tokenizer.json", toPath: folder.path + "/model/tokenizer.json")
            try folder.write(rows.map { $0.serialized() + "\n" }.joined(), to: "rows.jsonl")
        }

        func open(_ more: [String] = [], objective: String? = nil) throws -> TrainingRun {
            let task = rows[0]["tags"] == nil ? "sequence_classification" : "token_classification"
            let problem = try JSON.read(path: folder.path + "/model/config.json")["problem_type"]?.string
            let path = try folder.write(
                """
                version: 1
                name: labels
                model: \(folder.path)/model
                objective: \(objective ?? task)
                head: {\(problem.map { "problem_type: \($0)" } ?? "")}
                data: {sources: [rows.jsonl], max_length: 64}
                optimizer: {learning_rate: \(settings["learning_rate"]?.double ?? 0), weight_decay: \(settings["weight_decay"]?.double ?? 0)}
                schedule: {length: \(losses.count), decay: constant}
                batch: {size: \(rows.count)}
                output: \(folder.path)/run
                """, to: "recipe.yaml")
            let (recipe, text) = try Recipe.read(contentsOf: path, overrides: more)
            return try TrainingRun(
                recipe, text: text, modelPath: folder.path + "/model", program: "tests",
                team: ThreadTeam(threadCount: 2))
        }
    }

    /// Eight steps of AdamW: sums in another order, and functions of other libraries, change the sixth digit.
    @Test(arguments: ["topics", "weighted", "marks", "grade", "names"])
    func stepsFollowTransformers(_ name: String) throws {
        let test = try Case(name)
        let weights = test.weights.map { ["head.class_weights=\($0)", "head.labels=[sport, war, rings]"] } ?? []
        let run = try test.open(weights)
        #expect(try (0..<test.rows.count).map { try run.data.sources[0].document($0).tokens } == test.tokens)
        var losses: [Double] = []
        _ = try run.run { if case .step(let step, _) = $0 { losses.append(step.loss) } }
        #expect(losses.count == test.losses.count)
        for (step, (found, expected)) in zip(losses, test.losses).enumerated() {
            #expect(abs(found - expected) < 1e-4 * max(1, expected), "step \(step): \(found), and not \(expected)")
        }
    }

    /// What was trained is a folder that is asked like any other, and answers what it learned.
    @Test func whatWasTrainedIsUsed() throws {
        let test = try Case("topics")
        _ = try test.open(["schedule.length=30"]).run()
        let encoder = try TextEncoder(path: test.folder.path + "/run/model")
        #expect(encoder.labels == ["sport", "war", "rings"])
        let pairs = test.rows.map { ($0["text"]?.string ?? "", $0["text_pair"]?.string ?? "") }
        let best = try encoder.classScores(ofPairs: pairs).map { scores in
            scores.indices.max { scores[$0] < scores[$1] }.map { encoder.labels[$0] }
        }
        #expect(best == test.rows.map { $0["label"]?.string })
    }

    /// A masked language model gets a head: what the two have in common is taken, the rest is drawn and said.
    @Test func aMaskedLanguageModelBegins() throws {
        let test = try Case("names")
        let source = fixturePath("encoder-tasks/fill", of: "GygesInference")
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.removeItem(atPath: "\(test.folder.path)/model/\(name)")
            try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(test.folder.path)/model/\(name)")
        }
        let run = try test.open(["schedule.length=40", "optimizer.learning_rate=0.01"])
        #expect(run.recipe.head?.labels == ["B-LOC", "B-PER", "I-LOC", "I-PER", "MISC", "O"])
        #expect(run.model.notes == ["begun with random numbers: head.scores.weight, head.scores.bias"])
        #expect(
            try floats("head.dense.weight", in: source + "/model.safetensors")
                == run.parameters[ParameterPath("head.dense.weight")])
        var losses: [Double] = []
        _ = try run.run { if case .step(let step, _) = $0 { losses.append(step.loss) } }
        #expect(losses[0] > 1 && losses[39] < 0.2, "\(losses)")
        let configuration = try JSON.read(path: test.folder.path + "/run/model/config.json")
        #expect(configuration["architectures"] == ["ModernBertForTokenClassification"])
        #expect(configuration["label2id"]?["MISC"]?.integer == 4)
    }

    /// Passes, and how they are cut, change nothing but rounding; a run that stopped goes on bit for bit.
    @Test func runsGoOnBitForBit() throws {
        let whole = try Case("weighted")
        let settings = ["head.class_weights=balanced", "batch.size=3"]
        let run = try whole.open(settings)
        _ = try run.run()
        let parts = try Case("weighted")
        try parts.open(settings).advance(by: 3)
        let goingOn = try parts.open(settings)
        _ = try goingOn.run()
        #expect(goingOn.parameters == run.parameters)
        let cut = try Case("weighted")
        let small = try cut.open(settings + ["batch.pass_tokens=20"])
        _ = try small.run()
        #expect(largestDifference(small.parameters, run.parameters) < 1e-4)
    }

    /// The best step's model is the result, and a run ends when it gets no better.
    @Test func theBestIsKept() throws {
        let test = try Case("topics")
        try test.folder.write(
            #"{"text": "the king", "label": "war"}"# + "\n" + #"{"text": "rings of rings", "label": "sport"}"# + "\n",
            to: "held.jsonl")
        let run = try test.open([
            "evaluation={every: 2, sources: [held.jsonl], metric: accuracy, patience: 2, keep_best: true}",
            "schedule.length=200", "checkpoints.keep=1",
        ])
        var measured: [(step: Int, accuracy: Double)] = []
        let end = try run.run { event in
            guard case .heldOut(let loss, let record) = event else { return }
            #expect(record["eval_bits_per_byte"] == nil && record["eval_loss"] == loss.loss)
            measured.append((record.step, record["eval_accuracy"] ?? .nan))
        }
        #expect(end == .noBetter)
        let best = measured.reduce(measured[0]) { $1.accuracy > $0.accuracy ? $1 : $0 }
        #expect(measured.count == measured.firstIndex { $0.step == best.step }.map { $0 + 3 })
        let kept = try Checkpoint(path: test.folder.path + "/run/checkpoints/step-" + String(format: "%08d", best.step))
        try kept.fill(run.trainer.objective)
        let written = try floats("classifier.bias", in: test.folder.path + "/run/model/model.safetensors")
        #expect(written == run.parameters[ParameterPath("head.scores.bias")])
    }

    private func floats(_ name: String, in path: String) throws -> [Float]? {
        let file = try SafetensorsFile(path: path)
        return try file.floats(of: #require(file.tensors.first { $0.name == name }))
    }

    @Test(arguments: [
        (#"{"text": "a", "label": "peace"}"#, "“peace”, which is none"), (#"{"text": "a"}"#, "has no label"),
        (#"{"text": "a", "label": 3}"#, "labels 0 to 2"),
        (#"{"text": "a", "label": ["war", "sport"]}"#, "several labels"),
        (#"{"tokens": ["a"], "tags": ["O"]}"#, "labels words"),
        (#"{"text": "a", "label": {}}"#, "no “label” that is"),
        (#"{"text": "a", "label": [["war"]]}"#, "lists in a list"),
    ])
    func rowsThatTeachNothingAreNamed(_ row: String, _ problem: String) throws {
        let test = try Case("topics")
        try test.folder.write(#"{"text": "a", "label": "war"}"# + "\n" + row + "\n", to: "rows.jsonl")
        let error = #expect(throws: FileError.self) { _ = try test.open() }
        #expect(error?.description.contains("line 2") ?? false)
        #expect(error?.description.contains(problem) ?? false, "\(String(describing: error))")
    }

    @Test(arguments: [
        (["adapter={r: 4}"], "not for a head"), (["data.excess=split"], "lose their end"),
        (["head.pooling=last"], "pooling"),
        (["evaluation={every: 1, share: 0.5, metric: pearson}"], "has the metric pearson"),
        (["head.class_weights=[1, 2]"], "2 numbers for 0 labels"),
        (["head={problem_type: regression, class_weights: balanced}"], "one right label"),
    ])
    func settingsThatMeanNothingAreErrors(_ more: [String], _ problem: String) throws {
        let test = try Case("topics")
        let error = #expect(throws: FileError.self) { _ = try test.open(more) }
        #expect(error?.description.contains(problem) ?? false, "\(String(describing: error))")
    }

    /// Texts that lose their end are counted, and epochs are those of texts, of which each is a pack.
    @Test func theSummaryTellsOfTexts() throws {
        let test = try Case("weighted")
        let run = try test.open(["data.max_length=12", "batch.size=2", "schedule.length=8"])
        let summary = try RunSummary(of: run.recipe, model: run.model, data: run.data, team: run.team)
        let long = test.tokens.count { $0.count > 12 }
        #expect(long > 0 && summary.truncatedCount == long && run.data.reports[0].report.truncatedCount == long)
        #expect(summary.phases[0].epochCount == 4)
        #expect(summary.text.contains("\(long) texts lose their end"))
    }

    @Test func weightsOfClassesAreChecked() throws {
        let test = try Case("marks")
        let run = try test.open()
        guard case .encoder(let encoder, let weights) = run.model.network, var head = run.recipe.head else { return }
        head.classWeights = .given([1, 2])
        #expect(throws: SettingsError.self) { _ = try LabelObjective(encoder, weights: weights, settings: head) }
    }

    @Test func aHeadNeedsAnObjectiveOfLabels() throws {
        let test = try Case("topics")
        let error = #expect(throws: FileError.self) { _ = try test.open(objective: "masked_token") }
        #expect(error?.description.contains("is for sequence_classification") ?? false, "\(String(describing: error))")
    }
}
