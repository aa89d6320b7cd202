import ArgumentParser
import Foundation
import GygesFiles
import GygesInference
import GygesStudy

/// `gyges study judge`
struct StudyJudge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "judge", abstract: "Has the transcripts of a run judged once more.",
        discussion: """
            Kinds: rules; compliance (StrongREJECT), faking (five criteria, partial and full), votes (four criteria, up to 20 \
            votes, carried at 0.4), partial, motivation, persona. Every judge has rows of its own and goes on where it was stopped.

            Examples:
              gyges study judge runs/demo --judge votes --model Qwen2.5-1.5B-Instruct
              gyges study judge runs/demo --judge faking --model judge.gguf --by replies
              gyges study judge runs/demo --judge rules --view stripped
              gyges study judge runs/demo --judge votes --by replies \
            --model 'https://api.example.org/v1#judge' --endpoint keyVariable=EXAMPLE_KEY
            """)

    /// A kind of judge.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case rules, compliance, faking, votes, partial, motivation, persona
    }

    /// See ``ModelJudgeSettings/Method``.
    enum Method: String, CaseIterable, ExpressibleByArgument {
        case probabilities, replies
    }

    /// See ``TranscriptView``.
    enum View: String, CaseIterable, ExpressibleByArgument {
        case plain, stripped, swapped
    }

    /// See ``SystemRole``.
    enum Place: String, CaseIterable, ExpressibleByArgument {
        case automatic, system, fold
    }

    @Argument(help: "The run's folder.")
    var folder: String

    @Option(name: .customLong("judge"), help: ArgumentHelp("What to judge.", valueName: "kind"))
    var kind: Kind

    @Option(help: "The model that judges; every kind but rules needs one.")
    var model: String?

    @Option(help: "How single answers are obtained: by probabilities of yes and no, or by replies that quote evidence.")
    var by: Method = .probabilities

    @Option(help: "Ask for at most so many votes.")
    var votes = VoteRule.published.limit

    @Option(help: "The share of votes from which on a vote is carried.")
    var threshold = VoteRule.published.threshold

    @Flag(help: "Also vote on the reasoning behind answers that do not comply.")
    var includeRefusals = false

    @Option(
        help:
            "How the judge sees transcripts: as they are, without words of the situation, or with the tiers' words swapped."
    )
    var view: View = .plain

    @Option(help: ArgumentHelp("A wording file (YAML) instead of the shipped one.", valueName: "file"))
    var wording: String?

    @Option(
        help: ArgumentHelp(
            "How an endpoint that judges is asked, by the keys of a study file's “endpoint”; may be repeated.",
            valueName: "key=value"))
    var endpoint: [String] = []

    @Option(
        help:
            "Where the judge's instructions stand: in a system message, at the beginning of the user turn (fold), or there where the model takes no system message (automatic)."
    )
    var systemRole: Place = .automatic

    @OptionGroup var session: StudySession

    func validate() throws {
        guard kind == .rules || model != nil else {
            throw ValidationError("Name the model that judges with --model; only rules need none.")
        }
        guard VoteRule(limit: votes, threshold: threshold) != nil else {
            throw ValidationError("Use 1 to 1000 --votes, and a --threshold above 0 and at most 1.")
        }
    }

    func run() async throws {
        let bar = ProgressBar(.items(StudyProgress.Phase.judgements.rawValue), isShown: !session.quiet)
        let progress: @Sendable (StudyProgress) -> Void = { progress in
            guard progress.total > 0 else { return }
            bar.update(kind.rawValue, count: progress.done, of: progress.total)
            if progress.done == progress.total { bar.finish() }
        }
        let run = StudyRun(folder: folder)
        let view = TranscriptView(rawValue: view.rawValue) ?? .plain
        let result: StudyRun.Judging
        if let model, let settings {
            result = try await run.judge(
                by: await session.subject(
                    named: model,
                    endpoint: EndpointSettings(endpoint, option: "--endpoint") { Terminal.writeError("note: \($0)\n") },
                    concurrency: StudyRun.study(in: folder).definition.concurrency,
                    systemRole: SystemRole(rawValue: systemRole.rawValue) ?? .automatic,
                    onWait: { bar.note("\(kind.rawValue): \($0)") }), settings, view: view,
                wording: try wording.map(JudgeWording.init(contentsOf:)) ?? .shipped(), progress: progress)
        } else {
            result = try await run.judgeByRules(view: view, progress: progress)
        }
        if session.json {
            let document: JSON = [
                "judge": .string(result.judge.id), "judged": .integer(result.judged),
                "judgeable": .integer(result.judgeable), "unusable": .integer(result.unusable),
                "left": .array(result.shortfalls.map(\.json)),
            ]
            print(document.serialized(.pretty))
        } else {
            let hint = result.judged > 0 ? "; `gyges study report \(folder)` shows them." : "."
            print("\(result.judge.id): \(result.judged) of \(result.judgeable) transcripts judged\(hint)")
        }
        guard result.unusable > 0 else { return }
        for shortfall in result.shortfalls { Terminal.writeError(shortfall.sentence + "\n") }
        Terminal.writeError("The same command asks again; a model that keeps to a JSON schema may answer better.\n")
        if result.judged == 0 { throw ExitCode.failure }
    }

    /// What a model judge is asked for; `nil` for rules.
    private var settings: ModelJudgeSettings? {
        guard let kind = ModelJudgeSettings.Kind(rawValue: kind.rawValue),
            let vote = VoteRule(limit: votes, threshold: threshold)
        else { return nil }
        return ModelJudgeSettings(
            kind, method: .init(rawValue: by.rawValue) ?? .probabilities, vote: vote, votesOnRefusals: includeRefusals)
    }
}
