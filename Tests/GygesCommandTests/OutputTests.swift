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

    @Test(
        "No command loses its output on a full device",
        arguments: [
            #"score "$1" <<< '{"context": "a", "continuation": "b"}'"#, #"perplexity "$1" "$2""#, #"inspect "$1""#,
            #"template "$1" <<< '[{"role": "user", "content": "a"}]'"#, #"tokenize "$1" hello --count"#,
            #"generate "$1" --input "$2" --max-tokens 2"#, "doctor", "doctor --json", "pull --list --json",
            #"bench "$1" --repetitions 1 --generate 2 --prompt 8 --sequences-together 1 --context 8"#,
            #"evaluate perplexity "$1" "$2" --lengths 64 --scored 8"#, "study scenarios",
            "study power --trained 0.3 --untrained 0.1 --pairs 50",
            "study plan - <<< $'version: 1\nname: a\nsubject: persona:faker\nscenarios: [helpful-only]\n'",
            #"embed "$3" hello"#, #"fill "$3" '[MASK]' --json"#, #"fill "$3" '[MASK]'"#, #"rerank "$3" a b c"#,
            #"classify "$3" a --labels b,c --json"#, "generate --help", "--version",
        ])
    func failsEverywhere(command: String) throws {
        let folder = try TemporaryFolder()
        let text = try folder.write(Array(String(repeating: "many tokens ", count: 200).utf8), to: "text.txt")
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let tasks = tests.path + "/GygesInferenceTests/Fixtures/encoder-tasks/"
        try FileManager.default.copyItem(atPath: tasks + "fill", toPath: folder.path + "/fill")
        try FileManager.default.copyItem(
            atPath: tasks + "tokenizer.json", toPath: folder.path + "/fill/tokenizer.json")
        let outcome = try Program.shell(
            #""$0" \#(command) > /dev/full"#, [try CommandTests.model(in: folder), text, folder.path + "/fill"])
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
        for command in [["embed"], ["fill"], ["classify", "--labels", "ring,king"]] {
            let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let tasks = tests.path + "/GygesInferenceTests/Fixtures/encoder-tasks/"
            let encoder = folder.path + "/\(command[0])"
            try FileManager.default.copyItem(atPath: tasks + "fill", toPath: encoder)
            try FileManager.default.copyItem(atPath: tasks + "tokenizer.json", toPath: encoder + "/tokenizer.json")
            let texts = try folder.write(
                Array(String(repeating: "a [MASK] ring\n", count: 100).utf8), to: command[0] + ".txt")
            let rows = try Program.run(
                [command[0], encoder, "--input", texts, "--output", folder.path + "/\(command[0]).jsonl"]
                    + command.dropFirst())
            let last = rows.errors.split(separator: "\n").last
            // What is over within a second is worth no line, unless it was begun with one.
            #expect(rows.status == 0 && last?.contains(": 100 %, 100 of 100") ?? true, "\(rows.errors)")
        }
        let text = try folder.write(Array(String(repeating: "the ring ", count: 900).utf8), to: "text.txt")
        let read = try Program.run(["perplexity", model, text, "--window", "64"])
        #expect(read.errors.split(separator: "\n").last?.hasPrefix("reading: 100 %") ?? false, "\(read.errors)")
    }
}
