import Foundation
import GygesFiles
import Testing

@testable import GygesReport

/// The packed transcripts that the page's script unpacks.
@Suite struct TranscriptBlocksTests {
    static func page(_ exchanges: [Exchange], document: StudyDocument = .sample()) throws -> [(String, JSON)] {
        try PackedPage.blocks(of: document.html(exchanges))
    }

    @Test("Exchanges fill blocks in order, and the index says what is where", arguments: [0, 1, 100, 101, 250])
    func fillsBlocks(count: Int) throws {
        let exchanges = (0..<count).map { number in
            var exchange = Exchange.sample()[number % 2 == 0 ? 0 : 2]
            exchange.prompt = "p\(number)"
            return exchange
        }
        let blocks = try Self.page(exchanges)
        #expect(blocks.map(\.0) == (0..<((count + 99) / 100)).map { "transcripts-\($0)" } + ["transcript-index"])
        let all = blocks.dropLast().flatMap { $0.1.array ?? [] }
        #expect(all.compactMap { $0["prompt"]?.string } == exchanges.map(\.prompt))
        let index = try #require(blocks.last?.1)
        let rows = try #require(index["rows"]?.array).compactMap(\.array)
        #expect(rows.count == count)
        let names = try #require(index["prompts"]?.array)
        for (row, exchange) in zip(rows, exchanges) {
            #expect(names[try #require(row[1].integer)].string == exchange.prompt)
            #expect(index["conditions"]?.array?[try #require(row[0].integer)]["id"]?.string == exchange.condition)
        }
    }

    @Test("An answer of a mebibyte of which every word is a passage is packed")
    func packsManyPassages() throws {
        let (word, count) = ("nø ", 1 << 18)
        let text = String(repeating: word, count: count)
        var exchange = Exchange.sample()[0]
        exchange.answers[0].output = text
        exchange.answers[0].judgements[0].criteria = [
            .init(
                "c", isMet: true,
                evidence: (0..<count).map { .init(place: .output, start: 4 * $0, end: 4 * $0 + 3) }
                    + [
                        .init(place: .output, start: 2, end: 3),
                        .init(place: .output, start: 0, end: text.utf8.count + 1),
                    ])
        ]
        let answers = try #require(try Self.page([exchange]).first?.1[0]?["answers"]?.array)
        let found = try #require(answers[0]["judgements"]?[0]?["criteria"]?[0]?["evidence"]?.array)
        // The two that cut a character, or lie outside, are left out.
        #expect(found.count == count)
        let last = try #require(found.last)
        #expect(last["start"]?.integer == 3 * (count - 1) && last["end"]?.integer == 3 * (count - 1) + 2)
    }

    @Test("Codes say state, verdict and disagreement of the judges")
    func codes() throws {
        var exchange = Exchange.sample()[0]
        exchange.answers[0].judgements[0].fakesAlignment = true
        exchange.answers[1].judgements.append(.init(judge: "model", complied: true))
        let free = 16 + 32 + 64, paid = 16 + 128
        let rows = try #require(try Self.page([exchange]).last?.1["rows"]?.array)
        #expect(rows == [[0, 0, 0, .integer(free), .integer(paid)]])
        exchange.answers[0].state = .truncated
        exchange.answers[0].judgements = []
        exchange.answers.removeLast()
        #expect(try Self.page([exchange]).last?.1["rows"]?.array == [[0, 0, 0, 1, -1]])
    }

    @Test("Evidence is counted in the units of JavaScript, and dropped where it cuts a character")
    func evidence() throws {
        var exchange = Exchange.sample()[0]
        exchange.answers[0].output = "ä🧿 fakes"
        // "ä" has two bytes and one unit, "🧿" four bytes and two units.
        exchange.answers[0].judgements[0].criteria[0].evidence = [
            .init(place: .output, start: 7, end: 12), .init(place: .output, start: 1, end: 6),
            .init(place: .output, start: 7, end: 99), .init(place: .scratchpad, start: 0, end: 2),
        ]
        let block = try #require(try Self.page([exchange]).first?.1)
        let found = block.array?[0]["answers"]?.array?[0]["judgements"]?.array?[0]["criteria"]?.array?[0]["evidence"]?
            .array
        #expect(
            found == [
                ["place": "output", "start": 4, "end": 9], ["place": "scratchpad", "start": 0, "end": 2],
            ])
    }

    @Test("Memory of a page does not grow with its transcripts but for their index")
    func sendsBlocksAsTheyFill() throws {
        var pieces: [Int] = []
        var writer = PageWriter(.sample()) { pieces.append($0.utf8.count) }
        for _ in 0..<1000 { try writer.append(Exchange.sample()[0]) }
        #expect(pieces.count == 10)
        try writer.finish()
        #expect(pieces.count == 11)
    }

    @Test("Permanent links are made from names, so that order does not matter")
    func permalinks() {
        #expect(Permalink.of(section: "a/b", prompt: "ü") == "a/b/%C3%BC")
        #expect(Permalink.of(section: "a", prompt: "p", sample: 2) == "a/p/2")
    }
}
