/// One question with its right answers.
public struct EvaluationItem: Sendable, Hashable {
    /// How an answer is compared with the references.
    public enum Metric: Sendable, Hashable {
        /// The share of references that the answer contains, whatever their case (RULER's `string_match_all`).
        case containsAll
        /// 1 if the answer contains any of the references, whatever its case (RULER's `string_match_part`).
        case containsAny
        /// 1 if the first number in the answer is the reference.
        case firstNumber
    }

    /// What is asked.
    public var prompt: EvaluationPrompt
    /// The right answers, or the parts of it.
    public var references: [String]
    /// How answers are compared.
    public var metric: Metric
    /// The most tokens of an answer.
    public var answerLimit: Int
    /// How far into the haystack each hidden text stands, from 0 to 1, in the order of the text; empty where nothing is hidden.
    public var depths: [Double]

    /// The score of an answer, from 0 to 1.
    ///
    /// Control characters count as ends of lines, as in RULER. Comparison is by bytes of UTF-8 after lowercasing.
    /// - Complexity: O(length of the answer · length of the references).
    public func score(_ answer: String) -> Double {
        if metric == .firstNumber { return references.contains { Self.containsFirst($0, answer) } ? 1 : 0 }
        guard !references.isEmpty else { return 0 }
        let said = answer.lowercased().utf8.map { $0 < 0x20 ? UInt8(ascii: "\n") : $0 }
        let found = references.count { said.contains(Array($0.lowercased().utf8)) }
        return metric == .containsAny ? (found > 0 ? 1 : 0) : Double(found) / Double(references.count)
    }

    /// Whether the first number in an answer is `number`, to the digit.
    static func containsFirst(_ number: String, _ answer: String) -> Bool {
        let isDigit = { (scalar: Unicode.Scalar) in ("0"..."9").contains(scalar) }
        return answer.unicodeScalars.drop { !isDigit($0) }.prefix(while: isDigit)
            .elementsEqual(number.unicodeScalars)
    }
}
