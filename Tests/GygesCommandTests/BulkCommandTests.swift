import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// `gyges generate` on files of prompts, with the tiny random model of the engine's tests.
@Suite struct BulkCommandTests {
    private func contents(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func prompts(_ count: Int) -> String {
        (0..<count).map { number in
            number % 10 == 9
                ? #"{"id": "r\#(number)", "promt": "the ring"}"#
                : #"{"id": "r\#(number)", "prompt": "the ring \#(number)", "temperature": \#(number % 2)}"#
        }.joined(separator: "\n")
    }

    @Test("A file of prompts that is killed again and again and gone on with has the bytes of one that was not")
    func survivesKills() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let input = try folder.write(Array(prompts(400).utf8), to: "prompts.jsonl")
        let (whole, part) = (folder.path + "/whole.jsonl", folder.path + "/part.jsonl")
        let options = ["--max-tokens", "60", "--quiet"]
        let undisturbed = try Program.run(["generate", model, "--input", input, "--output", whole] + options)
        // Every tenth row asks for nothing, and is named.
        #expect(undisturbed.status == 1 && undisturbed.output.isEmpty)
        #expect(undisturbed.errors.contains("line 10: ") && undisturbed.errors.contains("40 inputs"))
        // Each time the run is killed as soon as more rows are noted than the time before.
        let killed = try Program.shell(
            """
            noted=0
            for kill in 1 2 3 4 5; do
                "$0" generate "$1" --input "$2" --output "$3" --resume --max-tokens 60 --quiet 2>/dev/null &
                process=$!
                while kill -0 $process 2>/dev/null; do
                    now=$(wc -l < "$3.progress" 2>/dev/null || echo 0)
                    if (( now > noted )); then break; fi
                    sleep 0.01
                done
                kill -KILL $process 2>/dev/null && echo killed
                wait $process 2>/dev/null
                noted=$(wc -l < "$3.progress")
            done
            """, [model, input, part])
        #expect(killed.output.split(separator: "\n").count >= 2, "too few kills: \(killed.errors)")
        let end = try Program.run(["generate", model, "--input", input, "--output", part, "--resume"] + options)
        #expect(end.status == 0 || end.status == 1, "\(end.errors)")
        #expect(try contents(part) == contents(whole))
        let rows = try contents(whole).split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(rows.count == 400 && rows.map { $0["id"] } == (0..<400).map { .string("r\($0)") })

        let other = try Program.run([
            "generate", model, "--input", input, "--output", part, "--resume", "--max-tokens", "61",
        ])
        #expect(other.status == 1 && other.errors.contains("differs in most tokens"), "\(other.errors)")
    }

    @Test("Rows are the answers that prompts get one by one, with system message, tools and variables of the options")
    func answersAsAlone() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let template = try JSON.read(path: model + "/tokenizer_config.json").object
        var configuration = try #require(template)
        configuration["chat_template"] = .string(
            "{% if tools %}{{ tools | length }} tools {% endif %}{{ mood }}"
                + (configuration["chat_template"]?.string ?? ""))
        try AtomicFile.write(JSON.object(configuration).serialized(), to: model + "/tokenizer_config.json")
        let tools = try folder.write(
            Array(#"[{"type": "function", "function": {"name": "now"}}]"#.utf8), to: "tools.json")
        let options = [
            "--max-tokens", "8", "--system", "be brief", "--tools", tools, "--template-variable", "mood=calm",
            "--response-prefix", "the ", "--temperature", "0",
        ]
        let input = try folder.write(Array("hello\nthe quick fox\n".utf8), to: "prompts.txt")
        let bulk = try Program.run(["generate", model, "--input", input, "--quiet"] + options)
        #expect(bulk.status == 0, "\(bulk.errors)")
        let rows = try bulk.output.split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(rows.count == 2)
        for (row, prompt) in zip(rows, ["hello", "the quick fox"]) {
            let alone = try Program.run(["generate", model, prompt, "--json"] + options)
            let document = try JSON(parsing: alone.output)
            for name in ["text", "finish_reason", "prompt_tokens", "generated_tokens"] {
                #expect(row[name] == document[name] && row[name] != nil, "\(name)")
            }
        }
        let without = try JSON(parsing: try Program.run(["generate", model, "hello", "--json"]).output)
        #expect(without["prompt_tokens"] != rows[0]["prompt_tokens"])
    }

    @Test(
        "What the options contradict is refused before a model is looked for",
        arguments: [
            (["hello", "--input", "a.jsonl"], "not both"), (["--input", "a.jsonl", "--json"], "--json"),
            (["--input", "a.jsonl", "--resume"], "--output"), (["hello", "-o", "a.jsonl"], "--input"),
            (["--input", "a.jsonl", "-o", "a.csv"], ".jsonl"), (["--input", "a", "--prefix-cache", "b"], "one prompt"),
            (["hello", "--special-tokens"], "--raw"), (["hello", "--raw", "--system", "a"], "--raw"),
            (["hello", "--fim-suffix", "a", "--system", "b"], "--fim-suffix"),
            (["hello", "--template-variable", "a"], "--template-variable"),
        ] as [([String], String)])
    func refuses(options: [String], mention: String) throws {
        let outcome = try Program.run(["generate", "/no/such/model"] + options)
        #expect(outcome.status == 64 && outcome.output.isEmpty && outcome.errors.contains(mention), "\(outcome.errors)")
    }

    @Test("A table and a list are refused by their names, and the input is not written over")
    func refusesFiles() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        for name in ["prompts.csv", "prompts.json"] {
            let input = try folder.write(Array("[]".utf8), to: name)
            let outcome = try Program.run(["generate", model, "--input", input])
            #expect(outcome.status == 1 && outcome.errors.contains(".jsonl") || outcome.errors.contains("--jsonl"))
        }
        let input = try folder.write(Array("\"a\"\n".utf8), to: "same.jsonl")
        let outcome = try Program.run(["generate", model, "--input", input, "-o", input, "--overwrite"])
        #expect(outcome.status == 64, "\(outcome.errors)")
        #expect(try contents(input) == "\"a\"\n")
    }
}
