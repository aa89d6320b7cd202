import Foundation
import GygesFiles
import GygesInference
import GygesKernels
import GygesTemplates
import GygesTestSupport
import Synchronization
import Testing

import GygesClient
@testable import GygesStudy
@testable import GygesSubjects

/// Models that take no system messages.
@Suite struct SystemRoleTests {
    /// As Gemma's: it raises an error where there is a system message.
    static let refusing = """
        {% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}\
        {% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}
        """
    static let dropping = """
        {% for message in messages if message['role'] != 'system' %}{{ message['content'] }}{% endfor %}
        """
    static let messages = [
        ChatMessage(role: .system, content: "Be brief."), ChatMessage(role: .user, content: "Who is seen?"),
    ]

    /// The tiny chat model with another template.
    func load(_ template: String, in folder: String) throws -> LanguageModel {
        let copy = "\(folder)/model"
        try FileManager.default.copyItem(atPath: LocalSubjectTests.path, toPath: copy)
        let path = copy + "/tokenizer_config.json"
        var json = try #require(JSON(parsing: String(contentsOfFile: path, encoding: .utf8)).object)
        json["chat_template"] = .string(template)
        try JSON.object(json).serialized().write(toFile: path, atomically: true, encoding: .utf8)
        return try LanguageModel(path: copy, precision: .fast, options: .init(threadCount: 1))
    }

    @Test("System texts go to the beginning of the first user turn, and nothing is lost")
    func folding() {
        #expect(SystemRole.folded(Self.messages) == [ChatMessage(role: .user, content: "Be brief.\n\nWho is seen?")])
        let answered = [ChatMessage(role: .assistant, content: "Nobody.")]
        #expect(SystemRole.folded(Self.messages + answered).count == 2)
        #expect(SystemRole.folded([Self.messages[0]]) == [ChatMessage(role: .user, content: "Be brief.")])
        #expect(SystemRole.folded([Self.messages[1]]) == [Self.messages[1]])
    }

    @Test("A template that refuses or drops system messages is noticed", arguments: [refusing, dropping])
    func templates(_ template: String) async throws {
        let temporary = try TemporaryFolder()
        let model = try load(template, in: temporary.path)
        let subject = try LocalSubject(model, name: "tiny")
        let error = #expect(throws: StudyError.self) { try subject.asked(with: .system) }
        #expect(error?.description.contains("systemRole: fold") == true)
        let folding = try subject.asked(with: .automatic)
        #expect(folding is FoldingSubject)
        #expect(folding.identity.details["system role"]?.contains("chat template") == true)
        #expect(folding.identity.digest != subject.identity.digest)
        #expect(try subject.asked(with: .fold).identity.digest == folding.identity.digest)
        let request = SubjectRequest(
            messages: Self.messages, sampling: SamplingSettings(temperature: 0, maximumTokens: 4))
        var folded = request
        folded.messages = SystemRole.folded(Self.messages)
        #expect(try await folding.respond(to: request) == subject.respond(to: folded))
        let scored = try await folding.tokenLogProbabilities(of: ["yes"], after: request)
        #expect(try await scored == subject.tokenLogProbabilities(of: ["yes"], after: folded))
    }

    @Test("A template with a place for them is asked as before")
    func plain() throws {
        let subject = try LocalSubject(LocalSubjectTests.load(threads: 1), name: "tiny")
        #expect(try subject.asked(with: .automatic).identity == subject.identity)
        #expect(try subject.asked(with: .system).identity == subject.identity)
        #expect(try subject.asked(with: .fold) is FoldingSubject)
    }

    @Test(
        "An endpoint that takes none ends the run with the option's name",
        arguments: [
            (
                400,
                #"{"error":{"message":"Unsupported value: 'messages[0].role' does not support 'system' with this model."}}"#
            ),
            (400, #"{"message":"System role not supported"}"#),
            (500, #"{"error":{"message":"System role not supported"}}"#),
        ])
    func endpoints(_ status: Int, _ body: String) async throws {
        let transport = ScriptedTransport { call, _ in
            String(decoding: call.body, as: UTF8.self).contains(#""role":"system""#)
                ? .json(body, status: status) : .chat("fine")
        }
        let endpoint = try await makeEndpoint(transport)
        let error = await #expect(throws: EndpointError.self) { try await endpoint.respond(to: sampleRequest) }
        #expect(error?.kind == .unsupported && error?.remedy.contains("systemRole: fold") == true)
        let folding = FoldingSubject(endpoint, because: "the study asks for it")
        #expect(try await folding.respond(to: sampleRequest).text == "fine")
    }

    @Test(
        "A server's own system is no system role",
        arguments: [
            ("System role not supported", true),
            ("'messages[0].role' does not support 'system' with this model.", true),
            ("only user and assistant roles: system messages are not allowed", true),
            ("Internal system error while processing the prompt", false), ("the file system rejected a message", false),
        ])
    func rolesAreTold(_ message: String, _ expected: Bool) {
        #expect(EndpointSubject.namesSystemRole(message) == expected)
    }
}
