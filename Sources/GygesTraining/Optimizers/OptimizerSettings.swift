public import GygesKernels
public import GygesTensors

/// How an optimizer makes a step of a gradient.
public enum OptimizerRule: Sendable, Equatable {
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101), as `torch.optim.AdamW`.
    case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
    /// AdamW whose learning rate each tensor divides by the root mean square of its g / √v where that exceeds 1
    /// (Wortsman et al. 2023, https://arxiv.org/abs/2304.13013, algorithm 2), as `optimi.StableAdamW`: ModernBERT's optimizer.
    case stableAdamW(beta1: Double = 0.9, beta2: Double = 0.98, epsilon: Double = 1e-6)
    /// Stochastic gradient descent, with momentum if it is not 0, as `torch.optim.SGD` without dampening.
    case gradientDescent(momentum: Double = 0, looksAhead: Bool = false)
}

/// What weight decay does to a parameter in each step, η being its learning rate of the step and λ its decay.
public enum DecayStyle: String, Sendable, CaseIterable {
    /// The parameter is multiplied by 1 - η·λ: what is called decoupled decay.
    case decoupled
    /// The parameter is multiplied by 1 - (η / peak learning rate)·λ, so that λ itself is what it loses in a step: what
    /// optimi calls fully decoupled decay, and ModernBERT uses. λ is some hundred times smaller then.
    case fullyDecoupled = "fully_decoupled"
    /// λ · parameter is added to the gradient, an L2 penalty, as `torch.optim.SGD` does; for gradient descent alone.
    case penalty
}

/// What some parameters have of their own.
public struct ParameterGroup: Sendable, Equatable {
    /// Which parameters: those that match any of the patterns.
    public var patterns: [ParameterPattern]
    /// What the learning rate is multiplied by.
    public var learningRateFactor: Double
    /// Their weight decay instead of everybody's.
    public var weightDecay: Double?
    /// Whether vectors (biases, gains) decay, too.
    public var decaysVectors: Bool
    /// Whether they stay as they are.
    public var isFrozen: Bool

    /// Creates a group.
    public init(
        _ patterns: [ParameterPattern], learningRateFactor: Double = 1, weightDecay: Double? = nil,
        decaysVectors: Bool = false, isFrozen: Bool = false
    ) {
        self.patterns = patterns
        self.learningRateFactor = learningRateFactor
        self.weightDecay = weightDecay
        self.decaysVectors = decaysVectors
        self.isFrozen = isFrozen
    }
}

/// How a run's optimizer works.
public struct OptimizerSettings: Sendable, Equatable {
    /// How a gradient becomes a step.
    public var rule: OptimizerRule
    /// The highest learning rate, which schedules multiply by at most 1.
    public var learningRate: Double
    /// λ of every matrix that no group gives another; vectors do not decay.
    public var weightDecay: Double
    /// What λ does.
    public var decayStyle: DecayStyle
    /// The Euclidean norm of all gradients together to which they are scaled down if they exceed it; `nil` for any.
    public var maximumGradientNorm: Double?
    /// How moments are kept.
    public var moments: MomentFormat
    /// Groups in the order in which they are asked: a parameter belongs to the first that it matches.
    public var groups: [ParameterGroup]
    /// What each layer's learning rate is of that of the layer above it (Clark et al. 2020, https://arxiv.org/abs/2003.10555, appendix B): what
    /// stands behind the layers has the whole rate, the last layer this share of it, what stands before them the least. `nil` for one rate.
    public var layerDecay: Double?

    /// Creates settings.
    public init(
        rule: OptimizerRule = .adamW(), learningRate: Double, weightDecay: Double = 0.01,
        decayStyle: DecayStyle = .decoupled, maximumGradientNorm: Double? = nil, moments: MomentFormat = .f32,
        groups: [ParameterGroup] = [], layerDecay: Double? = nil
    ) {
        self.rule = rule
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.decayStyle = decayStyle
        self.maximumGradientNorm = maximumGradientNorm
        self.moments = moments
        self.groups = groups
        self.layerDecay = layerDecay
    }

    /// What a parameter's learning rate is of the run's.
    ///
    /// - Parameter layerCount: How many layers the model has.
    func learningRateFactor(of path: ParameterPath, layerCount: Int) -> Double {
        var factor = group(of: path)?.learningRateFactor ?? 1
        guard let layerDecay else { return factor }
        let depth =
            switch path.components.first {
            case "layers": path.components.dropFirst().first.flatMap { Int($0) }.map { layerCount - $0 } ?? 0
            case "embedding": layerCount + 1
            default: 0
            }
        for _ in 0..<depth { factor *= layerDecay }
        return factor
    }

    /// Whether a parameter stays as it is, so that it needs no gradient.
    public func isFrozen(_ path: ParameterPath) -> Bool { group(of: path)?.isFrozen ?? false }

    /// The first group that a parameter matches.
    func group(of path: ParameterPath) -> ParameterGroup? { groupIndex(of: path).map { groups[$0] } }

    private func groupIndex(of path: ParameterPath) -> Int? {
        groups.firstIndex { $0.patterns.contains { $0.matches(path) } }
    }

    /// Checks the settings by themselves, and against the paths of a model's parameters: a group without a parameter of its own, or a
    /// run that would change nothing, is a mistake.
    ///
    /// - Throws: ``SettingsError`` with every problem.
    public func check(against paths: some Collection<ParameterPath>) throws(SettingsError) {
        var check = SettingsCheck()
        func isShare(_ value: Double) -> Bool { value >= 0 && value < 1 }
        switch rule {
        case .adamW(let beta1, let beta2, let epsilon), .stableAdamW(let beta1, let beta2, let epsilon):
            check.expect(isShare(beta1), "optimizer.beta1", "is \(beta1); give a number from 0 to below 1")
            check.expect(isShare(beta2), "optimizer.beta2", "is \(beta2); give a number from 0 to below 1")
            // Below, its square vanishes in f32, and gradients of 0 would be divided by 0.
            check.expect(
                epsilon >= 1e-18 && epsilon.isFinite, "optimizer.epsilon", "is \(epsilon); give a number from 1e-18 on")
            check.expect(
                decayStyle != .penalty, "optimizer.decay_style",
                "is a penalty, which moments would rescale; choose decoupled or fully_decoupled")
        case .gradientDescent(let momentum, let looksAhead):
            check.expect(isShare(momentum), "optimizer.momentum", "is \(momentum); give a number from 0 to below 1")
            check.expect(
                !looksAhead || momentum > 0, "optimizer.nesterov", "looks ahead along a momentum of 0; give a momentum")
        }
        check.expect(
            learningRate > 0 && learningRate.isFinite, "optimizer.learning_rate",
            "is \(learningRate), which changes nothing or has no meaning; give a positive number")
        check.expect(
            weightDecay >= 0 && weightDecay.isFinite, "optimizer.weight_decay",
            "is \(weightDecay); give a number from 0 on")
        if let layerDecay {
            check.expect(
                layerDecay > 0 && layerDecay <= 1, "optimizer.layer_decay",
                "is \(layerDecay); give a number above 0, at most 1")
        }
        if let norm = maximumGradientNorm {
            check.expect(
                norm > 0 && norm.isFinite, "optimizer.max_grad_norm",
                "is \(norm); give a positive number, or leave it out to clip nothing")
        }
        for (index, group) in groups.enumerated() {
            let name = "optimizer.groups[\(index)]"
            check.expect(
                group.learningRateFactor > 0 && group.learningRateFactor.isFinite, name + ".learning_rate_factor",
                "is \(group.learningRateFactor); give a positive number, or freeze the group")
            let decay = group.weightDecay ?? 0
            check.expect(
                decay >= 0 && decay.isFinite, name + ".weight_decay", "is \(decay); give a number from 0 on")
            check.expect(
                paths.contains { groupIndex(of: $0) == index }, name,
                "matches no parameter of the model that groups before it leave: "
                    + group.patterns.map(\.description).joined(separator: ", "))
        }
        check.expect(
            paths.contains { !isFrozen($0) }, "optimizer.groups",
            "freeze every parameter, so that nothing would be learned; leave one unfrozen")
        try check.finish()
    }
}
