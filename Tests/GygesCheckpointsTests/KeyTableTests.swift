import Foundation
import GygesCheckpoints
import GygesFiles
import GygesTestSupport
import Testing

/// Walks the tables of keys: what is called used is read, what is called irrelevant is not, what is called refused is.
@Suite struct KeyTableTests {
    static let tables = KeyTable.folderTables + [KeyTable.gguf, .adapterConfiguration, .ggufAdapter]

    @Test func theDocumentShowsEveryTable() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/formats.md"), encoding: .utf8)
        for table in Self.tables {
            let shows = text.contains("\n\n" + table.markdown)
            #expect(shows, "docs/formats.md must show the table of \(table.file):\n\(table.markdown)")
        }
    }

    @Test func noTableSaysAKeyTwice() {
        for table in Self.tables {
            #expect(Set(table.keys.map(\.name)).count == table.keys.count, "\(table.file)")
        }
    }

    @Test func patternsFitWhatTheySay() {
        let table = KeyTable(
            "a", of: .anyModel,
            [.init("general.*", .irrelevant, ""), .init("t.*_id", .used, ""), .init("t.x_id", .refused, "")])
        #expect(table.key(for: "general.name.first")?.fate == .irrelevant)
        #expect(table.key(for: "t.eos_id")?.fate == .used && table.key(for: "t.x_id")?.fate == .refused)
        for name in ["general", "t.eos", "t._ids", "T.a_id", "", "xgeneral.a"] { #expect(table.key(for: name) == nil) }
        let object = JSONObject([
            ("t", .object(JSONObject([("a_id", 1), ("b", 2)]))), ("u", .object(JSONObject([("c", 3)]))), ("general", 1),
        ])
        #expect(table.unknownNames(in: object) == ["t.b", "u", "general"])
    }

    // MARK: config.json

    /// Configurations among which every key of the table is read by one.
    static let configurations: [JSONObject] = {
        let shape: [(String, JSON)] = [
            ("num_hidden_layers", 4), ("hidden_size", 64), ("intermediate_size", 96), ("num_attention_heads", 4),
            ("num_key_value_heads", 2), ("vocab_size", 100), ("max_position_embeddings", 2048), ("rms_norm_eps", 1e-5),
            ("num_experts_per_tok", 2), ("moe_intermediate_size", 12), ("shared_expert_intermediate_size", 20),
            ("use_sliding_window", true), ("sliding_window", 4096), ("max_window_layers", 1),
        ]
        let scalings: [[(String, JSON)]] = [
            [("rope_type", "linear"), ("factor", 2.0)],
            [
                ("rope_type", "llama3"), ("factor", 8.0), ("low_freq_factor", 1.0), ("high_freq_factor", 4.0),
                ("original_max_position_embeddings", 512),
            ],
            [
                ("type", "yarn"), ("factor", 4.0), ("original_max_position_embeddings", 512),
                ("attention_factor", 1.5),
            ],
            [("type", "yarn"), ("factor", 4.0), ("mscale", 1.0), ("mscale_all_dim", 0.5)],
        ]
        var bases: [JSONObject] = []
        for family in ["qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "llama", "mistral", "smollm3"] {
            for experts in ["num_experts", "num_local_experts"] {
                bases.append(JSONObject([("model_type", .string(family)), (experts, 8)] + shape))
            }
        }
        for key in ["rope_scaling", "rope_parameters"] {
            for scaling in scalings {
                bases.append(JSONObject([("model_type", "llama"), (key, .object(JSONObject(scaling)))] + shape))
            }
        }
        let chunks: JSON = ["chunk_size": 256, "local_size": 64, "original_max_position_embeddings": 512]
        bases.append(JSONObject([("model_type", "qwen2"), ("dual_chunk_attention_config", chunks)] + shape))
        return bases
    }()

    /// What a reader makes of an object, or what it says is wrong.
    private func outcome(of object: JSONObject) -> String {
        do throws(FileError) {
            let shape = try CausalModelConfiguration(json: .object(object), path: "config.json")
            let advice = try GenerationConfiguration(json: .object(object), path: "config.json")
            return "\(shape) \(advice)"
        } catch {
            return "refused: \(error.problems)"
        }
    }

    /// Of no kind that any key has.
    static let odd: JSON = ["odd": [["odd": 1]]]

    /// An object with a key of it, or of an object in it, set to something else.
    static func setting(_ path: String, to value: JSON, in object: JSONObject) -> JSONObject {
        var object = object
        let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
        if parts.count == 1 {
            object[path] = value
        } else if let inner = object[parts[0]]?.object {
            object[parts[0]] = .object(setting(parts[1], to: value, in: inner))
        }
        return object
    }

    @Test func theBasesAreSound() {
        for base in Self.configurations { #expect(!outcome(of: base).hasPrefix("refused"), "\(outcome(of: base))") }
    }

    @Test(arguments: KeyTable.folderTables.filter { $0.subject == .decoders }.map(\.file))
    func keysOfAFolderMeetTheirFate(file: String) throws {
        let table = try #require(KeyTable.folderTables.first { $0.file == file && $0.subject == .decoders })
        for key in table.keys {
            let name = key.name.replacingOccurrences(of: "*", with: "x")
            let changed = Self.configurations.filter { base in
                outcome(of: Self.setting(name, to: Self.odd, in: base)) != outcome(of: base)
            }
            switch key.fate {
            case .used: #expect(!changed.isEmpty, "\(key.name) is said to be used, and nothing reads it")
            case .irrelevant: #expect(changed.isEmpty, "\(key.name) is said to be irrelevant, and something reads it")
            case .refused:
                #expect(changed.count == Self.configurations.count, "\(key.name)")
                let text = outcome(of: Self.setting(name, to: Self.odd, in: Self.configurations[0]))
                #expect(text.hasPrefix("refused"), "\(key.name): \(text)")
            }
        }
    }

    // MARK: GGUF

    private static func files() -> [GGUFBuilder] {
        var yarn = GGUFBuilder.tinyLlama
        yarn.set("llama.rope.scaling.type", .string("yarn"))
        yarn.set("llama.rope.scaling.factor", .float32(2))
        var old = GGUFBuilder.tinyLlama
        old.set("llama.rope.scale_linear", .float32(2))
        var mixture = GGUFBuilder.tinyLlama
        for index in mixture.entries.indices {
            mixture.entries[index].key = mixture.entries[index].key.replacingOccurrences(
                of: "llama.", with: "qwen2moe.")
        }
        mixture.set("general.architecture", .string("qwen2moe"))
        for key in ["expert_count", "expert_used_count"] { mixture.set("qwen2moe." + key, .uint32(2)) }
        for key in ["expert_feed_forward_length", "expert_shared_feed_forward_length"] {
            mixture.set("qwen2moe." + key, .uint32(8))
        }
        return [.tinyLlama, yarn, old, mixture]
    }

    private func outcome(of file: GGUFBuilder) throws -> String {
        let folder = try TemporaryFolder()
        let path = try folder.write(file.bytes, to: "a.gguf")
        do throws(FileError) {
            return "\(try CausalModelConfiguration(gguf: GGUFFile(path: path)))"
        } catch {
            return "refused: \(error.problems)"
        }
    }

    @Test func keysOfAGGUFFileMeetTheirFate() throws {
        for file in Self.files() {
            let read = try outcome(of: file)
            #expect(!read.hasPrefix("refused"), "\(read)")
        }
        // The tokenizer's are read by another room, and a split model's where there are several files.
        for key in KeyTable.gguf.keys
        where !key.name.hasPrefix("tokenizer.") && !["split.no", "split.tensors.count"].contains(key.name) {
            var isRead = false
            for file in Self.files() {
                let architecture = file.entries.contains { $0.key.hasPrefix("qwen2moe.") } ? "qwen2moe" : "llama"
                let name = key.name.replacingOccurrences(of: "*", with: "x")
                    .replacingOccurrences(of: "ARCH.", with: architecture + ".")
                var changed = file
                // An array of a float, which no key is, and where a float would do as well, an odd one.
                changed.set(
                    name, .raw(9, GGUFBuilder.bytes(UInt32(6)) + GGUFBuilder.bytes(UInt64(1)) + [0, 0, 0xC0, 0x7F]))
                if try outcome(of: changed) != outcome(of: file) { isRead = true }
            }
            #expect(isRead == (key.fate == .used), "\(key.name) is said to be \(key.fate.rawValue)")
        }
    }

    @Test func whatIsUnknownIsReportedOnceAndBounded() throws {
        var file = GGUFBuilder.tinyLlama
        file.set("llama.attention.sinks", .bool(true))
        file.set("qwen2.block_count", .uint32(1))
        file.set("general.anything", .string("fine"))
        let folder = try TemporaryFolder()
        let read = try GGUFFile(path: folder.write(file.bytes, to: "a.gguf"))
        #expect(read.unknownKeys.map(\.list) == ["llama.attention.sinks, qwen2.block_count"])

        let many = (0..<50).map { "\"key\($0)\": 1" } + ["\"rope_scaling\": {\"odd\": 1}", "\"model_type\": \"llama\""]
        try folder.write("{" + many.joined(separator: ",") + "}", to: "config.json")
        try folder.write(#"{"min_p": 0.1, "top_k": 2}"#, to: "generation_config.json")
        let unknown = try ModelFolder(path: folder.path).unknownKeys()
        #expect(unknown.map(\.file) == ["config.json", "generation_config.json"])
        #expect(
            unknown[0].names.count == 40 && unknown[0].furtherCount == 11 && unknown[0].list.hasSuffix("and 11 more"))
        #expect(unknown[1].list == "min_p")
    }
}
