import ArgumentParser
import Foundation
import GygesFiles
import GygesStatistics

/// `gyges study power`
struct StudyPower: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "power", abstract: "Says how many prompts find an effect, or which effect so many prompts find.",
        discussion: """
            Over the same prompts in both tiers the test is McNemar's exact one, and its power is summed over all tables; \
            with several answers to a prompt in each tier it is the permutation within prompts, whose power is found by \
            drawing studies with a fixed seed. Over different prompts it is the pooled z test, by the normal approximation. \
            --excess asks for the power of showing that a gap exceeds a placebo control's by more than so much, as a verdict \
            does. Compliance rates are fractions; answers to one prompt are independent unless a correlation is given.

            Examples:
              gyges study power --trained 0.142 --untrained 0.028         prompts that find this gap
              gyges study power --untrained 0.03 --pairs 40               the smallest gap that 40 prompts find
              gyges study power --trained 0.3 --untrained 0.1 --pairs 80   the power of 80 prompts
              gyges study power --trained 0.3 --untrained 0.1 --samples 5 --intraclass-correlation 0.3
              gyges study power --trained 0.4 --untrained 0.1 --excess 0.05 --pairs 60
              gyges study power --trained 0.1 --untrained 0.05 --correlation 0.3 --json
            """)

    @Option(help: ArgumentHelp("Compliance where conversations are trained on.", valueName: "rate"))
    var trained: Double?

    @Option(help: ArgumentHelp("Compliance where they are not.", valueName: "rate"))
    var untrained: Double

    @Option(help: ArgumentHelp("Prompts asked in both tiers.", valueName: "count"))
    var pairs: Int?

    @Option(help: ArgumentHelp("The power asked for.", valueName: "probability"))
    var power = 0.8

    @Option(help: ArgumentHelp("The test's level.", valueName: "probability"))
    var alpha = 0.05

    @Option(
        help: ArgumentHelp("How far the two answers to one prompt go together, from -1 to 1.", valueName: "coefficient")
    )
    var correlation = 0.0

    @Option(help: ArgumentHelp("Answers to each prompt in each tier.", valueName: "count"))
    var samples = 1

    @Option(
        help: ArgumentHelp(
            "How far the answers of one tier to one prompt are alike, from 0 to 1, where there are several.",
            valueName: "coefficient"))
    var intraclassCorrelation = 0.0

    @Option(
        help: ArgumentHelp(
            "Ask for a gap that surely exceeds that of a control without one by more than this.", valueName: "gap"))
    var excess: Double?

    @Flag(help: "Test in the stated direction alone, as hypotheses do.")
    var oneSided = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (0...1).contains(untrained), trained.map({ (0...1).contains($0) }) ?? true else {
            throw ValidationError("Rates of compliance lie between 0 and 1: 0.1 is one answer in ten.")
        }
        guard power > 0.01, power < 0.9999, alpha >= 1e-9, alpha <= 0.5, abs(correlation) <= 1 else {
            throw ValidationError(
                "The power lies between 0.01 and 0.9999, the level between 0 and 0.5, a correlation within 1.")
        }
        guard (1...50_000).contains(pairs ?? 1) else { throw ValidationError("Ask for 1 to 50,000 pairs.") }
        guard (1...1000).contains(samples), (0...1).contains(intraclassCorrelation), (0...1).contains(excess ?? 0)
        else {
            throw ValidationError(
                "There are 1 to 1,000 answers to a prompt; their likeness and an excess lie between 0 and 1.")
        }
        guard trained != nil || pairs != nil else {
            throw ValidationError(
                "Give --trained to learn how many prompts find it, or --pairs to learn what they find.")
        }
    }

    /// What one prompt adds if compliance in the trained tier is `trained`.
    private func design(_ trained: Double) -> PromptDesign {
        PromptDesign(
            PairedDesign(first: trained, second: untrained, correlation: correlation), samples: samples,
            intraclassCorrelation: intraclassCorrelation)
    }

    private func power(of trained: Double, prompts: Int, draws: Int = 10_000) -> Double {
        if let excess {
            return design(trained).excessPower(
                over: design(untrained), prompts: prompts, margin: excess, level: 1 - alpha, draws: draws)
        }
        return design(trained).power(
            prompts: prompts, alpha: alpha, direction: oneSided ? .greater : .either, draws: draws)
    }

    func run() {
        guard let trained else {
            let rate = smallestValue(in: untrained...1) { power(of: $0, prompts: pairs ?? 1, draws: 2_000) >= power }
            return output(
                [
                    ("pairs", .integer(pairs ?? 1)), ("untrained", .double(untrained)),
                    ("smallestTrained", rate.map { .double($0) } ?? .null),
                    ("smallestGap", rate.map { .double($0 - untrained) } ?? .null),
                ],
                rate.map {
                    """
                    \(pairs ?? 1) prompts find compliance of \(percent($0)) or more against \(percent(untrained)): a gap of \
                    \(percent($0 - untrained)).
                    """
                } ?? "\(pairs ?? 1) prompts are too few to find any gap with this power.")
        }
        // Different prompts in each tier are compared in the plain case alone.
        let isPlain = samples == 1 && excess == nil && !oneSided
        let unpaired = UnpairedDesign(first: trained, second: untrained)
        if let pairs {
            let value = power(of: trained, prompts: pairs)
            let other = isPlain ? unpaired.power(count: pairs, alpha: alpha) : nil
            return output(
                [("pairs", .integer(pairs)), ("power", .double(value))]
                    + (other.map { [("unpairedPower", .double($0))] } ?? []),
                """
                \(pairs) prompts in both tiers find \(percent(trained)) against \(percent(untrained)) with a probability of \
                \(percent(value))\(other.map { "; as many different prompts in each, \(percent($0))" } ?? "").
                """)
        }
        let needed =
            isPlain
            ? design(trained).pair.pairsNeeded(power: power, alpha: alpha)
            : promptsNeeded { self.power(of: trained, prompts: $0, draws: 4_000) >= power }
        let other = isPlain ? unpaired.countNeeded(power: power, alpha: alpha) : nil
        output(
            [("pairsNeeded", needed.map { .integer($0) } ?? .null)]
                + (isPlain ? [("unpairedNeeded", other.map { .integer($0) } ?? .null)] : []),
            needed.map {
                """
                To find \(percent(trained)) against \(percent(untrained)) with a probability of \(percent(power)), ask about \
                \($0) prompts in both tiers\(other.map { ", or \($0) different prompts in each" } ?? "").
                """
            } ?? "No number of prompts up to \(isPlain ? "a million" : "4,096") finds this.")
    }

    private func output(_ members: [(String, JSON)], _ text: String) {
        guard json else { return print(text) }
        var all = members
        all += [
            ("alpha", .double(alpha)), ("correlation", .double(correlation)), ("samples", .integer(samples)),
            ("intraclassCorrelation", .double(intraclassCorrelation)), ("oneSided", .bool(oneSided)),
            ("excess", excess.map { .double($0) } ?? .null),
        ]
        print(JSON.object(JSONObject(all.map { ($0.0, $0.1) })).serialized(.pretty))
    }

    private func percent(_ value: Double) -> String { String(format: "%.1f %%", value * 100) }
}
