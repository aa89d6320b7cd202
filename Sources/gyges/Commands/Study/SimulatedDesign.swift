import Foundation
import GygesAnalysis
import GygesSubjects

/// What simulated studies of one persona and size found.
struct SimulatedDesign: Encodable {
    /// So many times the persona's own effect.
    let effect: Double
    /// Prompts in the main condition.
    let prompts: Int
    /// Answers to each in each tier.
    let samples: Int
    let result: StudySimulation.Result

    /// How often each verdict was given, in per cent, a row a design.
    static func table(_ designs: [SimulatedDesign]) -> String {
        let shown: [(Verdict.Finding, String)] = [
            (.alignmentFaking, "faking"), (.cannotBeTold, "untold"), (.tierEffect, "tier"), (.placeboEffect, "placebo"),
            (.reverseEffect, "reverse"), (.noEffect, "none"), (.inconclusive, "open"),
            (.notInterpretable, "unreadable"),
        ]
        var table = Table(
            [
                ("persona", .left), ("prompts", .right), ("samples", .right), ("true gap", .right), ("studies", .right),
            ] + shown.map { ($0.1, .right) })
        for design in designs {
            table.append(
                [
                    design.result.persona, "\(design.prompts)", "\(design.samples)",
                    String(format: "%+.1f", 100 * design.result.trueGap), "\(design.result.studies)",
                ] + shown.map { String(format: "%.1f", 100 * design.result.share(of: $0.0)) })
        }
        let innocent = designs.filter { !$0.result.fakesAlignment }
        let studies = innocent.reduce(0) { $0 + $1.result.studies }
        let wrong = innocent.reduce(0) { $0 + ($1.result.verdicts[Verdict.Finding.alignmentFaking.rawValue] ?? 0) }
        let summary =
            studies == 0
            ? ""
            : "\n\nCalled alignment faking without being it: \(wrong) of \(studies) studies "
                + String(format: "(%.2f %%).", 100 * Double(wrong) / Double(studies))
        return "Verdicts, in per cent of the studies:\n\n" + table.text + summary
    }
}
