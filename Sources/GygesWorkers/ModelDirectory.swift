/// The models of a front: those that it was started with, and those that come and go with the checkpoints of training runs.
public actor ModelDirectory {
    /// A training run: its newest checkpoint is `NAME`, each is `NAME@STEP`.
    public struct Run: Sendable {
        /// The name that requests call its newest checkpoint by.
        public var name: String
        /// What its checkpoints do; `nil` if that is not known.
        public var kind: PooledModel.Kind?
        /// The steps that there are checkpoints of, ascending; asked at most once a second.
        public var steps: @Sendable () -> [Int]
        /// Makes the model of a checkpoint, under the name `NAME@STEP`. Its workers answer to both names.
        public var make: @Sendable (_ step: Int) -> PooledModel
        /// Called when the model of a checkpoint has ended.
        public var remove: @Sendable (_ step: Int) -> Void

        /// Describes a run.
        public init(
            name: String, kind: PooledModel.Kind? = nil, steps: @escaping @Sendable () -> [Int],
            make: @escaping @Sendable (_ step: Int) -> PooledModel,
            remove: @escaping @Sendable (_ step: Int) -> Void = { _ in }
        ) {
            self.name = name
            self.kind = kind
            self.steps = steps
            self.make = make
            self.remove = remove
        }
    }

    /// What a front is started with.
    public enum Entry: Sendable {
        /// A model that is always there.
        case model(PooledModel)
        /// A run whose checkpoints come and go.
        case run(Run)
    }

    /// What there is, for lists.
    enum Listed: Sendable {
        case model(PooledModel)
        /// The names of a run's checkpoints, that of the newest first.
        case checkpoints([String])

        var names: [String] {
            switch self {
            case .model(let model): model.names
            case .checkpoints(let names): names
            }
        }
    }

    /// A run as it was last looked at.
    private struct Watched {
        var steps: [Int] = []
        var lookedAt: ContinuousClock.Instant?
        var models: [Int: PooledModel] = [:]
    }

    private let entries: [Entry]
    /// By the places of runs among the entries.
    private var runs: [Int: Watched]
    private let lookInterval: Duration
    private var isShutDown = false

    /// - Parameters:
    ///   - entries: What there is, in the order in which requests that name none look for one.
    ///   - lookInterval: How long a look at a run's folder holds.
    public init(_ entries: [Entry], lookInterval: Duration = .seconds(1)) {
        self.entries = entries
        self.lookInterval = lookInterval
        runs = Dictionary(
            uniqueKeysWithValues: entries.indices.compactMap { index in
                if case .run = entries[index] { (index, Watched()) } else { nil }
            })
    }

    /// Models that are always there.
    public init(_ models: [PooledModel]) { self.init(models.map { .model($0) }) }

    /// The names that requests may use, at the moment.
    public var names: [String] { get async { await listed.flatMap(\.names) } }

    /// All that there is, whether anybody has asked for it or not.
    var listed: [Listed] {
        get async {
            var listed: [Listed] = []
            for index in entries.indices {
                switch entries[index] {
                case .model(let model): listed.append(.model(model))
                case .run(let run):
                    let steps = await look(at: run, index)
                    if !steps.isEmpty { listed.append(.checkpoints([run.name] + steps.map { "\(run.name)@\($0)" })) }
                }
            }
            return listed
        }
    }

    /// The model of a name: its own, an adapter's of it (`NAME:ADAPTER`), or a checkpoint's.
    public func model(_ name: String) async -> PooledModel? {
        for index in entries.indices {
            switch entries[index] {
            case .model(let model): if name == model.name || name.hasPrefix(model.name + ":") { return model }
            case .run(let run):
                if name == run.name { return await newest(of: run, index) }
                guard name.hasPrefix(run.name + "@"), let step = Int(name.dropFirst(run.name.count + 1)) else {
                    continue
                }
                return await checkpoint(step, of: run, index)
            }
        }
        return nil
    }

    /// The first model that does something; `nil` for anything.
    func first(doing kind: PooledModel.Kind?) async -> PooledModel? {
        for index in entries.indices {
            switch entries[index] {
            case .model(let model): if model.does(kind) { return model }
            case .run(let run):
                guard kind == nil || run.kind == nil || run.kind == kind else { continue }
                if let model = await newest(of: run, index) { return model }
            }
        }
        return nil
    }

    /// Those that have workers or may have: all that are always there, and the checkpoints that somebody has asked for.
    public var present: [PooledModel] {
        entries.indices.flatMap { index in
            if case .model(let model) = entries[index] { return [model] }
            return (runs[index]?.models ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Starts the workers that are always there.
    public func start() async {
        for case .model(let model) in entries { await model.pool.start() }
    }

    /// Ends all workers.
    public func shutDown() async {
        isShutDown = true
        for model in present { await model.pool.shutDown() }
        for (index, watched) in runs {
            guard case .run(let run) = entries[index] else { continue }
            for step in watched.models.keys { run.remove(step) }
        }
    }

    private func newest(of run: Run, _ index: Int) async -> PooledModel? {
        guard let step = await look(at: run, index).last else { return nil }
        return await checkpoint(step, of: run, index)
    }

    private func checkpoint(_ step: Int, of run: Run, _ index: Int) async -> PooledModel? {
        guard await look(at: run, index).contains(step), !isShutDown else { return nil }
        if let model = runs[index]?.models[step] { return model }
        let model = run.make(step)
        runs[index]?.models[step] = model
        await model.pool.start()
        return model
    }

    /// The checkpoints that a run has. Ends those that are gone, once nobody waits for them.
    private func look(at run: Run, _ index: Int) async -> [Int] {
        let now = ContinuousClock.now
        if let watched = runs[index], let last = watched.lookedAt, now - last < lookInterval { return watched.steps }
        let steps = run.steps()
        runs[index]?.lookedAt = now
        runs[index]?.steps = steps
        for (step, model) in runs[index]?.models ?? [:] where !steps.contains(step) {
            let statistics = await model.pool.statistics
            guard statistics.waitingCount == 0, statistics.runningCount == 0 else { continue }
            runs[index]?.models[step] = nil
            await model.pool.shutDown()
            run.remove(step)
        }
        return steps
    }
}
