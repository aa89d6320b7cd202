import Foundation
import Glibc

/// A client of one request a connection that sends bytes as they are, and reads until the server closes.
public struct HTTPProbe: Sendable {
    /// What came back.
    public struct Answer: Sendable, Equatable {
        /// The status; 0 if nothing came.
        public var status: Int
        /// Values by lower-case name.
        public var headers: [String: String]
        /// The body, its chunks joined.
        public var text: String
    }

    private let port: UInt16

    /// Asks a server of this machine.
    ///
    /// - Parameter url: where it listens, `http://127.0.0.1:PORT` with anything behind.
    public init(_ url: String) {
        port = UInt16(url.split(separator: ":").last?.prefix { $0.isNumber } ?? "") ?? 0
    }

    /// Sends a request with a `Host` and the body's length, unless the headers say otherwise.
    public func ask(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: String = ""
    ) async throws -> Answer {
        var lines = ["\(method) \(path) HTTP/1.1"] + headers.map { "\($0.name): \($0.value)" }
        if !headers.contains(where: { $0.name == "Host" }) { lines.append("Host: 127.0.0.1:\(port)") }
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        lines.append("Connection: close")
        return try await send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Sends a text as it is.
    public func send(_ text: String) async throws -> Answer {
        let port = port
        // On a thread of its own: the pool's are few, and the server may need one to answer.
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.exchange(Array(text.utf8), port: port) })
            }
        }
    }

    /// Sends a request, reads until the answer holds a text, and closes the connection; returns what was read.
    public func leave(_ method: String, _ path: String, body: String, after text: String) async throws -> String {
        let (port, length) = (port, body.utf8.count)
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Length: \(length)\r\n\r\n\(body)"
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        try Self.read(Array(request.utf8), port: port) {
                            String(decoding: $0, as: UTF8.self).contains(text)
                        }
                    }.map { String(decoding: $0, as: UTF8.self) })
            }
        }
    }

    private static func exchange(_ bytes: [UInt8], port: UInt16) throws -> Answer {
        parse(String(decoding: try read(bytes, port: port) { _ in false }, as: UTF8.self))
    }

    private static func read(_ bytes: [UInt8], port: UInt16, until isEnough: ([UInt8]) -> Bool) throws -> [UInt8] {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(connection) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw POSIXError(.ECONNREFUSED) }
        // A server that has seen enough may close before everything is sent; its answer counts.
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while !isEnough(answer) {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            answer += buffer[..<count]
        }
        return answer
    }

    private static func parse(_ text: String) -> Answer {
        guard let end = text.range(of: "\r\n\r\n") else { return Answer(status: 0, headers: [:], text: text) }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let body = text[end.upperBound...]
        let isInChunks = headers["transfer-encoding"]?.lowercased() == "chunked"
        return Answer(status: status, headers: headers, text: isInChunks ? joined(body) : String(body))
    }

    /// The content of chunks (RFC 9112, 7.1), as far as they are there.
    private static func joined(_ chunks: Substring) -> String {
        var rest = Array(chunks.utf8)[...]
        var content: [UInt8] = []
        while let end = rest.firstIndex(of: 0x0A) {
            let size = String(decoding: rest[..<end], as: UTF8.self).trimmingCharacters(
                in: .whitespaces.union(.newlines))
            guard let count = Int(size, radix: 16), count > 0 else { break }
            content += rest[(end + 1)...].prefix(count)
            rest = rest[(end + 1)...].dropFirst(count + 2)
        }
        return String(decoding: content, as: UTF8.self)
    }
}
