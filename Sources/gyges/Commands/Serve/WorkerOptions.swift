import ArgumentParser
import GygesWorkers

/// How many worker processes models have.
struct WorkerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Answer by worker processes, at most so many a model: one that fails takes no other with it, and those that nobody asks are let go.",
            valueName: "count"))
    var maxWorkers: Int?

    @Option(help: ArgumentHelp("Workers of a model that are always there.", valueName: "count"))
    var activeWorkers = 0

    @Option(help: ArgumentHelp("Requests that a worker answers at a time.", valueName: "count"))
    var workerConcurrency = 64

    @Option(help: ArgumentHelp("A worker that nobody asks is stopped after so long.", valueName: "seconds"))
    var idleTimeout = 60.0

    @Option(help: ArgumentHelp("A stopped worker, which wakes at once, is ended after so long.", valueName: "seconds"))
    var parkTimeout = 3600.0

    @Option(
        help: ArgumentHelp(
            "When another worker is started: 'delay:SECONDS' that a request has waited, or 'requests:COUNT' for each worker.",
            valueName: "rule"))
    var scaling = "delay:4"

    @Option(help: ArgumentHelp("A request may take so long.", valueName: "seconds"))
    var executionTimeout = 600.0

    @Option(help: ArgumentHelp("A request may wait so long for a worker.", valueName: "seconds"))
    var queueTimeout = 120.0

    func validate() throws {
        guard (1...256).contains(maxWorkers ?? 1), (0...(maxWorkers ?? 256)).contains(activeWorkers) else {
            throw ValidationError("--max-workers must be from 1 to 256, and --active-workers no more.")
        }
        guard (1...100_000).contains(workerConcurrency) else {
            throw ValidationError("--worker-concurrency must be from 1 to 100000.")
        }
        for (name, value) in [
            ("idle", idleTimeout), ("park", parkTimeout), ("execution", executionTimeout), ("queue", queueTimeout),
        ] where !(0...1e7).contains(value) {
            throw ValidationError("--\(name)-timeout must be from 0 to 10000000 seconds.")
        }
        guard rule != nil else { throw ValidationError("--scaling must be delay:SECONDS or requests:COUNT.") }
    }

    private var rule: PoolSettings.Scaling? {
        let parts = scaling.split(separator: ":")
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "delay": return Double(parts[1]).flatMap { (0...1e6).contains($0) ? .queueDelay(.seconds($0)) : nil }
        case "requests": return Int(parts[1]).flatMap { (1...1_000_000).contains($0) ? .requestCount($0) : nil }
        default: return nil
        }
    }

    /// Whether nothing is said but what holds anyhow.
    var isUsual: Bool {
        let usual = Self.usual
        return maxWorkers == nil && executionTimeout == usual.executionTimeout
            && settings(queueLimit: 1) == usual.settings(queueLimit: 1)
    }

    /// The settings of a model's workers.
    func settings(queueLimit: Int) -> PoolSettings {
        PoolSettings(
            activeCount: activeWorkers, maximumCount: maxWorkers ?? 1, concurrency: workerConcurrency,
            scaling: rule ?? .queueDelay(.seconds(4)), idleTimeout: .seconds(idleTimeout),
            parkTimeout: .seconds(parkTimeout),
            queueTimeout: .seconds(queueTimeout), queueLimit: queueLimit)
    }
}
