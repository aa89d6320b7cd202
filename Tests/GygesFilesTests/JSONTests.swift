import GygesFiles
import Foundation
import Testing

/// The JSON reader at its edges.
@Suite struct JSONTests {
    @Test(
        "What RFC 8259 forbids is refused with its place",
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "tru", "nulll", "\"\t\"",
            "\"\\x\"",
            "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "[1] 2", "'a'", "NaN", "Infinity", "/* */1", "\u{FEFF}1", "\"a",
            "1e400", "--1",
        ])
    func refused(text: String) {
        let error = #expect(throws: FileError.self) { try JSON.parse(Array(text.utf8), path: "some.json") }
        #expect(error?.description.contains("some.json") ?? false)
        #expect(error?.remedy.isEmpty == false)
    }

    @Test("Nesting is bounded, and bytes must be UTF-8")
    func bounds() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: FileError.self) { try JSON.parse(Array(deep.utf8), path: "deep") }
        #expect(throws: FileError.self) { try JSON.parse([0x22, 0xC3, 0x28, 0x22], path: "bytes") }
        #expect(throws: FileError.self) { try JSON.parse([0x22, 0xED, 0xA0, 0x80, 0x22], path: "surrogate") }
        #expect(throws: FileError.self) {
            try JSON.parse(Array("[1,2,3]".utf8), path: "long", limits: .init(byteCount: 6))
        }
    }

    @Test("Integers stay integers, however long")
    func integers() throws {
        #expect(try JSON(parsing: "9223372036854775807").integer == .max)
        #expect(try JSON(parsing: "9223372036854775808").integer == nil)
        #expect(try JSON(parsing: "9223372036854775808").serialized() == "9223372036854775808")
        #expect(try JSON(parsing: "1.0").integer == nil && JSON(parsing: "1.0").serialized() == "1.0")
        #expect(try JSON(parsing: "-0").serialized() == "0")
    }

    @Test("Names keep their order, and differ where their scalars do")
    func names() throws {
        let object = try JSON(parsing: "{\"e\u{301}\":1,\"\u{E9}\":2,\"b\":3,\"a\":4}").object
        #expect(object?.values.compactMap(\.integer) == [1, 2, 3, 4])
        #expect(object?["\u{E9}"] == 2 && object?["e\u{301}"] == 1)
    }

    @Test("A name that stands twice is an error only where that is asked for")
    func duplicates() throws {
        let text = Array("{\"a\":1,\"a\":2}".utf8)
        #expect(try JSON.parse(text, path: "x")["a"]?.integer == 2)
        #expect(throws: FileError.self) {
            try JSON.parse(text, path: "x", limits: .init(rejectsDuplicateKeys: true))
        }
    }

    @Test("Documents are written as Python's json writes them (`scripts/fixtures/make_json.py`)")
    func writesLikePython() throws {
        let path = try #require(Bundle.module.path(forResource: "Fixtures/json", ofType: "json"))
        let goldens = try #require(try JSON.read(path: path).array)
        #expect(goldens.count == 4)
        for golden in goldens {
            let text = try #require(golden["text"]?.string)
            let document = try JSON.parse(Array(text.utf8), path: "golden", limits: .init(allowsNonFinite: true))
            #expect(document.serialized(.python) == golden["python"]?.string)
            let sorted = JSON.Style(indent: 2, keySeparator: ": ", sortsKeys: true)
            #expect(document.serialized(sorted) == golden["sorted"]?.string)
        }
    }
}
