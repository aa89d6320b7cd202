import GygesFiles
import GygesKernels
import GygesYAML

/// Reads the phases of a recipe: each has what the recipe says for all, but for what it says itself.
struct PlanReader {
    private let root: YAMLMapping
    private let sources: [Recipe.Source]
    private let length: Int
    private let schedule: YAMLMapping?
    private let batch: YAMLMapping?
    private let optimizer: YAMLMapping?

    init(_ root: YAMLMapping, sources: [Recipe.Source], length: Int) {
        self.root = root
        self.sources = sources
        self.length = length
        schedule = root["schedule"]?.mapping(keys: Self.scheduleKeys + ["unit"])
        batch = root["batch"]?.mapping(keys: Self.batchKeys + ["pass_tokens"])
        optimizer = root["optimizer"]?.mapping(keys: Self.optimizerKeys)
    }

    /// The most tokens of a pass.
    var passTokenLimit: Int { batch?["pass_tokens"]?.integer(in: 1...Int.max) ?? 4096 }

    private static let batchKeys = ["size", "from", "warmup"]
    private static let scheduleKeys = [
        "length", "warmup", "decay", "decay_length", "start_factor", "end_factor",
    ]
    private static let optimizerKeys = [
        "name", "learning_rate", "weight_decay", "decay_style", "betas", "eps", "momentum", "nesterov", "max_grad_norm",
        "moments", "groups", "layer_decay",
    ]

    /// The phases; what is wrong with them is reported.
    func plan(_ document: YAMLDocument) -> TrainingPlan {
        let unit = schedule?["unit"]?.choice(ProgressUnit.self) ?? .steps
        let phases = root["phases"]?.list(limit: 100).enumerated().map { index, value in
            phase(
                value.mapping(keys: [
                    "name", "schedule", "batch", "optimizer", "max_length", "rope_theta", "weights",
                ]), number: index + 1)
        }
        do throws(SettingsError) {
            return try TrainingPlan(unit: unit, phases: phases ?? [phase(nil, number: 1)])
        } catch {
            for problem in error.problems { document.root.report("\(problem.setting) \(problem.sentence)") }
            return TrainingPlan(unit: unit)
        }
    }

    private func phase(_ own: YAMLMapping?, number: Int) -> TrainingPhase {
        let schedule = Layered(schedule, own?["schedule"], keys: Self.scheduleKeys)
        let batch = Layered(batch, own?["batch"], keys: Self.batchKeys)
        let packLength = own?["max_length"]?.integer(in: 2...DataSettings.packLengthLimit) ?? length
        return TrainingPhase(
            name: own?["name"]?.text() ?? (own == nil ? "training" : "phase \(number)"),
            optimizer: optimizer(own),
            schedule: LearningRateSchedule(
                length: schedule.required("length", "schedule", of: own ?? root)?.integer(in: 1...Int.max) ?? 1,
                warmUp: schedule["warmup"]?.integer(in: 0...Int.max) ?? 0,
                startFactor: schedule["start_factor"]?.number(in: 0...1) ?? 0,
                decay: schedule["decay"]?.choice(LearningRateSchedule.Decay.self) ?? .cosine,
                decayLength: schedule["decay_length"]?.integer(in: 1...Int.max),
                endFactor: schedule["end_factor"]?.number(in: 0...1) ?? 0),
            batch: BatchSizeSchedule(
                batch["size"]?.integer(in: 1...BatchSizeSchedule.limit) ?? 8,
                from: batch["from"]?.integer(in: 1...BatchSizeSchedule.limit),
                warmUp: batch["warmup"]?.integer(in: 0...Int.max) ?? 0),
            packLength: packLength, rotaryBase: own?["rope_theta"]?.number(in: 1...1e12),
            sourceWeights: weights(own?["weights"]))
    }

    private func weights(_ value: YAMLValue?) -> [Double] {
        guard let value else { return sources.map(\.weight) }
        let mapping = value.mapping(keys: sources.map(\.name))
        return sources.map { mapping[$0.name]?.number(in: 0...1e9) ?? 0 }
    }

    private enum RuleName: String, CaseIterable {
        case adamW = "adamw"
        case stableAdamW = "stable_adamw"
        case gradientDescent = "sgd"
    }

    private func optimizer(_ own: YAMLMapping?) -> OptimizerSettings {
        let values = Layered(optimizer, own?["optimizer"], keys: Self.optimizerKeys)
        let name = values["name"]?.choice(RuleName.self) ?? .adamW
        let betas = values["betas"]?.list(limit: 2).map { $0.number(in: 0...1) }
        if let betas, betas.count != 2 { values["betas"]?.report("there are two of them") }
        func beta(_ index: Int, _ usual: Double) -> Double {
            betas.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? usual
        }
        let epsilon = values["eps"]?.number(in: 0...1)
        let rule: OptimizerRule =
            switch name {
            case .adamW: .adamW(beta1: beta(0, 0.9), beta2: beta(1, 0.999), epsilon: epsilon ?? 1e-8)
            case .stableAdamW: .stableAdamW(beta1: beta(0, 0.9), beta2: beta(1, 0.98), epsilon: epsilon ?? 1e-6)
            case .gradientDescent:
                .gradientDescent(
                    momentum: values["momentum"]?.number(in: 0...1) ?? 0,
                    looksAhead: values["nesterov"]?.truth() ?? false)
            }
        let unread = name == .gradientDescent ? ["betas", "eps"] : ["momentum", "nesterov"]
        for key in unread { values[key]?.report("means nothing to \(name.rawValue); leave it out") }
        let rate = values.required("learning_rate", "optimizer", of: own ?? root)
        return OptimizerSettings(
            rule: rule, learningRate: rate?.number(in: 0...1e6) ?? 0,
            weightDecay: values["weight_decay"]?.number(in: 0...1e6) ?? 0.01,
            decayStyle: values["decay_style"]?.choice(DecayStyle.self) ?? .decoupled,
            maximumGradientNorm: values["max_grad_norm"]?.number(in: 0...1e12),
            moments: values["moments"]?.choice(MomentFormat.self) ?? .f32,
            groups: values["groups"]?.list(limit: 1000).map(group) ?? [],
            layerDecay: values["layer_decay"]?.number(in: 0...1))
    }

    private func group(_ value: YAMLValue) -> ParameterGroup {
        let mapping = value.mapping(keys: [
            "parameters", "learning_rate_factor", "weight_decay", "decays_vectors", "frozen",
        ])
        return ParameterGroup(
            mapping.required("parameters")?.list(limit: 1000).map { ParameterPattern($0.text()) } ?? [],
            learningRateFactor: mapping["learning_rate_factor"]?.number(in: 0...1e6) ?? 1,
            weightDecay: mapping["weight_decay"]?.number(in: 0...1e6),
            decaysVectors: mapping["decays_vectors"]?.truth() ?? false,
            isFrozen: mapping["frozen"]?.truth() ?? false)
    }
}

/// Values of a mapping, or of another where that has none.
private struct Layered {
    private let common: YAMLMapping?
    private let own: YAMLMapping?

    init(_ common: YAMLMapping?, _ own: YAMLValue?, keys: [String]) {
        self.common = common
        self.own = own?.mapping(keys: keys)
    }

    subscript(key: String) -> YAMLValue? { own?[key] ?? common?[key] }

    /// A value that one of them has; that neither does is a problem of `outer`, in which they stand under `name`.
    func required(_ key: String, _ name: String, of outer: YAMLMapping) -> YAMLValue? {
        if let value = self[key] { return value }
        outer.value.report("the key “\(name).\(key)” is missing")
        return nil
    }
}
