internal import Foundation
internal import GygesClient
internal import GygesFiles

/// Fetches bodies of bounded size from a hub, with a few more tries when the network or the server stumbles.
struct HubClient: Sendable {
    /// Sent as a bearer token, to the first host only and never over plain HTTP except to this machine.
    var token: String?
    var transport: any HTTPTransport = NetworkTransport()
    /// When a call is tried again.
    var policy = RetryPolicy(
        attempts: 4, firstPause: .seconds(1), longestPause: .seconds(8), longestRequestedPause: .seconds(30))

    /// How long nothing may arrive before a call counts as failed.
    private static let idleTimeout: Duration = .seconds(60)
    /// How often a server may point to another address.
    private static let redirectLimit = 5

    /// The body at `url`, or the bytes `range` of it.
    ///
    /// - Parameters:
    ///   - limit: the most bytes accepted; a longer answer is refused.
    /// - Throws: ``FileError`` with the status or the network's reason.
    func body(of url: URL, range: Range<Int>? = nil, limit: Int) async throws(FileError) -> [UInt8] {
        var failed = 0
        while true {
            let problem: String
            var requested: Duration?
            do {
                let answer = try await answer(to: url, range: range, limit: limit)
                if let body = try accept(answer, from: url, range: range) { return body }
                problem = "answered with status \(answer.status)"
                requested = RetryPolicy.requestedPause(answer.headers)
            } catch let error as FileError {
                throw error
            } catch TransportError.tooLarge(let limit) {
                throw Self.unavailable(url, "sent more than the \(limit) bytes announced")
            } catch TransportError.timedOut {
                problem = "cannot be reached: nothing arrived for \(Self.idleTimeout)"
            } catch TransportError.connection(let reason) {
                problem = "cannot be reached: \(reason)"
            } catch {
                throw Self.unavailable(url, "was cancelled")
            }
            failed += 1
            guard failed < policy.attempts else { throw Self.unavailable(url, problem) }
            let seed = UInt64(clamping: range?.lowerBound ?? 0)
            try? await Task.sleep(for: policy.pause(after: failed, seed: seed, requested: requested))
            if Task.isCancelled { throw Self.unavailable(url, "was cancelled") }
        }
    }

    /// The body of a good answer; `nil` if the server asks to try again later.
    private func accept(_ answer: HTTPAnswer, from url: URL, range: Range<Int>?) throws(FileError) -> [UInt8]? {
        switch answer.status {
        case 200 where range == nil || range?.lowerBound == 0:
            return range.map { Array(answer.body.prefix($0.count)) } ?? answer.body
        case 200:
            throw Self.unavailable(url, "does not serve parts of a file, so the download cannot be resumed")
        case 206:
            guard let range, answer.headers["content-range"]?.hasPrefix("bytes \(range.lowerBound)-") ?? false,
                answer.body.count <= range.count
            else { throw Self.unavailable(url, "sent another part of the file than was asked for") }
            return answer.body
        case 401, 403:
            throw FileError(
                url.absoluteString, "is not open to everyone (status \(answer.status))",
                remedy: "Accept the model's terms on its page and set HF_TOKEN to a token of your account.")
        case 404:
            throw FileError(
                url.absoluteString, "does not exist (status 404)",
                remedy: "Check the owner, the name, the revision and the file; a private one needs HF_TOKEN.")
        case let status where RetryPolicy.isTransient(status):
            return nil
        default:
            throw Self.unavailable(url, "answered with status \(answer.status)")
        }
    }

    private static func unavailable(_ url: URL, _ problem: String) -> FileError {
        FileError(
            url.absoluteString, problem,
            remedy: "Check the network, then pull again; what has been downloaded is kept.")
    }

    /// Makes a call and follows where the server points.
    ///
    /// Large files are served from another host, which has no business with the token; and from an encrypted address it never goes
    /// on to one that is not.
    private func answer(to url: URL, range: Range<Int>?, limit: Int) async throws -> HTTPAnswer {
        var place = url
        for _ in 0...Self.redirectLimit {
            let answer = try await transport.answer(to: call(to: place, of: url, range: range, limit: limit))
            guard [301, 302, 303, 307, 308].contains(answer.status), let location = answer.headers["location"] else {
                return answer
            }
            guard let next = URL(string: location, relativeTo: place)?.absoluteURL,
                next.scheme == "https" || (next.scheme == "http" && place.scheme == "http")
            else { return answer }
            place = next
        }
        throw Self.unavailable(url, "points from one address to the next")
    }

    private func call(to place: URL, of url: URL, range: Range<Int>?, limit: Int) -> HTTPCall {
        // A compressed body would have another length than the range asked for.
        var headers = [(name: "User-Agent", value: "gyges"), (name: "Accept-Encoding", value: "identity")]
        if let range { headers.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")) }
        let isSafe = place.scheme == "https" || isLoopback(place.host ?? "")
        if let token, isSafe, place.host == url.host, place.port == url.port {
            headers.append(("Authorization", "Bearer \(token)"))
        }
        return HTTPCall(
            .get, place.absoluteString, headers: headers, idleTimeout: Self.idleTimeout, byteLimit: limit)
    }
}
