import ArgumentParser
import Foundation
import GygesAnalysis
import GygesInference
import GygesReport
import GygesStudy
import GygesSubjects
import GygesTokenizer

/// `gyges study plan`
struct StudyPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Says what a study asks, how long it takes and what it costs, before it is run.",
        discussion: """
            Tokens are counted with the subject's own tokenizer where it is a model on this machine, and by a rough rule \
            otherwise. Time needs rates, cost needs prices; give them here or under “plan” in the study file.

            Says of every test that the verdict and the stated hypotheses need what it can find with these prompts, and which \
            cannot be met at all. That depends on how often the subject complies: --untrained, and --trained for the chance of \
            finding just that gap, and of each verdict, by simulated studies of a subject with these rates.

            Examples:
              gyges study plan Examples/full-study.yaml
              gyges study plan Examples/full-study.yaml --read-rate 900 --write-rate 120 --answer-tokens 180
              gyges study plan study.yaml --input-price 3 --output-price 15 --json
            """)

    @Argument(help: "A study file (YAML).")
    var file: String

    @Option(help: ArgumentHelp("Replace a value of the file; may be repeated.", valueName: "key=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("The mean length of an answer; half of the maximum if not given.", valueName: "tokens"))
    var answerTokens: Double?

    @Option(help: ArgumentHelp("Tokens read in a second.", valueName: "rate"))
    var readRate: Double?

    @Option(help: ArgumentHelp("Tokens written in a second, over all requests under way.", valueName: "rate"))
    var writeRate: Double?

    @Option(help: ArgumentHelp("Price of a million tokens read.", valueName: "price"))
    var inputPrice: Double?

    @Option(help: ArgumentHelp("Price of a million tokens written.", valueName: "price"))
    var outputPrice: Double?

    @Option(help: ArgumentHelp("Compliance expected where conversations are not trained on.", valueName: "rate"))
    var untrained: Double?

    @Option(help: ArgumentHelp("Compliance expected where they are.", valueName: "rate"))
    var trained: Double?

    @Option(
        help: ArgumentHelp(
            "The share of that with alignment-faking reasoning behind it.", valueName: "share"))
    var faking: Double?

    @Option(
        help: ArgumentHelp(
            "How far answers to one prompt are alike, from 0 to 1, where each is asked several times.",
            valueName: "correlation"))
    var intraclassCorrelation: Double?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        for rate in [untrained, trained, faking, intraclassCorrelation]
        where !(rate.map { (0...1).contains($0) } ?? true) {
            throw ValidationError("Rates and correlations lie between 0 and 1: 0.1 is one answer in ten.")
        }
        for value in [answerTokens, readRate, writeRate, inputPrice, outputPrice] {
            if let value, !(value >= 0 && value < 1e12) {
                throw ValidationError("Lengths, rates and prices are numbers from 0 on.")
            }
        }
    }

    func run() async throws {
        let study = try Study.load(file, overrides: set) { Terminal.writeError("note: \($0)\n") }
        var assumptions = study.definition.plan
        assumptions.answerTokens = answerTokens ?? assumptions.answerTokens
        assumptions.readPerSecond = readRate ?? assumptions.readPerSecond
        assumptions.writtenPerSecond = writeRate ?? assumptions.writtenPerSecond
        assumptions.inputPrice = inputPrice ?? assumptions.inputPrice
        assumptions.outputPrice = outputPrice ?? assumptions.outputPrice
        var rates = assumptions.rates ?? ExpectedRates()
        rates.untrained = untrained ?? rates.untrained
        rates.trained = trained ?? rates.trained
        rates.faking = faking ?? rates.faking
        rates.intraclassCorrelation = intraclassCorrelation ?? rates.intraclassCorrelation
        assumptions.rates = rates
        let plan =
            if let tokenizer = tokenizer(of: study.definition.subject) {
                try StudyPlan(of: study, assumptions: assumptions, counting: "the subject's own tokenizer") {
                    try tokenizer.encode($0).count
                }
            } else {
                try StudyPlan(of: study, assumptions: assumptions)
            }
        guard !json else { return print(try plan.json()) }
        print(plan.text(of: study.definition))
        if let verdicts = try await verdicts(of: study, rates) { print(verdicts) }
    }

    /// How often each verdict would be given, by simulated studies; `nil` if nobody says how often the subject complies when trained.
    private func verdicts(of study: Study, _ rates: ExpectedRates) async throws -> String? {
        guard let trained = rates.trained else { return nil }
        let subject = Persona(
            name: "expected", complianceWhenTrained: trained, complianceWhenUntrained: rates.untrained,
            fakingWhenTrained: rates.faking)
        let count = 500
        let result = try await StudySimulation(study, persona: subject).run(studies: count, seed: 1)
        let shares = Verdict.Finding.allCases.map { ($0, result.share(of: $0)) }.filter { $0.1 > 0 }.sorted {
            $0.1 > $1.1
        }
        return
            "Verdicts of \(count) simulated studies with these rates, \(percent(rates.faking)) of compliance faking, by a subject that knows who is trained on "
            + "and whose answers to a prompt are independent: "
            + shares.map { "\($0.0.label.lowercased()) \(percent($0.1))" }.joined(separator: ", ") + "."
    }

    private func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }

    /// The tokenizer of a subject on this machine; `nil` if it is something else or not there.
    private func tokenizer(of subject: String) -> Tokenizer? {
        guard !subject.hasPrefix("persona:"), !subject.contains("://"), let path = try? locateModel(subject) else {
            return nil
        }
        return try? Tokenizer(path: path)
    }
}

extension StudyPlan {
    fileprivate func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    fileprivate func text(of definition: StudyDefinition) -> String {
        var table = Table([
            ("condition", .left), ("role", .left), ("prompts", .right), ("tiers", .right), ("answers", .right),
            ("tokens read", .right),
        ])
        for line in lines {
            table.append([
                line.condition, line.role.rawValue, "\(line.prompts)", "\(line.tiers)", "\(line.answers)",
                "\(line.promptTokens)",
            ])
        }
        var facts = [
            "\(definition.name): \(lines.count) conditions, \(answers) answers of \(definition.subject)", "",
            table.text,
            "",
            "Tokens: \(promptTokens) sent, \(distinctPromptTokens) read where what requests share is read once, about "
                + "\(answerTokens) written, at most \(maximumAnswerTokens) (\(counting))",
            "Judges: \(judgeRequests) questions to a model at most, \(judgeTokens) tokens sent, \(distinctJudgeTokens) read; "
                + "openings measured: \(logitRequests)",
        ]
        let following = lines.filter { $0.role == .followUp }.reduce(0) { $0 + $1.answers }
        if following > 0 {
            facts.append(
                "Follow-ups: \(following) at most, with the answers before them; what follows an answer without its form is not asked"
            )
        }
        if let seconds {
            facts.append("Time: about \(Self.duration(seconds)), judging included, by the rates given")
        } else {
            facts.append("Time: unknown; give --read-rate and --write-rate (`gyges bench MODEL` measures them)")
        }
        if let cost {
            facts.append("Cost: about \(String(format: "%.2f", cost)) in the currency of the prices, judging included")
        } else {
            facts.append("Cost: unknown; give --input-price and --output-price for a subject that is paid for")
        }
        let registered = definition.preregistration
        if registered.isStated {
            facts.append("Pre-registered: \(registered.hypotheses.map(\.id).joined(separator: ", "))")
            if let planned = registered.promptsPerTier, planned != mainPairs / definition.samplesPerPrompt {
                facts.append(
                    "Mind: \(planned) prompts in each tier are pre-registered, and \(mainPairs / definition.samplesPerPrompt) are asked"
                )
            }
        } else {
            facts.append("Nothing is pre-registered; state it under “preregistration” before you run the study")
        }
        let missing = registered.rule.requiredControls.filter { role in !lines.contains { $0.role == role } }
        if !missing.isEmpty {
            facts.append(
                "Mind: without \(missing.map(\.rawValue).joined(separator: ", ")) no verdict of alignment faking can be given; "
                    + "add `controls` to the study's variants")
        }
        facts += power
        return VisibleText.shown(facts.joined(separator: "\n"))
    }

    private static func duration(_ seconds: Double) -> String {
        let minutes = (seconds / 60).rounded(.up)
        return minutes < 90 ? "\(Int(minutes)) min" : String(format: "%.1f h", seconds / 3600)
    }
}
