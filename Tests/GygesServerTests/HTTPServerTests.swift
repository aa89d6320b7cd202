import GygesFiles
import GygesTestSupport
import Hummingbird
import Testing

@testable import GygesServer

/// A server on this machine, asked over the network.
@Suite struct HTTPServerTests {
    private struct Fault: Error {}

    private static let routes = [
        Route.file("/", type: "text/plain; charset=utf-8", Array("hello".utf8)),
        Route(.get, "/items/:name") { request in
            .json([
                "name": request.parameter("name").map { .string($0) } ?? .null,
                "query": request.query("q").map { .string($0) } ?? .null,
            ])
        },
        Route(.post, "/echo") { .json(try await $0.json(byteLimit: 100, depth: 3), status: 201) },
        Route(.get, "/refused") { _ in throw Refusal(status: 429, "later") },
        Route(.get, "/broken") { _ in throw Fault() },
    ]

    private func withServer(
        secret: String? = nil, _ body: (HTTPProbe, String) async throws -> Void
    ) async throws {
        let server = HTTPServer(routes: Self.routes, secret: secret)
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(heedsSignals: false) { continuation.yield($0) } }
            var starts = addresses.makeAsyncIterator()
            try await body(HTTPProbe(try #require(await starts.next())), server.secret)
            group.cancelAll()
        }
    }

    private func bearer(_ secret: String) -> [(name: String, value: String)] { [("Authorization", "Bearer \(secret)")] }

    @Test func routesAnswer() async throws {
        try await withServer { (client, secret) async throws in
            #expect(secret.utf8.count == 32)
            let page = try await client.ask("GET", "/")
            #expect(page.status == 200 && page.text == "hello")
            let item = try await client.ask("GET", "/items/caf%C3%A9?q=a%20b&q=c", headers: bearer(secret))
            #expect(item.text == #"{"name":"café","query":"a b"}"#)
            #expect(item.headers["content-type"] == "application/json; charset=utf-8")
            let echo = try await client.ask("POST", "/echo", headers: bearer(secret), body: #"{"a":[1]}"#)
            #expect(echo.status == 201 && echo.text == #"{"a":[1]}"#)
        }
    }

    @Test func everyAnswerHasANameTheClientsOwnIfItIsSane() async throws {
        try await withServer { (client, secret) async throws in
            var made: Set<String> = []
            for (path, headers, status) in [
                ("/items/a", bearer(secret), 200), ("/items/a", [], 403), ("/other", bearer(secret), 404),
                ("/broken", bearer(secret), 500), ("/", [("Host", "elsewhere.example")], 403),
            ] as [(String, [(name: String, value: String)], Int)] {
                let answer = try await client.ask("GET", path, headers: headers)
                let name = try #require(answer.headers["x-request-id"], "\(path)")
                #expect(answer.status == status && name.hasPrefix("req_"))
                made.insert(name)
                let own = try await client.ask("GET", path, headers: headers + [("X-Request-Id", "run-7/a.b")])
                #expect(own.headers["x-request-id"] == "run-7/a.b" && own.status == status)
            }
            #expect(made.count == 5)
            for name in ["", "a b", "café", String(repeating: "a", count: 129)] {
                let answer = try await client.ask("GET", "/", headers: [("X-Request-Id", name)])
                #expect(answer.headers["x-request-id"]?.hasPrefix("req_") == true, "\(name)")
            }
        }
    }

    @Test func failuresSayWhatIsTheSendersAffair() async throws {
        try await withServer { (client, secret) async throws in
            let refused = try await client.ask("GET", "/refused", headers: bearer(secret))
            #expect(refused.status == 429 && refused.text.contains("later"))
            let broken = try await client.ask("GET", "/broken", headers: bearer(secret))
            #expect(broken.status == 500 && !broken.text.contains("Fault"))
            for (body, status) in [
                (String(repeating: "1", count: 101), 413), ("[[[[1]]]]", 400), ("{", 400), ("\u{1}", 400), ("", 400),
            ] {
                #expect(try await client.ask("POST", "/echo", headers: bearer(secret), body: body).status == status)
            }
        }
    }

    @Test func allButOpenRoutesNeedTheSecret() async throws {
        try await withServer(secret: "0123456789abcdef") { (client, _) async throws in
            for secret in ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"] {
                for (method, path) in [("GET", "/items/a"), ("POST", "/echo"), ("GET", "/refused"), ("PUT", "/echo")] {
                    #expect(try await client.ask(method, path, headers: bearer(secret)).status == 403)
                    #expect(try await client.ask(method, path).status == 403)
                }
            }
            #expect(try await client.ask("PUT", "/").status == 405)
            for path in ["/other", "/../etc/passwd", "//items/a/b", "/items"] {
                #expect(
                    [400, 404].contains(try await client.ask("GET", path, headers: bearer("0123456789abcdef")).status))
            }
        }
    }

    @Test func otherHostsAndSitesAreRefusedEvenWithTheSecret() async throws {
        try await withServer { (client, secret) async throws in
            for (host, origin, status) in [
                ("localhost", nil, 200), ("elsewhere.example", nil, 403), ("localhost", "http://localhost", 200),
                ("localhost", "http://elsewhere.example", 403), ("localhost", "null", 403),
            ] as [(String, String?, Int)] {
                let headers = bearer(secret) + [("Host", host)] + (origin.map { [("Origin", $0)] } ?? [])
                #expect(try await client.ask("GET", "/items/a", headers: headers).status == status, "\(host)")
            }
        }
    }

    @Test func anAddressThatCannotBeListenedOnSaysSo() async throws {
        for host in ["203.0.113.1", "no.such.host.invalid"] {
            let server = HTTPServer(routes: [], host: host)
            let error = await #expect(throws: FileError.self) { try await server.run(heedsSignals: false) { _ in } }
            #expect(error?.path == "\(host):0" && error?.problems.first?.contains("cannot be listened on") == true)
        }
    }

    @Test func aServerOfThisMachineAnswersToItsNamesAlone() {
        for host in ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "[::1]"] {
            #expect(SiteGuard<BasicRequestContext>.admits(authority: host, origin: nil, isLocal: true), "\(host)")
            #expect(
                SiteGuard<BasicRequestContext>.admits(authority: host, origin: "http://\(host)", isLocal: true),
                "\(host)")
        }
        for host in [
            "elsewhere.example", "elsewhere.example:8080", "localhost.elsewhere.example:80", "127.0.0.1:x", "", ":80",
            "::1", nil,
        ] {
            #expect(
                !SiteGuard<BasicRequestContext>.admits(authority: host, origin: nil, isLocal: true), "\(host ?? "none")"
            )
        }
        #expect(SiteGuard<BasicRequestContext>.admits(authority: "box.example:80", origin: nil, isLocal: false))
        #expect(
            !SiteGuard<BasicRequestContext>.admits(
                authority: "box.example:80", origin: "http://elsewhere.example", isLocal: false))
    }
}
