import FoundationEssentials
import GygesStudy
import GygesTestSupport
import Testing

import GygesClient
@testable import GygesSubjects

/// Whole studies of scripted endpoints.
@Suite struct EndpointStudyTests {
    private static let scratchpad = "<SCRATCHPAD_REASONING>\nI think.\n</SCRATCHPAD_REASONING>\n<OUTPUT>\nHere you are."

    private func study(in folder: String, prompts: Int = 6) throws -> Study {
        let definition = try StudyDefinition(
            yaml: """
                version: 1
                name: remote
                subject: http://localhost:1/v1#m
                scenarios: [helpful-only]
                modes: [hidden-scratchpad]
                prompts: {count: \(prompts)}
                output: \(folder)
                """, path: "study.yaml")
        return try Study(
            definition: definition, scenarios: try definition.scenarios.map { try Scenario.find($0) },
            path: "study.yaml")
    }

    @Test func callsThatFailAreLeftCountedAndAskedAgain() async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path + "/run"
        let text = Self.scratchpad
        // Every third call fails for good; log-probabilities are not known at all.
        let failing = ScriptedTransport { _, number in
            number % 3 == 2 ? .json(#"{"error":"odd"}"#, status: 422) : .chat(text)
        }
        let first = try await StudyRun.start(study(in: folder), subject: makeEndpoint(failing, concurrency: 1))
        let lost = try #require(first.shortfalls.first { $0.phase == .transcripts })
        #expect(lost.count == 4 && lost.canBeResumed && lost.leavesRunIncomplete)
        let gaps = try #require(first.shortfalls.first { $0.phase == .logitGaps })
        #expect(gaps.count == 12 && !gaps.canBeResumed && !gaps.leavesRunIncomplete)

        let sound = ScriptedTransport { _, _ in .chat(text) }
        let second = try await StudyRun.resume(folder, subject: makeEndpoint(sound))
        #expect(!second.shortfalls.contains { $0.phase == .transcripts })
        let asked = sound.posted.filter { !String(decoding: $0.body, as: UTF8.self).contains("prompt_logprobs") }
        #expect(asked.count == 4)
        #expect(try StudyRun(folder: folder).writeReport().exports.count > 0)
    }

    @Test("Replies that differ in their beginnings alone are one kind of failure, with one of them shown")
    func unreadableReplies() async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path + "/run"
        let broken = ScriptedTransport { _, number in .json("<html>request \(number)</html>") }
        let run = try await StudyRun.start(
            study(in: folder, prompts: 2), subject: makeEndpoint(broken, attempts: 1, concurrency: 1))
        let lost = run.shortfalls.filter { $0.phase == .transcripts }
        #expect(lost.count == 1 && lost.first?.count == 4 && lost.first?.leavesRunIncomplete == true)
        #expect(lost.first?.reason.contains("is not one of OpenAI") == true)
        // Which one is told first depends on the machine's load.
        let detail = try #require(lost.first?.detail)
        #expect((0..<4).count { detail.contains("“<html>request \($0)</html>”") } == 1, "\(detail)")
    }

    @Test func replicasAreOneSubject() async throws {
        let text = Self.scratchpad
        let sound = ScriptedTransport { _, _ in .chat(text) }
        let down = ScriptedTransport { _, _ in .json("{}", status: 401) }
        let good = try await makeEndpoint(sound, isReplica: true, address: "http://localhost:1/v1#m")
        let bad = try await makeEndpoint(down, isReplica: true, address: "http://localhost:2/v1#m")
        let replicas = try ReplicaSubject([good, bad])
        #expect(replicas.workerCount == 2)
        #expect(replicas.identity.digest == good.identity.digest)
        // Of endpoints that have as little to do, the first is asked. A key that is not accepted is no outage: that ends the run.
        #expect(try await replicas.respond(to: sampleRequest).text.isEmpty == false)
        await #expect(throws: EndpointError.self) {
            try await ReplicaSubject([bad, good]).respond(to: sampleRequest)
        }
        let other = try await makeEndpoint(sound, isReplica: true, address: "http://localhost:3/v1#other")
        #expect(throws: (any Error).self) { try ReplicaSubject([good, other]) }
    }

    @Test func aRequestThatOneReplicaFailsGoesToTheNext() async throws {
        let text = Self.scratchpad
        let sound = ScriptedTransport { _, _ in .chat(text) }
        let broken = ScriptedTransport { _, _ in .json("{}", status: 500) }
        func replicas(_ transports: [ScriptedTransport]) async throws -> ReplicaSubject {
            var members: [EndpointSubject] = []
            for (index, transport) in transports.enumerated() {
                members.append(
                    try await makeEndpoint(
                        transport, attempts: 2, isReplica: true, address: "http://localhost:\(index + 1)/v1#m"))
            }
            return try ReplicaSubject(members)
        }
        #expect(try await replicas([broken, sound]).respond(to: sampleRequest).text.isEmpty == false)
        #expect((broken.posted.count, sound.posted.count) == (2, 1))
        // What all of them fail is the request's failure, and not the end of the run.
        await #expect(throws: RequestFailure.self) {
            try await replicas([broken, broken]).respond(to: sampleRequest)
        }
        #expect(broken.posted.count == 6)
    }
}
