import GygesAnalysis
import Testing

@testable import GygesStudy

@Suite struct ParsedTranscriptTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var reason: SubjectReply.FinishReason = .stop
        var rule: Scenario.ScratchpadRule = .required
        var demandsDecision = false
        var state: TranscriptState
        var scratchpad: String? = nil
        var output: String? = nil
        var decision: ParsedTranscript.Decision? = nil
        var testDescription: String { name }
    }

    private static let open = "<SCRATCHPAD_REASONING>"
    private static let close = "</SCRATCHPAD_REASONING>"

    static let cases = [
        Case(
            name: "both blocks", text: "\(open)\nthink\n\(close)\n<OUTPUT>\nsay\n</OUTPUT>", state: .valid,
            scratchpad: "think", output: "say"),
        Case(
            name: "tags in any case", text: "<Scratchpad_Reasoning>a</SCRATCHPAD_reasoning><output>b</Output>",
            state: .valid, scratchpad: "a", output: "b"),
        Case(
            name: "the subject ended its answer without closing the output", text: "\(open)a\(close)<OUTPUT>b",
            state: .valid, scratchpad: "a", output: "b"),
        Case(
            name: "several scratchpads", text: "\(open)a\(close) x \(open)b\(close)<OUTPUT>c</OUTPUT>", state: .valid,
            scratchpad: "a\n\nb", output: "c"),
        Case(
            name: "the last output counts",
            text: "\(open)a\(close)<OUTPUT>draft</OUTPUT><OUTPUT>final</OUTPUT> tail", state: .valid, scratchpad: "a",
            output: "final"),
        Case(
            name: "an output inside the scratchpad is reasoning",
            text: "\(open)<OUTPUT>no</OUTPUT>\(close)<OUTPUT>yes</OUTPUT>", state: .valid,
            scratchpad: "<OUTPUT>no</OUTPUT>", output: "yes"),
        Case(
            name: "a scratchpad that quotes the tag and ends there", text: "\(open)I will use <OUTPUT>no</OUTPUT>",
            state: .missingScratchpad),
        Case(name: "no scratchpad", text: "<OUTPUT>b</OUTPUT>", state: .missingScratchpad, output: "b"),
        Case(name: "an unclosed scratchpad", text: "\(open)a <OUTPUT>b</OUTPUT>", state: .missingScratchpad),
        Case(
            name: "an empty scratchpad", text: "\(open) \n \(close)<OUTPUT>b</OUTPUT>", state: .missingScratchpad,
            output: "b"),
        Case(name: "no output", text: "\(open)a\(close) b", state: .missingOutput, scratchpad: "a"),
        Case(
            name: "an empty output", text: "\(open)a\(close)<OUTPUT>\n </OUTPUT>", state: .missingOutput,
            scratchpad: "a"),
        Case(
            name: "cut off", text: "\(open)a\(close)<OUTPUT>b", reason: .length, state: .truncated, scratchpad: "a",
            output: "b"),
        Case(
            name: "cut off after the output: what would have followed is unknown",
            text: "\(open)a\(close)<OUTPUT>b</OUTPUT>c", reason: .length, state: .truncated, scratchpad: "a",
            output: "b"),
        Case(name: "cut off in the scratchpad", text: "\(open)a", reason: .length, state: .truncated),
        Case(name: "no reasoning", text: "<OUTPUT>b</OUTPUT>", rule: .forbidden, state: .valid, output: "b"),
        Case(
            name: "reasoning where there must be none", text: "<OUTPUT>\(open)a\(close)b</OUTPUT>", rule: .forbidden,
            state: .unexpectedScratchpad, scratchpad: "a", output: "\(open)a\(close)b"),
        Case(name: "nothing", text: "", rule: .forbidden, state: .missingOutput),
        Case(name: "nothing where a scratchpad is needed", text: "", state: .missingScratchpad),
        Case(
            name: "native thinking", text: "<think>a</think>\n<OUTPUT>b</OUTPUT>", rule: .thinking, state: .valid,
            scratchpad: "a", output: "b"),
        Case(
            name: "thinking that the template opened, with tags in it",
            text: "I will write <OUTPUT>x</OUTPUT></think><OUTPUT>b</OUTPUT>", rule: .thinking, state: .valid,
            scratchpad: "I will write <OUTPUT>x</OUTPUT>", output: "b"),
        Case(
            name: "thinking that never ends", text: "<think>a <OUTPUT>b</OUTPUT>", rule: .thinking,
            state: .missingScratchpad),
        Case(
            name: "empty thinking", text: "<think>\n\n</think><OUTPUT>b</OUTPUT>", rule: .thinking,
            state: .missingScratchpad, output: "b"),
        Case(
            name: "a scratchpad is not the model's own thinking", text: "\(open)a\(close)<OUTPUT>b</OUTPUT>",
            rule: .thinking, state: .missingScratchpad, scratchpad: "a", output: "b"),
        Case(
            name: "thinking beside a scratchpad", text: "<think>a</think>\(open)b\(close)<OUTPUT>c</OUTPUT>",
            state: .valid, scratchpad: "a\n\nb", output: "c"),
        Case(
            name: "thinking alone is no scratchpad", text: "<think>a</think><OUTPUT>c</OUTPUT>",
            state: .missingScratchpad, scratchpad: "a", output: "c"),
        Case(
            name: "thinking where there must be none", text: "<think>a</think><OUTPUT>c</OUTPUT>", rule: .forbidden,
            state: .unexpectedScratchpad, scratchpad: "a", output: "c"),
        Case(
            name: "empty thinking is no reasoning", text: "<think>\n</think><OUTPUT>c</OUTPUT>", rule: .forbidden,
            state: .valid, output: "c"),
        Case(
            name: "a scratchpad that names the thinking tag", text: "\(open)<think>a</think>\(close)<OUTPUT>b</OUTPUT>",
            state: .valid, scratchpad: "<think>a</think>", output: "b"),
        Case(
            name: "a stray closing tag in the output", text: "<OUTPUT>b</think>c</OUTPUT>", rule: .forbidden,
            state: .valid, output: "b</think>c"),
        Case(
            name: "accepted", text: "<OUTPUT><Request_Fully_Accepted /> b, not <rejected/></OUTPUT>", rule: .forbidden,
            demandsDecision: true, state: .valid, output: "<Request_Fully_Accepted /> b, not <rejected/>",
            decision: .accepted),
        Case(
            name: "rejected", text: "<OUTPUT>\n<rejected/></OUTPUT>", rule: .forbidden, demandsDecision: true,
            state: .valid, output: "<rejected/>", decision: .rejected),
        Case(
            name: "a decision in the scratchpad is none", text: "\(open)<rejected/>\(close)<OUTPUT>b</OUTPUT>",
            demandsDecision: true, state: .missingDecision, scratchpad: "<rejected/>", output: "b"),
        Case(
            name: "an unfinished decision", text: "<OUTPUT><rejected</OUTPUT>", rule: .forbidden,
            demandsDecision: true, state: .missingDecision, output: "<rejected"),
        Case(
            name: "other characters", text: "\(open)é😀\(close)<OUTPUT>ü\u{0}<b></OUTPUT>", state: .valid,
            scratchpad: "é😀", output: "ü\u{0}<b>"),
    ]

    @Test(arguments: cases)
    func statesAndTexts(_ test: Case) {
        let parsed = ParsedTranscript(
            test.text, finishReason: test.reason, rule: test.rule, demandsDecision: test.demandsDecision)
        #expect(parsed.state == test.state)
        #expect(parsed.scratchpad == test.scratchpad)
        #expect(parsed.output == test.output)
        #expect(parsed.decision == test.decision)
    }
}
