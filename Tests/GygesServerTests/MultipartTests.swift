import Testing

@testable import GygesServer

/// Forms are taken apart however they are cut, and nothing that is none passes for one.
@Suite struct MultipartTests {
    private static let type = "multipart/form-data; boundary=ring"
    private static let form =
        "--ring\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
        + "--ring\r\nContent-Type: application/jsonl\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a;\\\"b.jsonl\"\r\n\r\n"
        + "{}\r\n--rin\r\n-\r\r\n\r\n--ring--\r\n"

    private func events(_ text: String, type: String = type, step: Int) throws -> [MultipartReader.Event] {
        var reader = try MultipartReader(contentType: type)
        var events: [MultipartReader.Event] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: step) {
            events += try reader.take(Array(bytes[start..<min(bytes.count, start + step)]))
        }
        try reader.finish()
        // Neighbouring bytes belong together.
        return events.reduce(into: []) { whole, event in
            if case .bytes(let more) = event, case .bytes(let before)? = whole.last {
                whole[whole.count - 1] = .bytes(before + more)
            } else {
                whole.append(event)
            }
        }
    }

    @Test func partsAreTheSameHoweverTheyAreCut() throws {
        for step in [1, 2, 3, 7, 64, 4096] {
            let events = try events(Self.form, step: step)
            #expect(
                events == [
                    .part(name: "purpose", fileName: nil), .bytes(Array("batch".utf8)),
                    .part(name: "file", fileName: "a;\"b.jsonl"), .bytes(Array("{}\r\n--rin\r\n-\r\r\n".utf8)), .end,
                ], "\(step)")
        }
        #expect(try events("--ring--", step: 1) == [.end])
        #expect(
            try events(Self.form, type: "Multipart/Form-Data; charset=utf-8; boundary=\"ring\"", step: 9).count == 5)
    }

    @Test func whatIsNoFormIsRefused() throws {
        for type in [
            nil, "", "application/json", "multipart/form-data", "multipart/form-data; boundary=",
            "multipart/mixed; boundary=a",
        ] {
            #expect(throws: Refusal.self, "\(type ?? "none")") { try MultipartReader(contentType: type) }
        }
        let part = "--ring\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
        for text in [
            "", "x", "--rung\r\n", "\r\n--ring--", String(Self.form.dropLast(10)), Self.form + "more", "--ring\n",
            "--ringx", "--ring\r\n\r\nb\r\n--ring--", "--ring\r\nContent-Disposition: form-data\r\n\r\nb\r\n--ring--",
            "--ring\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nb\r\n--ring--",
            "--ring\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nb\r\n--ring--",
            "--ring\r\nnone\r\n\r\nb\r\n--ring--", "--ring\r\n" + String(repeating: "a", count: 10_000),
            String(repeating: part + "b\r\n", count: 40) + "--ring--",
        ] {
            for step in [1, 5000] {
                #expect(throws: Refusal.self, "\(text.prefix(100))") { try events(text, step: step) }
            }
        }
    }
}
