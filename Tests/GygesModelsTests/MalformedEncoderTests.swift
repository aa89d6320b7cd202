import GygesCheckpoints
import GygesFiles
import Foundation
import GygesKernels
import GygesModels
import GygesTestSupport
import Testing

/// Folders of encoders that are wrong say everything that is wrong at once.
@Suite struct MalformedEncoderTests {
    /// What loading a fixture with changed files throws.
    private func error(of name: String, _ change: (URL) throws -> Void) throws -> FileError {
        let temporary = try TemporaryFolder(copying: fixture(name))
        let folder = URL(fileURLWithPath: temporary.path)
        try change(folder)
        return try #require(throws: FileError.self) {
            _ = try TextModel(folder: ModelFolder(path: folder.path), team: ThreadTeam(threadCount: 1))
        }
    }

    /// Rewrites members of a JSON object; `nil` removes one.
    private func edit(_ folder: URL, _ name: String, _ members: [(String, JSON?)]) throws {
        let path = folder.appendingPathComponent(name)
        var object = try #require(try JSON.read(path: path.path).object)
        for (key, value) in members { object[key] = value }
        try Data(JSON.object(object).serialized().utf8).write(to: path)
    }

    @Test func aConfigurationIsCheckedAsAWhole() throws {
        let error = try self.error(of: "encoder-silu-bf16") { folder in
            try edit(
                folder, "config.json",
                [
                    ("hidden_size", 0), ("num_attention_heads", "three"), ("hidden_activation", "gelu_new"),
                    ("classifier_activation", "relu"), ("layer_types", ["full_attention", "causal"]),
                    ("rope_parameters", ["full_attention": ["rope_theta": -1], "sliding_attention": 3]),
                    ("norm_bias", "no"), ("architectures", ["BertForMaskedLM"]), ("classifier_pooling", "max"),
                    ("id2label", ["0": "A", "2": "B"]), ("problem_type", "guessing"), ("cls_token_id", 5000),
                    ("norm_eps", 0), ("vocab_size", nil),
                ])
        }
        for word in [
            "hidden_size", "num_attention_heads", "hidden_activation is gelu_new", "classifier_activation is relu",
            "causal", "rope_theta of full_attention", "rope_parameters.sliding_attention", "norm_bias",
            "BertForMaskedLM",
            "classifier_pooling", "id2label", "problem_type", "cls_token_id", "norm_eps", "vocab_size is missing",
        ] {
            #expect(error.problems.contains { $0.contains(word) }, "\(word): \(error)")
        }
    }

    @Test func relationsAreChecked() throws {
        let heads = try self.error(of: "encoder-yarn") { folder in
            try edit(
                folder, "config.json",
                [
                    ("num_attention_heads", 5), ("id2label", ["0": "A", "1": "B", "2": "C"]),
                    (
                        "rope_parameters",
                        [
                            "full_attention": ["rope_type": "dynamic", "rope_theta": 10000.0],
                            "sliding_attention": ["rope_type": "yarn", "rope_theta": 1, "factor": 2.0],
                        ]
                    ),
                ])
        }
        for word in ["5 heads do not divide 64", "3 labels where 2", "dynamic is not implemented", "base above 1"] {
            #expect(heads.description.contains(word), "\(word): \(heads)")
        }
        let layers = try self.error(of: "encoder-silu-bf16") { folder in
            try edit(folder, "config.json", [("layer_types", ["full_attention"])])
        }
        #expect(layers.description.contains("layer_types has 1 entries for 5 layers"))
        let type = try self.error(of: "encoder-ettin") { try edit($0, "config.json", [("model_type", "nomic_bert")]) }
        #expect(type.description.contains("model_type") && type.description.contains("nomic_bert"))
    }

    @Test func tensorsAreCheckedAsAWhole() throws {
        // One layer more, a narrower feed-forward part, and biases that are not there.
        let error = try self.error(of: "encoder-biases") { folder in
            try edit(
                folder, "config.json",
                [("num_hidden_layers", 5), ("layer_types", nil), ("intermediate_size", 30), ("vocab_size", 90)])
        }
        // The table; three tensors (Wi, its bias, Wo), each wrong in four layers alike; the twelve of the fifth as one.
        #expect(error.problems.count == 1 + 3 + 1)
        for word in [
            "embeddings.tok_embeddings.weight has shape [89, 48]", "layer 4: all tensors are missing",
            "mlp.Wi.weight has shape",
        ] {
            #expect(error.description.contains(word), "\(word): \(error)")
        }
        let classes = try self.error(of: "encoder-labels-f16") { folder in
            try edit(
                folder, "config.json",
                [
                    ("id2label", ["0": "a", "1": "b"]), ("norm_bias", true), ("attention_bias", true),
                    ("mlp_bias", true),
                ])
        }
        for word in ["classifier.weight has shape [3, 40]", "head.norm.bias", "layers.0.attn.Wo.bias", "mlp.Wi.bias"] {
            #expect(classes.description.contains(word), "\(word): \(classes)")
        }
        let unknown = try self.error(of: "encoder-biases") { try edit($0, "config.json", [("norm_bias", false)]) }
        #expect(unknown.description.contains("final_norm.bias is not part of a modernbert model"))
    }

    @Test func sentenceTransformersFilesAreCheckedAsAWhole() throws {
        let error = try self.error(of: "encoder-sentence") { folder in
            try edit(
                folder, "1_Pooling/config.json",
                [("word_embedding_dimension", 33), ("pooling_mode", ["mean", "middle"])])
            try edit(
                folder, "2_Dense/config.json",
                [("in_features", 31), ("activation_function", "torch.nn.modules.activation.Softmax")])
            try edit(
                folder, "config_sentence_transformers.json",
                [("prompts", ["query": 3]), ("default_prompt_name", "passage"), ("similarity_fn_name", "angular")])
            try edit(folder, "sentence_bert_config.json", [("max_seq_length", -1)])
            let path = folder.appendingPathComponent("modules.json")
            let text = try String(contentsOf: path, encoding: .utf8)
                .replacingOccurrences(of: "models.Normalize", with: "models.LSTM")
            try text.write(to: path, atomically: true, encoding: .utf8)
        }
        for word in [
            "the width is 33 where vectors have 32", "the pooling mean, middle is not supported", "in_features is 31",
            "Softmax",
            "the prompt query", "passage", "angular", "max_seq_length", "models.LSTM",
        ] {
            #expect(error.problems.contains { $0.contains(word) }, "\(word): \(error)")
        }
        let paths = try self.error(of: "encoder-sentence") { folder in
            let path = folder.appendingPathComponent("modules.json")
            let text = try String(contentsOf: path, encoding: .utf8)
                .replacingOccurrences(of: "1_Pooling", with: "../1_Pooling").replacingOccurrences(
                    of: "2_Dense", with: "9_Dense")
            try text.write(to: path, atomically: true, encoding: .utf8)
        }
        #expect(paths.description.contains("../1_Pooling") && paths.description.contains("9_Dense/config.json"))
    }

    @Test func denseLayersAreChecked() throws {
        let error = try self.error(of: "encoder-colbert") { folder in
            try edit(folder, "2_Dense/config.json", [("out_features", 20), ("bias", true)])
        }
        #expect(error.problems.count == 2)
        #expect(
            error.description.contains("linear.weight has shape [16, 48]") && error.description.contains("linear.bias"))
        let missing = try self.error(of: "encoder-colbert") {
            try FileManager.default.removeItem(at: $0.appendingPathComponent("1_Dense/model.safetensors"))
        }
        #expect(missing.path.hasSuffix("1_Dense/model.safetensors"))
    }
}
