import ArgumentParser
import Foundation
import GygesFiles
import GygesServer
import GygesServing
import GygesWorkers

/// `gyges serve-worker`: what `gyges serve --max-workers` starts.
struct ServeWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-worker", abstract: "Answers a server's requests with one model; started by gyges serve.",
        discussion: """
            Listens on a socket in the file system and answers whoever can open it.

            Examples:
              gyges serve-worker chat=model.gguf --socket worker.socket
            """, shouldDisplay: false)

    @Argument(help: ArgumentHelp("The model.", valueName: "NAME=PATH"))
    var model: String

    @Option(name: .customLong("adapter"), help: ArgumentHelp("An adapter of it.", valueName: "NAME=PATH"))
    var adapters: [String] = []

    @Option(help: ArgumentHelp("Of a training run, the checkpoint.", valueName: "step"))
    var checkpoint: Int?

    @Option(help: ArgumentHelp("A text that the model reads before it answers anybody.", valueName: "text"))
    var warmUp: String?

    @Option(help: ArgumentHelp("Where it listens.", valueName: "path"))
    var socket: String

    @Option(help: ArgumentHelp("The process that it ends with: whoever started it, if not said.", valueName: "number"))
    var parent: Int32?

    @Option(help: ArgumentHelp("The most requests that wait.", valueName: "count"))
    var queue = 1024

    @OptionGroup(title: "Engine")
    var engine: EngineOptions

    func run() async throws {
        endWithParent()
        let named = try ModelName(model)
        let model = ServeSettings.Model(
            name: named.name, source: .path(named.path), adapters: try adapters.map { try ModelName($0) },
            engine: engine, queue: queue)
        let created = Int(Date().timeIntervalSince1970)
        let shelf = try ModelShelf(try await model.load(checkpoint: checkpoint, created: created))
        if let warmUp { try await ModelRoutes(shelf, now: { created }, log: Serve.log).warmUp(warmUp) }
        let routes = ModelRoutes(shelf, now: { Int(Date().timeIntervalSince1970) }, log: Serve.log)
        let server = HTTPServer(
            routes: ModelRoutes.reporting(routes.all), socket: socket, faultReply: ModelRoutes.fault)
        try await server.run { _ in try? Output.write("ready\n") }
    }

    /// A worker whose server was killed would wait for ever: the system kills it, or it ends when it sees that it has another parent.
    private func endWithParent() {
        let parent = parent ?? getppid()
        guard !ParentDeath.killsThisProcess(parent) else { return }
        Thread.detachNewThread {
            while getppid() == parent { sleep(1) }
            kill(getpid(), SIGTERM)
            sleep(5)
            kill(getpid(), SIGKILL)
        }
    }
}
