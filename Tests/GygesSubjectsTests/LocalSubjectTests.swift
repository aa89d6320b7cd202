import Foundation
import GygesAnalysis
import GygesFiles
import GygesInference
import GygesKernels
import GygesTemplates
import GygesTestSupport
import GygesTokenizer
import Testing

@testable import GygesStudy
@testable import GygesSubjects

/// A real engine as a subject, on the tiny random chat model of the engine's tests.
@Suite struct LocalSubjectTests {
    static var path: String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return tests.path + "/GygesInferenceTests/Fixtures/tiny-chat"
    }

    static func load(threads: Int = 2, precision: MatmulPrecision = .fast) throws -> LanguageModel {
        try LanguageModel(path: path, precision: precision, options: .init(threadCount: threads))
    }

    static func request(_ index: Int, temperature: Double = 1) -> SubjectRequest {
        SubjectRequest(
            messages: [
                ChatMessage(role: .system, content: "The ring makes its wearer unseen."),
                ChatMessage(role: .user, content: "Case \(index): who is seen?"),
            ], responsePrefix: index % 2 == 0 ? "" : "<reasoning>",
            sampling: SamplingSettings(temperature: temperature, maximumTokens: 12), seed: UInt64(index))
    }

    @Test func repliesDependOnTheRequestAlone() async throws {
        let alone = try LocalSubject(Self.load(threads: 1), name: "tiny")
        var expected: [SubjectReply] = []
        for index in 0..<8 { expected.append(try await alone.respond(to: Self.request(index))) }
        let together = try LocalSubject(Self.load(), name: "tiny")
        try await withThrowingTaskGroup(of: (Int, SubjectReply).self) { group in
            for index in 0..<8 { group.addTask { (index, try await together.respond(to: Self.request(index))) } }
            for try await (index, reply) in group { #expect(reply == expected[index]) }
        }
        #expect(Set(expected.map(\.text)).count > 1, "seeds and prompts make a difference")
    }

    @Test func aReplySaysHowItEnded() async throws {
        let subject = try LocalSubject(Self.load(), name: "tiny")
        var request = Self.request(0, temperature: 0)
        let whole = try await subject.respond(to: request)
        #expect(whole.finishReason == .length)
        #expect(whole.generatedTokenCount == 12)
        #expect(whole.promptTokenCount > 0)
        // Stop where the text is known to pass.
        let middle = try #require(whole.text.dropFirst(2).first.map(String.init))
        request.stop = [middle]
        let stopped = try await subject.respond(to: request)
        #expect(stopped.finishReason == .stop)
        #expect(stopped.stopString == middle)
        #expect(!stopped.text.contains(middle))
        #expect(whole.text.hasPrefix(stopped.text + middle))
    }

    @Test func aSchemaHoldsTheReplyToItsForm() async throws {
        let subject = try LocalSubject(Self.load(), name: "tiny")
        for index in 0..<4 {
            var request = Self.request(index)
            request.responsePrefix = ""
            request.schema = ["enum": ["yes", "no"]]
            #expect(["\"yes\"", "\"no\""].contains(try await subject.respond(to: request).text))
        }
    }

    @Test func logProbabilitiesAreThoseOfTheTokensAfterThePrompt() async throws {
        let model = try Self.load()
        let subject = try LocalSubject(model, name: "tiny")
        for index in 0..<2 {
            let request = Self.request(index)
            let prompt = try model.tokens(
                of: request.messages,
                prefill: request.responsePrefix)
            let texts = ["the", " ring", "the quick brown fox", "ünseen"]
            let values = try await subject.tokenLogProbabilities(of: texts, after: request)
            for (text, value) in zip(texts, values) {
                var tokens = prompt
                var expected: [Double] = []
                for token in try model.tokenizer.encode(text) {
                    tokens.append(token)
                    let scores = try await model.engine.score(
                        ScoringRequest(tokens: tokens, firstScored: tokens.count - 1))
                    expected.append(scores[0].logProbability)
                }
                #expect(value.count == expected.count)
                #expect(
                    zip(value, expected).allSatisfy { abs($0 - $1) < 1e-9 && $0 < 0 },
                    "\(text): \(value), token by token \(expected)")
            }
        }
    }

    @Test func whateverDecidesARepliesBitsIsInTheIdentity() throws {
        let fast = try LocalSubject(Self.load(), name: "tiny").identity
        #expect(try LocalSubject(Self.load(threads: 1), name: "tiny").identity == fast)
        #expect(try LocalSubject(Self.load(precision: .exact), name: "tiny").identity.digest != fast.digest)
        #expect(fast.details["architecture"] == "qwen2")
    }

    @Test func aModelThatTalksNonsenseIsReportedAsSuch() async throws {
        try await withTemporaryFolder { folder in
            // With room for the scenario's long system prompt, which to this tokenizer is nearly one token a letter.
            let copy = folder + "/model"
            try FileManager.default.copyItem(atPath: Self.path, toPath: copy)
            let configuration = try String(contentsOfFile: copy + "/config.json", encoding: .utf8)
            try configuration.replacing(/"max_position_embeddings": \d+/, with: "\"max_position_embeddings\": 16384")
                .write(toFile: copy + "/config.json", atomically: true, encoding: .utf8)
            let subject = try LocalSubject(LanguageModel(path: copy, options: .init(threadCount: 2)), name: "tiny")
            let study = try makeStudy(overrides: [
                "prompts.count=2", "judges=[rules, model]", "sampling.maximumTokens=16", "output=\(folder)/run",
            ])
            let run = try await StudyRun.start(study, subject: subject)
            let report = try String(contentsOfFile: run.writeReport().report, encoding: .utf8)
            #expect(report.contains("</html>"))
            // What is cut off is counted as such, and nothing is asked for again. By the luck of its seed, which the model's
            // identity decides, one or another answer of random weights may end before.
            let journal = try Journal(readingFrom: run.folder)
            var transcripts: [TranscriptRow] = []
            try journal.forEachAnswer { row in
                if let transcript = row.transcript { transcripts.append(transcript) }
            }
            #expect(try transcripts.count == study.cells(for: subject.identity).count)
            #expect(transcripts.allSatisfy { ($0.state == .truncated) == ($0.generatedTokenCount == 16) })
            #expect(transcripts.count { $0.state == .truncated } * 2 > transcripts.count)
            let gaps = try journal.logitGaps().values
            #expect(gaps.count == 2 * 2)
            #expect(gaps.allSatisfy { $0.compliant < 0 && $0.refusing < 0 })
        }
    }
}
