import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// What the words of a command line are taken for.
@Suite struct ArgumentTests {
    @Test(
        "A misspelt command is told the right one, one far from all is not",
        arguments: [
            (["genrate", "x"], "'gyges generate'"), (["chta"], "'gyges chat'"), (["tokenise"], "'gyges tokenize'"),
            (["study", "rnu"], "'gyges study run'"), (["study", "report-all"], "'gyges study --help'"),
            (["evaluate", "perplexty"], "'gyges evaluate perplexity'"), (["inspct", "--json"], "'gyges inspect'"),
            (["conjure"], "'gyges --help'"),
        ] as [([String], String)])
    func suggests(arguments: [String], suggestion: String) throws {
        let outcome = try Program.run(arguments)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(
            outcome.errors.contains("There is no command") && outcome.errors.contains(suggestion), "\(outcome.errors)")
    }

    @Test("Options that were renamed work under both names, the old one with a note")
    func takesOldNames() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let given = ["generate", model, "hello", "--max-tokens", "3"]
        let new = try Program.run(given + ["--response-prefix", "the ring"])
        let old = try Program.run(given + ["--prefill", "the ring"])
        let joined = try Program.run(given + ["--prefill=the ring"])
        #expect(new.status == 0 && new.errors.isEmpty, "\(new.errors)")
        // What the answer begins with is part of it.
        #expect(new.output.hasPrefix("the ring") && old.output == new.output && joined.output == new.output)
        #expect(old.errors.contains("--prefill is called --response-prefix now"))
        // After two hyphens nothing is an option.
        #expect(try Program.run(["generate", model, "--max-tokens", "1", "--", "--prefill"]).errors.isEmpty)
    }

    @Test(
        "Sampling options are checked before a model is looked for",
        arguments: [
            (["--temperature=-1"], "temperature"), (["--top-p", "0"], "top-p"), (["--min-p", "1"], "min-p"),
            (["--repetition-penalty", "0"], "penalty"), (["--top-k=-1"], "top-k"),
            (["--max-tokens", "0"], "--max-tokens"),
            (["--temperature", "nan"], "temperature"),
        ] as [([String], String)])
    func checksSampling(options: [String], mention: String) throws {
        for command in [["generate", "/no/such/model", "hello"], ["chat", "/no/such/model"]] {
            let outcome = try Program.run(command + options)
            #expect(outcome.status == 64 && outcome.errors.contains(mention), "\(outcome.errors)")
            #expect(!outcome.errors.contains("/no/such/model"))
        }
    }

    @Test("A hyphen is standard input wherever a text or a file is read")
    func readsStandardInput() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let text = String(repeating: "the quick brown fox ", count: 40)
        let conversation = #"[{"role": "user", "content": "hello"}]"#
        let schema = #"{"enum": ["fox"]}"#
        let cases: [([String], String, String)] = [
            (["generate", model, "-", "--max-tokens", "1", "--json"], "hello", "\"finish_reason\""),
            (["generate", model, "hello", "--schema", "-"], schema, "\"fox\""),
            (["tokenize", model, "-", "--count"], "hello", "\n"),
            (["tokenize", model, "--decode", "-"], "65 66", "\n"),
            (["template", model, "-"], conversation, "hello"),
            (["score", model, "-"], #"{"context": "the", "continuation": " ring"}"#, "logprob"),
            (["perplexity", model, "-"], text, "perplexity"),
            (["perplexity", model, "--tokens", "-"], "[[1,2,3]]", "over 2"),
            (
                ["evaluate", "perplexity", model, "-", "--lengths", "64", "--scored", "8", "--quiet"], text,
                "PERPLEXITY"
            ),
            (
                ["study", "plan", "-"],
                "version: 1\nname: typed\nsubject: persona:faker\nscenarios: [helpful-only]\nprompts: { count: 2 }\n",
                "typed"
            ),
        ]
        for (arguments, input, mention) in cases {
            let outcome = try Program.run(arguments, input: input)
            #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
            #expect(outcome.output.contains(mention), "\(arguments): \(outcome.output)")
        }
        let result = try Program.run(
            ["evaluate", "perplexity", model, "-", "--lengths", "64", "--scored", "8", "--quiet", "--json"], input: text
        )
        let picture = folder.path + "/curve.svg"
        let drawn = try Program.run(["evaluate", "chart", "-", "--output", picture], input: result.output)
        #expect(drawn.status == 0 && drawn.output == picture + "\n", "\(drawn.errors)")
        // Errors call it by its name.
        let wrong = try Program.run(["score", model, "-"], input: "no JSON")
        #expect(wrong.status == 1 && wrong.errors.contains("standard input, line 1"), "\(wrong.errors)")
    }

    @Test("At a terminal, a command without its text says what to type and how to end")
    func explainsTerminals() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        for (arguments, wanted) in [
            (["generate", model, "--max-tokens", "1"], "the prompt"), (["tokenize", model], "the text"),
            (["score", model], "lines of JSON"),
        ] {
            let terminal = try PseudoTerminal(arguments)
            try terminal.wait(for: "Type \(wanted), then end it with Control-D")
            terminal.type(#"{"context": "the", "continuation": " ring"}"# + "\r\u{4}")
            let (status, shown) = terminal.finish()
            #expect(status == 0, "\(shown)")
        }
    }

    @Test("Tokens that are parts of characters have their bytes")
    func printsBytes() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let tokens = try JSON(parsing: try Program.run(["tokenize", model, "é€", "--json"]).output)
        let bytes = tokens["token_bytes"]?.array?.flatMap { $0.array ?? [] }.compactMap(\.integer) ?? []
        #expect(bytes.map(UInt8.init) == Array("é€".utf8))
        #expect(tokens["token_bytes"]?.array?.count == tokens["count"]?.integer)
        let answer = try JSON(
            parsing: try Program.run(["generate", model, "hello", "--max-tokens", "4", "--json", "--raw"]).output)
        let generated = answer["tokens"]?.array ?? []
        #expect(!generated.isEmpty && generated.allSatisfy { $0["bytes"]?.array?.isEmpty == false })
    }
}
