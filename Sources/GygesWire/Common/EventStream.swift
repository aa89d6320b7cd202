public import GygesFiles

/// Server-sent events (HTML Standard, 9.2) as OpenAI's API streams answers: one JSON document an event, `[DONE]` at the end.
public enum EventStream {
    /// What a stream brings.
    public enum Event: Sendable, Equatable {
        /// A document, as text.
        case data(String)
        /// The answer is whole.
        case done
    }

    /// The bytes of an event.
    public static func bytes(_ json: JSON) -> [UInt8] { Array("data: \(json.serialized())\n\n".utf8) }

    /// The bytes of an event that has a name: its document's `type`, as responses have it.
    public static func namedBytes(_ json: JSON) -> [UInt8] {
        Array("event: \(json["type"]?.string ?? "message")\n".utf8) + bytes(json)
    }

    /// The bytes of the last event.
    public static var end: [UInt8] { Array("data: [DONE]\n\n".utf8) }

    /// Bytes that are no event: they keep a connection open that would otherwise be quiet for long.
    public static var keepAlive: [UInt8] { Array(": keep-alive\n\n".utf8) }
}

/// Finds events in bytes as they arrive, however they are cut.
public struct EventStreamReader: Sendable {
    private var line: [UInt8] = []
    private var data: [UInt8]?
    private var endedWithReturn = false
    private let limit: Int

    /// Begins to read.
    ///
    /// - Parameter limit: the most bytes of one event.
    public init(limit: Int = 16 << 20) { self.limit = limit }

    /// Takes bytes in and returns the events that they complete.
    ///
    /// - Throws: `FileError` naming `source` for an event beyond the limit, or one that is not UTF-8.
    public mutating func take(_ bytes: some Sequence<UInt8>, source: String) throws(FileError) -> [EventStream.Event] {
        var events: [EventStream.Event] = []
        for byte in bytes {
            // A line ends with a return, a newline, or both.
            if byte == UInt8(ascii: "\n"), endedWithReturn {
                endedWithReturn = false
                continue
            }
            endedWithReturn = byte == UInt8(ascii: "\r")
            guard byte == UInt8(ascii: "\n") || endedWithReturn else {
                guard line.count + (data?.count ?? 0) < limit else {
                    throw FileError(source, "an event is longer than \(limit) bytes", remedy: wrongAPIRemedy)
                }
                line.append(byte)
                continue
            }
            if line.isEmpty {
                if let data { events.append(try Self.event(data, source: source)) }
                data = nil
            } else {
                takeLine()
            }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }

    /// Adds a line to the event; comments and members that are no data are left out.
    private mutating func takeLine() {
        let name = Array("data:".utf8)
        guard line.starts(with: name) else { return }
        var value = line.dropFirst(name.count)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        data = data.map { $0 + [UInt8(ascii: "\n")] + value } ?? Array(value)
    }

    private static func event(_ data: [UInt8], source: String) throws(FileError) -> EventStream.Event {
        guard let text = String(validating: data, as: UTF8.self) else {
            throw FileError(source, "an event is not UTF-8", remedy: wrongAPIRemedy)
        }
        return text.hasPrefix("[DONE]") ? .done : .data(text)
    }
}
