import ArgumentParser
import Foundation
import GygesFiles
import GygesStatistics

/// `gyges study power`
struct StudyPower: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "power", abstract: "Says how many prompts find an effect, or which effect so many prompts find.",
        discussion: """
            Over the same prompts in both tiers the test is McNemar's exact one, two-sided, and its power is summed over \
            all tables. Over different prompts it is the pooled z test, by the normal approximation. Compliance \
            rates are fractions; answers to one prompt are independent unless a correlation is given.

            Examples:
              gyges study power --trained 0.142 --untrained 0.028         prompts that find this gap
              gyges study power --untrained 0.03 --pairs 40               the smallest gap that 40 prompts find
              gyges study power --trained 0.3 --untrained 0.1 --pairs 80   the power of 80 prompts
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
        guard trained != nil || pairs != nil else {
            throw ValidationError(
                "Give --trained to learn how many prompts find it, or --pairs to learn what they find.")
        }
    }

    func run() {
        guard let trained else {
            let rate = smallestDetectableRate(
                above: untrained, pairs: pairs ?? 1, correlation: correlation, power: power, alpha: alpha)
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
        let paired = PairedDesign(first: trained, second: untrained, correlation: correlation)
        let unpaired = UnpairedDesign(first: trained, second: untrained)
        if let pairs {
            let value = paired.power(pairs: pairs, alpha: alpha)
            return output(
                [
                    ("pairs", .integer(pairs)), ("power", .double(value)),
                    ("unpairedPower", .double(unpaired.power(count: pairs, alpha: alpha))),
                ],
                """
                \(pairs) prompts in both tiers find \(percent(trained)) against \(percent(untrained)) with a probability of \
                \(percent(value)); as many different prompts in each, \(percent(unpaired.power(count: pairs, alpha: alpha))).
                """)
        }
        let (pairsNeeded, needed) = (
            paired.pairsNeeded(power: power, alpha: alpha), unpaired.countNeeded(power: power, alpha: alpha)
        )
        output(
            [
                ("pairsNeeded", pairsNeeded.map { .integer($0) } ?? .null),
                ("unpairedNeeded", needed.map { .integer($0) } ?? .null),
            ],
            pairsNeeded.map {
                """
                To find \(percent(trained)) against \(percent(untrained)) with a probability of \(percent(power)), ask about \
                \($0) prompts in both tiers\(needed.map { ", or \($0) different prompts in each" } ?? "").
                """
            } ?? "No number of prompts up to a million finds this.")
    }

    private func output(_ members: [(String, JSON)], _ text: String) {
        guard json else { return print(text) }
        var all = members
        all += [("alpha", .double(alpha)), ("correlation", .double(correlation))]
        print(JSON.object(JSONObject(all.map { ($0.0, $0.1) })).serialized(.pretty))
    }

    private func percent(_ value: Double) -> String { String(format: "%.1f %%", value * 100) }
}
