import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels
import GygesTestSupport
import Testing

/// Weights in a form that kernels do not read: one sentence for the file, and never "damaged".
@Suite struct UnsupportedFormTests {
    private func error(_ gguf: GGUFBuilder) throws -> FileError {
        let folder = try TemporaryFolder()
        let file = try GGUFFile(path: folder.write(gguf.bytes, to: "model.gguf"))
        return try #require(throws: FileError.self) { try DecoderModel(gguf: file, team: ThreadTeam(threadCount: 1)) }
    }

    @Test("Types of GGUF that are known and not run")
    func types() throws {
        var gguf = GGUFBuilder.tinyLlama
        for name in ["ffn_up", "ffn_gate"] {
            gguf.change("blk.0.\(name).weight") {
                $0.type = 39
                $0.bytes = [UInt8](repeating: 0, count: 64 * 17)
            }
        }
        gguf.change("blk.0.attn_q.weight") {
            $0.type = 9
            $0.bytes = [UInt8](repeating: 0, count: 32 * 36)
        }
        let error = try error(gguf)
        #expect(
            error.problems == [
                "3 of \(gguf.tensors.count) tensors are stored as Q8_1 or MXFP4, with which Gyges does not compute"
            ])
        #expect(error.remedy.contains("IQ4_XS") && error.remedy.contains("Q2_K"))
    }

    @Test("A folder of GPTQ weights")
    func folders() throws {
        let folder = try TemporaryFolder()
        let config = """
            {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "hidden_size": 32, "intermediate_size": 64,
             "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 64,
             "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
             "quantization_config": {"quant_method": "gptq"}}
            """
        _ = try folder.write(Array(config.utf8), to: "config.json")
        let error = try #require(throws: FileError.self) {
            try DecoderModel(folder: ModelFolder(path: folder.path), team: ThreadTeam(threadCount: 1))
        }
        #expect(error.problems == ["the folder's weights are packed by GPTQ, which Gyges does not read"], "\(error)")
    }
}
