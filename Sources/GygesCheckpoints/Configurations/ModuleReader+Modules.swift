import GygesFiles

/// What each module does to features.
extension ModuleReader {
    /// A text's vector is the mean of its tokens' (torch's `EmbeddingBag`).
    mutating func readTable(_ module: SentenceModule) {
        readerPath = module.path
        files += ["tokenizer.json", "model.safetensors"].map(module.path(of:))
        features["sentence_embedding"] = Chain(
            steps: [.pooling([.mean])], width: encoder.hiddenSize, tokenWidth: encoder.hiddenSize, isPooled: true)
    }

    mutating func readTransformer(_ module: SentenceModule) {
        readerPath = module.path
        if let file = Self.transformerFiles.map(module.path(of:)).first(where: exists) {
            transformer = self.file(file) ?? JSONObject()
        }
        let isMasked = module.name == "MLMTransformer"
        let name = "sentence_bert_config.json"
        var task = text("transformer_task", in: transformer, name) ?? (isMasked ? "fill-mask" : "feature-extraction")
        // Until 5.4, cross-encoders had no modules.
        if modelType == "CrossEncoder", transformer["transformer_task"] == nil,
            encoder.task == .sequenceClassification
        {
            task = "sequence-classification"
        }
        let output: String
        switch task {
        case "feature-extraction", "fill-mask": output = "token_embeddings"
        case "sequence-classification":
            output = "scores"
            if encoder.task != .sequenceClassification {
                note("\(name): transformer_task is \(task), and the model is \(encoder.task.title)")
            }
        default:
            return note(
                "\(name): transformer_task is \(task); feature-extraction, fill-mask and sequence-classification are supported"
            )
        }
        let modalities = object("modality_config", in: transformer, name) ?? JSONObject()
        let read = object("text", in: modalities, name)?["method_output_name"]
        let usual = task == "feature-extraction" ? "last_hidden_state" : "logits"
        if let read, !read.isNull, read.string != usual {
            note("\(name): text is read by \(read.serialized()); \(usual) is supported")
        }
        if let own = transformer["module_output_name"], !own.isNull, own.string != output {
            note("\(name): module_output_name is \(own.serialized()); \(output) is supported")
        }
        let width = output == "scores" ? encoder.head.labels.count : encoder.hiddenSize
        features[output] = Chain(width: width, tokenWidth: encoder.hiddenSize, isPooled: output == "scores")
    }

    /// Adds a step between two features, which the module's own settings may name.
    mutating func add(
        _ step: EmbeddingConfiguration.Step, _ settings: JSONObject, in name: String,
        input: String = "sentence_embedding",
        width: Int? = nil
    ) {
        let input = text("module_input_name", in: settings, name) ?? input
        let output = text("module_output_name", in: settings, name) ?? input
        guard var chain = features[input] else {
            return note("\(name): the module reads \(input), which none before it makes")
        }
        if case .dense(let dense) = step { check(.integer(dense.inputs), "in_features", of: chain.width, in: name) }
        if case .norm(_, let width) = step { check(.integer(width), "the dimension", of: chain.width, in: name) }
        chain.steps.append(step)
        if let width {
            chain.width = width
            if !chain.isPooled { chain.tokenWidth = width }
        }
        features[output] = chain
    }

    /// That a stated number of channels is the one that comes in.
    mutating func check(_ value: JSON?, _ what: String, of width: Int, in name: String) {
        guard let value, !value.isNull, value.integer != width else { return }
        note("\(name) says \(what) is \(value.serialized()) where vectors have \(width) channels")
    }

    /// Modes are named, or marked true one by one in older files.
    mutating func readPooling(_ path: String) {
        let name = "\(path)/config.json"
        guard let object = file(name, isNeeded: true) else {
            features["sentence_embedding"] = features["token_embeddings"]
            return
        }
        let marks = [
            ("pooling_mode_cls_token", "cls"), ("pooling_mode_max_tokens", "max"), ("pooling_mode_mean_tokens", "mean"),
            ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
            ("pooling_mode_weightedmean_tokens", "weightedmean"), ("pooling_mode_lasttoken", "lasttoken"),
        ]
        let named = object["pooling_mode"].map { ($0.array ?? [$0]).map { $0.string ?? $0.serialized() } }
        var modes = named ?? marks.filter { flag($0.0, in: object, name, false) }.map(\.1)
        if modes.isEmpty { modes = ["mean"] }
        let known = modes.compactMap(EmbeddingConfiguration.Pooling.init)
        if known.count != modes.count {
            let supported = EmbeddingConfiguration.Pooling.allCases.map(\.rawValue).joined(separator: ", ")
            note("\(name): the pooling \(modes.joined(separator: ", ")) is not supported; \(supported) are")
        }
        guard var chain = features["token_embeddings"] else {
            return note("\(name): the module reads token_embeddings, which none before it makes")
        }
        check(
            object["embedding_dimension"] ?? object["word_embedding_dimension"], "the width", of: chain.width, in: name)
        chain.steps.append(.pooling(known))
        chain.tokenWidth = chain.width
        chain.width *= max(1, known.count)
        chain.isPooled = true
        features["sentence_embedding"] = chain
        poolsPrompts = flag("include_prompt", in: object, name, true)
    }

    mutating func readSparsePooling(_ path: String) {
        let name = "\(path)/config.json"
        sparse = EmbeddingConfiguration.Sparse()
        guard let object = file(name, isNeeded: true) else { return }
        switch text("pooling_strategy", in: object, name) ?? "max" {
        case "max": break
        case "sum": sparse?.sums = true
        case let strategy:
            note("\(name): the pooling strategy \(strategy) is not supported; max and sum are")
        }
        switch text("activation_function", in: object, name) ?? "relu" {
        case "relu": break
        case "log1p_relu": sparse?.takesLogarithmTwice = true
        case let function:
            note("\(name): the activation \(function) is not supported; relu and log1p_relu are")
        }
    }

    mutating func readDense(_ path: String, isPyLate: Bool) {
        let name = "\(path)/config.json"
        guard let object = file(name, isNeeded: true) else { return }
        func count(_ key: String) -> Int? {
            object[key]?.integer.flatMap { (1...CausalModelConfiguration.Limit.width).contains($0) ? $0 : nil }
        }
        guard let inputs = count("in_features"), let outputs = count("out_features") else {
            return note("\(name): in_features or out_features is not a number of channels")
        }
        let function = text("activation_function", in: object, name) ?? "torch.nn.modules.activation.Tanh"
        let kind = function.split(separator: ".").last.map(String.init) ?? ""
        let activation = kind == "Identity" ? nil : EncoderActivation(name: kind.lowercased())
        if activation == nil && kind != "Identity" || !function.hasPrefix("torch.nn.") {
            note(
                "\(name): the activation \(function) is not supported; torch's Identity, Tanh, GELU, ReLU, SiLU and Sigmoid are"
            )
        }
        files.append("\(path)/model.safetensors")
        let isLate = isPyLate || ["ColBERT", "MultiVectorEncoder"].contains(modelType ?? "")
        add(
            .dense(
                .init(
                    folder: path, inputs: inputs, outputs: outputs, hasBias: flag("bias", in: object, name, true),
                    activation: activation, isResidual: flag("use_residual", in: object, name, false))),
            object, in: name, input: isLate ? "token_embeddings" : "sentence_embedding", width: outputs)
    }

    mutating func readNorm(_ path: String) {
        let name = "\(path)/config.json"
        guard let object = file(name, isNeeded: true) else { return }
        guard let width = object["dimension"]?.integer, (1...CausalModelConfiguration.Limit.width).contains(width)
        else {
            return note("\(name): dimension is not a number of channels")
        }
        files.append("\(path)/model.safetensors")
        add(.norm(folder: path, width: width), JSONObject(), in: name)
    }

    mutating func readNormalize(_ path: String) {
        let settings = file("\(path)/config.json") ?? JSONObject()
        // Before there is anything to scale, the library's module does nothing.
        let name = "\(path)/config.json"
        let input = text("module_input_name", in: settings, name) ?? "sentence_embedding"
        guard features[input] != nil else { return }
        add(.normalize, settings, in: name)
    }
}
