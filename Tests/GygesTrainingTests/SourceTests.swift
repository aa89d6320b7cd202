import Foundation
import GygesFiles
import GygesTemplates
import GygesTestSupport
import GygesTokenizer
import Testing

@testable import GygesTraining

/// Rows of files become documents, and documents shards; whatever is wrong is said with its line.
@Suite struct SourceTests {
    private static func encoder(chats: Bool = true) throws -> RowEncoder {
        let tokenizer = try fixtureTokenizer("qwen2")
        let template = try ChatTemplate(
            source: "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
                + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
        return try RowEncoder(
            tokenizer, chats: chats ? try ChatEncoder(template, for: tokenizer) : nil,
            ending: .token(try #require(tokenizer.id(of: "<|endoftext|>"))))
    }

    private static func read(
        _ text: String, _ form: SourceForm = .jsonLines, tolerated: Double = 0, chats: Bool = true
    ) throws -> ([Document], SourceReport) {
        let folder = try TemporaryFolder()
        let path = try folder.write(text, to: "data")
        var encoder = try encoder(chats: chats)
        let (builder, report) = try encoder.documents(of: path, form: form, toleratedFaults: tolerated)
        let table = DocumentTable(builder, name: path, vocabularyCount: 1200, vocabularyDigest: digest)
        return ((0..<table.count).map { table.document($0) }, report)
    }

    private static let digest = Digest.sha256("vocabulary")

    private static func text(_ tokens: ArraySlice<Int32>) throws -> String {
        try fixtureTokenizer("qwen2").decode(Array(tokens), skipsSpecialTokens: false)
    }

    // MARK: Rows

    @Test func everyKindOfRowIsLearned() throws {
        let (documents, report) = try Self.read(
            """
            {"text": "A ring."}

            {"prompt": "Whose?", "completion": " Gyges's."}
            {"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "I."}]}
            {"prompt": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}], "completion": [{"role": "assistant", "content": "d"}], "tools": null}
            """)
        #expect(report.rowCount == 4 && report.faultCount == 0 && documents.count == 4)
        #expect(report.tokenCount == documents.reduce(0) { $0 + $1.tokens.count })
        #expect(report.supervisedCount == documents.reduce(0) { $0 + $1.supervisedCount })
        let learned = try documents.map { document in
            try document.supervised.map { try Self.text(document.tokens[$0]) }
        }
        #expect(
            learned == [
                ["A ring.<|endoftext|>"], [" Gyges's.<|endoftext|>"], ["I.<|im_end|>"], ["d<|im_end|>"],
            ])
        #expect(try Self.text(documents[1].tokens[...]) == "Whose? Gyges's.<|endoftext|>")
        // Prompt and completion are one text, and their tokens those of the text.
        let whole = try fixtureTokenizer("qwen2").encode("Whose? Gyges's.")
        #expect(Array(documents[1].tokens.dropLast()) == whole)
    }

    @Test func tokensAcrossABoundaryAreCountedAndNotLearned() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let merged = try #require(["the", "ing", "and", "er", "in"].first { try tokenizer.encode($0).count == 1 })
        let (documents, report) = try Self.read(
            "{\"prompt\": \"\(merged.dropLast())\", \"completion\": \"\(merged.suffix(1)) x\"}")
        #expect(report.straddlingCount == 1)
        let document = documents[0]
        #expect(try Self.text(document.tokens[document.supervised[0]]) == " x<|endoftext|>")
    }

    @Test func plainTextsAreCutAsAskedFor() throws {
        let text = "One.\r\nTwo.\n\n \nThree.\nFour."
        func texts(_ form: SourceForm) throws -> [String] {
            try Self.read(text, form).0.map { try Self.text($0.tokens.dropLast()) }
        }
        #expect(try texts(.lines) == ["One.", "Two.", "Three.", "Four."])
        #expect(try texts(.paragraphs) == ["One.\nTwo.", "Three.\nFour."])
        #expect(try texts(.whole) == [text])
    }

    @Test func encodersGetTheirFrame() throws {
        let tokenizer = try fixtureTokenizer("modernbert")
        var encoder = try RowEncoder(tokenizer)
        let document = try encoder.encode(.text("A ring.")).document
        #expect(document.tokens == (try tokenizer.encode("A ring.", addsBeginning: true, addsEnd: true)))
        #expect(document.tokens.count > 3)
        // Special tokens that a text spells are text.
        let typed = try encoder.encode(.text("[SEP]")).document.tokens
        #expect(typed.filter { $0 == document.tokens.last }.count == 1)
    }

    @Test func textsThatDoNotEndAreRefused() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        #expect(tokenizer.endOfText == nil)
        #expect(throws: SettingsError.self) { _ = try RowEncoder(tokenizer).encodeNothing() }
        #expect(throws: SettingsError.self) { _ = try RowEncoder(tokenizer, ending: .token(1 << 20)).encodeNothing() }
        var open = try RowEncoder(tokenizer, ending: .nothing)
        #expect(try open.encode(.text("A ring.")).document.tokens == tokenizer.encode("A ring."))
    }

    // MARK: Faults

    private static let broken: [(String, String)] = [
        ("{", "JSON"), ("3", "not an object"), ("{}", "neither"),
        ("{\"text\": \"a\", \"messages\": []}", "nobody knows"),
        ("{\"text\": 1}", "not text"), ("{\"text\": \"\"}", "no token"), ("{\"messages\": []}", "assistant's"),
        ("{\"messages\": [{\"content\": \"x\"}]}", "role"), ("{\"messages\": 1}", "list of messages"),
        ("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}", "assistant's"),
        ("{\"prompt\": \"x\"}", "completion"), ("{\"prompt\": [], \"completion\": 1}", "completion"),
        ("{\"messages\": [{\"role\": \"assistant\", \"content\": \"x\"}], \"tools\": 1}", "tools"),
        ("{\"prompt\": \"x\", \"completion\": 1}", "not text"),
    ]

    @Test func brokenLinesAreToldByLine() throws {
        let good = (0..<100).map { "{\"text\": \"Line \($0) of some.\"}\n" }
        for (line, words) in Self.broken {
            let text = good[..<40].joined() + line + "\n" + good[40...].joined()
            let error = try #require(throws: FileError.self, "\(line)") { _ = try Self.read(text) }
            #expect(error.problems.count == 2 && error.problems[0] == "1 of 101 rows cannot be learned from")
            #expect(
                error.problems[1].hasPrefix("line 41 ") && error.problems[1].contains(words), "\(error.problems[1])")
            let (documents, report) = try Self.read(text, tolerated: 0.01)
            #expect(documents.count == 100 && report.faultCount == 1 && report.rowCount == 101)
            #expect(report.faults.map(\.place) == ["line 41"])
            #expect(throws: FileError.self) { _ = try Self.read(text + line + "\n", tolerated: 0.01) }
        }
    }

    @Test func manyBrokenLinesAreCounted() throws {
        let error = try #require(throws: FileError.self) {
            _ = try Self.read(String(repeating: "{}\n", count: 1000) + "{\"text\": \"Sound.\"}", tolerated: 0.5)
        }
        #expect(error.problems[0] == "1000 of 1001 rows cannot be learned from")
        #expect(error.problems.count == FileError.listedProblemCount)
        #expect(throws: FileError.self) { _ = try Self.read("{}\n", tolerated: 1) }
        #expect(throws: FileError.self) { _ = try Self.read("\n \n") }
        #expect(throws: FileError.self) { _ = try Self.read("", .whole) }
        #expect(throws: FileError.self) {
            _ = try Self.read("{\"messages\": [{\"role\": \"assistant\", \"content\": \"x\"}]}", chats: false)
        }
    }

    @Test func textsThatAreNotUTF8AreFaults() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([0x61, 0x0A, 0xFF, 0xFE, 0x0A], to: "data")
        var encoder = try Self.encoder()
        let error = try #require(throws: FileError.self) { _ = try encoder.documents(of: path, form: .lines) }
        #expect(error.problems[1].hasPrefix("line 2 is not UTF-8"))
    }

    // MARK: Shards

    private static func table(_ vocabularyCount: Int = 1200) -> DocumentTable {
        var builder = DocumentTable.Builder()
        builder.append(Document(tokens: [1, 2, 3]))
        builder.append(Document(tokens: [Int32(vocabularyCount - 1), 0, 7, 8], supervised: [1..<2, 3..<4]))
        builder.append(Document(tokens: Array(0..<300)))
        return DocumentTable(builder, name: "table", vocabularyCount: vocabularyCount, vocabularyDigest: digest)
    }

    @Test(arguments: [1200, 65_536, 65_537, 151_936])
    func shardsHoldWhatWasWritten(vocabularyCount: Int) throws {
        let folder = try TemporaryFolder()
        let table = Self.table(vocabularyCount)
        try table.write(to: folder.path + "/shard")
        let shard = try TokenShard(path: folder.path + "/shard")
        try shard.verify()
        #expect(shard.count == 3 && shard.tokenCount == 307 && shard.vocabularyCount == vocabularyCount)
        #expect(shard.digest == table.digest && shard.vocabularyDigest == Self.digest)
        for document in 0..<3 {
            #expect(try shard.document(document) == table.document(document))
            #expect(try shard.length(of: document) == table.length(of: document))
        }
        #expect(
            Self.table(vocabularyCount).digest == table.digest && Self.table(vocabularyCount + 1).digest != table.digest
        )
        // What a run reads from a shard is what it reads from memory.
        let settings = DataSettings(seed: 1, packLength: 100, epochLimit: 2)
        var fromFile = try DataStream(of: [shard], settings: settings)
        var fromMemory = try DataStream(of: [table], settings: settings)
        while let pack = try fromFile.next() { #expect(try fromMemory.next() == pack) }
    }

    /// Every byte but the digests of the file, flipped: refused, or told by ``TokenShard/verify()``, and never a trap.
    @Test func damagedShardsAreRefused() throws {
        let folder = try TemporaryFolder()
        try Self.table().write(to: folder.path + "/sound")
        let bytes = try MappedFile.read(path: folder.path + "/sound")
        func attempt(_ bytes: [UInt8]) throws {
            let path = try folder.write(bytes, to: "shard")
            let shard = try TokenShard(path: path)
            for document in 0..<shard.count { _ = try? shard.document(document) }
            try shard.verify()
        }
        try attempt(bytes)
        for place in bytes.indices where place < 280 || place % 7 == 0 {
            for bit: UInt8 in [0x01, 0x80] {
                var damaged = bytes
                damaged[place] ^= bit
                #expect(throws: FileError.self, "byte \(place)") { try attempt(damaged) }
            }
        }
        for length in [0, 8, 100, 176, bytes.count - 1] {
            #expect(throws: FileError.self) { try attempt(Array(bytes[..<length])) }
        }
        #expect(throws: FileError.self) { try attempt(bytes + [0]) }
        // Places and tokens that there are not are refused where they are read.
        let spans = ShardLayout.headerByteCount + 16 * 3
        for (place, document) in [
            (bytes.count - 1, 2), (spans + 8 + 4, 1), (spans + 8, 1), (176 + 8, 0), (176 + 17, 1),
        ] {
            var wild = bytes
            wild[place] = 0xF0
            let shard = try TokenShard(path: try folder.write(wild, to: "shard"))
            #expect(throws: FileError.self, "byte \(place)") { _ = try shard.document(document) }
        }
        // Counts whose sizes overflow.
        var huge = bytes
        for place in 16..<40 { huge[place] = 0xFF }
        #expect(throws: FileError.self) { try attempt(huge) }
    }

    @Test func shardsOfACorpusAreOneSource() throws {
        let stores = [
            MemoryStore(lengths: [3, 4]), MemoryStore(lengths: []), MemoryStore(lengths: [5]),
            MemoryStore(lengths: [6, 7]),
        ]
        let joined = try JoinedDocuments(stores, name: "corpus")
        #expect(try joined.count == 5 && (0..<5).map { try joined.length(of: $0) } == [3, 4, 5, 6, 7])
        for (place, (store, document)) in [(0, 0), (0, 1), (2, 0), (3, 0), (3, 1)].enumerated() {
            #expect(try joined.document(place) == stores[store].documents[document])
        }
        var changed = stores
        changed[2].digest = "2"
        #expect(try JoinedDocuments(changed, name: "corpus").digest != joined.digest)
        #expect(try JoinedDocuments([], name: "nothing").count == 0)
        let settings = DataSettings(seed: 1, packLength: 8, epochLimit: 1)
        var stream = try DataStream(of: [joined], settings: settings), tokens = 0
        while let pack = try stream.next() { tokens += pack.documents.reduce(0) { $0 + $1.tokens.count } }
        #expect(tokens == 25)
    }

    @Test func vocabulariesAreToldApart() throws {
        let qwen = try fixtureTokenizer("qwen2").vocabularyDigest
        #expect(try fixtureTokenizer("qwen2").vocabularyDigest == qwen)
        #expect(try fixtureTokenizer("smollm").vocabularyDigest != qwen)
    }
}

extension RowEncoder {
    /// What is not copied cannot be left unused in a closure.
    fileprivate consuming func encodeNothing() {}
}
