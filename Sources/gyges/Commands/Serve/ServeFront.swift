import ArgumentParser
import Foundation
import GygesFiles
import GygesServer
import GygesServing
import GygesWorkers
import Synchronization

/// A server whose models answer by processes of their own, or by other servers.
struct ServeFront {
    let settings: ServeSettings

    init(_ settings: ServeSettings) { self.settings = settings }

    /// Listens, and has workers answer: processes of this program, each with a model.
    func run() async throws {
        let folder = try WorkerFolder()
        // Sockets are made in it as long as the server runs.
        defer { withExtendedLifetime(folder) {} }
        let book = try settings.book()
        let metrics = ServingMetrics(now: { Int(Date().timeIntervalSince1970) }, book: book)
        let directory = ModelDirectory(
            try settings.models.enumerated().map {
                try entry($0.element, number: $0.offset, folder: folder.path, book: book)
            })
        let front = FrontRoutes(directory, meter: metrics, log: Serve.log, faultReply: ModelRoutes.fault)
        let meter = FrontMeterRoutes(
            directory, metrics: metrics, namesMetricsAsVLLM: settings.namesMetricsAsVLLM, log: Serve.log)
        let handed = front.handing(on: ModelRoutes.answeredByModels, needing: ModelRoutes.kind)
        let jobs = JobRoutes(
            doneBy: handed,
            server: .init(
                models: { await directory.names },
                workers: { name in
                    let model = await directory.present.first { $0.name == name || name.hasPrefix($0.name + ":") }
                    return await model?.pool.statistics.workerCounts ?? [:]
                }))
        let listing = front.listing(created: Int(Date().timeIntervalSince1970))
        let server = HTTPServer(
            routes: handed + front.own + listing + jobs.all + meter.all + (settings.showsPage ? meter.page : []),
            host: settings.host, port: settings.port, access: try settings.access(), faultReply: ModelRoutes.fault)
        await directory.start()
        let names = settings.models.map(\.name)
        do {
            try await server.run(grace: settings.grace) { settings.tell(names, at: $0) }
        } catch {
            await directory.shutDown()
            throw error
        }
        await directory.shutDown()
    }

    /// A model, or a run of which models come.
    private func entry(
        _ model: ServeSettings.Model, number: Int, folder: String, book: UsageBook?
    ) throws -> ModelDirectory.Entry {
        let fallback = try model.fallback.map {
            Fallback(ForwardEndpoint($0.endpoint.address, key: try $0.endpoint.key()), reasons: $0.reasons)
        }
        let name = model.name
        if case .endpoint(let endpoint) = model.source {
            return .model(
                PooledModel(
                    name,
                    pool: WorkerPool(model.pool, launcher: EndpointLauncher(), log: { Serve.log("\(name): \($0)") }),
                    endpoint: ForwardEndpoint(endpoint.address, key: try endpoint.key()), fallback: fallback,
                    executionTimeout: model.executionTimeout))
        }
        let workers = ModelWorkers(
            model, program: try Self.program(), path: try model.location(), fallback: fallback, folder: folder,
            number: number, book: book)
        guard let run = model.run else {
            return .model(workers.model())
        }
        let folders = Mutex<[Int: String]>([:])
        return .run(
            .init(
                name: name, kind: run.kind, steps: { run.steps },
                make: { step in
                    // Known as long as the checkpoint is there, and needed when it is gone.
                    let folder = try? run.folder(ofStep: step)
                    folders.withLock { $0[step] = folder }
                    return workers.model(checkpoint: step)
                },
                remove: { step in
                    guard let folder = folders.withLock({ $0.removeValue(forKey: step) }) else { return }
                    try? FileManager.default.removeItem(atPath: folder)
                    try? FileManager.default.removeItem(atPath: folder + ".lock")
                }))
    }

    /// This program's own file: its name may have been found in a path, or be a link that later leads elsewhere.
    private static func program() throws(FileError) -> String {
        do { return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") } catch {
            throw FileError("/proc/self/exe", "cannot be read: \(error)", remedy: "Serve without workers.")
        }
    }
}

/// How workers of a model are started.
private struct ModelWorkers: Sendable {
    private let name: String
    private let adapters: [String]
    private let command: [String]
    private let pool: PoolSettings
    private let fallback: Fallback?
    private let executionTimeout: Duration
    private let folder: String
    private let number: Int
    private let kind: PooledModel.Kind?
    private let book: UsageBook?

    init(
        _ model: ServeSettings.Model, program: String, path: String, fallback: Fallback?, folder: String, number: Int,
        book: UsageBook?
    ) {
        name = model.name
        adapters = model.adapters.map(\.name)
        var command = [
            program, "serve-worker", "\(name)=\(path)", "--queue", "\(model.queue)", "--parent", "\(getpid())",
        ]
        command += model.engine.arguments
        for adapter in model.adapters { command += ["--adapter", "\(adapter.name)=\(adapter.path)"] }
        if let warmUp = model.warmUp { command.append("--warm-up=\(warmUp)") }
        self.command = command
        pool = model.pool
        executionTimeout = model.executionTimeout
        (self.fallback, self.folder, self.number, self.book) = (fallback, folder, number, book)
        kind = model.run?.kind ?? (ModelName.isEncoder(path) ? .encoder : .decoder)
    }

    /// The model, or a checkpoint of the run that it is.
    func model(checkpoint step: Int? = nil) -> PooledModel {
        let name = name + (step.map { "@\($0)" } ?? "")
        let launcher = ProgramLauncher(
            command: command + (step.map { ["--checkpoint", "\($0)"] } ?? []),
            environment: ProcessInfo.processInfo.environment, folder: folder,
            name: "\(number)" + (step.map { "-\($0)" } ?? ""))
        var pool = pool
        // Of many checkpoints, none is kept awake.
        if step != nil { pool.activeCount = 0 }
        var note: (@Sendable ([WorkerPhase]) -> Void)?
        if let book { note = { phases in book.note(phases, of: name) } }
        return PooledModel(
            name,
            pool: WorkerPool(pool, launcher: launcher, log: { Serve.log("\(name): \($0)") }, note: note), kind: kind,
            adapters: adapters, fallback: fallback, executionTimeout: executionTimeout)
    }
}

/// A folder for sockets that is this user's alone; gone with the server.
private final class WorkerFolder {
    let path: String

    init() throws(FileError) {
        let parent = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(parent)/gyges-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileError(parent, "takes no folder for sockets", remedy: "Set XDG_RUNTIME_DIR to a folder of yours.")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
