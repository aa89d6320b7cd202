import Foundation
import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesCheckpoints

/// Walks the tables of keys of encoders and of the modules behind them, as ``KeyTableTests`` does with decoders'.
@Suite struct EncoderKeyTests {
    // MARK: config.json

    /// Configurations among which every key of the table is read by one.
    static let configurations: [JSONObject] = {
        let shape: [(String, JSON)] = [
            ("num_hidden_layers", 4), ("hidden_size", 16), ("intermediate_size", 24), ("num_attention_heads", 2),
            ("vocab_size", 100), ("max_position_embeddings", 2048), ("pad_token_id", 1),
        ]
        let yarn: JSON = [
            "rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 512, "attention_factor": 1.5,
        ]
        let llama: JSON = [
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 512,
        ]
        let older: JSON = ["type": "yarn", "factor": 2.0, "mscale": 1.0, "mscale_all_dim": 0.5]
        let flat: [(String, JSON)] = [
            ("architectures", ["ModernBertForSequenceClassification"]), ("global_attn_every_n_layers", 3),
            ("id2label", ["0": "a", "1": "b"]), ("problem_type", "regression"), ("cls_token_id", 2),
            ("sep_token_id", 3),
            ("sentence_transformers", ["activation_fn": "torch.nn.modules.linear.Identity"]),
        ]
        func byKind(_ scaling: JSON) -> [(String, JSON)] {
            [
                ("layer_types", ["full_attention", "sliding_attention", "full_attention", "sliding_attention"]),
                ("rope_parameters", ["full_attention": scaling, "sliding_attention": scaling]),
            ]
        }
        return [
            JSONObject([("model_type", "modernbert"), ("rope_scaling", yarn)] + flat + shape),
            JSONObject([("model_type", "modernbert"), ("rope_scaling", older)] + flat + shape),
            JSONObject([("model_type", "modernbert")] + byKind(yarn) + shape),
            JSONObject([("model_type", "modernbert")] + byKind(older) + shape),
            JSONObject([("model_type", "modernbert")] + byKind(llama) + shape),
            JSONObject([("model_type", "modernbert"), ("rope_scaling", llama)] + flat + shape),
            JSONObject([("model_type", "bert"), ("architectures", ["BertForMaskedLM"]), ("num_labels", 3)] + shape),
            JSONObject([("model_type", "roberta"), ("position_embedding_type", "absolute")] + shape),
        ]
    }()

    private static var bert: JSONObject { configurations.first { $0["model_type"] == "bert" } ?? JSONObject() }

    private func outcome(of object: JSONObject) -> String {
        do throws(FileError) {
            return "\(try EncoderConfiguration(json: .object(object), path: "config.json"))"
        } catch {
            return "refused: \(error.problems)"
        }
    }

    @Test func keysOfEncodersMeetTheirFate() {
        for base in Self.configurations { #expect(!outcome(of: base).hasPrefix("refused"), "\(outcome(of: base))") }
        for key in KeyTable.encoderConfiguration.keys {
            let changed = Self.configurations.filter { base in
                let other = KeyTableTests.setting(oddName(key), to: KeyTableTests.odd, in: base)
                return outcome(of: other) != outcome(of: base)
            }
            switch key.fate {
            case .used: #expect(!changed.isEmpty, "\(key.name) is said to be used, and nothing reads it")
            case .irrelevant: #expect(changed.isEmpty, "\(key.name) is said to be irrelevant, and something reads it")
            case .refused: #expect(changed.count == Self.configurations.count, "\(key.name)")
            }
        }
    }

    private func oddName(_ key: FormatKey) -> String { key.name.replacingOccurrences(of: "*", with: "x") }

    // MARK: Modules

    /// Files of folders among which every key of the tables is read in one.
    static let folders: [[String: JSON]] = {
        func modules(_ types: [String]) -> JSON {
            .array(
                types.enumerated().map { index, type in
                    let name = type.split(separator: ".").last ?? ""
                    return ["type": .string(type), "path": .string(index == 0 ? "" : "\(index)_\(name)")]
                })
        }
        let (general, own) = ("config_sentence_transformers.json", "sentence_bert_config.json")
        let plain: JSON = [
            "model_type": "CrossEncoder", "prompts": ["query": "q: "], "default_prompt_name": "query",
            "similarity_fn_name": "cosine", "truncate_dim": 7, "activation_fn": "torch.nn.modules.linear.Identity",
        ]
        let pipeline = modules([
            "s.Transformer", "s.Pooling", "s.Dense", "s.LayerNorm", "s.Normalize", "s.Dropout",
        ])
        let dense: JSON = [
            "in_features": 16, "out_features": 8, "bias": true,
            "activation_function": "torch.nn.modules.activation.Tanh",
            "use_residual": false, "module_input_name": "sentence_embedding",
            "module_output_name": "sentence_embedding",
        ]
        let marks = [
            "cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken",
        ]
        var older = JSONObject(marks.map { ("pooling_mode_" + $0, .bool($0 == "mean_tokens")) })
        older["word_embedding_dimension"] = 16
        var newest: [String: JSON] = [
            "modules.json": pipeline, general: plain,
            own: [
                "max_seq_length": 50, "do_lower_case": false, "transformer_task": "feature-extraction",
                "module_output_name": "token_embeddings", "modality_config": ["text": ["method": "forward"]],
            ],
            "1_Pooling/config.json": ["pooling_mode": "mean", "embedding_dimension": 16, "include_prompt": true],
            "2_Dense/config.json": dense, "3_LayerNorm/config.json": ["dimension": 8],
            "4_Normalize/config.json": ["module_input_name": "sentence_embedding"],
            "5_Dropout/config.json": ["dropout": 0.1],
        ]
        let new = newest
        newest["1_Pooling/config.json"] = .object(older)
        return [
            new, newest,
            [
                "modules.json": modules(["s.MLMTransformer", "s.SpladePooling"]), general: ["max_active_dims": 5],
                "1_SpladePooling/config.json": ["pooling_strategy": "max", "activation_function": "relu"],
            ],
            [
                "modules.json": modules(["s.Transformer", "pylate.models.Dense"]),
                general: ["model_type": "ColBERT", "query_length": 32, "do_query_expansion": true],
                "1_Dense/config.json": ["in_features": 16, "out_features": 8, "bias": false],
            ],
            [
                "modules.json": modules(["s.Transformer", "s.MultiVectorMask"]),
                general: ["model_type": "MultiVectorEncoder"],
                own: ["query_expansion": ["strategy": "fixed", "length": 12]],
                "1_MultiVectorMask/config.json": ["skiplist_words": ["."], "skiplist_tasks": ["document"]],
            ],
        ]
    }()

    private func write(_ files: [String: JSON], to folder: TemporaryFolder) throws {
        for (name, json) in files {
            let parent = URL(fileURLWithPath: folder.path + "/" + name).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
            try folder.write(json.serialized(), to: name)
        }
    }

    private func outcome(of folder: TemporaryFolder) throws -> String {
        do throws(FileError) {
            let model = try ModelFolder(path: folder.path)
            return "\(String(describing: try model.embeddingConfiguration(of: model.textModelConfiguration())))"
        } catch {
            return "refused: \(error.problems)"
        }
    }

    static let tables = KeyTable.moduleTables + [KeyTable.sentenceTransformers, .sentenceTransformer]

    @Test(arguments: tables.map(\.file)) func keysOfModulesMeetTheirFate(file: String) throws {
        let table = try #require(Self.tables.first { $0.file == file })
        var changes = [String: Int]()
        for files in Self.folders {
            let folder = try TemporaryFolder()
            try write(files, to: folder)
            try folder.write(JSON.object(Self.bert).serialized(), to: "config.json")
            let before = try outcome(of: folder)
            #expect(!before.hasPrefix("refused"), "\(before)")
            let module = file.split(separator: " ").last.map { "_\($0)/config.json" } ?? ""
            guard let name = files.keys.first(where: { $0 == file || $0.hasSuffix(module) }),
                let old = files[name]?.object
            else { continue }
            for key in table.keys {
                let changed = KeyTableTests.setting(oddName(key), to: KeyTableTests.odd, in: old)
                try folder.write(JSON.object(changed).serialized(), to: name)
                if try outcome(of: folder) != before { changes[key.name, default: 0] += 1 }
            }
        }
        for key in table.keys {
            #expect((changes[key.name] ?? 0 > 0) == (key.fate == .used), "\(key.name) is said to be \(key.fate)")
        }
    }

    /// What a folder says that is in no table is told, wherever it lies.
    @Test func unknownKeysOfModulesAreTold() throws {
        var files = Self.folders[0]
        files["2_Dense/config.json"] = .object(
            KeyTableTests.setting("surprise", to: 1, in: files["2_Dense/config.json"]?.object ?? JSONObject()))
        files["tokenizer_config.json"] = ["novelty": 1, "bos_token": "<s>"]
        files["config.json"] = .object(KeyTableTests.setting("invention", to: 1, in: Self.configurations[0]))
        let folder = try TemporaryFolder()
        try write(files, to: folder)
        let unknown = try ModelFolder(path: folder.path).unknownKeys()
        #expect(unknown.map(\.file) == ["config.json", "tokenizer_config.json", "2_Dense/config.json"])
        #expect(unknown.map(\.names) == [["invention"], ["novelty"], ["surprise"]])
    }

    /// Few vectors that a mapping gives to very many tokens would fill the memory when they are put together.
    @Test func tablesThatGrowAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model.safetensors"
        for (width, isRefused) in [(1 << 14, false), (1 << 15, true)] {
            let vector = [UInt8](repeating: 0, count: 4 * width), mapping = [UInt8](repeating: 0, count: 4 << 16)
            try SafetensorsWriter.write(
                [
                    .init(name: "embeddings", type: .f32, shape: [1, width], bytes: vector),
                    .init(name: "mapping", type: .i32, shape: [1 << 16], bytes: mapping),
                ], to: path)
            let file = try SafetensorsFile(path: path)
            #expect(((try? TokenTableConfiguration(file)) == nil) == isRefused, "\(width)")
        }
    }
}
