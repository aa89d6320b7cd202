import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Makes calls over the network with the connections of one client for the whole process.
struct NetworkTransport: HTTPTransport {
    /// Redirects are not followed: a key must not go to another host than the one it is meant for.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        // The limit of calls at once is each endpoint's own.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 512
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    func answer(to call: HTTPCall) async throws -> HTTPAnswer {
        try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
            group.addTask { try await exchange(call) }
            // The client's own deadline ends with the head of the answer; a body that trickles is bounded here.
            group.addTask {
                try await Task.sleep(for: call.timeout)
                throw TransportError.timedOut
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw TransportError.timedOut }
            return answer
        }
    }

    private func exchange(_ call: HTTPCall) async throws -> HTTPAnswer {
        var request = HTTPClientRequest(url: call.url)
        request.method = HTTPMethod(rawValue: call.method)
        for header in call.headers { request.headers.add(name: header.name, value: header.value) }
        if !call.body.isEmpty { request.body = .bytes(call.body) }
        do {
            let response = try await Self.client.execute(
                request, timeout: .nanoseconds(Int64(call.timeout / .nanoseconds(1))))
            var headers: [String: String] = [:]
            for header in response.headers { headers[header.name.lowercased()] = header.value }
            let body = try await response.body.collect(upTo: call.byteLimit)
            return HTTPAnswer(status: Int(response.status.code), headers: headers, body: Array(body.readableBytesView))
        } catch let error as CancellationError {
            throw error
        } catch is NIOTooManyBytesError {
            throw TransportError.tooLarge(limit: call.byteLimit)
        } catch let error as HTTPClientError
            where error == .deadlineExceeded || error == .connectTimeout || error == .readTimeout
        {
            throw TransportError.timedOut
        } catch let error as HTTPClientError {
            throw TransportError.connection(error.shortDescription)
        } catch {
            throw TransportError.connection("\(error)")
        }
    }
}
