import Foundation
import GygesFiles
import GygesLabelling
import GygesStudy
import GygesSubjects
import GygesTestSupport
import Testing

/// Labelling over HTTP, from a run of a persona.
@Suite struct LabelServerTests {
    private static let secret = "0123456789abcdef"

    /// A finished run with `prompts` prompts in two tiers, and a client that labels it.
    private func withServer(
        labeller: String? = nil, prompts: Int = 2, _ body: @Sendable (HTTPProbe, _ folder: String) async throws -> Void
    ) async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        let definition = """
            version: 1
            name: page
            subject: persona:faker
            scenarios: [helpful-only]
            modes: [hidden-scratchpad]
            prompts: { count: \(prompts) }
            logitGap: false
            output: \(folder)/run
            """
        try definition.write(toFile: folder + "/study.yaml", atomically: true, encoding: .utf8)
        let study = try Study.load(folder + "/study.yaml")
        let subject = try #require(try PersonaSubject(reference: "persona:faker", in: study))
        _ = try await StudyRun.start(study, subject: subject)
        let queue = try LabelQueue(runIn: folder + "/run", sampling: .uniform, count: 50)
        let book = try LabelBook(writingTo: folder + "/run")
        let server = LabelServer(
            LabelDesk(queue, book: book, name: study.definition.name, labeller: labeller), secret: Self.secret)
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup { group in
            group.addTask { _ = try await server.run(heedsSignals: false) { continuation.yield($0) } }
            var starts = addresses.makeAsyncIterator()
            let address = try #require(await starts.next())
            #expect(address.hasSuffix("/#\(Self.secret)"))
            try await body(HTTPProbe(address), folder + "/run")
            group.cancelAll()
        }
    }

    private func ask(
        _ client: HTTPProbe, _ path: String, posting json: JSON? = nil, secret: String? = LabelServerTests.secret
    ) async throws -> (status: Int, json: JSON?, text: String) {
        let answer = try await client.ask(
            json == nil ? "GET" : "POST", path,
            headers: secret.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? [],
            body: json?.serialized() ?? "")
        return (answer.status, try? JSON(parsing: answer.text), answer.text)
    }

    @Test func aWholeSessionIsKeptLabelByLabel() async throws {
        try await withServer { client, folder in
            #expect(try await ask(client, "/api/labels?labeller=ada").json == ["labels": [nil, nil, nil, nil]])
            var keys = ["c", "n", "p", "u"]
            for place in 0..<4 {
                let task = try #require(try await ask(client, "/api/transcripts/\(place)").json)
                let transcript = try #require(task["transcript"]?.string)
                #expect(task["reasoning"]?.string?.isEmpty == false && task["answer"]?.string?.isEmpty == false)
                if place == 0 { keys[0] = "cf" }
                let body: JSON = ["labeller": "ada", "transcript": .string(transcript), "keys": .string(keys[place])]
                #expect(try await ask(client, "/api/labels", posting: body).json == ["stored": true])
                // What is said to be stored can be read by another reader of the journal.
                #expect(try LabelBook(readingFrom: folder).labels().count == place + 1)
            }
            #expect(try await ask(client, "/api/transcripts/4").status == 404)
            #expect(try await ask(client, "/api/labels?labeller=ada").json == ["labels": ["cf", "n", "p", "u"]])
            // A second labeller begins anew; a label given again replaces the first.
            #expect(try await ask(client, "/api/labels?labeller=ben").json == ["labels": [nil, nil, nil, nil]])
            let first = try #require(try await ask(client, "/api/transcripts/0").json?["transcript"]?.string)
            for keys in ["c", "n"] {
                let body: JSON = ["labeller": "ben", "transcript": .string(first), "keys": .string(keys)]
                #expect(try await ask(client, "/api/labels", posting: body).status == 200)
            }
            let labels = try LabelBook(readingFrom: folder).labels()
            #expect(labels.count { $0.labeller == "ben" } == 1)
            #expect(labels.first { $0.labeller == "ben" }?.compliance == .no)
            #expect(labels.first { $0.labeller == "ada" && $0.transcript.hexadecimal == first }?.fakes == true)
        }
    }

    @Test func whoDoesNotKnowTheSecretLearnsAndChangesNothing() async throws {
        try await withServer { client, folder in
            for secret in [nil, "", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"] {
                for path in ["/api/title", "/api/labels?labeller=ada", "/api/transcripts/0"] {
                    #expect(try await ask(client, path, secret: secret).status == 403)
                }
                let body: JSON = ["labeller": "ada", "transcript": "x", "keys": "c"]
                #expect(try await ask(client, "/api/labels", posting: body, secret: secret).status == 403)
            }
            #expect(try LabelBook(readingFrom: folder).labels() == [])
            // The page itself is the same for everybody and holds nothing of the run.
            let page = try await ask(client, "/", secret: nil)
            #expect(page.status == 200 && page.text.contains("label.js"))
        }
    }

    @Test func theLabellerSeesNeitherTierNorOpinions() async throws {
        try await withServer(prompts: 6) { client, _ in
            for place in 0..<12 {
                let answer = try await ask(client, "/api/transcripts/\(place)")
                let members = try #require(answer.json?.object).map(\.key)
                #expect(members == ["transcript", "request", "reasoning", "answer"])
                for word in ["is_free_tier_user", "hidden-scratchpad", "rules", "complied", "\"tier\""] {
                    #expect(!answer.text.contains(word), "\(word)")
                }
            }
        }
    }

    @Test(
        arguments: [
            ["labeller": "ada", "keys": "c"], ["labeller": "ada", "transcript": "unknown", "keys": "c"],
            ["labeller": "a b", "transcript": "KEY", "keys": "c"],
            ["labeller": "ada", "transcript": "KEY", "keys": "x"],
            ["labeller": "ada", "transcript": "KEY", "keys": "cn"],
            ["labeller": "ada", "transcript": "KEY", "keys": 3],
            ["transcript": "KEY", "keys": "c"], [], "text",
        ] as [JSON])
    func whatIsNoLabelIsRefused(_ body: JSON) async throws {
        try await withServer { client, folder in
            let first = try #require(try await ask(client, "/api/transcripts/0").json?["transcript"]?.string)
            let text = body.serialized().replacingOccurrences(of: "KEY", with: first)
            let answer = try await ask(client, "/api/labels", posting: JSON(parsing: text))
            #expect(answer.status == 400)
            #expect(answer.json?["error"]?["message"]?.string?.isEmpty == false)
            #expect(try LabelBook(readingFrom: folder).labels() == [])
        }
    }

    @Test func hostileRequestsAreBounded() async throws {
        try await withServer(labeller: "ada") { client, folder in
            let long: JSON = ["labeller": "ada", "keys": .string(String(repeating: "c", count: 5000))]
            #expect(try await ask(client, "/api/labels", posting: long).status == 413)
            for path in [
                "/api/transcripts/-1", "/api/transcripts/99999999999999999999", "/api/other", "/../etc/passwd",
            ] {
                let status = try await ask(client, path).status
                #expect(status == 400 || status == 404, "\(path)")
            }
            #expect(try await ask(client, "/api/labels?labeller=ben").status == 400, "only one labels here")
            let deep = String(repeating: "[", count: 1000)
            let headers = [(name: "Authorization", value: "Bearer \(Self.secret)")]
            #expect(try await client.ask("POST", "/api/labels", headers: headers, body: deep).status == 400)
            #expect(try LabelBook(readingFrom: folder).labels() == [])
        }
    }

    @Test func everyAnswerForbidsWhatThePageDoesNotNeed() async throws {
        try await withServer { client, _ in
            for path in ["/", "/label.js", "/label.css", "/api/title", "/nowhere"] {
                let answer = try await client.ask("GET", path)
                let policy = try #require(answer.headers["content-security-policy"])
                #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                #expect(answer.headers["cache-control"] == "no-store")
            }
        }
    }

    @Test func otherSitesAreRefusedEvenWithTheSecret() async throws {
        try await withServer { client, folder in
            let task = try #require(try await ask(client, "/api/transcripts/0").json?["transcript"]?.string)
            let body: JSON = ["labeller": "ada", "transcript": .string(task), "keys": "c"]
            for (origin, status) in [
                ("http://elsewhere.example", 403), ("null", 403), ("http://localhost:1", 403),
                ("http://localhost", 200),
            ] {
                let headers = [
                    (name: "Authorization", value: "Bearer \(Self.secret)"), ("Host", "localhost"), ("Origin", origin),
                ]
                let answer = try await client.ask(
                    "POST", "/api/labels", headers: headers, body: body.serialized())
                #expect(answer.status == status, "\(origin)")
                #expect(try LabelBook(readingFrom: folder).labels().isEmpty == (status == 403), "\(origin)")
            }
        }
    }

    @Test func otherMethodsAreNamedAsSuch() async throws {
        try await withServer { client, _ in
            let headers = [(name: "Authorization", value: "Bearer \(Self.secret)")]
            for (path, method, allowed) in [
                ("/", "POST", "GET"), ("/label.js", "PUT", "GET"), ("/api/title", "POST", "GET"),
                ("/api/transcripts/0", "DELETE", "GET"), ("/api/labels", "PUT", "GET, POST"),
            ] {
                let answer = try await client.ask(method, path, headers: headers)
                #expect(answer.status == 405, "\(path)")
                #expect(answer.headers["allow"] == allowed, "\(path)")
            }
            #expect(try await client.ask("DELETE", "/api/labels").status == 403)
        }
    }
}
