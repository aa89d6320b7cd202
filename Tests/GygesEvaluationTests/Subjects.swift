import Foundation
import GygesEvaluation
import GygesTestSupport
import Synchronization

/// Text as tokens of up to four bytes.
enum FourBytes {
    static func tokens(of text: String) -> [Int32] {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            bytes[start..<min(start + 4, bytes.count)].reversed().reduce(Int32(0)) {
                Int32(truncatingIfNeeded: $0 << 8 | Int32($1))
            }
        }
    }

    static func text(of tokens: [Int32]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * tokens.count)
        for token in tokens { for place in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: token >> (8 * place))) } }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    static func count(_ prompt: EvaluationPrompt) -> Int { tokens(of: prompt.plainText).count }
}

/// A subject that says what a function makes of the prompt's text, and remembers what it was asked.
final class ScriptedSubject: EvaluationSubject {
    private let answer: @Sendable (String) -> String
    private let logProbability: Double
    private let bytesPerToken: Int
    private let seen = Mutex<[[Int32]]>([])

    /// - Parameter bytesPerToken: 1 where prompts are made of the tokens of plain texts, which are bytes.
    init(
        logProbability: Double = -1, bytesPerToken: Int = 4,
        _ answer: @escaping @Sendable (String) -> String = { _ in "" }
    ) {
        self.bytesPerToken = bytesPerToken
        self.answer = answer
        self.logProbability = logProbability
    }

    /// All prompts, or all tokens that were to be scored, in the order of asking.
    var asked: [[Int32]] { seen.withLock { $0 } }

    func tokens(of prompt: EvaluationPrompt) throws -> [Int32] { FourBytes.tokens(of: prompt.plainText) }

    func tokens(ofText text: String) throws -> [Int32] { text.utf8.map(Int32.init) }

    func complete(_ prompt: [Int32], limit: Int) async throws -> SubjectAnswer {
        seen.withLock { $0.append(prompt) }
        let text =
            bytesPerToken == 1
            ? String(decoding: prompt.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
            : FourBytes.text(of: prompt)
        return SubjectAnswer(text: answer(text))
    }

    func logProbabilities(of tokens: [Int32], from first: Int) async throws -> [Double] {
        seen.withLock { $0.append(Array(tokens[first...])) }
        return tokens[first...].map { _ in logProbability }
    }
}

/// Files in the formats of SQuAD and HotpotQA, small enough to be seen through.
enum Questions {
    /// Twelve paragraphs in three articles, each with a question, and one that cannot be answered.
    static let squad: String = {
        let articles = (0..<3).map { article in
            let paragraphs = (0..<4).map { paragraph in
                let name = "town\(article)\(paragraph)"
                return """
                    {"context": "The mayor of \(name) is called mayor\(article)\(paragraph). \(filler)", "qas": [
                      {"question": "Who is the mayor of \(name)?", "is_impossible": false,
                       "answers": [{"text": "mayor\(article)\(paragraph)"}, {"text": "Mayor \(article)-\(paragraph)"}]},
                      {"question": "Who built \(name)?", "is_impossible": true, "answers": []}]}
                    """
            }
            return #"{"title": "a", "paragraphs": [\#(paragraphs.joined(separator: ","))]}"#
        }
        return #"{"version": "v2.0", "data": [\#(articles.joined(separator: ","))]}"#
    }()

    /// Five questions with three documents each.
    static let hotpotQA: String = {
        let questions = (0..<5).map { number in
            let documents = (0..<3).map { document in
                #"["River \#(number)\#(document)", ["It flows to sea\#(number). ", "\#(filler)"]]"#
            }
            return """
                {"question": "Where does River \(number)0 flow?", "answer": "sea\(number)",
                 "context": [\(documents.joined(separator: ","))]}
                """
        }
        return "[\(questions.joined(separator: ","))]"
    }()

    private static let filler = Array(repeating: "Nothing else is known of it.", count: 12).joined(separator: " ")

    static func samples(in folder: TemporaryFolder, seed: UInt64 = 42) throws -> RulerSamples {
        RulerSamples(
            seed: seed, squad: try QuestionSet(squad: folder.write(squad, to: "squad.json")),
            hotpotQA: try QuestionSet(hotpotQA: folder.write(hotpotQA, to: "hotpot.json")))
    }
}
