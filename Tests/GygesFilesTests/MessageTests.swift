import GygesFiles
import GygesTestSupport
import Testing

/// What errors show of texts that files bring along.
@Suite struct MessageTests {
    @Test("A name of 10,000 characters does not fill the screen, and both its ends can be read")
    func longNames() {
        let error = FileError(
            "model.gguf", at: String(repeating: "p", count: 10_000),
            "tensor \(String(repeating: "n", count: 10_000)) has the unknown type 7", remedy: "Use another file.")
        #expect(error.description.unicodeScalars.count < 1100)
        #expect(error.description.contains("tensor nnn") && error.description.contains("nnn has the unknown type 7"))
        #expect(error.description.hasSuffix("\nUse another file."))
        #expect(error.problems[0].count > 10_000)  // Programs still get all of it.
    }

    @Test("What cannot be seen, or would steer a terminal, is written as an escape")
    func controls() {
        let text = "a\u{1B}[2Jb\nc\r\t\u{0}\u{7F}\u{202E}d\u{9B}é😀"
        #expect(text.legible() == "a\\u{1b}[2Jb\\nc\\r\\t\\u{0}\\u{7f}\\u{202e}d\\u{9b}é😀")
        let error = FileError("x\u{1B}.json", at: "k\ney", "is \u{8}", remedy: "Go on.")
        #expect(error.description == "x\\u{1b}.json: k\\ney: is \\u{8}\nGo on.")
    }

    @Test("Texts up to the limit are whole, longer ones are cut in the middle", arguments: [0, 1, 299, 300])
    func bounds(count: Int) {
        let text = String(repeating: "ä", count: count)
        #expect(text.legible() == text)
        #expect(
            String(repeating: "ä", count: 301).legible() == String(repeating: "ä", count: 200) + " … "
                + String(repeating: "ä", count: 100))
    }

    @Test("Of many problems twenty are listed, and how many more there are")
    func manyProblems() {
        let error = FileError("x", problems: (1...567).map { "problem \($0)" }, remedy: "Go on.")
        let lines = error.description.split(separator: "\n")
        #expect(lines.count == 23 && lines[20] == "  - problem 20" && lines[21] == "  - and 547 more")
    }

    @Test(
        "The remedy is true: typing errors, nesting and large numbers are no damage",
        arguments: [
            ("{\"type\": \"object\"", "Correct the JSON"), (String(repeating: "[", count: 200), "at most 128 levels"),
            ("1e999", "below 1.8e308"), (String(repeating: "9", count: 5000), "a shorter number"),
        ])
    func remedies(text: String, remedy: String) throws {
        let error = try #require(throws: FileError.self) { try JSON(parsing: text, path: "--schema") }
        #expect(error.remedy.contains(remedy) && !error.description.contains("damaged"), "\(error)")
    }
}

/// The lock that the cache, runs and resumable files share.
@Suite struct FileLockTests {
    @Test("A second lock of a file is refused and names the first one's process; the file stays")
    func isExclusive() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lock"
        do {
            let first = try FileLock(path: path)
            defer { withExtendedLifetime(first) {} }
            let failure = #expect(throws: FileLock.Failure.self) { _ = try FileLock(path: path) }
            guard case .taken(let owner) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(owner.hasPrefix("process "))
        }
        #expect(throws: Never.self) { _ = try FileLock(path: path) }
        #expect(throws: FileLock.Failure.self) { _ = try FileLock(path: folder.path + "/none/lock") }
        #expect(throws: FileLock.Failure.self) { _ = try FileLock(path: "a\0b") }
    }

    @Test("A lock that notes no owner leaves the file's contents alone")
    func leavesContents() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("rows", to: "rows")
        do {
            let lock = try FileLock(path: path, notesOwner: false)
            defer { withExtendedLifetime(lock) {} }
            let failure = #expect(throws: FileLock.Failure.self) { _ = try FileLock(path: path, notesOwner: false) }
            #expect(failure == .taken(owner: "another process"))
        }
        #expect(try MappedFile.read(path: path) == Array("rows".utf8))
    }
}
