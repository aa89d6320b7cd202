import GygesFiles
import GygesTemplates
import GygesTestSupport
import GygesTokenizer
import Testing

@testable import GygesTraining

/// What people see of data before they are learned from, and what is refused.
@Suite struct PreviewTests {
    private static func pack(_ documents: [Document], from starts: [Int]? = nil) -> Pack {
        Pack(
            number: 0,
            references: documents.enumerated().map { number, document in
                let start = starts?[number] ?? 0
                return SampleReference(source: 0, document: number, tokens: start..<start + document.tokens.count)
            }, documents: documents)
    }

    @Test("Every token says what it spells, whether it is learned, and where its document begins")
    func nextTokens() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        let end = try #require(tokenizer.id(of: "<|im_end|>"))
        let first = try tokenizer.encode("Who?\nÉ ") + [end]
        let second = try tokenizer.encode("A ring")
        let preview = BatchPreview(
            TrainingBatch(
                predictingNextOf: Self.pack(
                    [
                        Document(tokens: first, supervised: [2..<first.count]), Document(tokens: second),
                    ], from: [0, 512])), tokenizer)
        #expect(preview.samples.map(\.continuesDocument) == [false, true])
        let tokens = preview.samples[0].tokens
        #expect(tokens.map(\.id) == first)
        #expect(tokens.map(\.isPredicted) == first.indices.map { $0 >= 2 })
        #expect(preview.samples[0].supervisedCount == first.count - 2)
        #expect(tokens.last?.text == "<|im_end|>" && tokens.last?.isSpecial == true)
        #expect(tokens.filter(\.isSpecial).count == 1)
        // The letter is two tokens of this vocabulary, neither of which is text by itself.
        #expect(tokens.map(\.text).joined() == #"Who?\n\xC3\x89 <|im_end|>"#)
        #expect(tokens.filter(\.endsLine).map(\.text) == tokens.map(\.text).filter { $0.hasSuffix("\\n") })
        #expect(tokens.contains { $0.endsLine } && tokens.allSatisfy { $0.hiddenText == nil })
        // Nothing stands before a first token.
        #expect(preview.samples[1].tokens.map(\.isPredicted) == second.indices.map { $0 > 0 })
    }

    @Test("A hidden token says what was there")
    func hiddenTokens() throws {
        let tokenizer = try fixtureTokenizer("modernbert")
        let text = try tokenizer.encode(
            String(repeating: "The ring of Gyges made him unseen. ", count: 20), addsBeginning: true, addsEnd: true)
        let masking = try TokenMasking(for: tokenizer, seed: 7)
        let batch = TrainingBatch(guessingTokensOf: Self.pack([Document(tokens: text)]), hiddenBy: masking)
        let tokens = BatchPreview(batch, tokenizer).samples[0].tokens
        #expect(tokens.indices.filter { tokens[$0].isPredicted } == batch.rows)
        for (row, target) in zip(batch.rows, batch.targets) {
            let spelled = BatchPreview.text(of: tokenizer.bytes(of: target))
            #expect(tokens[row].hiddenText ?? tokens[row].text == spelled)
            if tokens[row].id == masking.maskToken { #expect(tokens[row].hiddenText == spelled) }
        }
        #expect(tokens.contains { $0.hiddenText != nil } && tokens.contains { $0.isPredicted && $0.hiddenText == nil })
    }

    @Test(
        "Bytes that are no text are shown by their numbers",
        arguments: [
            ([0x41, 0xC3, 0xA9], "Aé"), ([0xE2, 0x82], "\\xE2\\x82"), ([0xE2, 0x82, 0xAC], "€"),
            ([0x82, 0xAC, 0x20], "\\x82\\xAC "), ([0xF0, 0x9F, 0x98, 0x80, 0xFF], "😀\\xFF"), ([0x0A, 0x09], "\\n\\t"),
            ([], ""), ([0x1B, 0x5B], "\\u{1b}["), ([0xC0, 0x80], "\\xC0\\x80"),
        ] as [([UInt8], String)])
    func bytes(bytes: [UInt8], text: String) { #expect(BatchPreview.text(of: bytes) == text) }

    // MARK: Faults

    @Test("Ends that are not learned, texts that begin twice and documents that teach nothing are refused")
    func faults() throws {
        let tokenizer = try fixtureTokenizer("modernbert")
        let (begin, end) = (try #require(tokenizer.beginningTokens.first), try #require(tokenizer.endTokens.first))
        let word = try tokenizer.encode("ring")[0]
        func fault(_ tokens: [Int32], _ supervised: [Range<Int>]? = nil) -> DocumentFault? {
            do throws(DocumentFault) {
                try DocumentCheck(tokenizer).check(Document(tokens: tokens, supervised: supervised))
                return nil
            } catch { return error }
        }
        #expect(fault([begin, word, word, end]) == nil)
        #expect(fault([begin, word, word, end], [1..<3]) == .endNotSupervised(place: 3))
        #expect(fault([begin, word, end, begin, word, end], [1..<3, 4..<6]) == nil)
        // The end of the first turn is not learned, that of the second is.
        #expect(fault([begin, word, end, word, word, end], [1..<2, 4..<6]) == .endNotSupervised(place: 2))
        // The end of a line may stand behind the end of a turn, and be learned, too.
        let line = try tokenizer.encode("\n")
        let turn = [begin, word, end] + line
        #expect(fault(turn + turn, [1..<turn.count, turn.count + 1..<2 * turn.count]) == nil)
        #expect(fault([begin, word] + line + [end], [1..<2 + line.count]) == .endNotSupervised(place: 2 + line.count))
        // What ends in the middle of text is not an end.
        #expect(fault([begin, word, word, word, end], [1..<2, 3..<5]) == nil)
        #expect(fault([begin, begin, word, end]) == .repeatedBeginning(place: 1))
        #expect(fault([begin, word, begin, begin, word, end]) == .repeatedBeginning(place: 3))
        #expect(fault([begin, word], []) == .nothingSupervised)
        #expect(fault([begin]) == .nothingSupervised && fault([]) == .nothingSupervised)
        #expect(fault([begin, word], [0..<1]) == .nothingSupervised)
    }

    @Test("A row is refused with its line where a template's blocks leave out the end of one turn")
    func templates() throws {
        let tokenizer = try fixtureTokenizer("qwen2")
        // Only the last turn's end stands within its block.
        let template = try ChatTemplate(
            source: """
                {% for m in messages %}<|im_start|>{{ m.role }}
                {% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% if loop.last %}<|im_end|>{% endif %}\
                {% endgeneration %}{% if not loop.last %}<|im_end|>{% endif %}{% else %}{{ m.content }}<|im_end|>{% endif %}
                {% endfor %}
                """)
        var encoder = try RowEncoder(
            tokenizer, chats: try ChatEncoder(template, for: tokenizer), ending: .nothing)
        let folder = try TemporaryFolder()
        func row(_ turns: Int) -> String {
            let turn = #"{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}"#
            return "{\"messages\": [\(Array(repeating: turn, count: turns).joined(separator: ", "))]}\n"
        }
        let path = try folder.write(row(1) + row(2), to: "rows.jsonl")
        let error = #expect(throws: FileError.self) { _ = try encoder.documents(of: path, form: .jsonLines) }
        #expect(
            error?.problems.last?.contains("line 2 is learned up to token") == true, "\(error.map { "\($0)" } ?? "")")
        #expect(
            try encoder.documents(of: folder.write(row(1), to: "one.jsonl"), form: .jsonLines).report.faultCount == 0)
    }

    @Test("A row is refused where the template writes the first token twice")
    func doubleBeginnings() throws {
        let tokenizer = try fixtureTokenizer("modernbert")
        let begin = try #require(tokenizer.beginningTokens.first), end = try #require(tokenizer.endTokens.first)
        func spelled(_ id: Int32) -> String { String(decoding: tokenizer.bytes(of: id), as: UTF8.self) }
        func template(_ beginning: String) throws -> ChatTemplate {
            try ChatTemplate(
                source: "\(beginning){% for m in messages %}{{ m.role }}: {{ m.content }}\(spelled(end)){% endfor %}"
                    + "{% if add_generation_prompt %}assistant: {% endif %}")
        }
        let messages: JSON = [
            "messages": [["role": "user", "content": "a"], ["role": "assistant", "content": "b"]]
        ]
        for (count, isSound) in [(1, true), (2, false)] {
            let beginning = String(repeating: spelled(begin), count: count)
            var encoder = try RowEncoder(tokenizer, chats: try ChatEncoder(template(beginning), for: tokenizer))
            if isSound {
                _ = try encoder.encode(TrainingRow(messages))
            } else {
                #expect(throws: DocumentFault.repeatedBeginning(place: 1)) {
                    _ = try encoder.encode(TrainingRow(messages))
                }
            }
        }
    }

    @Test("The documents of a store are checked, each by its number")
    func stores() throws {
        let tokenizer = try fixtureTokenizer("modernbert")
        let check = DocumentCheck(tokenizer)
        let good = Document(tokens: try tokenizer.encode("A ring.", addsBeginning: true, addsEnd: true))
        let histogram = try check.check(MemoryStore([good, good]))
        #expect(histogram.documentCount == 2 && histogram.tokenCount == 2 * good.supervisedCount)
        let bad = Document(tokens: good.tokens, supervised: [1..<good.tokens.count - 1])
        let error = #expect(throws: FileError.self) {
            _ = try check.check(MemoryStore([good, bad, good, bad], name: "data"))
        }
        #expect(
            error?.path == "data" && error?.problems.count == 2
                && error?.problems.first?.hasPrefix("document 1 ") == true)
    }

    // MARK: Histogram

    @Test("Documents are counted by powers of two")
    func histogram() {
        var histogram = SupervisionHistogram()
        #expect(histogram.bins.isEmpty && histogram.minimum == 0)
        for count in [1, 2, 3, 4, 7, 8, 100] { histogram.add(count) }
        #expect(histogram.bins.map(\.range) == [1...1, 2...3, 4...7, 8...15, 16...31, 32...63, 64...127])
        #expect(histogram.bins.map(\.documentCount) == [1, 2, 2, 1, 0, 0, 1])
        #expect(histogram.documentCount == 7 && histogram.tokenCount == 125)
        #expect(histogram.minimum == 1 && histogram.maximum == 100)
        histogram.add(0)
        #expect(histogram.bins.first == .init(range: 0...0, documentCount: 1) && histogram.minimum == 0)
    }
}
