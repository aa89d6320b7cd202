/// Takes the parts of a form apart as it arrives (`multipart/form-data`, RFC 7578), however it is cut, holding no more of a part than may be
/// the beginning of its end.
///
/// It is strict: nothing stands before the first boundary or behind the last, and every part says its name.
public struct MultipartReader: Sendable {
    /// What a form turns out to hold.
    public enum Event: Sendable, Equatable {
        /// A part begins.
        case part(name: String, fileName: String?)
        /// What it goes on with.
        case bytes([UInt8])
        /// The form is over.
        case end
    }

    private enum State {
        case start
        case headers
        case content
        case boundary
        case end
    }

    /// The most bytes of a part's heading, and the most parts.
    private static let (headingLimit, partLimit) = (8 << 10, 32)

    private let boundary: [UInt8]
    private var state = State.start
    private var held: [UInt8] = []
    private var partCount = 0

    /// Begins to read a form.
    ///
    /// - Parameter contentType: The request's own, which names the boundary.
    /// - Throws: ``Refusal`` with status 415 if it is no form, 400 if it names no boundary that may be.
    public init(contentType: String?) throws(Refusal) {
        let parts = (contentType ?? "").split(separator: ";").map { $0.trimmed }
        guard parts.first?.lowercased() == "multipart/form-data" else {
            throw Refusal(status: 415, "send a form: Content-Type: multipart/form-data")
        }
        let named = parts.dropFirst().first { $0.lowercased().hasPrefix("boundary=") }
        let boundary = named.map { Self.unquoted(String($0.dropFirst("boundary=".count))) } ?? ""
        guard (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Refusal("the form's Content-Type names no boundary")
        }
        self.boundary = Array("\r\n--\(boundary)".utf8)
    }

    /// Takes bytes in and returns what they turned out to be.
    ///
    /// - Throws: ``Refusal`` if the form is none.
    public mutating func take(_ bytes: [UInt8]) throws(Refusal) -> [Event] {
        held += bytes
        var events: [Event] = []
        while let event = try next() { events += event }
        return events
    }

    /// Makes sure that the form is whole.
    ///
    /// - Throws: ``Refusal`` if it is not.
    public func finish() throws(Refusal) {
        guard state == .end else { throw Refusal("the form ends too early") }
    }

    /// One step; `nil` if more bytes are needed.
    private mutating func next() throws(Refusal) -> [Event]? {
        switch state {
        case .start:
            // The first boundary has no line before it.
            let first = boundary.dropFirst(2)
            guard held.count >= first.count else {
                guard first.starts(with: held) else { throw Refusal("the form does not begin with its boundary") }
                return nil
            }
            guard held.starts(with: first) else { throw Refusal("the form does not begin with its boundary") }
            held.removeFirst(first.count)
            state = .boundary
            return []
        case .boundary:
            guard held.count >= 2 else { return nil }
            let mark = Array(held.prefix(2))
            held.removeFirst(2)
            if mark == Array("--".utf8) {
                state = .end
                return [.end]
            }
            guard mark == [0x0D, 0x0A] else { throw Refusal("a boundary of the form is followed by something else") }
            state = .headers
            return []
        case .headers:
            guard let end = Self.index(of: [0x0D, 0x0A, 0x0D, 0x0A], in: held) else {
                guard held.count <= Self.headingLimit else { throw Refusal("a part's heading is too long") }
                return nil
            }
            guard end <= Self.headingLimit else { throw Refusal("a part's heading is too long") }
            let event = try Self.heading(Array(held[..<end]))
            held.removeFirst(end + 4)
            partCount += 1
            guard partCount <= Self.partLimit else { throw Refusal("the form has more than \(Self.partLimit) parts") }
            state = .content
            return [event]
        case .content:
            if let end = Self.index(of: boundary, in: held) {
                let bytes = Array(held[..<end])
                held.removeFirst(end + boundary.count)
                state = .boundary
                return bytes.isEmpty ? [] : [.bytes(bytes)]
            }
            let known = held.count - (boundary.count - 1)
            guard known > 0 else { return nil }
            let bytes = Array(held[..<known])
            held.removeFirst(known)
            return [.bytes(bytes)]
        case .end:
            // Clients end the last line, or do not.
            guard [0x0D, 0x0A].starts(with: held) else { throw Refusal("something follows the form's end") }
            return nil
        }
    }

    private static func heading(_ bytes: [UInt8]) throws(Refusal) -> Event {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Refusal("a part's heading is not UTF-8")
        }
        for line in text.split(separator: "\r\n" as Character, omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":") else { throw Refusal("a part's heading is none") }
            guard line[..<colon].lowercased() == "content-disposition" else { continue }
            var (name, fileName): (String?, String?)
            let members = Self.members(of: line[line.index(after: colon)...])
            guard members.first?.lowercased() == "form-data" else { break }
            for member in members.dropFirst() {
                guard let mark = member.firstIndex(of: "=") else { throw Refusal("a part's heading is none") }
                let value = unquoted(String(member[member.index(after: mark)...]))
                switch member[..<mark].lowercased() {
                case "name" where name == nil: name = value
                case "filename" where fileName == nil: fileName = value
                case "filename*": break  // The same name in another spelling, beside the plain one.
                default: throw Refusal("a part's heading has an unknown or a doubled member")
                }
            }
            guard let name else { break }
            return .part(name: name, fileName: fileName)
        }
        throw Refusal("a part of the form does not say its name")
    }

    /// The members of a header, between semicolons that no quotes hold.
    private static func members(of text: Substring) -> [String] {
        var members = [""]
        var (isQuoted, isEscaped) = (false, false)
        for character in text {
            if character == ";", !isQuoted {
                members.append("")
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isEscaped
            members[members.count - 1].append(character)
        }
        return members.map { $0[...].trimmed }
    }

    /// A value without its quotes, in which browsers write quotes as `%22`, and others behind a backslash.
    private static func unquoted(_ value: String) -> String {
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
        var result = ""
        var isEscaped = false
        for character in value.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
                continue
            }
            result.append(character)
            isEscaped = false
        }
        return result
    }

    /// Where bytes stand first among others.
    private static func index(of sought: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            guard let first = sought.first, bytes.count >= sought.count else { return nil }
            for start in 0...(bytes.count - sought.count)
            where bytes[start] == first && bytes[start..<start + sought.count].elementsEqual(sought) {
                return start
            }
            return nil
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = drop { $0 == " " || $0 == "\t" }
        return String(
            start[..<(start.lastIndex { $0 != " " && $0 != "\t" }.map(start.index(after:)) ?? start.startIndex)])
    }
}
