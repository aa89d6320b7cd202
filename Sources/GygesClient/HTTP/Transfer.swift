import CGygesCurl
import FoundationEssentials

/// One call that libcurl makes.
///
/// Unchecked, because after it is handed to its ``TransferLoop`` only the loop's thread touches it.
final class Transfer: @unchecked Sendable {
    /// Tells it from others.
    let number: UInt64
    /// libcurl's handle; `nil` if there was no memory for one.
    let handle: UnsafeMutableRawPointer?
    private let call: HTTPCall
    private let receiver: Receiver
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var headers: [String: String] = [:]
    private var body: [UInt8] = []
    private var takenCount = 0
    private var isTooLarge = false

    /// The time that a connection may take to be made, in milliseconds.
    private static let connectTime = 10_000

    /// Who takes what arrives.
    enum Receiver {
        /// Somebody who waits for the whole.
        case whole(CheckedContinuation<HTTPAnswer, any Error>)
        /// Somebody who reads it as it comes.
        case stream(TransferStream)
    }

    init(_ call: HTTPCall, number: UInt64, receiver: Receiver) {
        self.call = call
        self.number = number
        self.receiver = receiver
        handle = gyges_transfer_new()
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        if let handle { gyges_transfer_free(handle) }
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// Sets everything up; `nil` if libcurl does not take it.
    func prepare() -> UnsafeMutableRawPointer? {
        guard let handle else { return nil }
        // The functions get this object unretained: the loop keeps it until the transfer has been taken out.
        let context = Unmanaged.passUnretained(self).toOpaque()
        var code = gyges_transfer_prepare(
            handle, call.url, Self.connectTime, Self.milliseconds(call.timeout),
            (Self.milliseconds(call.idleTimeout) + 999) / 1000, errorText,
            { bytes, size, count, context in Transfer.of(context)?.take(bytes, size * count) ?? 0 },
            { bytes, size, count, context in Transfer.of(context)?.takeHeader(bytes, size * count) ?? 0 }, context)
        // An empty “Expect” keeps libcurl from asking the server first whether it wants a large body, and waiting a second for servers
        // that do not know the question.
        for header in call.headers + [("Expect", "")] {
            guard let list = curl_slist_append(headerList, "\(header.name): \(header.value)") else { return nil }
            headerList = list
        }
        if code == 0 { code = gyges_transfer_headers(handle, headerList) }
        if code == 0, call.method == .post {
            code = call.body.withUnsafeBytes { bytes in
                // An empty array may have no address.
                withUnsafeBytes(of: 0) { nothing in
                    gyges_transfer_post(handle, bytes.baseAddress ?? nothing.baseAddress!, Int64(bytes.count))
                }
            }
        }
        if code == 0, let host = URLComponents(string: call.url)?.host, isLoopback(host) {
            code = gyges_transfer_without_proxy(handle)
        }
        return code == 0 ? handle : nil
    }

    /// A time in whole milliseconds, at least one; 0, which is libcurl's word for no limit, for `nil`.
    private static func milliseconds(_ time: Duration?) -> Int {
        guard let time else { return 0 }
        return Int(max(1, min(time / .milliseconds(1), 1e12)))
    }

    /// Ends the call with libcurl's code, 0 for success.
    func end(code: Int32) {
        if isTooLarge {
            end(throwing: TransportError.tooLarge(limit: call.byteLimit))
        } else if gyges_is_timeout(code) != 0 {
            end(throwing: TransportError.timedOut)
        } else if code != 0 {
            let detail = String(cString: errorText)
            end(throwing: TransportError.connection(detail.isEmpty ? String(cString: gyges_curl_text(code)) : detail))
        } else {
            switch receiver {
            case .whole(let continuation):
                continuation.resume(returning: HTTPAnswer(status: status, headers: headers, body: body))
            case .stream(let stream):
                stream.begin(status: status, headers: headers)
                stream.end(nil)
            }
        }
    }

    private var status: Int { handle.map { gyges_transfer_status($0) } ?? 0 }

    /// Ends the call without an answer.
    func end(throwing error: any Error) {
        switch receiver {
        case .whole(let continuation): continuation.resume(throwing: error)
        case .stream(let stream): stream.end(error)
        }
    }

    // MARK: - What arrives

    private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Takes bytes of the body; anything but their count, or that they are to come again later, ends the transfer.
    private func take(_ bytes: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
        guard count <= call.byteLimit - takenCount else {
            isTooLarge = true
            return 0
        }
        if case .stream(let stream) = receiver {
            stream.begin(status: status, headers: headers)
            guard stream.take(UnsafeRawBufferPointer(start: bytes, count: count)) else { return gyges_sink_pause() }
            takenCount += count
            return count
        }
        takenCount += count
        body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    /// Takes a line of the head. libcurl bounds their lengths and how many there are.
    private func takeHeader(_ bytes: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
        let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // The head of another answer: what a proxy or “100 Continue” said before does not count.
            headers = [:]
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop(while: \.isWhitespace)
            let end = value.lastIndex { !$0.isWhitespace }.map { value.index(after: $0) } ?? value.startIndex
            headers[line[..<colon].lowercased()] = String(value[..<end])
        }
        return count
    }
}
