import GygesCheckpoints
import GygesFiles
import GygesTestSupport
import Testing

/// What the files of a folder say together.
@Suite struct ModelFolderTests {
    static func folder(_ files: [String: String]) throws -> (TemporaryFolder, ModelFolder) {
        let temporary = try TemporaryFolder()
        for (name, text) in files { try temporary.write(text, to: name) }
        return (temporary, try ModelFolder(path: temporary.path))
    }

    @Test func endsOfTextComeFromConfigWhereThereIsNothingElse() throws {
        let config = #"{"eos_token_id": [7, 9], "bos_token_id": 1, "do_sample": true, "temperature": 0.5}"#
        let (first, alone) = try Self.folder(["config.json": config])
        let advice = try alone.generationConfiguration()
        #expect(advice.endTokens == [7, 9] && advice.beginningToken == 1)
        #expect(advice.samples && advice.temperature == 0.5)
        // The other file counts alone where there is one, whatever it leaves out.
        let (second, both) = try Self.folder(["config.json": config, "generation_config.json": #"{"top_k": 3}"#])
        #expect(try both.generationConfiguration().endTokens == [] && both.generationConfiguration().topK == 3)
        withExtendedLifetime((first, second)) {}
    }

    @Test(
        "special_tokens_map.json counts unless tokenizer_config.json lists the added tokens",
        arguments: [
            (nil, "map"), (#"{"eos_token": "config"}"#, "map"),
            (#"{"eos_token": "config", "added_tokens_decoder": {}}"#, "config"),
        ] as [(String?, String)])
    func specialTokens(configuration: String?, expected: String) throws {
        var files = ["config.json": "{}", "special_tokens_map.json": #"{"eos_token": {"content": "map"}}"#]
        files["tokenizer_config.json"] = configuration
        let (temporary, folder) = try Self.folder(files)
        let token = try folder.tokenizerConfiguration()?["eos_token"]
        #expect((token?.string ?? token?["content"]?.string) == expected)
        withExtendedLifetime(temporary) {}
    }

    @Test(
        "Folders with packed weights are refused in one sentence that names the packing",
        arguments: [
            (#"{"quantization_config": {"quant_method": "gptq", "bits": 4}}"#, "by GPTQ"),
            (#"{"quantization_config": {"quant_method": "awq"}}"#, "by AWQ"),
            (#"{"quantization_config": {"quant_method": "fp8"}}"#, "by FP8"),
            (#"{"quantization_config": {"quant_method": "compressed-tensors"}}"#, "by compressed-tensors"),
            (#"{"quantization_config": 4}"#, "by an unnamed method"),
            (#"{"quantization": {"bits": 4}}"#, "by MLX"),
        ])
    func packedWeights(config: String, mention: String) throws {
        var object = try #require(JSON(parsing: config).object)
        object["model_type"] = "qwen2"
        let error = try #require(throws: FileError.self) {
            try CausalModelConfiguration(json: .object(object), path: "config.json")
        }
        #expect(error.problems.count == 1 && error.problems[0].contains(mention), "\(error)")
        #expect(error.remedy.contains("GGUF"))
    }
}
