internal import Foundation
internal import FoundationNetworking
internal import GygesFiles

/// Fetches bodies of bounded size over HTTP, with a few more tries when the network or the server stumbles.
struct HTTPClient: Sendable {
    /// Sent as a bearer token, to the first host only and never over plain HTTP except to this machine.
    var token: String?
    /// How long to wait before each further try, in seconds.
    var pauses: [Double] = [1, 2, 4]

    /// The body at `url`, or the bytes `range` of it.
    ///
    /// - Parameters:
    ///   - limit: the most bytes accepted; a longer answer is cut off and refused.
    /// - Throws: ``FileError`` with the status or the network's reason.
    func body(of url: URL, range: Range<Int>? = nil, limit: Int) async throws(FileError) -> Data {
        var pauses = pauses[...]
        while true {
            let answer = await answer(to: url, range: range, limit: limit)
            switch answer {
            case .success(let answer):
                if let body = try accept(answer, from: url, range: range) { return body }
                if pauses.isEmpty { throw Self.unavailable(url, "answered with status \(answer.status)") }
            case .failure(let problem):
                if problem.isFinal || pauses.isEmpty { throw Self.unavailable(url, problem.text) }
            }
            try? await Task.sleep(for: .seconds(pauses.removeFirst()))
            if Task.isCancelled { throw Self.unavailable(url, "was cancelled") }
        }
    }

    /// The body of a good answer; `nil` if the server asks to try again later.
    private func accept(_ answer: Answer, from url: URL, range: Range<Int>?) throws(FileError) -> Data? {
        switch answer.status {
        case 200 where range == nil || range?.lowerBound == 0:
            if let range, answer.body.count > range.count { return answer.body.prefix(range.count) }
            return answer.body
        case 200:
            throw Self.unavailable(url, "does not serve parts of a file, so the download cannot be resumed")
        case 206:
            guard let range, answer.contentRange?.hasPrefix("bytes \(range.lowerBound)-") ?? false,
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
        case 408, 429, 500...599:
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

    private func answer(to url: URL, range: Range<Int>?, limit: Int) async -> Result<Answer, Problem> {
        var request = URLRequest(url: url, timeoutInterval: 60)
        request.setValue("gyges", forHTTPHeaderField: "User-Agent")
        // A compressed body would have another length than the range asked for.
        request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        if let range {
            request.setValue("bytes=\(range.lowerBound)-\(range.upperBound - 1)", forHTTPHeaderField: "Range")
        }
        let isLoopback = ["localhost", "127.0.0.1", "::1"].contains(url.host ?? "")
        if let token, url.scheme == "https" || isLoopback {
            request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        }
        let collector = BodyCollector(limit: limit)
        let session = URLSession(configuration: .ephemeral, delegate: collector, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        let task = session.dataTask(with: request)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                collector.start(task, continuation)
            }
        } onCancel: {
            task.cancel()
        }
    }
}

/// A server's answer.
struct Answer: Sendable {
    var status: Int
    var contentRange: String?
    var body: Data
}

/// Why there is no answer.
struct Problem: Error {
    var text: String
    /// Whether trying again is pointless.
    var isFinal: Bool
}

/// Collects a body up to a limit.
///
/// Unchecked, because the lock guards everything that changes.
private final class BodyCollector: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let lock = NSLock()
    private let limit: Int
    private var body = Data()
    private var isTooLong = false
    private var continuation: CheckedContinuation<Result<Answer, Problem>, Never>?

    init(limit: Int) { self.limit = limit }

    func start(_ task: URLSessionDataTask, _ continuation: CheckedContinuation<Result<Answer, Problem>, Never>) {
        lock.withLock { self.continuation = continuation }
        task.resume()
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLong = lock.withLock {
            if body.count + data.count > limit { self.isTooLong = true } else { body.append(data) }
            return self.isTooLong
        }
        if isTooLong { dataTask.cancel() }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        let original = task.originalRequest?.url
        // Large files are served from another host, which has no business with the token.
        guard original?.scheme != "https" || request.url?.scheme == "https" else { return completionHandler(nil) }
        var request = request
        if request.url?.host != original?.host { request.setValue(nil, forHTTPHeaderField: "Authorization") }
        completionHandler(request)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let result: Result<Answer, Problem> = lock.withLock {
            if isTooLong {
                return .failure(Problem(text: "sent more than the \(limit) bytes announced", isFinal: true))
            }
            guard error == nil, let response = task.response as? HTTPURLResponse else {
                let reason = error.map { $0.localizedDescription } ?? "no answer"
                return .failure(Problem(text: "cannot be reached: \(reason)", isFinal: false))
            }
            return .success(
                Answer(
                    status: response.statusCode, contentRange: response.value(forHTTPHeaderField: "Content-Range"),
                    body: body))
        }
        lock.withLock { continuation.take() }?.resume(returning: result)
    }
}
