import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// `--adapter`, `gyges adapter merge` and `gyges adapter convert`, from adapters as PEFT saves them.
@Suite struct AdapterCommandTests {
    private static func fixture(_ name: String) -> String { fixturePath(name, of: "GygesModels") }

    private static func adapter(_ name: String) -> String { fixture("adapters/\(name)") }

    private func run(_ arguments: String...) throws -> Program.Outcome { try Program.run(arguments) }

    @Test("An adapter changes what a model says, and its weight counts")
    func adaptersAreUsed() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let adapter = try Self.writeAdapter(of: "model.layers.0.self_attn.q_proj", inputs: 64, outputs: 64, to: folder)
        func scores(_ options: String...) throws -> String {
            let outcome = try Program.run(
                ["score", model, "--quiet"] + options,
                input: #"{"context": "the quick", "continuation": " brown"}"#)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.output
        }
        let plain = try scores()
        let whole = try scores("--adapter", adapter)
        #expect(whole != plain)
        #expect(try scores("--adapter", adapter + ":0.5") != whole)
        #expect(try scores("--adapter", adapter + ":1") == whole)
        for command in [["generate", model, "hello", "--max-tokens", "3"], ["perplexity", model, "-"]] {
            let outcome = try Program.run(
                command + ["--adapter", adapter, "--quiet"], input: String(repeating: "the fox ", count: 40))
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
    }

    /// A PEFT folder with one layer's matrices.
    private static func writeAdapter(
        of module: String, inputs: Int, outputs: Int, to folder: TemporaryFolder
    ) throws -> String {
        let settings = """
            {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["\(module)"], "bias": "none"}
            """
        try folder.write(settings, to: "adapter/adapter_config.json")
        var random = Randomness(5)
        let (a, b) = (random.floats(2 * inputs), random.floats(2 * outputs))
        let name = "base_model.model.\(module)"
        var header =
            #"{"\#(name).lora_A.weight":{"dtype":"F32","shape":[2,\#(inputs)],"data_offsets":[0,\#(8 * inputs)]},"#
            + #""\#(name).lora_B.weight":{"dtype":"F32","shape":[\#(outputs),2],"data_offsets":[\#(8 * inputs),\#(8 * (inputs + outputs))]}}"#
        while header.utf8.count % 8 != 0 { header += " " }
        var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8)
        bytes += (a + b).withUnsafeBytes(Array.init)
        try folder.write(bytes, to: "adapter/adapter_model.safetensors")
        return folder.path + "/adapter"
    }

    @Test("A merged folder is a model that inspect reads, and says what became of tied matrices")
    func merges() throws {
        let folder = try TemporaryFolder()
        let output = folder.path + "/merged"
        let merge = [
            "adapter", "merge", Self.fixture("qwen2-tied"), "--adapter", Self.adapter("qwen2-rslora"), "-o", output,
        ]
        let outcome = try Program.run(merge + ["--dtype", "f32", "--quiet"])
        #expect(outcome.status == 0 && outcome.errors.contains("tie_word_embeddings"), "\(outcome.errors)")
        let configuration = try JSON.read(path: output + "/config.json")
        #expect(configuration["tie_word_embeddings"] == false && configuration["torch_dtype"] == "float32")
        #expect(try run("inspect", output).status == 0)
        // What is there is not overwritten.
        #expect(try Program.run(merge).status == 1)
        let none = try run("adapter", "merge", Self.fixture("qwen2-tied"), "-o", folder.path + "/x")
        #expect(none.status == 64 && none.errors.contains("--adapter"))
        let file = try run(
            "adapter", "merge", Self.fixture("llama-scaled") + "/model.gguf", "--adapter",
            Self.adapter("llama-all-linear"),
            "-o", folder.path + "/x")
        #expect(file.status == 1 && file.errors.contains("run the file as it is with --adapter"), "\(file.errors)")
    }

    @Test("Adapters go to GGUF files and back, and what such a file cannot hold is said")
    func converts() throws {
        let folder = try TemporaryFolder()
        let (file, back) = (folder.path + "/a.gguf", folder.path + "/back")
        let base = Self.fixture("llama-scaled")
        #expect(try run("adapter", "convert", Self.adapter("llama-all-linear"), "--base", base, "-o", file).status == 0)
        #expect(try run("adapter", "convert", file, "--base", base + "/model.gguf", "-o", back).status == 0)
        let (old, new) = ("/adapter_model.safetensors", back + "/adapter_model.safetensors")
        // The same matrices; their order in the file is the names'.
        #expect(try MappedFile.read(path: Self.adapter("llama-all-linear") + old).count > 0)
        #expect(try MappedFile.read(path: new).count > 0)
        let saved = try run(
            "adapter", "convert", Self.adapter("qwen2-saved-both"), "--base", Self.fixture("qwen2-tied"), "-o",
            folder.path + "/b.gguf")
        #expect(saved.status == 1 && saved.errors.contains("adapter merge"), "\(saved.errors)")
        let other = try run(
            "adapter", "convert", Self.adapter("qwen2-moe"), "--base", base, "-o", folder.path + "/c.gguf")
        #expect(other.status == 1 && other.errors.contains("qwen2-moe"), "\(other.errors)")
    }

    @Test(
        "Weights that mean nothing are refused before a model is looked for",
        arguments: ["a:0", "a:nan", ":1", "a:half"])
    func checksWeights(text: String) throws {
        let outcome = try run("generate", "/no/such/model", "hello", "--adapter", text)
        #expect(outcome.status == 64 && outcome.errors.contains("--adapter"), "\(outcome.errors)")
    }

    @Test("A study's adapter needs a model on this machine")
    func refusesEndpoints() throws {
        let folder = try TemporaryFolder()
        let study = try folder.write(
            """
            version: 1
            name: scripted
            subject: persona:faker
            scenarios: [helpful-only]
            prompts: { count: 4 }
            output: \(folder.path)/run
            """, to: "study.yaml")
        let outcome = try run("study", "run", study, "--quiet", "--adapter", folder.path)
        #expect(outcome.status == 1 && outcome.errors.contains("Leave --adapter out"), "\(outcome.errors)")
    }
}
