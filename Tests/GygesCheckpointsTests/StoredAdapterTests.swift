import Foundation
import GygesCheckpoints
import GygesFiles
import GygesTestSupport
import Testing

/// PEFT folders (`scripts/fixtures/make_adapters.py`) read, written and refused.
@Suite struct StoredAdapterTests {
    static let names = [
        "qwen2-patterns", "qwen2-rslora", "llama-all-linear", "qwen2-moe", "qwen2-saved-embedding", "qwen2-saved-both",
        "qwen2-saved-tied", "encoder-masked", "encoder-classes",
    ]

    static func path(_ name: String) -> String { fixturePath("adapters/\(name)", of: "GygesModels") }

    // MARK: Reading and writing

    @Test(arguments: names) func whatIsWrittenIsReadBackWithTheSameBits(name: String) throws {
        let adapter = try StoredAdapter(folder: Self.path(name))
        let folder = try TemporaryFolder()
        try adapter.write(toFolder: folder.path + "/deep/er")
        #expect(try StoredAdapter(folder: folder.path + "/deep/er") == adapter)
        #expect(try StoredAdapter.unknownKeys(inFolder: Self.path(name)).isEmpty)
        #expect(try StoredAdapter.unknownKeys(inFolder: folder.path + "/deep/er").isEmpty)
    }

    @Test func settingsAreThoseOfTheFile() throws {
        let adapter = try StoredAdapter(folder: Self.path("qwen2-patterns"))
        let settings = adapter.settings
        #expect(settings.rank == 4 && settings.alpha == 6 && settings.dropout == 0.1 && !settings.usesRootOfRank)
        #expect(settings.targets == .names(["down_proj", "o_proj", "q_proj", "v_proj"]))
        #expect(settings.baseName == "qwen2-tied" && settings.task == "CAUSAL_LM")
        #expect(adapter.modules.count == 12 && adapter.saved.isEmpty)
        // PEFT: scaling = alpha / r, with exceptions by the ends of names.
        let scales: [(String, Int, Double)] = [
            ("model.layers.0.self_attn.q_proj", 4, 1.5), ("model.layers.1.self_attn.q_proj", 5, 1.2),
            ("model.layers.2.self_attn.v_proj", 4, 0.625), ("model.layers.1.mlp.down_proj", 3, 2),
        ]
        for (module, rank, scale) in scales {
            #expect(settings.rank(of: module) == rank && settings.scale(of: module) == scale, "\(module)")
            #expect(adapter.modules.first { $0.name == module }?.a.rows == rank)
        }
        let root = try StoredAdapter(folder: Self.path("qwen2-rslora")).settings
        #expect(root.scale(of: "lm_head") == 2 / 3.0.squareRoot())
    }

    @Test func savedModulesAreKept() throws {
        let classes = try StoredAdapter(folder: Self.path("encoder-classes"))
        #expect(classes.settings.savedModules == ["classifier", "score"])
        #expect(classes.saved.map(\.name) == ["classifier.bias", "classifier.weight"])
        #expect(classes.saved.map(\.isVector) == [true, false] && classes.saved[0].elements.columns == 5)
        let both = try StoredAdapter(folder: Self.path("qwen2-saved-both"))
        #expect(
            both.saved.map(\.name) == ["lm_head.weight", "model.embed_tokens.weight"]
                + (0..<3).map { "model.layers.\($0).input_layernorm.weight" })
        let tied = try StoredAdapter(folder: Self.path("qwen2-saved-tied"))
        #expect(tied.settings.keepsTying && tied.saved.count == 2 && tied.saved[0].elements == tied.saved[1].elements)
    }

    /// Matrices in half the bytes are the floats that they stand for: the fixtures' are numbers that bfloat16 has.
    @Test func shorterFloatsAreReadExactly() throws {
        let adapter = try StoredAdapter(folder: Self.path("qwen2-patterns"))
        let folder = try TemporaryFolder(copying: Self.path("qwen2-patterns"))
        let file = try SafetensorsFile(path: folder.path + "/adapter_model.safetensors")
        let halves = file.tensors.map { tensor in
            let bytes = stride(from: 0, to: file.bytes(of: tensor).count, by: 4).flatMap {
                file.bytes(of: tensor)[($0 + 2)..<($0 + 4)]
            }
            return SafetensorsWriter.Tensor(name: tensor.name, type: .bf16, shape: tensor.shape, bytes: bytes)
        }
        try SafetensorsWriter.write(halves, to: folder.path + "/adapter_model.safetensors")
        #expect(try StoredAdapter(folder: folder.path) == adapter)
    }

    /// Whoever writes the modules that are left out another way gets the same adapter from PEFT.
    @Test func layersThatAreLeftOutByOtherKeysStayOut() throws {
        let folder = try TemporaryFolder(copying: Self.path("llama-all-linear"))
        try change(folder, "layers_to_transform", to: [0, 1])
        try change(
            folder, "target_modules", to: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])
        let adapter = try StoredAdapter(folder: folder.path)
        #expect(adapter.settings.targets == .names(adapter.modules.map(\.name)))
    }

    // MARK: Refusals

    private func change(_ folder: TemporaryFolder, _ key: String, to value: JSON?) throws {
        let path = folder.path + "/adapter_config.json"
        var object = try JSON.read(path: path).object ?? JSONObject()
        object = JSONObject(object.filter { $0.key != key }.map { ($0.key, $0.value) })
        if let value { object[key] = value }
        try folder.write(JSON.object(object).serialized(), to: "adapter_config.json")
    }

    @Test(
        arguments: [
            ("target_modules", nil, "target_modules is missing"), ("r", nil, "r is missing"),
            ("lora_alpha", nil, "lora_alpha is missing"), ("peft_type", nil, "is missing"),
            ("peft_type", "LOHA", "\"LOHA\""),
            ("use_dora", true, "DoRA"), ("bias", "lora_only", "lora_only"),
            ("init_lora_weights", "pissa_niter_4", "pissa"),
            ("loftq_config", ["bits": 4], "LoftQ"), ("trainable_token_indices", [1], "rows of the embedding"),
            ("r", 0, "r is not"), ("r", 3.5, "r is not"), ("lora_alpha", 0, "lora_alpha is not"),
            ("target_modules", [], "names no module"),
            ("target_modules", "(q", "not closed"), ("target_modules", ["q_proj"], "target_modules does not name it"),
            ("rank_pattern", ["down_proj": 4], "rank 4"), ("rank_pattern", ["(?=a)": 4], "(?:"),
            ("rank_pattern", ["a": "b"], "\"b\""),
            ("alpha_pattern", ["a": -1], "-1"), ("r", 5, "give rank 5"), ("lora_dropout", 1, "lora_dropout"),
            ("modules_to_save", "lm_head", "modules_to_save"),
        ] as [(String, JSON?, String)]) func whatIsNotMeantIsRefused(key: String, value: JSON?, mention: String) throws
    {
        let folder = try TemporaryFolder(copying: Self.path("qwen2-patterns"))
        try change(folder, key, to: value)
        let error = #expect(throws: FileError.self) { try StoredAdapter(folder: folder.path) }
        #expect(error?.description.contains(mention) ?? false, "\(error.map(\.description) ?? "")")
    }

    @Test(arguments: [
        (".lora_A.weight", ".lora_magnitude_vector", "DoRA"),
        (".lora_A.weight", ".lora_embedding_A", "embedding table"),
        (".lora_A.weight", ".novel.weight", "modules_to_save does not name"),
        (".lora_A.weight", "", "second matrix alone"),
        ("base_model.model.", "", "does not begin with"),
    ]) func tensorsOfOtherMethodsAreRefused(old: String, new: String, mention: String) throws {
        let folder = try TemporaryFolder(copying: Self.path("qwen2-patterns"))
        let path = folder.path + "/adapter_model.safetensors"
        let file = try SafetensorsFile(path: path)
        let tensors = file.tensors.enumerated().compactMap { index, tensor -> SafetensorsWriter.Tensor? in
            let isChanged = index == 0 && tensor.name.contains(old)
            if isChanged, new.isEmpty, old.hasPrefix(".") { return nil }
            return .init(
                name: isChanged ? tensor.name.replacingOccurrences(of: old, with: new) : tensor.name, type: tensor.type,
                shape: tensor.shape, bytes: Array(file.bytes(of: tensor)))
        }
        try SafetensorsWriter.write(tensors, to: path)
        let error = #expect(throws: FileError.self) { try StoredAdapter(folder: folder.path) }
        #expect(error?.description.contains(mention) ?? false, "\(error.map(\.description) ?? "")")
    }

    @Test func whatIsNoNumberIsRefused() throws {
        let folder = try TemporaryFolder(copying: Self.path("qwen2-moe"))
        var bytes = Array(try Data(contentsOf: URL(filePath: folder.path + "/adapter_model.safetensors")))
        bytes.replaceSubrange((bytes.count - 4)..., with: [0, 0, 0xC0, 0x7F])
        try folder.write(bytes, to: "adapter_model.safetensors")
        let error = #expect(throws: FileError.self) { try StoredAdapter(folder: folder.path) }
        #expect(error?.description.contains("no number") ?? false)
    }

    @Test func picklesAndOtherFoldersAreRefused() throws {
        let folder = try TemporaryFolder(copying: Self.path("qwen2-moe"))
        try FileManager.default.removeItem(atPath: folder.path + "/adapter_model.safetensors")
        #expect(
            try #require(throws: FileError.self) { try StoredAdapter(folder: folder.path) }.remedy.contains("pickles"))
        #expect(!StoredAdapter.isFolder(fixturePath("qwen2-tied", of: "GygesModels")))
        #expect(throws: FileError.self) { try StoredAdapter(folder: fixturePath("qwen2-tied", of: "GygesModels")) }
    }

    // MARK: Keys

    /// Keys that are used change what is read, or are refused; keys that are irrelevant change nothing.
    @Test func keysMeetTheirFate() throws {
        let file = try JSON.read(path: Self.path("qwen2-patterns") + "/adapter_config.json").object ?? JSONObject()
        func outcome(_ object: JSONObject) -> String {
            do throws(FileError) {
                return "\(try AdapterSettings(peft: .object(object), path: "adapter_config.json"))"
            } catch {
                return "refused: \(error.problems)"
            }
        }
        let before = outcome(file)
        #expect(!before.hasPrefix("refused"))
        for key in KeyTable.adapterConfiguration.keys {
            let changed = KeyTableTests.setting(
                key.name.replacingOccurrences(of: "*", with: "x"), to: KeyTableTests.odd, in: file)
            #expect((outcome(changed) != before) == (key.fate == .used), "\(key.name) is said to be \(key.fate)")
        }
    }
}
