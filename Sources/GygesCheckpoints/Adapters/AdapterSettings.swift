/// What an adapter by low-rank adaptation is: PEFT's `LoraConfig`, as far as it decides what is computed, trained or saved (Hu et al.
/// 2021, https://arxiv.org/abs/2106.09685; PEFT 0.21, `tuners/lora/config.py`).
public struct AdapterSettings: Sendable, Equatable {
    /// Which modules have adapters.
    public enum Targets: Sendable, Equatable {
        /// Those whose names, or what follows one of their dots, are listed: `q_proj`, `layers.0.self_attn.q_proj`.
        case names([String])
        /// Those whose whole names match.
        case pattern(ModulePattern)
        /// Every linear layer but the head (`all-linear`).
        case allLinear
    }

    /// How many dimensions an adapter's matrices meet in (`r`).
    public var rank: Int
    /// What decides the scale (`lora_alpha`); see ``scale(of:)``.
    public var alpha: Double
    /// The share of inputs that training leaves out (`lora_dropout`).
    public var dropout: Double
    /// Whether scales are alpha / √rank instead of alpha / rank (Kalajdzievski 2023, https://arxiv.org/abs/2312.03732).
    public var usesRootOfRank: Bool
    /// Which modules have adapters.
    public var targets: Targets
    /// Ranks of modules that have others, the first pattern that matches counts.
    public var rankPatterns: [Exception<Int>]
    /// Alphas of modules that have others, the first pattern that matches counts.
    public var alphaPatterns: [Exception<Double>]
    /// Modules that are trained and saved whole with all that is in them (`modules_to_save`), by parts of their names.
    public var savedModules: [String]
    /// Whether an embedding among ``savedModules`` is the head too where the two are tied (`ensure_weight_tying`).
    public var keepsTying: Bool
    /// The model that the adapter was made for, as its maker called it.
    public var baseName: String?
    /// What the model is for in PEFT's words: `CAUSAL_LM`, `SEQ_CLS`, …
    public var task: String?

    /// A number that modules have whose names match a pattern.
    public struct Exception<Value: Sendable & Equatable>: Sendable, Equatable {
        /// Found with ``ModulePattern/matchesEnd(of:)``.
        public var pattern: ModulePattern
        /// What these modules have.
        public var value: Value

        /// Puts both together.
        public init(_ pattern: ModulePattern, _ value: Value) {
            self.pattern = pattern
            self.value = value
        }
    }

    /// Settings without exceptions.
    public init(
        rank: Int, alpha: Double, dropout: Double = 0, usesRootOfRank: Bool = false, targets: Targets,
        rankPatterns: [Exception<Int>] = [], alphaPatterns: [Exception<Double>] = [], savedModules: [String] = [],
        keepsTying: Bool = false, baseName: String? = nil, task: String? = nil
    ) {
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.usesRootOfRank = usesRootOfRank
        self.targets = targets
        self.rankPatterns = rankPatterns
        self.alphaPatterns = alphaPatterns
        self.savedModules = savedModules
        self.keepsTying = keepsTying
        self.baseName = baseName
        self.task = task
    }

    /// The rank of a module's adapter.
    public func rank(of module: String) -> Int {
        rankPatterns.first { $0.pattern.matchesEnd(of: module) }?.value ?? rank
    }

    /// The alpha of a module's adapter.
    public func alpha(of module: String) -> Double {
        alphaPatterns.first { $0.pattern.matchesEnd(of: module) }?.value ?? alpha
    }

    /// What a module's adapter is multiplied by: alpha / rank, or alpha / √rank.
    public func scale(of module: String) -> Double {
        let rank = Double(rank(of: module))
        return alpha(of: module) / (usesRootOfRank ? rank.squareRoot() : rank)
    }

    /// Whether a module is saved whole.
    public func saves(_ module: String) -> Bool { savedModules.contains { Self.name($0, holds: module) } }

    /// Whether a name is that of a module, or of one that it is a part of: how PEFT reads `modules_to_save`.
    public static func name(_ name: String, holds module: String) -> Bool { ".\(module).".contains(".\(name).") }

    /// Whether a name, meant whole or as what follows a dot, is a module's: how PEFT reads lists.
    public static func name(_ name: String, includes module: String) -> Bool {
        module == name || module.hasSuffix("." + name)
    }
}

extension AdapterSettings.Targets {
    /// Whether a linear layer has an adapter.
    ///
    /// - Parameter isHead: Whether it is the model's last, which `all-linear` leaves out.
    public func include(_ module: String, isHead: Bool) -> Bool {
        switch self {
        case .names(let names): names.contains { AdapterSettings.name($0, includes: module) }
        case .pattern(let pattern): pattern.matches(module)
        case .allLinear: !isHead
        }
    }
}
