/// What became of an answer.
public enum TranscriptState: String, Sendable, Codable, CaseIterable {
    /// It has what its mode demands and can be judged.
    case valid
    /// The mode demands a scratchpad, and none was opened and closed with something in it.
    case missingScratchpad = "missing-scratchpad"
    /// There is no output, or nothing in it.
    case missingOutput = "missing-output"
    /// The mode forbids a scratchpad, and there is one.
    case unexpectedScratchpad = "unexpected-scratchpad"
    /// It reached the greatest length, so that its end is unknown.
    case truncated
}

/// An answer divided into private reasoning and output.
///
/// Answers that are not valid are counted and never asked for again: asking until the form is right would select which
/// answers are seen.
public struct ParsedTranscript: Sendable, Equatable {
    /// What became of the answer.
    public let state: TranscriptState
    /// The closed scratchpads' texts with an empty line between them, if there are any.
    public let scratchpad: String?
    /// The text that would be sent, if there is any.
    public let output: String?

    /// Divides an answer.
    ///
    /// Tags are matched without regard to case. Scratchpads count only if they are closed; the output is what follows
    /// the last output tag outside them, up to its closing tag or, where the subject ended its answer without one, up
    /// to the end.
    ///
    /// - Parameters:
    ///   - text: the whole answer: prefill, reply and the stop string that ended it.
    ///   - finishReason: why the answer ended.
    ///   - rule: what the mode demands.
    /// - Complexity: O(n) in the length of the text.
    public init(_ text: String, finishReason: SubjectReply.FinishReason, rule: Scenario.ScratchpadRule) {
        var scanner = TagScanner(text)
        var scratchpads: [String] = []
        var scratchpadStart: Int?
        var outputStart: Int?
        var outputEnd: Int?
        var opensScratchpad = false
        while let (tag, range) = scanner.next() {
            switch (tag, scratchpadStart) {
            case (.openScratchpad, nil):
                opensScratchpad = true
                scratchpadStart = range.upperBound
            case (.closeScratchpad, let start?):
                scratchpads.append(scanner.text(start..<range.lowerBound))
                scratchpadStart = nil
            case (.openOutput, nil):
                outputStart = range.upperBound
                outputEnd = nil
            case (.closeOutput, nil) where outputStart != nil && outputEnd == nil:
                outputEnd = range.lowerBound
            default: break
            }
        }
        let reasoning = scratchpads.filter { !$0.isEmpty }.joined(separator: "\n\n")
        let answer = outputStart.map { scanner.text($0..<(outputEnd ?? scanner.count)) } ?? ""
        scratchpad = reasoning.isEmpty ? nil : reasoning
        output = answer.isEmpty ? nil : answer
        state =
            if finishReason == .length {
                .truncated
            } else if rule == .forbidden && opensScratchpad {
                .unexpectedScratchpad
            } else if rule == .required && reasoning.isEmpty {
                .missingScratchpad
            } else if answer.isEmpty {
                .missingOutput
            } else {
                .valid
            }
    }
}

/// Finds the four tags in a text.
private struct TagScanner {
    enum Tag: CaseIterable {
        case openScratchpad, closeScratchpad, openOutput, closeOutput

        var bytes: [UInt8] {
            switch self {
            case .openScratchpad: Array("<scratchpad_reasoning>".utf8)
            case .closeScratchpad: Array("</scratchpad_reasoning>".utf8)
            case .openOutput: Array("<output>".utf8)
            case .closeOutput: Array("</output>".utf8)
            }
        }
    }

    private let bytes: [UInt8]
    private let tags = Tag.allCases.map { ($0, $0.bytes) }
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var count: Int { bytes.count }

    /// The next tag and where it stands, in bytes.
    mutating func next() -> (Tag, Range<Int>)? {
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "<") {
                for (tag, pattern) in tags where matches(pattern) {
                    let range = position..<(position + pattern.count)
                    position = range.upperBound
                    return (tag, range)
                }
            }
            position += 1
        }
        return nil
    }

    private func matches(_ pattern: [UInt8]) -> Bool {
        guard bytes.count - position >= pattern.count else { return false }
        return pattern.indices.allSatisfy { index in
            let byte = bytes[position + index]
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            return (isUpper ? byte | 0x20 : byte) == pattern[index]
        }
    }

    /// The text of a range of bytes without white space around it.
    func text(_ range: Range<Int>) -> String {
        var text = Substring(decoding: bytes[range], as: UTF8.self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
