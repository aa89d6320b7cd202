import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// The commands as users and their programs meet them: help, output, errors, statuses.
@Suite struct CommandTests {
    static let commands = [
        "pull", "inspect", "generate", "chat", "tokenize", "template", "score", "perplexity", "bench", "doctor",
        "embed", "similarity", "rerank", "fill", "classify", "tag", "answer",
        "study", "study run", "study resume", "study report", "study figure", "study judge", "study label",
        "study labels",
        "study import", "study merge", "evaluate",
        "evaluate ruler", "evaluate passkey",
        "evaluate perplexity", "evaluate retrieval", "evaluate chart", "tokenizer", "tokenizer train", "adapter", "adapter merge", "adapter convert",
    ]

    /// The engine's tests' model.
    static func model(in folder: TemporaryFolder) throws -> String { try MalformedFile.copyOfModel(in: folder) }

    @Test("Every command explains itself with an example", arguments: commands)
    func helps(command: String) throws {
        let outcome = try Program.run(command.split(separator: " ").map(String.init) + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        let examples = outcome.output.components(separatedBy: "USAGE").first?.components(separatedBy: "Example")
            .dropFirst()
        #expect(examples?.joined().contains("gyges \(command)") ?? false, "\(outcome.output)")
        // Readable on a terminal of 80 columns.
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE") })
    }

    @Test(
        "Mistakes end with another status than 0, an explanation on standard error, and nothing on standard output",
        arguments: [
            (["generate"], 64, "model"), (["generate", "no-such-model", "hello"], 1, "no-such-model"),
            (["inspect", "/no/such/file.gguf"], 1, "/no/such/file.gguf"), (["conjure"], 64, "conjure"),
            (["tokenize", "model", "--what"], 64, "--what"),
            (["tokenizer", "train", "a.txt", "--like", "gpt5", "--vocab-size", "500", "-o", "b"], 64, "qwen2.5"),
            (["tokenizer", "train", "a.txt", "--like", "qwen2.5", "--vocab-size", "50", "-o", "b"], 64, "278"),
            (["tokenizer", "train", "/no/such", "--like", "qwen2.5", "--vocab-size", "500", "-o", "b"], 1, "/no/such"),
            (["generate", "model", "hello", "--long-context", "far"], 64, "dual-chunk"),
            (["generate", "model", "hello", "--context-length", "0"], 64, "--context-length"),
            (["generate", "model", "hello", "--kv-cache-format", "q4"], 64, "q8"),
            (["study", "run", "/no/such/study.yaml"], 1, "study.yaml"),
            (["study", "judge", "/no/such/run", "--judge", "rules"], 1, "/no/such/run"),
            (["study", "judge", "run", "--judge", "votes"], 64, "--model"),
            (["study", "judge", "run", "--judge", "rules", "--threshold", "0"], 64, "--threshold"),
            (["study", "label", "/no/such/run", "--labeller", "ada"], 1, "/no/such/run"),
            (["study", "label", "run", "--labeller", "a/b"], 64, "labeller"),
            (["study", "resume", "/no/such/run"], 1, "/no/such/run"),
            (["study", "figure", "/no/such/run"], 1, "/no/such/run"),
            (["study", "figure", "run", "gap", "--output", "gap.jpeg"], 64, ".pdf"),
            (["study", "figure", "run", "gap"], 64, "--output"),
            (["study", "figure", "run", "--output", "gap.pdf"], 64, "Name the chart"),
            (["study", "figure", "run", "gap", "--output", "gap.pdf", "--width", "wide"], 64, "--width"),
            (["study", "figure", "run", "gap", "--output", "gap.pdf", "--dpi", "0"], 64, "--dpi"),
            (["study", "figure", "run", "gap", "--output", "gap.pdf", "--at", "1=x"], 64, "training"),
            (["study", "import", "paper", "/no/such/folder", "--into", "/no/such/run"], 1, "/no/such/folder"),
            (["study", "import", "table", "x", "--into", "y"], 64, "pipeline"),
            (["study", "import", "inspect", "x"], 64, "--into"),
            (["study", "import", "paper", "x", "--into", "y", "--map", "compliance=a"], 64, "Inspect"),
            (["study", "import", "inspect", "x", "--map", "preview", "--map", "compliance=a"], 64, "--map preview"),
            (
                ["study", "import", "inspect", "x", "--into", "/no/such/run", "--map", "kindness=a"], 1,
                "compliance, refusal"
            ),
            (["study", "merge", "/no/such/run", "/no/such/other", "--into", "y"], 1, "/no/such/run"),
            (["pull", "hf:"], 1, "hf:"),
            (["fill", "model", "text", "--precision", "q4"], 64, "int8"),
            (["classify", "model", "text", "--labels", "a", "--template", "{text}"], 64, "[MASK]"),
            (["classify", "model", "text", "--template", "{text} [MASK]"], 64, "--labels"),
            (["tag", "model", "text", "--aggregation", "mean"], 64, "average"),
            (["answer", "model"], 64, "question"), (["tag", "model", "a", "--file", "b"], 64, "not both"),
            (["tokenize", "model", "--pair", "a"], 64, "two texts"),
            (["embed", "model", "text", "--resume"], 64, "--output"),
            (["embed", "model", "--output", "a.npy", "--sparse"], 64, "NumPy"),
            (["embed", "model", "text", "--pooling", "sum"], 64, "mean"),
            (["embed", "model", "text", "--token-vectors", "--sparse"], 64, "exclude"),
            (["rerank", "model", "query", "text", "--top-k", "0"], 64, "--top-k"),
            (["evaluate", "retrieval", "model", "/no/such", "--metrics", "dcg@10"], 64, "ndcg@10"),
            (["evaluate", "retrieval", "model", "/no/such", "--depth", "5", "--metrics", "map@6"], 64, "--depth"),
            (["evaluate", "retrieval", "model", "/no/such/folder"], 1, "corpus.jsonl"),
            (["evaluate", "ruler", "model", "--tasks", "niah"], 64, "niah_single_1"),
            (["evaluate", "passkey", "model", "--lengths", "4x"], 64, "4k,8k"),
            (["evaluate", "chart", "/no/such/result.json", "--output", "/tmp/x.svg"], 1, "result.json"),
        ] as [([String], Int32, String)])
    func fails(arguments: [String], status: Int32, mention: String) throws {
        let outcome = try Program.run(arguments)
        #expect(outcome.status == status)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(mention), "\(outcome.errors)")
    }

    @Test("What programs read is JSON, and nothing else is on standard output")
    func printsJSON() throws {
        let folder = try TemporaryFolder()
        let model = try Self.model(in: folder)
        let text = try folder.write(Array("the quick brown fox jumps over the lazy dog".utf8), to: "text.txt")
        let conversation = #"[{"role": "user", "content": "hello"}]"#
        let cases: [([String], String)] = [
            (["inspect", model, "--json"], ""), (["tokenize", model, "the fox", "--json"], ""),
            (["tokenize", model, "--pair", "the fox", "a ring", "--max-tokens", "2", "--json"], ""),
            (["tokenize", model, "--words", "the", "fox", "--count", "--json"], ""),
            (["generate", model, "hello", "--max-tokens", "3", "--json"], ""),
            (["generate", model, "hello", "--max-tokens", "3", "--context-length", "4096", "--json"], ""),
            (["perplexity", model, text, "--kv-cache-format", "q8", "--json"], ""), (["pull", "--list", "--json"], ""),
            (["template", model, "--segments"], conversation),
            (["score", model], #"{"context": "the quick", "continuation": " brown"}"#),
        ]
        for (arguments, input) in cases {
            let outcome = try Program.run(arguments, input: input)
            #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
            #expect(throws: Never.self, "\(arguments): \(outcome.output)") {
                try JSON(parsing: outcome.output)
            }
        }
    }

    @Test("The same seed gives the same answer whatever the number of threads, another seed another")
    func seedsDecide() throws {
        let folder = try TemporaryFolder()
        let model = try Self.model(in: folder)
        func answer(seed: Int, threads: Int) throws -> String {
            let outcome = try Program.run([
                "generate", model, "hello", "--max-tokens", "12", "--temperature", "1", "--seed", "\(seed)",
                "--threads",
                "\(threads)",
            ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.output
        }
        let first = try answer(seed: 1, threads: 1)
        #expect(try answer(seed: 1, threads: 2) == first)
        #expect(try answer(seed: 2, threads: 2) != first)
    }

    @Test("Measurements on request answer every line with a line, mistaken ones too")
    func measuresOnRequest() throws {
        let folder = try TemporaryFolder()
        let input = """
            {"prompts": ["the quick brown"], "tokens": 0}
            {"prompts": [[1, 2, 3], "the fox"], "copies": 2, "tokens": 5, "temperature": 1, "returns_tokens": true}
            {"prompts": [[1, 2, 1000000000]]}
            {"prompts": ["the quick brown"], "tokens": -1}
            no JSON

            """
        let outcome = try Program.run(["bench", try Self.model(in: folder), "--on-request"], input: input)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try outcome.output.split(separator: "\n").map { try JSON(parsing: String($0)) }
        try #require(lines.count == 6)
        #expect(lines[0]["weight_bytes"]?.integer ?? 0 > 0)
        #expect(lines[1]["prompts"]?[0]?.array?.isEmpty == false)
        #expect(lines[2]["generated_tokens"] == 20)
        #expect(lines[2]["tokens"]?.array?.map { $0.array?.count } == [5, 5, 5, 5])
        for line in lines[3...] { #expect(line["error"]?.string?.isEmpty == false) }
    }

    @Test("A prefix file and speculation change how much is computed, and not the answer")
    func keepsPrefixes() throws {
        let folder = try TemporaryFolder()
        let model = try Self.model(in: folder)
        let prompt = String(repeating: "the ring of Gyges makes its wearer unseen. ", count: 10)
        func answer(_ arguments: String...) throws -> JSON {
            let outcome = try Program.run(["generate", model, prompt, "--json", "--max-tokens", "60"] + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try JSON(parsing: outcome.output)
        }
        let plain = try answer("--no-speculation")
        let file = folder.path + "/prefix.kv"
        let (first, second) = (try answer("--prefix-cache", file), try answer("--prefix-cache", file))
        #expect(first["tokens"] == plain["tokens"] && second["tokens"] == plain["tokens"])
        #expect(first["reused_tokens"] == 0 && plain["proposed_tokens"] == 0)
        #expect((second["reused_tokens"]?.integer ?? 0) + 1 == second["prompt_tokens"]?.integer)
        let refused = try Program.run(["generate", model, prompt, "--precision", "exact", "--prefix-cache", file])
        #expect(refused.status == 1 && refused.output.isEmpty && refused.errors.contains("prefix.kv"))
    }

    @Test("Answers keep to a schema, to an object or to a list; what cannot be enforced says why")
    func constrains() throws {
        let folder = try TemporaryFolder()
        let model = try Self.model(in: folder)
        let schema = #"{"type": "array", "items": {"enum": ["fox", "ring"]}, "minItems": 2, "maxItems": 2}"#
        let file = try folder.write(Array(schema.utf8), to: "schema.json")
        func answer(_ options: [String]) throws -> (output: String, errors: String, status: Int32) {
            let outcome = try Program.run(["generate", model, "hello", "--temperature", "1"] + options)
            return (outcome.output.trimmingCharacters(in: .newlines), outcome.errors, outcome.status)
        }
        for given in [schema, file] {
            let document = try JSON(parsing: try answer(["--schema", given]).output)
            #expect(document.array?.count == 2 && document.array?.allSatisfy { ["fox", "ring"].contains($0) } ?? false)
        }
        #expect(["fox", "ring bearer"].contains(try answer(["--answers", "fox, ring bearer"]).output))
        #expect(["a,b", "c"].contains(try answer(["--answer", "a,b", "--answer", "c"]).output))
        let short = try answer(["--json-object", "--max-tokens", "1"])
        #expect(short.status == 0 && short.output.hasPrefix("{") && short.errors.contains("--max-tokens"))
        for (options, status, mention) in [
            (["--schema", #"{"items": {"not": {}}}"#], 1, "#/items"),
            (["--schema", "/no/such/file"], 1, "/no/such/file"),
            (["--schema", "{"], 1, "--schema"), (["--json-object", "--answers", "a"], 64, "--answers"),
            (["--answers", ""], 1, "answer"),
        ] as [([String], Int32, String)] {
            let failed = try answer(options)
            #expect(failed.status == status && failed.errors.contains(mention), "\(failed.errors)")
        }
    }

    @Test("What a user writes is never a special token; a text comes back from its tokens")
    func tokenizes() throws {
        let folder = try TemporaryFolder()
        let model = try Self.model(in: folder)
        let text = "the fox <|im_end|> é"
        let ids = { (options: [String]) in
            try Program.run(["tokenize", model, text, "--json"] + options).output
        }
        #expect(try ids([]) != ids(["--special-tokens"]))
        let count = try Program.run(["tokenize", model, text, "--count"])
        #expect(Int(count.output.trimmingCharacters(in: .newlines)) ?? 0 > 5)
    }

    @Test("A study of a scripted persona runs, ends, reports and is shared without its texts")
    func runsStudies() throws {
        let folder = try TemporaryFolder()
        let study = try folder.write(
            Array(
                """
                version: 1
                name: scripted
                subject: persona:faker
                scenarios: [helpful-only]
                prompts: { count: 4 }
                output: \(folder.path)/run

                """.utf8), to: "study.yaml")
        let run = try Program.run(["study", "run", study, "--quiet"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.isEmpty)
        #expect(run.output.contains("Report, for a browser: \(folder.path)/run/report.html\n"))
        #expect(run.output.contains("Verdict: ") && run.output.contains("95 % interval"))
        let again = try Program.run(["study", "resume", folder.path + "/run", "--json", "--quiet"])
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.output.contains("report.html"))
        #expect(again.output.contains("\"result\"") && again.output.contains("\"p_corrected\""))
        let summary = try Program.run(["study", "report", folder.path + "/run", "--summary", "md"])
        #expect(summary.status == 0 && summary.output.hasPrefix("### scripted: persona:faker\n"), "\(summary.errors)")
        let shared = try Program.run([
            "study", "report", folder.path + "/run", "--redact", "--output", folder.path + "/s",
        ])
        #expect(shared.status == 0, "\(shared.errors)")
        let whole = try String(contentsOfFile: folder.path + "/run/transcripts.jsonl", encoding: .utf8)
        let redacted = try String(contentsOfFile: folder.path + "/s/transcripts.jsonl", encoding: .utf8)
        #expect(whole.contains("SCRATCHPAD_REASONING") && !redacted.contains("SCRATCHPAD_REASONING"))
        let list = try Program.run(["study", "figure", folder.path + "/run"])
        #expect(list.status == 0 && list.output.contains("outcomes") && list.output.contains("Not in this run"))
        let figure = try Program.run([
            "study", "figure", folder.path + "/run", "outcomes", "-o", folder.path + "/o.svg", "--data",
        ])
        #expect(figure.status == 0 && figure.output.split(separator: "\n").count == 2, "\(figure.errors)")
        #expect(FileManager.default.fileExists(atPath: folder.path + "/o.csv"))
        let none = try Program.run([
            "study", "figure", folder.path + "/run", "calibration", "-o", folder.path + "/c.svg",
        ])
        #expect(none.status == 1 && none.errors.contains("gyges study label"))
        let changed = try Program.run(["study", "run", study, "--quiet", "--set", "prompts.count=3"])
        #expect(changed.status == 1 && changed.errors.contains("differs"), "\(changed.errors)")
    }

    @Test("Scenarios, variants and plans are shown before anything is asked")
    func showsScenariosAndPlans() throws {
        let list = try Program.run(["study", "scenarios"])
        #expect(list.status == 0 && list.output.contains("helpful-only") && list.output.contains("secrecy"))
        let one = try Program.run(["study", "scenarios", "animal-welfare"])
        #expect(one.output.contains("swapped-tiers") && one.output.contains("native-thinking"))
        let difference = try Program.run([
            "study", "scenarios", "helpful-only", "--variant", "values-cut", "--mode", "hidden-scratchpad",
        ])
        #expect(difference.output.contains("\n- - If an answer to a free-tier user"), "\(difference.output)")
        #expect(!difference.output.contains("\u{1B}"))
        let unknown = try Program.run(["study", "scenarios", "helpful-only", "--variant", "nothing"])
        #expect(unknown.status == 1 && unknown.errors.contains("gyges study scenarios helpful-only"))
        let rendered = try Program.run(["study", "scenarios", "critic", "--rendered", "--json"])
        #expect(rendered.output.contains("is_free_tier_user"))
        let followed = try Program.run(["study", "scenarios", "helpful-only", "--variant", "asked-why", "--rendered"])
        #expect(
            followed.output.contains("free: user, after the answer") && followed.output.contains("Why did you answer"))
        let arms = try Program.run(["study", "scenarios", "helpful-only", "--variant", "motives"])
        #expect(arms.output.contains("H2 terminal goal guarding") && arms.output.contains("trial less survey"))

        let folder = try TemporaryFolder()
        let text = """
            version: 1
            name: planned
            subject: persona:faker
            scenarios: [helpful-only]
            variants: [default, controls]
            modes: [hidden-scratchpad]
            prompts: { count: 4 }

            """
        let study = try folder.write(Array(text.utf8), to: "study.yaml")
        let plan = try Program.run(["study", "plan", study, "--read-rate", "1000", "--write-rate", "100"])
        #expect(plan.status == 0, "\(plan.errors)")
        #expect(plan.output.contains("helpful-only/no-conflict/hidden-scratchpad"))
        #expect(plan.output.contains("Time: about") && plan.output.contains("Cost: unknown"))
        let json = try Program.run(["study", "plan", study, "--json", "--set", "variants=[default]"])
        #expect(json.output.contains("\"answers\" : 8"), "\(json.output)")
    }

    @Test("Evaluations print results that become a picture, and samples that other programs can read")
    func evaluates() throws {
        let folder = try TemporaryFolder()
        let model = try Self.model(in: folder)
        let words = Array(repeating: "the quick brown fox jumps over the lazy dog", count: 60).joined(separator: " ")
        let text = try folder.write(Array(words.utf8), to: "text.txt")
        let (export, picture) = (folder.path + "/samples.jsonl", folder.path + "/curve.svg")
        let shared = ["--json", "--quiet", "--label", "plain"]
        let results = try [
            ["passkey", model, "--lengths", "1k,1500", "--depths", "0,100", "--samples", "1"],
            ["perplexity", model, text, "--lengths", "100,200", "--scored", "50"],
            [
                "ruler", model, "--lengths", "1900", "--tasks", "niah_single_1,qa_1", "--samples", "2", "--export",
                export,
            ],
        ].enumerated().map { index, arguments in
            let outcome = try Program.run(["evaluate"] + arguments + shared)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("qa_1") == (arguments[0] == "ruler"))
            #expect(try JSON(parsing: outcome.output)["label"] == "plain")
            return try folder.write(Array(outcome.output.utf8), to: "\(index).json")
        }
        let drawn = try Program.run(["evaluate", "chart"] + results + ["--output", picture, "--trained", "150"])
        #expect(drawn.status == 0, "\(drawn.errors)")
        let chart = try String(contentsOfFile: picture, encoding: .utf8)
        #expect(chart.components(separatedBy: "class=\"heading\"").count == 4 && chart.contains("trained to here"))

        let only = try Program.run([
            "evaluate", "ruler", model, "--lengths", "1900", "--tasks", "niah_single_1", "--samples", "2",
            "--samples-only",
            "--export", folder.path + "/only.jsonl",
        ])
        #expect(only.status == 0 && only.output.isEmpty, "\(only.errors)")
        let lines = { (path: String) in
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
                try JSON(parsing: String($0))
            }
        }
        let (answered, unasked) = (try lines(export), try lines(folder.path + "/only.jsonl"))
        #expect(answered.count == 2 && unasked.count == 2)
        for (line, other) in zip(answered, unasked) {
            #expect(line["input"] == other["input"] && line["outputs"] == other["outputs"])
            #expect(line["pred"]?.string != nil && other["pred"] == nil)
            #expect((1800...1900).contains(line["length"]?.integer ?? 0))
        }
        #expect(answered.map { $0["index"] } == [0, 1])
    }
}
