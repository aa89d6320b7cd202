import GygesFiles
import FoundationEssentials
import GygesStatistics
import Testing

@testable import GygesTokenizer

/// Framed, shortened and pre-split texts with what the reference makes of them; see `scripts/fixtures/encoding_cases.py`.
struct EncodingCases {
    /// What the reference gives.
    struct Expected: Equatable {
        var ids: [Int32]
        var scalars: [Range<Int>]
        var words: [Int?]
        var texts: [Int?]
        var segments: [UInt8]?

        init?(_ json: JSON) {
            guard let ids = json["ids"]?.array, let words = json["word"]?.array, let texts = json["from"]?.array,
                let ends = json["scalars"]?.array?.compactMap(\.integer), ends.count == 2 * ids.count
            else { return nil }
            self.ids = ids.compactMap { $0.integer.map(Int32.init) }
            scalars = ids.indices.map { ends[2 * $0]..<ends[2 * $0 + 1] }
            self.words = words.map { $0.integer.flatMap { $0 < 0 ? nil : $0 } }
            self.texts = texts.map { $0.integer.flatMap { $0 < 0 ? nil : $0 } }
            segments = json["segments"]?.array?.compactMap { $0.integer.flatMap(UInt8.init(exactly:)) }
        }

        init(_ encoded: EncodedText) {
            ids = encoded.ids
            scalars = encoded.origins.map(\.scalars)
            words = encoded.origins.map(\.word)
            texts = encoded.origins.map(\.text)
            segments = encoded.segments
        }

        static func == (a: Expected, b: Expected) -> Bool {
            a.ids == b.ids && a.scalars == b.scalars && a.words == b.words && a.texts == b.texts
                && (a.segments == nil || b.segments == nil || a.segments == b.segments)
        }
    }

    struct Case {
        var first: TextInput
        var second: TextInput?
        var options: EncodingOptions
        var overlap: Int?
        /// One for every window; none if the reference refuses.
        var expected: [Expected]
    }

    var tokenizers: [String] = []
    var cases: [Case] = []

    init(path: String) throws {
        let file = try MappedFile.read(path: path)
        for line in file.split(separator: UInt8(ascii: "\n")) {
            let json = try JSON.parse(Array(line), path: path)
            if let names = json["tokenizers"]?.array {
                tokenizers = names.compactMap(\.string)
                continue
            }
            func input(_ json: JSON?) -> TextInput? {
                json?.string.map(TextInput.text) ?? json?.array.map { .words($0.compactMap(\.string)) }
            }
            var options = EncodingOptions(
                specialTokens: .recognise, addsFrame: json["frame"]?.bool ?? true, addsPrefixSpace: json["space"]?.bool)
            if let limit = json["limit"]?.integer {
                let strategies: [String: Truncation.Strategy] = [
                    "longest_first": .longestFirst, "only_first": .onlyFirst, "only_second": .onlySecond,
                ]
                options.truncation = Truncation(
                    maximumTokenCount: limit, strategy: try #require(strategies[json["strategy"]?.string ?? ""]),
                    side: json["side"] == "left" ? .beginning : .end)
            }
            let results = json["windows"]?.array ?? (json["fails"]?.bool == true ? [] : [json])
            cases.append(
                Case(
                    first: try #require(input(json["text"] ?? json["words"])), second: input(json["second"]),
                    options: options, overlap: json["overlap"]?.integer,
                    expected: try results.enumerated().map { index, json in
                        var expected = try #require(Expected(json))
                        // The reference puts later windows into the segments that tokens have without a frame.
                        if index > 0 { expected.segments = nil }
                        return expected
                    }))
        }
    }

    /// Every difference between a tokenizer and the reference, in words.
    func mismatches(_ tokenizer: Tokenizer) throws -> [String] {
        var found: [String] = []
        var encoder = TokenEncoder(tokenizer)
        for test in cases {
            var actual: [EncodedText]
            do throws(TokenizerError) {
                if let overlap = test.overlap {
                    actual = try encoder.windows(
                        of: test.first, and: test.second, overlap: overlap, options: test.options)
                } else {
                    actual = [try encoder.tokens(of: test.first, and: test.second, options: test.options)]
                }
            } catch {
                actual = []
            }
            let results = actual.map(Expected.init)
            if results != test.expected {
                found.append("\(test.first), \(String(describing: test.second)): \(results), not \(test.expected)")
            }
            for encoded in actual where !bytesFit(encoded, test) { found.append("bytes of \(test.first): \(encoded)") }
            // Without places, and uncached, the tokens are the same.
            if test.overlap == nil, let encoded = actual.first, case .text(let first) = test.first {
                var second: String?
                if case .text(let text) = test.second { second = text }
                if try encoder.ids(of: first, and: second, options: test.options) != encoded.ids
                    || tokenizer.tokens(of: test.first, and: test.second, options: test.options) != encoded
                {
                    found.append("other tokens without places, or uncached, of \(test.first)")
                }
            }
        }
        return found
    }

    /// Whether places in bytes are those in scalars, counted by the standard library.
    private func bytesFit(_ encoded: EncodedText, _ test: Case) -> Bool {
        encoded.origins.allSatisfy { origin in
            guard let number = origin.text else { return origin.bytes == 0..<0 }
            let text: String
            switch number == 0 ? test.first : test.second {
            case .text(let whole): text = whole
            case .words(let words): text = words[origin.word ?? 0]
            case nil: return false
            }
            let scalars = text.unicodeScalars
            func byte(_ index: Int) -> Int { String(scalars.prefix(index)).utf8.count }
            return origin.bytes == byte(origin.scalars.lowerBound)..<byte(origin.scalars.upperBound)
        }
    }
}

@Suite struct EncodedTextTests {
    @Test(arguments: ["modernbert", "llama3", "flags", "roberta", "bert", "words", "metaspace", "gemma", "xlmr", "t5"])
    func agreesWithReference(kind: String) throws {
        let cases = try EncodingCases(path: fixturePath("\(kind).encodings.jsonl"))
        #expect(cases.cases.count > 400)
        let mismatches = try cases.mismatches(fixtureTokenizer(kind))
        #expect(mismatches.isEmpty, "\(mismatches.count) differences: \(mismatches.prefix(5))")
    }

    /// Compares with tens of thousands of cases made by `scripts/parity/encodings.py`, if `GYGES_ENCODING_CASES` names files of them.
    @Test(.enabled(if: !paths.isEmpty), arguments: paths)
    func agreesWithReferenceOnMany(path: String) throws {
        let cases = try EncodingCases(path: path)
        #expect(!cases.cases.isEmpty && !cases.tokenizers.isEmpty)
        for tokenizer in cases.tokenizers {
            let mismatches = try cases.mismatches(loadTokenizer(tokenizer))
            #expect(mismatches.isEmpty, "\(tokenizer): \(mismatches.count) differences: \(mismatches.prefix(5))")
        }
    }

    static let paths = (ProcessInfo.processInfo.environment["GYGES_ENCODING_CASES"] ?? "").split(separator: ":")
        .map(String.init)

    @Test func aMaskTakesTheSpaceBeforeIt() throws {
        let tokenizer = try fixtureTokenizer("modernbert")
        let mask = try #require(tokenizer.maskToken)
        #expect(tokenizer.id(of: "[MASK]") == mask)
        let options = EncodingOptions(specialTokens: .recognise)
        let encoded = try tokenizer.tokens(of: "the [MASK].", options: options)
        let index = try #require(encoded.ids.firstIndex(of: mask))
        #expect(encoded.origins[index].scalars == 3..<10 && encoded.origins[index].bytes == 3..<10)
        #expect(encoded.origins.first?.isFrame == true && encoded.origins.last?.isFrame == true)
        #expect(try !tokenizer.tokens(of: "the [MASK].").ids.contains(mask), "nobody asked for it")
    }

    @Test func vanishedBytesLeaveGaps() throws {
        // Of SmolLM2's kind: some bytes have no token and no other stands for them.
        let tokenizer = try fixtureTokenizer("smollm")
        let text = "the\u{1}of\u{2}\u{3}to"
        let encoded = try tokenizer.tokens(of: .text(text))
        for (id, origin) in zip(encoded.ids, encoded.origins) {
            let bytes = Array(text.utf8)[origin.bytes].filter { $0 > 3 }
            #expect(bytes == tokenizer.bytes(of: id))
        }
    }

    /// Whatever stands in a text, places lie in it, in order, on whole characters, and make up all of it that tokens stand for.
    @Test(arguments: TokenizerTests.kinds)
    func bearsAnyText(kind: String) throws {
        let tokenizer = try fixtureTokenizer(kind)
        let added = tokenizer.rawMatcher.tokens.map(\.content) + tokenizer.normalizedMatcher.tokens.map(\.content)
        var encoder = TokenEncoder(tokenizer)
        var generator = SeededGenerator(seed: 31)
        for _ in 0..<1500 {
            var text = randomText(using: &generator)
            if Bool.random(using: &generator) { text += (added.randomElement(using: &generator) ?? "") + " x" }
            let options = EncodingOptions(
                specialTokens: Bool.random(using: &generator) ? .recognise : .asText,
                addsFrame: Bool.random(using: &generator),
                addsPrefixSpace: [nil, true, false].randomElement(using: &generator)!)
            let encoded = try encoder.tokens(of: .text(text), options: options)
            #expect(try encoder.ids(of: text, options: options) == encoded.ids)
            let bytes = Array(text.utf8)
            var (last, reached) = (0, 0)
            for origin in encoded.origins where !origin.isFrame {
                // A space that was put in front and trimmed again lies behind the character whose place it shares.
                #expect(origin.bytes.lowerBound >= last || tokenizer.frame.trimming != nil)
                #expect(origin.bytes.upperBound <= bytes.count)
                let part = bytes[origin.bytes]
                #expect(String(validating: part, as: UTF8.self)?.unicodeScalars.count == origin.scalars.count)
                (last, reached) = (origin.bytes.lowerBound, max(reached, origin.bytes.upperBound))
            }
            // Trimmed white space, vanished bytes and marks that were composed may be missing at the end, letters not.
            if kind == "gpt2" { #expect(reached == bytes.count, "\(text.debugDescription)") }
            let words = text.split(separator: " ").map(String.init)
            let limited = EncodingOptions(truncation: Truncation(maximumTokenCount: 9, side: .beginning))
            #expect(try encoder.tokens(of: .words(words), options: limited).count <= 9)
            for window in try encoder.windows(of: .words(words), overlap: 2, options: limited) {
                #expect(window.count <= 9)
            }
        }
    }

    @Test func saysWhatCannotBeShortened() throws {
        let tokenizer = try fixtureTokenizer("modernbert")
        func tokens(_ limit: Int, _ strategy: Truncation.Strategy, second: TextInput? = nil) throws -> EncodedText {
            let truncation = Truncation(maximumTokenCount: limit, strategy: strategy)
            return try tokenizer.tokens(
                of: "the of and to", and: second, options: EncodingOptions(truncation: truncation))
        }
        #expect(throws: TokenizerError.noRoomForText(limit: 1, added: 2)) { try tokens(1, .longestFirst) }
        #expect(throws: TokenizerError.noSecondText) { try tokens(3, .onlySecond) }
        #expect(throws: TokenizerError.self) { try tokens(5, .onlySecond, second: "a") }
        #expect(try tokens(2, .longestFirst).count == 2 && tokens(2, .longestFirst).isTruncated)
        #expect(try !tokens(100, .longestFirst).isTruncated)
        let options = EncodingOptions(truncation: Truncation(maximumTokenCount: 4))
        var encoder = TokenEncoder(tokenizer)
        #expect(throws: TokenizerError.overlapTooGreat(overlap: 2, room: 2)) {
            try encoder.windows(of: "the of and to", overlap: 2, options: options)
        }
        #expect(try encoder.windows(of: "", overlap: 1, options: options).map(\.count) == [2])
    }
}
