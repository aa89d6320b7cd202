import ArgumentParser
import Foundation
import GygesAnalysis
import GygesStudy
import GygesSubjects

/// `gyges study simulate`
struct StudySimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Runs many studies of a persona and holds what they find against the truth.",
        discussion: """
            Nothing is written and no model is needed: a persona answers at known rates, and everything after it is the real \
            thing. Says how often intervals cover the truth, how often tests reject, how far estimates are off on average, \
            and which verdicts are given. With errors of the judge it shows what correcting them by labels is worth.

            Examples:
              gyges study simulate study.yaml
              gyges study simulate study.yaml --persona tier-blind --studies 5000
              gyges study simulate study.yaml --sensitivity 0.85 --specificity 0.95 --labels 100
            """)

    @Argument(help: "A study file (YAML).")
    var file: String

    @Option(help: ArgumentHelp("Replace a value of the file; may be repeated.", valueName: "key=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("Who answers; may be repeated. All if not given.", valueName: "name"))
    var persona: [String] = []

    @Option(help: ArgumentHelp("How many studies.", valueName: "count"))
    var studies = 1000

    @Option(help: ArgumentHelp("Decides every draw.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("The probability that the judge sees compliance.", valueName: "rate"))
    var sensitivity: Double?

    @Option(help: ArgumentHelp("The probability that the judge sees a refusal.", valueName: "rate"))
    var specificity: Double?

    @Option(
        help: ArgumentHelp(
            "Labelled answers of each kind, from which the judge's errors are estimated.", valueName: "count"))
    var labels = 100

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Give personas so many times their own effect, each; prints a table.", valueName: "times"))
    var effects: [Double] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Ask so many prompts, each; prints a table.", valueName: "counts"))
    var prompts: [Int] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Ask each prompt so many times, each; prints a table.", valueName: "counts"))
    var samples: [Int] = []

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard effects.allSatisfy({ (0...10).contains($0) }), prompts.allSatisfy({ (1...100_000).contains($0) }),
            samples.allSatisfy({ (1...1000).contains($0) })
        else { throw ValidationError("Effects are 0 to 10 times a persona's own; prompts and samples count from 1.") }
        guard (1...1_000_000).contains(studies) else { throw ValidationError("Ask for 1 to 1,000,000 studies.") }
        guard (1...1_000_000).contains(labels) else { throw ValidationError("Ask for 1 to 1,000,000 labels.") }
        for rate in [sensitivity, specificity] where !(rate.map { (0...1).contains($0) } ?? true) {
            throw ValidationError("Sensitivity and specificity lie between 0 and 1.")
        }
        let names = Persona.shipped.map(\.name)
        for name in persona where !names.contains(name) {
            throw ValidationError("There is no persona “\(name)”. Choose of \(names.joined(separator: ", ")).")
        }
    }

    func run() async throws {
        let errors: StudySimulation.JudgeRates? =
            sensitivity == nil && specificity == nil
            ? nil
            : StudySimulation.JudgeRates(
                sensitivity: sensitivity ?? 1, specificity: specificity ?? 1, labels: labels)
        var results: [SimulatedDesign] = []
        let isTable = !(effects.isEmpty && prompts.isEmpty && samples.isEmpty)
        for persona in Persona.shipped where self.persona.isEmpty || self.persona.contains(persona.name) {
            for (study, size) in try designs {
                for effect in effects.isEmpty ? [1] : effects {
                    let simulation = try StudySimulation(
                        study, persona: persona.withEffect(effect), judgeErrors: errors)
                    let result = await simulation.run(studies: studies, seed: seed)
                    if !json, !isTable { print(text(result)) }
                    results.append(
                        SimulatedDesign(effect: effect, prompts: size.prompts, samples: size.samples, result: result))
                }
            }
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let data = isTable ? try encoder.encode(results) : try encoder.encode(results.map(\.result))
            print(String(decoding: data, as: UTF8.self))
        } else if isTable {
            print(SimulatedDesign.table(results))
        }
    }

    /// The study in every size that is asked for.
    private var designs: [(study: Study, size: (prompts: Int, samples: Int))] {
        get throws {
            var notes = true
            return try (prompts.isEmpty ? [nil] : prompts.map(Optional.init)).flatMap { count in
                try (samples.isEmpty ? [nil] : samples.map(Optional.init)).map { repetitions in
                    let overrides =
                        (count.map { ["prompts.count=\($0)"] } ?? [])
                        + (repetitions.map { ["samplesPerPrompt=\($0)"] } ?? [])
                    let study = try Study.load(file, overrides: set + overrides) {
                        if notes { Terminal.writeError("note: \($0)\n") }
                    }
                    notes = false
                    let main = try study.conditions.first { $0.role == .main }
                    return (
                        study, (main.map { study.prompts(of: $0).count } ?? 0, study.definition.samplesPerPrompt)
                    )
                }
            }
        }
    }

    private func text(_ result: StudySimulation.Result) -> String {
        let studies = result.studies
        guard studies > 0 else { return "\(result.persona): no study had a pair to compare.\n" }
        func share(_ count: Int, of total: Int? = nil) -> String {
            String(format: "%.1f %%", 100 * Double(count) / Double(max(1, total ?? studies)))
        }
        func points(_ value: Double) -> String { String(format: "%+.2f", value * 100) }
        var lines = [
            "\(result.persona): \(studies) studies of \(result.pairs) pairs in \(result.condition)",
            "  true gap \(points(result.trueGap)), estimated on average \(points(result.gapSum / Double(studies)))",
            """
              intervals that cover: gap \(share(result.gapCovered)) (Newcombe's \(share(result.newcombeCovered))), trained \
            \(share(result.trainedCovered)), untrained \(share(result.untrainedCovered)), faking \(share(result.fakingCovered))
            """,
            """
              tests: gap found \(share(result.rejected))\
            \(result.expectedPower.map { String(format: " (expected %.1f %%)", $0 * 100) } ?? ""), equivalence shown \
            \(share(result.equivalent))
            """,
        ]
        if let bias = result.correctedGapBias, let rateBias = result.correctedTrainedBias {
            lines.append(
                """
                  judge's errors: trained rate off by \(points(result.trainedBias)), corrected \(points(rateBias)) (covers \
                \(share(result.correctedTrainedCovered, of: result.corrected))); gap off by \(points(result.gapBias)), corrected \
                \(points(bias)) (covers \(share(result.correctedGapCovered, of: result.corrected)))
                """)
        }
        lines.append(
            "  verdicts: "
                + result.verdicts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { "\($0.key) \(share($0.value))" }.joined(separator: ", "))
        return lines.joined(separator: "\n") + "\n"
    }
}
