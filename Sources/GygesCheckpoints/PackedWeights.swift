public import GygesFiles

/// Weights that are packed by a method that is not read (GPTQ, AWQ, FP8, MLX, …): told by what is said of them, because the tensors
/// themselves look like damage.
enum PackedWeights {
    /// Refuses a `config.json` that says that the weights are packed, in one sentence that names the method.
    static func refuse(_ configuration: JSONObject, path: String) throws(FileError) {
        for key in ["quantization_config", "quantization"] {
            guard let value = configuration[key], !value.isNull else { continue }
            throw error(path, at: key, by: key == "quantization" ? "mlx" : value["quant_method"]?.string)
        }
    }

    /// - Parameter method: As configurations spell it (`gptq`, `awq`, `fp8`); `nil` for one without a name.
    fileprivate static func error(_ path: String, at place: String = "", by method: String?) -> FileError {
        let names = [
            "gptq": "GPTQ", "awq": "AWQ", "fp8": "FP8", "bitsandbytes": "bitsandbytes", "mxfp4": "MXFP4", "mlx": "MLX",
        ]
        let name = method.map { names[$0] ?? $0 } ?? "an unnamed method"
        return FileError(
            path, at: place, "the folder's weights are packed by \(name), which Gyges does not read",
            remedy:
                "Use the model's original folder or a GGUF file of it; Q4_K_M takes about as much room as 4 bits do.")
    }
}

extension ModelFolder {
    /// Refuses a folder whose weights are packed, as `config.json` says or, left by older tools, a file of its own.
    ///
    /// - Throws: ``FileError`` that names the method, or if `config.json` cannot be read.
    public func refusePackedWeights() throws(FileError) {
        if let configuration = try json("config.json")?.object {
            try PackedWeights.refuse(configuration, path: path(of: "config.json"))
        }
        for (file, method) in [("quantize_config.json", "gptq"), ("quant_config.json", "awq")] where contains(file) {
            throw PackedWeights.error(path(of: file), by: method)
        }
    }
}
