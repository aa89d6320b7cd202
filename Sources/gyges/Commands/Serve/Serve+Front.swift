import ArgumentParser
import Foundation
import GygesFiles
import GygesServer
import GygesServing
import GygesWire
import GygesWorkers

extension Serve {
    /// Listens, and has workers answer: processes of this program, each with a model.
    func runFront() async throws {
        let folder = try WorkerFolder()
        // Sockets are made in it as long as the server runs.
        defer { withExtendedLifetime(folder) {} }
        let settings = workers.settings(queueLimit: queue)
        var pools: [(name: String, pool: WorkerPool)] = []
        for (index, argument) in models.enumerated() {
            let named = try ModelName(argument)
            let name = named.name
            guard !pools.contains(where: { $0.name == name }) else {
                throw ValidationError("'\(name)' is the name of two models; give one another: NAME=PATH.")
            }
            // Mistakes are told before anybody asks.
            let path = try locateModel(named.path)
            var command = [try Self.program(), "serve-worker", "\(name)=\(path)", "--queue", "\(queue)"]
            command += engine.arguments
            if index == 0 { for adapter in adapters { command += ["--adapter", adapter] } }
            let launcher = ProgramLauncher(
                command: command, environment: ProcessInfo.processInfo.environment, folder: folder.path,
                name: "\(index)")
            pools.append((name, WorkerPool(settings, launcher: launcher) { Self.log("\(name): \($0)") }))
        }
        let front = FrontRoutes(
            pools, settings: .init(executionTimeout: .seconds(workers.executionTimeout)), faultReply: ModelRoutes.fault)
        let created = Int(Date().timeIntervalSince1970)
        let list = ModelList(
            models: pools.map { .init(id: $0.name, facts: ["object": "model", "owned_by": "gyges"], created: created) })
        let server = HTTPServer(
            routes: front.handing(on: ModelRoutes.answeredByModels) + front.own
                + [Route(.get, "/v1/models") { _ in .json(list.json) }],
            host: host, port: port, access: try access(), faultReply: ModelRoutes.fault)
        for (_, pool) in pools { await pool.start() }
        let names = pools.map(\.name).joined(separator: ", ")
        do {
            try await server.run { tell(names, at: $0) }
        } catch {
            for (_, pool) in pools { await pool.shutDown() }
            throw error
        }
        for (_, pool) in pools { await pool.shutDown() }
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
