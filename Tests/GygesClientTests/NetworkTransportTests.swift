import Testing

@testable import GygesClient

/// Calls over the network, to a server on this machine that behaves as told.
@Suite struct NetworkTransportTests {
    private let transport = NetworkTransport()

    private func call(
        _ server: ScriptedServer, _ method: HTTPCall.Method = .get, body: [UInt8] = [],
        timeout: Duration = .seconds(600),
        byteLimit: Int = 1 << 20
    ) -> HTTPCall {
        HTTPCall(
            method, server.url, headers: [("X-Question", "why")], body: body, timeout: timeout, byteLimit: byteLimit)
    }

    private func failure(of call: HTTPCall) async -> TransportError? {
        await #expect(throws: TransportError.self) { try await transport.answer(to: call) }
    }

    @Test func anAnswerHasItsStatusItsHeadersAndItsBody() async throws {
        let server = try ScriptedServer { request in
            #expect(request.head.hasPrefix("GET /path HTTP/1.1\r\n"))
            #expect(request.head.contains("X-Question: why\r\n") && !request.head.contains("Expect"))
            return .bytes("HTTP/1.1 503 Busy\r\nRetry-After:  7 \r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 4\r\n\r\nbody")
        }
        let answer = try await transport.answer(to: call(server))
        #expect(answer.status == 503 && answer.body == Array("body".utf8))
        #expect(answer.headers["retry-after"] == "7" && answer.headers["x-a"] == "2")
    }

    @Test(arguments: [0, 5, 3 << 20]) func aBodyArrivesWhole(count: Int) async throws {
        let server = try ScriptedServer { request in
            .bytes("HTTP/1.1 200 OK\r\nX-Count: \(request.body.count)\r\nContent-Length: 0\r\n\r\n")
        }
        let body = [UInt8](repeating: 97, count: count)
        let answer = try await transport.answer(to: call(server, .post, body: body))
        #expect(answer.headers["x-count"] == "\(count)")
    }

    @Test func aRedirectIsAnAnswer() async throws {
        let server = try ScriptedServer { _ in
            .bytes("HTTP/1.1 307 Over There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        }
        let answer = try await transport.answer(to: call(server))
        #expect(answer.status == 307 && answer.headers["location"] == "http://127.0.0.1:1/")
    }

    @Test func moreThanIsAcceptedIsRefused() async throws {
        let server = try ScriptedServer { _ in
            .bytes("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 100_000), closes: true)
        }
        #expect(await failure(of: call(server, byteLimit: 99_999)) == .tooLarge(limit: 99_999))
        #expect(try await transport.answer(to: call(server, byteLimit: 100_000)).body.count == 100_000)
    }

    @Test func silenceAndTrickleEndAtTheDeadline() async throws {
        let silent = try ScriptedServer { _ in .silence }
        #expect(await failure(of: call(silent, timeout: .milliseconds(100))) == .timedOut)
        let trickle = try ScriptedServer { _ in .trickle("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n") }
        #expect(await failure(of: call(trickle, timeout: .milliseconds(200))) == .timedOut)
    }

    @Test func aConnectionThatBreaksOrIsNoneSaysSo() async throws {
        let broken = try ScriptedServer { _ in .bytes("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", closes: true)
        }
        guard case .connection = await failure(of: call(broken)) else {
            Issue.record("half a body is taken for a whole")
            return
        }
        let absent = HTTPCall(.get, "http://127.0.0.1:1/", timeout: .seconds(60), byteLimit: 1)
        guard case .connection = await failure(of: absent) else {
            Issue.record("nobody answered, and yet there is no error of the connection")
            return
        }
    }

    @Test func aCancelledCallEndsAtOnce() async throws {
        let server = try ScriptedServer { _ in .silence }
        let task = Task { try await transport.answer(to: call(server, timeout: .seconds(3600))) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let later = Task { try await transport.answer(to: call(server, timeout: .seconds(3600))) }
        try await server.waitForRequest()
        later.cancel()
        await #expect(throws: CancellationError.self) { try await later.value }
    }

    @Test func anAnswerIsReadAsItComes() async throws {
        let trickle = try ScriptedServer { _ in .trickle("HTTP/1.1 201 Made\r\nX-A: 1\r\nConnection: close\r\n\r\n") }
        let stream = try await transport.stream(call(trickle, byteLimit: 1 << 30))
        #expect(stream.status == 201 && stream.headers["x-a"] == "1")
        // The answer has no end.
        for _ in 0..<3 { #expect(try await stream.next()?.allSatisfy { $0 == UInt8(ascii: "x") } == true) }
        let task = Task { while try await stream.next() != nil {} }
        try await Task.sleep(for: .milliseconds(30))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func aSlowReaderGetsEverything() async throws {
        let text = String(repeating: "0123456789", count: 300_000)
        let server = try ScriptedServer { _ in
            .bytes("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n" + text, closes: true)
        }
        let stream = try await transport.stream(call(server, byteLimit: 1 << 30))
        var body: [UInt8] = []
        var largest = 0
        while let bytes = try await stream.next() {
            body += bytes
            largest = max(largest, bytes.count)
            if body.count < 1 << 21 { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(body == Array(text.utf8))
        // What waits for a reader is bounded.
        #expect(largest <= (1 << 18) + (1 << 16), "\(largest)")
    }

    @Test func aStreamThatBreaksOrGrowsTooLongSaysSo() async throws {
        let broken = try ScriptedServer { _ in .bytes("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", closes: true)
        }
        let half = try await transport.stream(call(broken))
        await #expect(throws: TransportError.self) { while try await half.next() != nil {} }
        let trickle = try ScriptedServer { _ in .trickle("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n") }
        let long = try await transport.stream(call(trickle, byteLimit: 5))
        await #expect(throws: TransportError.tooLarge(limit: 5)) { while try await long.next() != nil {} }
        let absent = HTTPCall(.get, "http://127.0.0.1:1/", timeout: .seconds(60), byteLimit: 1)
        await #expect(throws: TransportError.self) { try await transport.stream(absent) }
        let empty = try ScriptedServer { _ in .bytes("HTTP/1.1 307 There\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
        }
        let redirect = try await transport.stream(call(empty))
        #expect(redirect.status == 307)
        #expect(try await redirect.next() == nil)
    }

    @Test func manyCallsAreUnderWayAtOnce() async throws {
        let server = try ScriptedServer { request in
            let name = request.head.prefix { $0 != "\r\n" }
            return .bytes("HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
        }
        try await withThrowingTaskGroup { group in
            for number in 0..<64 {
                group.addTask {
                    let call = HTTPCall(.get, "\(server.url)/\(number)", timeout: .seconds(60), byteLimit: 1000)
                    let body = try await transport.answer(to: call).body
                    #expect(String(decoding: body, as: UTF8.self) == "GET /path/\(number) HTTP/1.1")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://localhost/", "localhost", "", "http://local host/", "http://a/\r\nX: 1",
    ])
    func onlyAddressesOfHTTPAreCalled(_ url: String) async {
        let failure = await failure(of: HTTPCall(.get, url, timeout: .seconds(5), byteLimit: 1))
        #expect(failure == .connection("the address is not one of HTTP"))
    }

    @Test func noHeaderBringsAnother() async {
        let call = HTTPCall(.get, "http://127.0.0.1:1/", headers: [("A", "b\r\nC: d")], byteLimit: 1)
        #expect(await failure(of: call) == .connection("a header holds a control character"))
    }

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST", true), ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true),
        ("[::1]", true),
        ("127.evil.example", false), ("10.0.0.1", false), ("example.org", false), ("", false),
    ])
    func thisMachineIsKnownByItsNames(_ host: String, _ expected: Bool) { #expect(isLoopback(host) == expected) }
}
