public import GygesFiles

extension AdapterSettings {
    /// Reads `adapter_config.json` (PEFT 0.21, `tuners/lora/config.py`); `KeyTable.adapterConfiguration` has every key.
    ///
    /// PEFT fills in what is missing, from a table of architectures and with ranks and alphas of 8: an adapter would do something
    /// else than was trained, or nothing, and nobody would be told. Such a file is refused.
    ///
    /// - Throws: ``FileError`` that lists everything wrong with it at once.
    public init(peft json: JSON, path: String) throws(FileError) {
        guard let object = json.object else {
            throw FileError(path, "is not an object", remedy: "Get the adapter again.")
        }
        guard object["peft_type"]?.string == "LORA" else {
            throw FileError(
                path, at: "peft_type",
                "is \(object["peft_type"]?.serialized() ?? "missing"): adapters by low-rank adaptation (LORA) are read",
                remedy: "Merge the adapter into its model with PEFT, and use the result.")
        }
        var reader = PEFTReader(object)
        reader.refuseWhatIsNotComputed()
        rank = reader.count("r") ?? 1
        alpha = reader.positive("lora_alpha") ?? 1
        dropout = reader.share("lora_dropout")
        usesRootOfRank = reader.flag("use_rslora")
        targets = reader.targets()
        rankPatterns = reader.exceptions("rank_pattern") {
            $0.integer.flatMap { AdapterSettings.ranks.contains($0) ? $0 : nil }
        }
        alphaPatterns = reader.exceptions("alpha_pattern") { $0.double.flatMap { $0.isFinite && $0 > 0 ? $0 : nil } }
        savedModules = reader.names("modules_to_save")
        keepsTying = reader.flag("ensure_weight_tying")
        baseName = reader.text("base_model_name_or_path")
        task = reader.text("task_type")
        guard reader.problems.isEmpty else {
            throw FileError(
                path, at: "adapter settings", problems: reader.problems,
                remedy: reader.isUnsupported
                    ? "Merge the adapter into its model with PEFT, and use the result."
                    : "Correct the file, or get it again.")
        }
    }

    /// The ranks that a file may have.
    static let ranks = 1...65536

    /// `adapter_config.json` as PEFT writes it.
    public var peft: JSON {
        var object = JSONObject()
        object["peft_type"] = "LORA"
        object["task_type"] = task.map(JSON.string) ?? .null
        object["base_model_name_or_path"] = baseName.map(JSON.string) ?? .null
        object["inference_mode"] = true
        object["r"] = .integer(rank)
        object["lora_alpha"] = Self.number(alpha)
        object["lora_dropout"] = .double(dropout)
        object["use_rslora"] = .bool(usesRootOfRank)
        switch targets {
        case .names(let names): object["target_modules"] = .array(names.map(JSON.string))
        case .pattern(let pattern): object["target_modules"] = .string(pattern.text)
        case .allLinear: object["target_modules"] = .string(Self.allLinear)
        }
        object["rank_pattern"] = .object(JSONObject(rankPatterns.map { ($0.pattern.text, .integer($0.value)) }))
        object["alpha_pattern"] = .object(JSONObject(alphaPatterns.map { ($0.pattern.text, Self.number($0.value)) }))
        object["modules_to_save"] = savedModules.isEmpty ? .null : .array(savedModules.map(JSON.string))
        object["ensure_weight_tying"] = .bool(keepsTying)
        object["bias"] = "none"
        object["fan_in_fan_out"] = false
        object["init_lora_weights"] = true
        object["lora_bias"] = false
        object["use_dora"] = false
        return .object(object)
    }

    /// Whole numbers without a fraction, as PEFT writes what users gave it.
    private static func number(_ value: Double) -> JSON { Int(exactly: value).map(JSON.integer) ?? .double(value) }

    static let allLinear = "all-linear"
}

/// Reads the keys of `adapter_config.json` and notes what is wrong with them.
private struct PEFTReader {
    private let object: JSONObject
    private(set) var problems: [String] = []
    /// Whether something asks for what is not computed.
    private(set) var isUnsupported = false

    init(_ object: JSONObject) { self.object = object }

    /// The value of a key; `nil` if it is missing or null.
    private func value(_ key: String) -> JSON? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    private mutating func note(_ key: String, _ problem: String) { problems.append("\(key) \(problem)") }

    mutating func count(_ key: String) -> Int? {
        guard let value = value(key) else {
            note(key, "is missing, and PEFT would take 8")
            return nil
        }
        guard let count = value.integer, AdapterSettings.ranks.contains(count) else {
            note(key, "is not an integer from 1 to \(AdapterSettings.ranks.upperBound)")
            return nil
        }
        return count
    }

    mutating func positive(_ key: String) -> Double? {
        guard let value = value(key) else {
            note(key, "is missing, and PEFT would take 8")
            return nil
        }
        guard let number = value.double, number.isFinite, number > 0 else {
            note(key, "is not a number above 0")
            return nil
        }
        return number
    }

    mutating func share(_ key: String) -> Double {
        guard let value = value(key) else { return 0 }
        guard let share = value.double, share >= 0, share < 1 else {
            note(key, "is not a number from 0 to less than 1")
            return 0
        }
        return share
    }

    mutating func flag(_ key: String) -> Bool {
        guard let value = value(key) else { return false }
        if value.bool == nil { note(key, "is neither true nor false") }
        return value.bool ?? false
    }

    mutating func text(_ key: String) -> String? {
        guard let value = value(key) else { return nil }
        if value.string == nil { note(key, "is not a text") }
        return value.string
    }

    mutating func names(_ key: String) -> [String] {
        guard let value = value(key) else { return [] }
        let names = value.array?.compactMap(\.string) ?? []
        if names.count != value.array?.count || names.contains("") { note(key, "is not a list of names") }
        return names
    }

    mutating func targets() -> AdapterSettings.Targets {
        let key = "target_modules"
        guard let value = value(key) else {
            note(key, "is missing, and PEFT would take what it takes for the architecture")
            return .allLinear
        }
        guard let text = value.string else {
            let names = names(key)
            if names.isEmpty { note(key, "names no module") }
            return .names(names)
        }
        if text.lowercased() == AdapterSettings.allLinear { return .allLinear }
        do throws(ModulePattern.Fault) {
            return .pattern(try ModulePattern(text))
        } catch {
            note(key, "\(text.legible(limit: 200)) \(error.problem)")
            return .allLinear
        }
    }

    mutating func exceptions<Value>(_ key: String, _ read: (JSON) -> Value?) -> [AdapterSettings.Exception<Value>] {
        guard let value = value(key) else { return [] }
        guard let entries = value.object else {
            note(key, "is not an object")
            return []
        }
        var exceptions: [AdapterSettings.Exception<Value>] = []
        for (text, entry) in entries {
            do throws(ModulePattern.Fault) {
                let pattern = try ModulePattern(text)
                if let number = read(entry) {
                    exceptions.append(.init(pattern, number))
                } else {
                    note(key, "gives \(text.legible(limit: 200)) \(entry.serialized().legible(limit: 40))")
                }
            } catch {
                note(key, "\(text.legible(limit: 200)) \(error.problem)")
            }
        }
        return exceptions
    }

    /// What asks for other mathematics, one sentence each.
    mutating func refuseWhatIsNotComputed() {
        func isOff(_ value: JSON) -> Bool {
            value.isNull || value == false || value.object?.isEmpty ?? false || value.array?.isEmpty ?? false
        }
        for (key, reason) in Self.refusals {
            guard let value = value(key), !isOff(value) else { continue }
            isUnsupported = true
            note(key, "asks for \(reason), which is not computed")
        }
        if let value = value("bias"), value != "none" {
            isUnsupported = true
            note(
                "bias",
                "is \(value.serialized().legible(limit: 40)): biases that are trained beside adapters are not read")
        }
        // Others only say where training began. These begin with parts of the base's weights and take them away from it.
        if let value = value("init_lora_weights"), value.bool == nil,
            !["gaussian", "orthogonal", "eva"].contains(value.string)
        {
            isUnsupported = true
            note(
                "init_lora_weights",
                "is \(value.serialized().legible(limit: 40)): the adapter belongs to a base that its beginning has changed"
            )
        }
    }

    private static let refusals = [
        ("use_dora", "weights of which the lengths are trained too (DoRA)"),
        ("use_qalora", "inputs that are pooled for quantised weights (QA-LoRA)"),
        ("use_bdlora", "matrices of diagonal blocks (BD-LoRA)"),
        ("lora_bias", "biases within adapters"),
        ("fan_in_fan_out", "weights that are stored transposed"),
        ("loftq_config", "a base that was quantised together with the adapter (LoftQ)"),
        ("target_parameters", "adapters of parameters that are in no linear layer"),
        ("trainable_token_indices", "rows of the embedding that replace the base's"),
        ("layer_replication", "layers that are run several times"),
        ("alora_invocation_tokens", "an adapter that begins to count within a text (activated LoRA)"),
        ("arrow_config", "several adapters that are chosen by token (Arrow)"),
        ("monteclora_config", "matrices that are drawn at random (MonteCLoRA)"),
        ("kasa_config", "singular values of the base (KaSA)"),
    ]
}
