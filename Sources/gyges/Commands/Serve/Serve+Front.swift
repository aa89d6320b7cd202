import ArgumentParser
import Foundation
import GygesCheckpoints
import GygesFiles
import GygesServer
import GygesServing
import GygesWorkers

extension Serve {
    /// Listens, and has workers answer: processes of this program, each with a model.
    func runFront() async throws {
        let folder = try WorkerFolder()
        // Sockets are made in it as long as the server runs.
        defer { withExtendedLifetime(folder) {} }
        let book = try book()
        let metrics = ServingMetrics(now: { Int(Date().timeIntervalSince1970) }, book: book)
        var pooled: [PooledModel] = []
        for argument in models {
            let named = try ModelName(argument)
            guard !pooled.contains(where: { $0.name == named.name }) else {
                throw ValidationError("'\(named.name)' is the name of two models; give one another: NAME=PATH.")
            }
            pooled.append(try pooledModel(named, after: pooled, folder: folder.path, book: book))
        }
        guard adapters.isEmpty || pooled.contains(where: { $0.kind == .decoder }) else {
            throw ValidationError("--adapter is for decoders, and there is none.")
        }
        let front = FrontRoutes(
            pooled, settings: .init(executionTimeout: .seconds(workers.executionTimeout)), meter: metrics,
            faultReply: ModelRoutes.fault)
        let meter = FrontMeterRoutes(
            pooled, metrics: metrics, namesMetricsAsVLLM: metricsCompat == "vllm", log: Self.log)
        let server = HTTPServer(
            routes: front.handing(on: ModelRoutes.answeredByModels, needing: ModelRoutes.kind) + front.own
                + front.listing(created: Int(Date().timeIntervalSince1970)) + meter.all + (noPage ? [] : meter.page),
            host: host, port: port, access: try access(), faultReply: ModelRoutes.fault)
        for model in pooled { await model.pool.start() }
        let names = pooled.map(\.name).joined(separator: ", ")
        do {
            try await server.run(grace: grace) { tell(names, at: $0) }
        } catch {
            for model in pooled { await model.pool.shutDown() }
            throw error
        }
        for model in pooled { await model.pool.shutDown() }
    }

    /// A model and the workers that it may have. Mistakes are told before anybody asks.
    private func pooledModel(
        _ named: ModelName, after others: [PooledModel], folder: String, book: UsageBook?
    ) throws -> PooledModel {
        let (name, path) = (named.name, try locateModel(named.path))
        let isEncoder = try isFolder(path) && ModelFolder(path: path).isTextModel()
        // Adapters are for the first decoder.
        let isFirst = !isEncoder && !others.contains { $0.kind == .decoder }
        let own = isFirst ? adapters : []
        let launcher = try launcher("\(name)=\(path)", adapters: own, folder: folder, name: "\(others.count)")
        var note: (@Sendable ([WorkerPhase]) -> Void)?
        if let book { note = { phases in book.note(phases, of: name) } }
        let pool = WorkerPool(
            workers.settings(queueLimit: queue), launcher: launcher, log: { Self.log("\(name): \($0)") }, note: note)
        return PooledModel(
            name, pool: pool, kind: isEncoder ? .encoder : .decoder, adapters: try own.map { try ModelName($0).name })
    }

    /// What starts a model's workers: this very program.
    private func launcher(
        _ model: String, adapters: [String], folder: String, name: String
    ) throws -> ProgramLauncher {
        var command = [try Self.program(), "serve-worker", model, "--queue", "\(queue)", "--parent", "\(getpid())"]
        command += engine.arguments
        for adapter in adapters { command += ["--adapter", adapter] }
        return ProgramLauncher(
            command: command, environment: ProcessInfo.processInfo.environment, folder: folder, name: name)
    }

    /// This program's own file: its name may have been found in a path, or be a link that later leads elsewhere.
    private static func program() throws(FileError) -> String {
        do { return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") } catch {
            throw FileError("/proc/self/exe", "cannot be read: \(error)", remedy: "Serve without --max-workers.")
        }
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
