import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// `score` and `perplexity`, run as a user runs them.
@Suite struct ScoreCommandTests {
    @Test(
        "Pairs are scored as texts or as ids, apart or as one text; a line that cannot be is named and the others go on"
    )
    func scores() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        func rows(_ lines: [String], _ options: String..., status: Int32 = 0) throws -> [JSON] {
            let outcome = try Program.run(["score", model, "--quiet"] + options, input: lines.joined(separator: "\n"))
            #expect(outcome.status == status, "\(outcome.errors)")
            if status != 0 { #expect(outcome.errors.contains("standard input, line 2: "), "\(outcome.errors)") }
            return try outcome.output.split(separator: "\n").map { try JSON(parsing: String($0)) }
        }
        func ids(_ text: String) throws -> JSON {
            try #require(try JSON(parsing: Program.run(["tokenize", model, text, "--json"]).output)["ids"])
        }
        let texts = try rows([#"{"context": "the quick", "continuation": " brown"}"#])
        let tokens = try rows([
            JSON.object(JSONObject([("context", try ids("the quick")), ("continuation", try ids(" brown"))]))
                .serialized()
        ])
        #expect(texts == tokens && texts[0]["logprob"] != nil)
        // The end of a turn, which no text spells.
        let end = try rows([
            #"{"context": "the quick", "continuation": [292]}"#, #"{"context": [], "continuation": [5]}"#,
        ])
        #expect(end.count == 2 && end[0]["tokens"] == 1)

        let spaced = [#"{"context": "the quick ", "continuation": "brown"}"#]
        let joined = try rows(spaced, "--lm-eval")
        let apart = try rows(spaced)
        #expect(joined == texts && joined != apart)

        let long = String(repeating: "ring ", count: 20_000)
        let mixed = try rows(
            [
                #"{"context": "the quick", "continuation": " brown"}"#,
                #"{"id": "long", "context": "\#(long)", "continuation": "a"}"#,
                #"{"context": "a", "continuation": [1, "x"]}"#, #"{"context": "a", "continuation": [100000]}"#,
                #"{"context": "the quick", "continuation": " brown"}"#,
            ], status: 1)
        #expect(mixed.map { $0["line"]?.integer } == [nil, 2, 3, 4, nil] && mixed[1]["id"] == "long")
        #expect(mixed[0] == texts[0] && mixed[4] == texts[0])
        #expect(mixed[1]["error"]?.string?.contains("limited") ?? false)

        let (whole, input) = (folder.path + "/scores.jsonl", folder.path + "/pairs.jsonl")
        try AtomicFile.write(
            (0..<30).map { "{\"context\": \"the \($0)\", \"continuation\": \" ring\"}\n" }.joined(), to: input)
        #expect(try Program.run(["score", model, input, "-o", whole, "--quiet"]).status == 0)
        let expected = try MappedFile.read(path: whole)
        try AtomicFile.write(expected.prefix(100), to: whole)
        let record = try MappedFile.read(path: whole + ".progress").split(separator: 0x0A)
        try AtomicFile.write(Array(record[0]) + [0x0A], to: whole + ".progress")
        #expect(try Program.run(["score", model, input, "-o", whole, "--quiet", "--resume"]).status == 0)
        #expect(try MappedFile.read(path: whole) == expected)
    }

    @Test("Windows of token ids are what they say they are, or an error names the place")
    func readsWindows() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        for (windows, mention) in [
            (#"[[1, 2, "x", 3]]"#, "window 0: has \"x\" at 2"), ("[[1, 2], [3]]", "window 1"), ("[[1, 2.5]]", "2.5"),
            ("[1, 2]", "window 0: is no list"), ("{}", "no list of windows"), ("[]", "fewer than two"),
            ("[[1, 99999999999]]", "no token id"),
        ] {
            let outcome = try Program.run(["perplexity", model, "--tokens", "-"], input: windows)
            #expect(outcome.status == 1 && outcome.errors.contains(mention), "\(windows): \(outcome.errors)")
        }
    }
}
