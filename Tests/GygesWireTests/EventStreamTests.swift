import GygesFiles
import Testing

@testable import GygesWire

@Suite struct EventStreamTests {
    private func events(_ bytes: [UInt8], piece: Int) throws -> [EventStream.Event] {
        var reader = EventStreamReader()
        var events: [EventStream.Event] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            events += try reader.take(bytes[start..<min(start + piece, bytes.count)], source: "")
        }
        return events
    }

    @Test(arguments: [1, 2, 3, 7, 1000]) func whatIsWrittenIsReadHoweverItIsCut(_ piece: Int) throws {
        let documents: [JSON] = [["a": "é\n\r\n\u{2028}"], [1, 2], "[DONE"]
        let bytes = documents.flatMap { EventStream.bytes($0) + EventStream.keepAlive } + EventStream.end
        let expected = documents.map { EventStream.Event.data($0.serialized()) } + [.done]
        #expect(try events(bytes, piece: piece) == expected)
    }

    @Test(arguments: ["\n", "\r", "\r\n"]) func linesEndAsTheyLike(_ end: String) throws {
        let lines = [
            "event: message", "data:a", "data: b", ": note", "", "id: 3", "", "data", "", "data: c", "", "data: half",
        ]
        let bytes = Array(lines.joined(separator: end).utf8)
        for piece in [1, 5, 1000] {
            #expect(try events(bytes, piece: piece) == [.data("a\nb"), .data("c")])
        }
    }

    @Test func whatIsTooLongOrNoTextIsRefused() throws {
        var reader = EventStreamReader(limit: 10)
        #expect(throws: FileError.self) { try reader.take(Array("data: 123456".utf8), source: "s") }
        var lines = EventStreamReader(limit: 10)
        #expect(throws: FileError.self) {
            try lines.take(Array("data: 1\ndata: 2\ndata: 3\ndata: 4\ndata: 5\ndata: 6\n".utf8), source: "s")
        }
        var other = EventStreamReader()
        #expect(throws: FileError.self) { try other.take(Array("data: ".utf8) + [0xFF, 10, 10], source: "s") }
    }
}
