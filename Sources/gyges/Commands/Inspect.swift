import ArgumentParser
import Foundation
import GygesCheckpoints
import GygesFiles
import GygesHub

/// `gyges inspect`
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a model file holds: metadata and tensors.",
        discussion: """
            Reads the header alone, so that large files are quick, and checks all of it.

            Examples:
              gyges inspect smollm2-135m-instruct
              gyges inspect model.safetensors --tensors
              gyges inspect model.gguf --json --digest
            """)

    @Argument(help: "A GGUF or safetensors file, a Hugging Face folder, or the name of a pulled model.")
    var model: String

    @Flag(help: "List every tensor.")
    var tensors = false

    @Flag(help: "Compute the SHA-256 of each file.")
    var digest = false

    @Flag(help: "Print JSON, with all metadata and tensors.")
    var json = false

    func run() throws {
        let path = try Hub(environment: ProcessInfo.processInfo.environment).locate(try ModelReference(model))
        var inspection = try CheckpointInspection(path: path)
        if digest {
            let bar = ProgressBar(.bytes)
            try inspection.computeDigests { path, count, total in
                bar.update("hashing \((path as NSString).lastPathComponent)", count: count, of: total)
            }
            bar.finish()
        }
        print(json ? inspection.json.serialized(.pretty) : inspection.text(listsTensors: tensors))
    }
}
