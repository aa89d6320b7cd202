import Foundation
import GygesStatistics
import GygesTestSupport
import Testing

@testable import GygesEvaluation

/// What evaluations make of subjects whose answers are known.
@Suite struct EvaluationTests {
    @Test("Scores by hand")
    func scores() {
        func item(_ references: [String], _ metric: EvaluationItem.Metric) -> EvaluationItem {
            EvaluationItem(
                prompt: EvaluationPrompt(text: "", answerPrefix: ""), references: references, metric: metric,
                answerLimit: 1, depths: [])
        }
        let both = item(["Alpha", "1234567"], .containsAll)
        #expect(both.score("alpha and 1234567.") == 1)
        #expect(both.score("ALPHA") == 0.5)
        #expect(both.score("12345678") == 0.5)  // As in RULER: contained is contained.
        #expect(both.score("beta") == 0)
        #expect(item(["two words"], .containsAll).score("two\nwords") == 0)
        #expect(item(["two\nwords"], .containsAll).score("two\u{1}words") == 1)
        // By scalars, not by what looks alike: a combining mark after the answer does not hide it.
        #expect(item(["cafe"], .containsAll).score("cafe\u{301}") == 1)
        let any = item(["Paris", "paris, France"], .containsAny)
        #expect(any.score("It is Paris") == 1 && any.score("It is London") == 0)
        #expect(item([], .containsAny).score("x") == 0 && item([], .containsAll).score("x") == 0)
        let number = item(["12345"], .firstNumber)
        #expect(number.score(" 12345. Remember") == 1 && number.score("key: 12345") == 1)
        #expect(number.score("123456") == 0 && number.score("1, no: 12345") == 0 && number.score("") == 0)
    }

    /// An evaluation of all tasks at two lengths with the answers to all of its prompts.
    private func ruler() async throws -> (RulerEvaluation, [String: [String]]) {
        let samples = try Questions.samples(in: try TemporaryFolder())
        let evaluation = RulerEvaluation(lengths: [3072, 4096], sampleCount: 2, samples: samples)
        var answers: [String: [String]] = [:]
        try await evaluation.forEachCell(count: FourBytes.count) { _, _, items in
            for item in items { answers[item.item.prompt.plainText] = item.item.references }
        }
        return (evaluation, answers)
    }

    @Test("A subject that knows everything scores 100, one that is silent 0, and half of the answers half")
    func scoresSubjects() async throws {
        let (evaluation, answers) = try await ruler()
        #expect(answers.count == 2 * 13 * 2)
        var steps: [EvaluationProgress] = []
        var cells = 0
        let result = try await evaluation.run(
            ScriptedSubject { (answers[$0] ?? []).joined(separator: " ") }, progress: { steps.append($0) },
            finished: { cell in
                cells += 1
                #expect(cell.samples.count == 2)
            })
        let perfect = try #require(result.measures.first)
        #expect(perfect.points.map(\.length) == [3072, 4096] && perfect.parts.count == 26 && cells == 26)
        #expect((perfect.points + perfect.parts).allSatisfy { $0.value == 1 })
        #expect(perfect.points.allSatisfy { $0.count == 26 && $0.interval?.upper == 1 && $0.interval!.lower > 0.8 })
        #expect(steps.count == 52 && steps.last == EvaluationProgress(done: 7168 * 26, total: 7168 * 26))
        #expect(result.omissions.isEmpty && result.promptTokens > 2 * 7168 * 8)

        let silent = try #require(try await evaluation.run(ScriptedSubject()).measures.first)
        #expect((silent.points + silent.parts).allSatisfy { $0.value == 0 && $0.interval?.lower == 0 })

        let half = try await evaluation.run(ScriptedSubject { $0.isEmpty ? "" : (answers[$0] ?? [])[0] })
        let multivalue = try #require(half.measures[0].parts.first { $0.part == "niah_multivalue" })
        #expect(multivalue.value == 0.25)
    }

    @Test("Tasks without their files are left out, and it is said which file they need")
    func omitsTasks() async throws {
        let evaluation = RulerEvaluation(
            tasks: [.squad, .niahSingle1, .hotpotQA], lengths: [1024], sampleCount: 1, samples: RulerSamples())
        let result = try await evaluation.run(ScriptedSubject())
        #expect(result.measures[0].parts.map(\.part) == ["niah_single_1"])
        #expect(result.omissions.count == 2)
        #expect(result.omissions[0].contains("qa_1") && result.omissions[0].contains("dev-v2.0.json"))
        #expect(result.omissions[1].contains("qa_2") && result.omissions[1].contains("hotpot_dev_distractor_v1.json"))
    }

    @Test("Lengths too short for tasks are refused before anything is asked, all of them at once")
    func refusesShortLengths() async throws {
        let subject = ScriptedSubject()
        let evaluation = RulerEvaluation(
            tasks: [.commonWords, .niahSingle1, .variableTracking], lengths: [400, 4096], sampleCount: 1,
            samples: RulerSamples())
        await #expect {
            try await evaluation.run(subject)
        } throws: {
            let text = "\($0)"
            return text.contains("cwe takes") && text.contains("vt takes") && !text.contains("niah")
                && text.contains("400 were") && !text.contains("4096 were")
        }
        #expect(subject.asked.isEmpty)
    }

    @Test("A subject that sees the last half alone finds what stands there")
    func findsWhatIsSeen() async throws {
        let subject = ScriptedSubject { prompt in
            let seen = String(prompt.suffix(prompt.count / 2))
            return seen.firstMatch(of: /The pass key is ([0-9]{5})/).map { " \($0.output.1)." } ?? ""
        }
        let depths = [0, 0.25, 0.75, 1]
        let result = try await PasskeyEvaluation(lengths: [1024, 2048], depths: depths, sampleCount: 3).run(subject)
            .measures[0]
        for part in result.parts {
            let depth = try #require(part.part.flatMap { Double($0.dropFirst(6)) })
            #expect(part.value == (depth > 0.5 ? 1 : 0) && part.count == 3, "\(part)")
        }
        #expect(result.points.map(\.value) == [0.5, 0.5] && result.points.map(\.length) == [1024, 2048])
        #expect(result.parts.map(\.length) == [1024, 1024, 1024, 1024, 2048, 2048, 2048, 2048])
    }

    @Test("Pass keys stand at their depth, and each sample begins as the ones before it do")
    func ordersPasskeys() async throws {
        let subject = ScriptedSubject()
        let depths = [0, 0.1, 0.5, 0.9, 1]
        _ = try await PasskeyEvaluation(lengths: [1024, 4096], depths: depths, sampleCount: 2).run(subject)
        let prompts = subject.asked
        #expect(prompts.count == 20 && prompts[0].count > prompts[19].count)
        var known = prompts[0]
        for (index, prompt) in prompts.enumerated() {
            let text = FourBytes.text(of: prompt)
            let lines = text.components(separatedBy: "\n")
            let place = try #require(lines.firstIndex { $0.hasPrefix("The pass key is") && $0.hasSuffix(".") })
            // Between two lines of introduction and two of question: filler, and the key's line.
            let fillerCount = Double(lines.count - 5)
            #expect(abs(Double(place - 2) / fillerCount - depths[4 - index % 10 / 2]) <= 1 / fillerCount)
            // The longest and deepest first: what is shared with it reaches to the key.
            let shared = zip(known, prompt).prefix { $0 == $1 }.count
            let before = lines[..<place].joined(separator: "\n").utf8.count / 4
            #expect(shared >= before - 1, "sample \(index)")
            if index == 0 { known = prompt }
        }
    }

    @Test("Perplexity is that of the last tokens, the same ones at every length")
    func measuresPerplexity() async throws {
        let subject = ScriptedSubject(logProbability: -log(50))
        let text = String((0..<5000).map { _ in "abcdefghij".randomElement() ?? "a" })
        let evaluation = PerplexityEvaluation(lengths: [200, 1000, 2000], windowCount: 3, scoredCount: 150)
        let result = try await evaluation.run(subject, text: text).measures[0]
        #expect(result.points.map(\.length) == [200, 1000, 2000])
        for point in result.points {
            #expect(abs(point.value - 50) < 1e-9 && point.count == 450)
            #expect(abs((point.interval?.lower ?? 0) - 50) < 1e-9)
        }
        let asked = subject.asked
        #expect(asked.count == 9 && asked.allSatisfy { $0.count == 150 })
        #expect(asked[0..<3] == asked[3..<6] && asked[3..<6] == asked[6..<9])
        #expect(asked[0] == Array(try subject.tokens(ofText: text)[1850..<2000]))
        #expect(asked[2] == Array(try subject.tokens(ofText: text).suffix(150)))
    }

    @Test("Keys hidden in the windows are asked for after the same text whose end is predicted")
    func findsKeysInText() async throws {
        let subject = ScriptedSubject(logProbability: -log(50), bytesPerToken: 1) { prompt in
            let name = prompt.suffix(80).firstMatch(of: /pass key of ([a-z-]+) is$/)?.output.1 ?? "?"
            // What stands in the first half alone is seen.
            let pattern = try? Regex("pass key of \(name) is ([0-9]+)\\.")
            let seen = prompt.prefix(prompt.count / 2)
            return pattern.flatMap { seen.firstMatch(of: $0)?.output[1].substring.map(String.init) } ?? ""
        }
        let text = String((0..<9000).map { _ in "abcdefghij".randomElement() ?? "a" })
        let evaluation = PerplexityEvaluation(
            lengths: [2000, 6000], windowCount: 2, scoredCount: 150, keyDepths: [0, 0.25, 0.75, 1])
        let result = try await evaluation.run(subject, text: text)
        #expect(result.measures.map(\.kind) == [.perplexity, .passkey])
        for point in result.measures[0].points { #expect(abs(point.value - 50) < 1e-9 && point.count == 300) }
        let found = result.measures[1]
        #expect(found.points.map(\.length) == [2000, 6000])
        #expect(found.points.map(\.value) == [0.5, 0.5] && found.points.map(\.count) == [8, 8])
        for part in found.parts {
            let isEarly = part.part == "depth 0.0" || part.part == "depth 0.25"
            #expect(part.value == (isEarly ? 1 : 0) && part.count == 2, "\(part)")
        }
        // A window's questions share all but their last words, the window fills its length, and its own end is scored.
        let asked = subject.asked
        #expect(asked.count == 20)
        for (first, length) in [(0, 6000), (5, 6000), (10, 2000), (15, 2000)] {
            let prompts = asked[first..<(first + 4)]
            let longest = prompts.map(\.count).max() ?? 0
            #expect(longest + PasskeyEvaluation.answerLimit == length)
            let window = zip(prompts[first], prompts[first + 1]).prefix { $0 == $1 }.map(\.0)
            #expect(window.count > length - 130)
            let plain = String(decoding: window.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
            let end = String(decoding: asked[first + 4].map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
            #expect(text.contains(end) && plain.contains(end + "\n\nWhat is"))
            #expect(plain.components(separatedBy: "Remember it.").count == 5)
        }
        #expect(asked[4] == asked[14] && asked[9] == asked[19])
    }

    @Test("Texts and lengths that cannot be measured are refused")
    func refusesPerplexity() async throws {
        let text = String(repeating: "x", count: 1000)
        for (evaluation, word) in [
            (PerplexityEvaluation(lengths: [2000], scoredCount: 10), "longer text"),
            (PerplexityEvaluation(lengths: [500, 10], scoredCount: 10), "greater"),
            (PerplexityEvaluation(lengths: [900], windowCount: 4, scoredCount: 100), "fewer windows"),
            (PerplexityEvaluation(lengths: [], scoredCount: 10), "greater"),
        ] {
            await #expect {
                try await evaluation.run(ScriptedSubject(), text: text)
            } throws: {
                "\($0)".contains(word)
            }
        }
        await #expect(throws: EvaluationError.self) {
            try await PerplexityEvaluation(lengths: [500], windowCount: 1, scoredCount: 10).run(
                ScriptedSubject(logProbability: -.infinity), text: text)
        }
    }
}
