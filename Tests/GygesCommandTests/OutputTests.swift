import Foundation
import GygesTestSupport
import Testing

/// What becomes of output that nobody can take.
@Suite struct OutputTests {
    @Test(
        "Output that cannot be written ends with status 1 and says so",
        arguments: [
            #""$0" pull --list > /dev/full"#, #""$0" --help > /dev/full"#,
            #""$0" study scenarios critic --yaml > /dev/full"#,
            #""$0" generate "$1" hello --max-tokens 5 > /dev/full"#, #""$0" tokenize "$1" hello --json > /dev/full"#,
            #"echo hello | "$0" chat "$1" --max-tokens 5 > /dev/full"#,
            #""$0" pull --list >&-"#, #""$0" generate "$1" hello --max-tokens 5 --json >&-"#,
            #"trap "" PIPE; "$0" tokenize "$1" < "$2" | true; exit ${PIPESTATUS[0]}"#,
        ])
    func fails(script: String) throws {
        let folder = try TemporaryFolder()
        let text = try folder.write(Array(String(repeating: "many tokens ", count: 20_000).utf8), to: "text.txt")
        let outcome = try Program.shell(script, [try CommandTests.model(in: folder), text])
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("standard output: cannot be written"), "\(outcome.errors)")
    }

    @Test("A pipe that closes when it has enough ends the program silently, as in any shell")
    func endsWithHead() throws {
        let folder = try TemporaryFolder()
        let text = try folder.write(Array(String(repeating: "many tokens ", count: 20_000).utf8), to: "text.txt")
        let outcome = try Program.shell(
            #""$0" tokenize "$1" < "$2" | head -n 1; exit ${PIPESTATUS[0]}"#,
            [try CommandTests.model(in: folder), text])
        #expect(outcome.status == 128 + SIGPIPE && outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.split(separator: "\n").count == 1)
    }

    @Test("Progress in a pipe ends at 100 %")
    func completesProgress() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let line = #"{"context": "the quick", "continuation": " brown"}"# + "\n"
        let outcome = try Program.run(["score", model], input: String(repeating: line, count: 70))
        let lines = outcome.errors.split(separator: "\n")
        #expect(outcome.status == 0 && lines.last?.hasPrefix("scoring: 100 %, 70 of 70") ?? false, "\(outcome.errors)")
        let text = try folder.write(Array(String(repeating: "the ring ", count: 900).utf8), to: "text.txt")
        let read = try Program.run(["perplexity", model, text, "--window", "64"])
        #expect(read.errors.split(separator: "\n").last?.hasPrefix("reading: 100 %") ?? false, "\(read.errors)")
    }
}
