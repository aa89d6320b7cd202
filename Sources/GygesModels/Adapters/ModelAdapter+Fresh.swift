public import GygesCheckpoints
import GygesFiles
public import GygesTensors

/// Why settings of an adapter fit no model: they come from whoever trains, not from a file.
public struct AdapterSettingsError: Error, Equatable, CustomStringConvertible {
    /// Everything wrong at once, one sentence each.
    public var problems: [String]

    /// The problems, a line each.
    public var description: String { problems.map { $0.legible(limit: 600) }.joined(separator: "\n") }
}

/// An adapter that is to be trained: its beginning, and what is trained beside it.
public struct FreshAdapter: Sendable {
    /// The settings as they are saved: what they did not say is filled in.
    public var settings: AdapterSettings
    /// `A` uniformly random in ±1/√inputs, `B` zeros, so that the model computes at first what its base computes.
    public var adapter: ModelAdapter
    /// Parameters of the base that are trained whole.
    public var wholes: Set<ParameterPath>
}

extension FreshAdapter {
    /// Makes an adapter by PEFT's rules: the linear layers that `settings.targets` names get matrices, but for those within modules that
    /// are saved whole. Targets and saved modules may be named as transformers names them or by our paths
    /// (`layers.0.attention.query`, `query`).
    ///
    /// The elements of `A` are drawn as torch draws those of a linear layer (Kaiming uniform with a = √5, He et al. 2015,
    /// https://arxiv.org/abs/1502.01852): they depend on the seed and the matrix's path alone.
    ///
    /// - Throws: ``AdapterSettingsError`` that tells of every name that means nothing in the model, with one near it.
    public init(
        _ settings: AdapterSettings, on model: ModelModules, seed: UInt64
    ) throws(AdapterSettingsError) {
        var problems: [String] = []
        wholes = []
        for name in settings.savedModules {
            var paths = model.wholes.filter { AdapterSettings.name(name, holds: $0.place.tensor.module) }.map(\.path)
            if paths.isEmpty {
                paths = model.wholes.map(\.path).filter { AdapterSettings.name(name, holds: $0.description.module) }
            }
            if paths.isEmpty { problems.append("modules_to_save: " + model.unknown(name)) }
            wholes.formUnion(paths)
        }
        let targeted = model.modules.filter { module in
            (settings.targets.include(module.name, isHead: module.isHead)
                || settings.targets.include(module.path.description, isHead: module.isHead))
                && !settings.saves(module.name) && !settings.saves(module.path.description)
        }
        switch settings.targets {
        case .names(let names):
            for name in names where !model.modules.contains(where: { $0.isNamed(name) }) {
                problems.append("target_modules: " + model.unknown(name))
            }
        case .pattern(let pattern) where targeted.isEmpty:
            problems.append(
                "target_modules: no linear layer's whole name matches \(pattern); names are such as "
                    + (model.modules.first?.name ?? "none"))
        case .pattern, .allLinear: break
        }
        for pattern in settings.rankPatterns.map(\.pattern) + settings.alphaPatterns.map(\.pattern)
        where !targeted.contains(where: { pattern.matchesEnd(of: $0.name) }) {
            problems.append("rank_pattern, alpha_pattern: \(pattern) matches none of the layers that get an adapter")
        }
        if targeted.isEmpty, problems.isEmpty {
            problems.append("target_modules: no linear layer is left that could get an adapter")
        }
        guard problems.isEmpty else { throw AdapterSettingsError(problems: problems) }
        self.settings = settings
        // Our paths mean nothing to PEFT.
        if !targeted.allSatisfy({ settings.targets.include($0.name, isHead: $0.isHead) }) {
            self.settings.targets = .names(targeted.map(\.name))
        }
        if let head = model.head, head.isTied, wholes.contains(head.weight) || !wholes.isDisjoint(with: model.headPaths)
        {
            // One parameter here, and two tensors in the file.
            wholes.subtract(model.headPaths)
            wholes.insert(head.weight)
            self.settings.keepsTying = true
        }
        adapter = ModelAdapter(
            modules: targeted.map {
                Self.module($0, rank: settings.rank(of: $0.name), scale: settings.scale(of: $0.name), seed: seed)
            },
            replaced: [:])
    }

    private static func module(_ module: ModelModules.Module, rank: Int, scale: Double, seed: UInt64)
        -> ModelAdapter.Module
    {
        let bits = KeyedBits(seed: seed).branch(module.a.key)
        let bound = 1 / Double(module.inputs).squareRoot()
        let a = (0..<rank * module.inputs).map { Float((2 * bits.fraction(at: UInt64($0)) - 1) * bound) }
        return .init(
            a: StoredMatrix(a, rows: rank, columns: module.inputs), path: module.a, scale: Float(scale),
            parts: module.parts.map { part in
                let zeros = [Float](repeating: 0, count: part.rows.count * rank)
                return .init(
                    weight: part.weight, b: StoredMatrix(zeros, rows: part.rows.count, columns: rank), path: part.b)
            })
    }
}

extension ModelModules {
    /// The path of the matrix that a tied head could have of its own.
    fileprivate var headPaths: Set<ParameterPath> {
        Set(modules.filter(\.isHead).map { $0.path / "weight" })
    }

    /// Says of a name that it means nothing, with one that does.
    fileprivate func unknown(_ name: String) -> String {
        let known = modules.flatMap { [$0.name, $0.path.description] } + wholes.map(\.place.tensor.module)
        let ends = Set(known.map { $0.split(separator: ".").last.map(String.init) ?? $0 }).sorted()
        let near = nearest(name, among: name.contains(".") ? known : ends)
        let some =
            near.map { "near it is \($0)" } ?? "there are \(ends.filter { Int($0) == nil }.joined(separator: ", "))"
        return "nothing in the model is called “\(name)”; \(some)"
    }
}

extension ModelModules.Module {
    fileprivate func isNamed(_ target: String) -> Bool {
        AdapterSettings.name(target, includes: name) || AdapterSettings.name(target, includes: path.description)
    }
}

extension String {
    /// The module of a parameter's name: all but its last part.
    fileprivate var module: String { split(separator: ".").dropLast().joined(separator: ".") }
}
