import GygesCheckpoints
import GygesFiles
import GygesTestSupport
import Testing

/// What is said about tensors and files that cannot be used.
@Suite struct ProblemTests {
    static let names = ["attn_q.weight", "attn_k.weight", "ffn_up.weight"]

    /// What a model of 64 layers says of tensors, none of which is there from layer 1 on.
    @Test("63 layers that are missing are one sentence, not 189")
    func missingLayers() {
        var problems = TensorProblems()
        for layer in 0..<64 {
            for name in Self.names {
                problems.expect("blk.\(layer).\(name)")
                if layer > 0 { problems.addMissing("blk.\(layer).\(name)", shape: [2, 3]) }
            }
        }
        problems.expect("output.weight")
        problems.addMissing("output.weight", shape: [9])
        #expect(problems.sentences == ["layers 1–63: all tensors are missing", "tensor output.weight [9] is missing"])
    }

    @Test("A tensor that is wrong in many layers is one sentence that names them; one in a single layer keeps its name")
    func wrongLayers() {
        var problems = TensorProblems()
        for layer in [0, 1, 2, 5] {
            for name in Self.names { problems.expect("model.layers.\(layer).\(name)") }
            problems.add("model.layers.\(layer).ffn_up.weight", "has shape [1] where the configuration gives [2]")
        }
        problems.addMissing("model.layers.5.attn_q.weight", shape: [4])
        for expert in 0..<60 {
            problems.add("model.layers.0.mlp.experts.\(expert).gate_proj.weight", "is not part of a qwen2 model")
        }
        #expect(
            problems.sentences == [
                "tensor model.layers.0.ffn_up.weight has shape [1] where the configuration gives [2] (and in layers 1–2, 5)",
                "tensor model.layers.5.attn_q.weight [4] is missing",
                "tensor model.layers.0.mlp.experts.0.gate_proj.weight is not part of a qwen2 model (and 59 like it)",
            ])
        #expect(TensorProblems().isEmpty && TensorProblems().sentences.isEmpty)
    }

    @Test("A file whose tensors are stored in a form that is not known is not called damaged")
    func unsupportedForms() throws {
        let folder = try TemporaryFolder()
        var gguf = GGUFBuilder.tinyLlama
        let count = gguf.tensors.count
        gguf.change("output_norm.weight") { $0.type = 99 }
        gguf.change("blk.0.ffn_up.weight") { $0.type = 33 }
        gguf.change("blk.0.ffn_down.weight") { $0.type = 33 }
        let path = try folder.write(gguf.bytes, to: "new.gguf")
        let unknown = try #require(throws: FileError.self) { try GGUFFile(path: path) }
        #expect(
            unknown.problems == [
                "3 of \(count) tensors are stored as Q4_0_8_8, a type that ggml has given up or type 99, which is not known "
                    + "(the first is blk.0.ffn_up.weight)"
            ] && unknown.remedy.contains("Q4_K"), "\(unknown)")
        let header = #"{"a":{"dtype":"F4_E2M1","shape":[2],"data_offsets":[0,1]}}"#
        let weights = try folder.write(
            GGUFBuilder.bytes(UInt64(header.utf8.count)) + Array(header.utf8) + [0], to: "new.safetensors")
        let other = try #require(throws: FileError.self) { try SafetensorsFile(path: weights) }
        #expect(other.description.contains("F4_E2M1") && other.remedy.contains("BF16"), "\(other)")
        let cut = try folder.write(Array(GGUFBuilder.tinyLlama.bytes.dropLast()), to: "cut.gguf")
        let damaged = try #require(throws: FileError.self) { try GGUFFile(path: cut) }
        #expect(damaged.remedy.contains("damaged"))
    }

    @Test("A folder whose weights are packed is refused by the method's name, wherever it stands")
    func packedFolders() throws {
        for (config, file, name) in [
            (#"{"quantization_config": {"quant_method": "gptq", "bits": 4}}"#, nil, "GPTQ"),
            (#"{"quantization_config": {}}"#, nil, "an unnamed method"),
            (#"{"quantization_config": 5}"#, nil, "an unnamed method"),
            (#"{"quantization": {"group_size": 64, "bits": 4}}"#, nil, "MLX"),
            (#"{"quantization_config": null}"#, nil, nil),
            ("{}", "quant_config.json", "AWQ"), ("{}", "quantize_config.json", "GPTQ"), ("{}", nil, nil),
        ] as [(String, String?, String?)] {
            let folder = try TemporaryFolder()
            _ = try folder.write(Array(config.utf8), to: "config.json")
            if let file { _ = try folder.write(Array("{}".utf8), to: file) }
            let model = try ModelFolder(path: folder.path)
            guard let name else {
                try model.refusePackedWeights()
                continue
            }
            let error = try #require(throws: FileError.self) { try model.refusePackedWeights() }
            #expect(error.description.contains("packed by \(name), which"), "\(config) \(file ?? ""): \(error)")
        }
    }

    @Test("A name of 10,000 characters in a file is cut in the message")
    func longNames() throws {
        let folder = try TemporaryFolder()
        let header =
            #"{""# + String(repeating: "n", count: 10_000) + #"":{"dtype":"F32","shape":[2],"data_offsets":[0,1]}}"#
        let path = try folder.write(
            GGUFBuilder.bytes(UInt64(header.utf8.count)) + Array(header.utf8) + [0], to: "a.safetensors")
        let error = try #require(throws: FileError.self) { try SafetensorsFile(path: path) }
        #expect(error.description.count < 1200 && error.description.contains("shape and dtype give"), "\(error)")
    }
}
