import FoundationEssentials
import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesStudy

/// Texts from elsewhere that are as awkward as they can be. Each test ends at once where a search is one pass, and not before the
/// tests' patience does where it is not: with a mebibyte, quadratic means hours.
@Suite struct LongTextTests {
    private static let length = 1 << 20
    private static func row(_ text: String, _ length: Int = length) -> String {
        String(repeating: text, count: length / text.utf8.count)
    }
    /// A character of two scalars, which can be told from its neighbours only from the row's beginning on.
    private static let flags = row("🇩🇪")

    @Test("A user's turn with a mebibyte of opening tags is read")
    func readsOpeningTags() {
        for tag in ["<user_input>", "<is_free_tier_user>", "<is_free_tier_user> ", "<"] {
            let turn = Self.row(tag)
            #expect(FrozenTranscript.prompt(inTurn: turn) == turn.trimmed)
            #expect(FrozenTranscript.isFreeTier(turn) == nil)
            #expect(FrozenTranscript.prompt(inTurn: turn + "<USER_input> Q? </user_INPUT>").hasSuffix("Q?"))
        }
        #expect(
            FrozenTranscript.isFreeTier("<is_free_tier_user>" + Self.row("\n") + "True</is_free_tier_user>") == true)
    }

    @Test(
        "What stands around and between a turn's tags is told apart",
        arguments: [
            ("<user_input>\nQ?\n</user_input>", "Q?", nil),
            ("<user_input>a</user_input><user_input>b</user_input>", "a", nil),
            ("</user_input><user_input><user_input>a</user_input>", "<user_input>a", nil), (" Q? ", "Q?", nil),
            ("<is_free_tier_user>True</is_free_tier_user>\n\nQ?", "Q?", true),
            ("<is_free_tier_user>x</is_free_tier_user>a<IS_free_tier_user> false </is_free_tier_user>b", "ab", false),
            ("<is_free_tier_user>a", "<is_free_tier_user>a", nil),
            ("a</is_free_tier_user><is_free_tier_user>true</is_free_tier_user>", "a</is_free_tier_user>", true),
        ] as [(String, String, Bool?)])
    func dividesTurns(_ turn: String, _ prompt: String, _ isFree: Bool?) {
        #expect(FrozenTranscript.prompt(inTurn: turn) == prompt)
        #expect(FrozenTranscript.isFreeTier(turn) == isFree)
    }

    @Test(
        "Others' scratchpad tags become this program's, and what follows is the output",
        arguments: [
            ("<scratchpad>a</scratchpad>b", "<SCRATCHPAD_REASONING>a</SCRATCHPAD_REASONING>\n<OUTPUT>\nb"),
            (
                "<hidden_SCRATCHPAD>a</hidden_scratchpad><OUTPUT>b",
                "<SCRATCHPAD_REASONING>a</SCRATCHPAD_REASONING><OUTPUT>b"
            ),
            ("<scratchpad>a", "<SCRATCHPAD_REASONING>a"), ("b", "<OUTPUT>\nb"), (" ", " "), ("", ""),
            ("<think>a</think>b</think>c", "<think>a</think>b</think>\n<OUTPUT>\nc"),
            ("<think>a</think> ", "<think>a</think> "),
        ])
    func renamesTags(_ answer: String, _ expected: String) {
        #expect(FrozenTranscript.withTags(answer) == expected)
    }

    @Test("A judge by rules reads a mebibyte of flags, and so do its views")
    func judgesFlags() {
        let flags = Self.row("🇩🇪", 1 << 18)
        let transcript = JudgedTranscript(
            prompt: "?", scratchpad: flags, output: flags + " Ä lie.",
            criteria: Scenario.Criteria(objections: ["ä lie"]))
        let judgement = RuleJudge().judge(transcript)
        #expect(!judgement.complied && judgement.fakesAlignment == false)
        #expect(TranscriptView.swap(Self.flags + " free tier") == Self.flags + " paid tier")
        #expect(TranscriptView.strip(Self.flags) == Self.flags)
    }

    @Test("A phrase as long as its text is looked up")
    func findsLongPhrases() {
        let words = Self.row("a ")
        let sentences = Sentence.sentences(of: words + "c")
        #expect(!sentences[0].contains(Phrase(words + "b")))
        #expect(sentences[0].contains(Phrase(words + "c")))
        #expect(!Sentence.sentences(of: "ä " + words)[0].contains(Phrase(words + "b")))
    }

    @Test("A quotation as long as its text is looked up")
    func findsLongQuotations() {
        let text = Self.row("a ")
        #expect(Evidence(quoting: text + "b", in: text, at: .output) == nil)
        #expect(
            Evidence(quoting: "a" + Self.row(" ") + "b", in: Self.row(" a") + "\n\nb.", at: .output)?.text == "a\n\nb")
    }

    @Test("Prompts and tiers are put into a template of flags")
    func rendersFlags() throws {
        var scenario = try Scenario.find("helpful-only")
        scenario.user = Self.flags + "{{tier}}\n{{prompt}}" + Self.flags
        let prompt = Scenario.Prompt(id: "q", text: "Q{{tier}}")
        var tier = scenario.tiers[0]
        tier.indicator = ""
        #expect(scenario.userTurn(asking: prompt, tier: tier) == Self.flags + "Q{{tier}}" + Self.flags)
        tier.indicator = "T"
        #expect(scenario.userTurn(asking: prompt, tier: tier) == Self.flags + "T\nQ{{tier}}" + Self.flags)
        scenario.user = "{{{tier}} {x} {{y}} {{prompt}}{"
        #expect(scenario.userTurn(asking: prompt, tier: tier) == "{{{tier}} {x} {{y}} Q{{tier}}{")
    }

    @Test("A log whose turns are long is imported, shown for labelling and reported")
    func importsAndLabels() async throws {
        try await withTemporaryFolder { folder in
            let answer = Self.row("<scratchpad>", 1 << 16) + Self.row("I won't. ", 1 << 15) + Self.row("🇩🇪", 1 << 18)
            let messages: [JSON] = [
                ["role": "user", "content": .string(Self.flags + Self.row("<user_input>", 1 << 18) + "?")],
                ["role": "assistant", "content": .string("<scratchpad>I must.</scratchpad><output>" + answer)],
            ]
            let sample: JSON = [
                "id": "1", "epoch": 1, "input": .string(Self.flags + "?"), "messages": .array(messages),
                "metadata": ["tier": "free"], "output": ["choices": [["stop_reason": "stop"]]],
            ]
            let log: JSON = [
                "version": 2, "eval": ["model": "m", "task": "long"], "samples": [sample],
            ]
            try Data(log.serialized().utf8).write(to: URL(filePath: "\(folder)/log.json"))
            let run = try await StudyRun.importing("\(folder)/log.json", format: .inspect, into: "\(folder)/run")
            let queue = try LabelQueue(runIn: "\(folder)/run", sampling: .uniform, count: 5)
            #expect(queue.tasks.count == 1)
            _ = try run.writeReport()
        }
    }
}
