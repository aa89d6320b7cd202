import Foundation
import Glibc
import Synchronization

/// A server on this machine that takes one request a connection and behaves as a script says.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        /// The request's line and headers.
        var head: String
        var body: [UInt8]
    }

    enum Behaviour: Sendable {
        /// Sends bytes, and closes the connection or waits for the client to.
        case bytes(String, closes: Bool = false)
        /// Sends nothing.
        case silence
        /// Sends a beginning and then a byte now and then.
        case trickle(String)
    }

    private let listener: Int32
    private let port: UInt16
    private let requests = Counter()

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }

    var url: String { "http://127.0.0.1:\(port)/path" }

    init(_ script: @escaping @Sendable (Request) -> Behaviour) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let opened = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(opened, $0, length) == 0 && listen(opened, 128) == 0 && getsockname(opened, $0, &length) == 0
            }
        }
        guard isBound else { throw CocoaError(.fileReadUnknown) }
        port = UInt16(bigEndian: address.sin_port)
        let requests = requests
        Thread.detachNewThread {
            while true {
                let connection = accept(opened, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread {
                    defer { close(connection) }
                    while let request = Self.read(connection) {
                        requests.value.add(1, ordering: .relaxed)
                        guard Self.answer(script(request), on: connection) else { return }
                    }
                }
            }
        }
    }

    deinit {
        // Closing alone does not wake the thread that accepts.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Returns as soon as a request has arrived.
    func waitForRequest() async throws {
        while requests.value.load(ordering: .relaxed) == 0 { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// A request; `nil` once the client has closed the connection.
    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = bytes.firstRange(of: end) {
                let head = String(decoding: bytes[..<range.upperBound], as: UTF8.self)
                let length = head.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) } ?? 0
                if bytes.count >= range.upperBound + length {
                    return Request(head: head, body: Array(bytes[range.upperBound...]))
                }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }

    /// Whether the connection goes on.
    private static func answer(_ behaviour: Behaviour, on connection: Int32) -> Bool {
        switch behaviour {
        case .bytes(let text, let closes): return send(text, on: connection) && !closes
        case .silence: return true
        case .trickle(let text):
            guard send(text, on: connection) else { return false }
            while send("x", on: connection) { usleep(10_000) }
            return false
        }
    }

    private static func send(_ text: String, on connection: Int32) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }
}
